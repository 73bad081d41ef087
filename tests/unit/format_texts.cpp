// SPDX-License-Identifier: MIT
// The text of a format is read and written; what is none is refused with the reason.
#include <narrowfloat/text.hpp>

#include "support/catch.hpp"
#include "support/every_format.hpp"
#include "support/format_spec.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

/// The message of the exception that a text gives, behind the name of the function.
std::string refusal(std::string_view text) {
  try {
    return "read as " + nf::format_name(nf::parse_format(text));
  } catch (const std::invalid_argument& error) {
    const std::string message = error.what(), call = "narrowfloat::parse_format: ";
    return message.rfind(call, 0) == 0 ? message.substr(call.size()) : message;
  }
}

}  // namespace

TEST_CASE("texts of formats: the text of a format is read as the format", "[describe]") {
  nf::for_each_format([]<class F>(std::string_view name) {
    CHECK(nf::parse_format(name) == nf::spec_of<F>);
    CHECK(nf::parse_format(name.substr(name.find('_') + 1)) == nf::spec_of<F>);
    CHECK(nf::describe<F>().name() == name);
  });
  std::size_t wrong = 0;
  for (const oracle::Format& f : every_format()) {
    const nf::FormatSpec spec = spec_of(f);
    if (nf::parse_format(nf::format_name(spec)) != spec && ++wrong == 1) CHECK(name_of(f) == "");
    // docs/digests.csv leaves out the colon, and :ieee
    const bool has_colon = f.special == oracle::Special::ieee;
    if (nf::parse_format(name_of(f) + (has_colon ? ":ieee" : "")) != spec && ++wrong == 1)
      CHECK(name_of(f) == "");
  }
  CHECK(wrong == 0);
  CHECK(nf::parse_format("E5M2") == nf::spec_of<nf::float8_e5m2>);
  CHECK(nf::parse_format("UE5M3:P3109") ==
        nf::spec_of<Float<5, 3, 16, Specials::p3109, Signedness::is_unsigned>>);
  CHECK(nf::parse_format("e3m2b-7fn") == nf::spec_of<Float<3, 2, -7, Specials::fn>>);
  CHECK(nf::parse_format("e3m4fnuz") == nf::spec_of<Float<3, 4, 4, Specials::fnuz>>);
  constexpr nf::FormatSpec at_compile_time = nf::parse_format("e3m2b5:finite");
  static_assert(std::is_same_v<nf::FloatOf<at_compile_time>, Float<3, 2, 5, Specials::finite>>);
  static_assert(nf::describe(at_compile_time).largest == 7);
}

TEST_CASE("texts of formats: what is no format is refused with the reason, in a line",
          "[describe]") {
  const std::string bits =
      "expected a name, as float8_e4m3fn, or bits, as e3m2, ue5m3, e3m2b5:finite";
  const std::string specials =
      "expected :ieee, :fn, :fnuz, :finite, :scale or :p3109 behind the bits";
  const std::pair<std::string, std::string> refused[] = {
      {"", bits},
      {"e", bits},
      {"e4", bits},
      {"em3", bits},
      {"e4m", bits},
      {"m3e4", bits},
      {"float9_e4m4", bits},
      {"e99999m3", bits},
      {"e-1m3", bits},
      {"e4m3b", "expected a bias, as b5 or b-3"},
      {"e4m3b--1", "expected a bias, as b5 or b-3"},
      {"e4m3b12345", "expected a bias, as b5 or b-3"},
      {"e3m2:", specials},
      {"e3m2 ", specials},
      {"e3m2:fnu", specials},
      {"e3m2::fn", specials},
      {"e9m2", "a format has 0 to 8 exponent bits"},
      {"e2m24", "a format has 0 to 23 mantissa bits"},
      {"e0m0:finite", "a format has at least one exponent or mantissa bit"},
      {"e0m3", "without exponent bits a format is finite, fn or fnuz"},
      {"ue3m2fnuz", "fnuz puts NaN at the code of -0, so the format is signed"},
      {"e8m0:scale", "a scale is unsigned and has no mantissa bits"},
      {"e1m0", "its special codes leave no positive finite value"},
      {"ue1m0:p3109", "its special codes leave no positive finite value"},
      {"e4m3b2000", "not every value is exact in double: its bias is from -1009 to 1072"},
      {"e4m3b-1010", "not every value is exact in double: its bias is from -1009 to 1072"}};
  for (const auto& [text, why] : refused)
    CHECK(refusal(text) == "\"" + text + "\" is no format: " + why);
  CHECK(refusal("e4m3\n\x80") == "\"e4m3??\" is no format: " + specials);
  CHECK(refusal(std::string(50, 'x')) ==
        "\"" + std::string(40, 'x') + "...\" is no format: " + bits);
  CHECK_THROWS_WITH(
      nf::describe({.exponent_bits = 9}),
      "narrowfloat::describe: \"e9m3b7:ieee\" is no format: a format has 0 to 8 exponent bits");
  constexpr nf::FormatSpec of_others{.specials = static_cast<nf::Specials>(77)},
      unsure{.signedness = static_cast<nf::Signedness>(-1)};
  static_assert(!of_others.is_valid() && !unsure.is_valid());
  CHECK(nf::specials_name(static_cast<nf::Specials>(-1)) == "?");
  CHECK_THROWS_WITH(nf::describe(of_others),
                    "narrowfloat::describe: \"e4m3b7:?\" is no format: the special codes are none "
                    "of ieee, fn, fnuz, finite, scale and p3109");
  CHECK_THROWS_WITH(nf::describe(unsure),
                    "narrowfloat::describe: \"ue4m3b7:ieee\" is no format: the signedness is "
                    "neither is_signed nor is_unsigned");
  CHECK_THROWS_AS(nf::decode_as({.exponent_bits = 0, .mantissa_bits = 0}, 0),
                  std::invalid_argument);
}

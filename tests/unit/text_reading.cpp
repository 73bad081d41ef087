// SPDX-License-Identifier: MIT
// from_chars: every code comes back from its text in every style; and what is no number, or none
// that the format has, is told as the standard tells it.
#include <narrowfloat/text.hpp>

#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

using nf::Saturation;
constexpr auto general = std::chars_format::general;

template <class F>
void check_round_trips(Mismatches& bad) {
  const std::uint32_t step = F::width <= 16 ? 1 : (code_count<F>() >> 15) | 1;
  for (std::uint64_t wide = 0; wide < code_count<F>(); wide += step) {
    const auto code = static_cast<std::uint32_t>(wide);
    const F x = from_code<F>(code);
    const bool nan = x != x;
    std::array<char, 400> text{};
    const auto read = [&](std::to_chars_result written, std::chars_format format) {
      F back = F::from_bits(0);
      const auto got = nf::from_chars(text.data(), written.ptr, back, format);
      const bool same = nan ? back != back : back.bits() == code;
      bad.expect(
          written.ec == std::errc{} && got.ec == std::errc{} && got.ptr == written.ptr && same,
          [&] { return name_of<F>() + " " + std::string(text.data(), written.ptr); }, code, code,
          back.bits());
    };
    char* const last = text.data() + text.size();
    read(nf::to_chars(text.data(), last, x), general);
    for (const auto format :
         {std::chars_format::fixed, std::chars_format::scientific, general, std::chars_format::hex})
      read(nf::to_chars(text.data(), last, x, format), format);
  }
}

template <class F>
std::string read(std::string_view text, std::chars_format format = general,
                 Saturation saturation = nf::default_saturation<F>) {
  F x = F::from_bits(1);
  const auto [end, error] = nf::from_chars(text.data(), text.data() + text.size(), x, format,
                                           nf::nearest_even, saturation);
  const std::string rest(end, text.data() + text.size());
  if (error == std::errc::invalid_argument) return x.bits() == 1 ? "invalid|" + rest : "changed";
  if (error == std::errc::result_out_of_range) return x.bits() == 1 ? "range|" + rest : "changed";
  std::array<char, 32> out{};
  return std::string(out.data(), nf::to_chars(out.data(), out.data() + 32, x).ptr) + "|" + rest;
}

}  // namespace

TEST_CASE("every code comes back from its text in every style", "[text]") {
  Mismatches bad;
  for_each_format<named_formats>([&]<class F>() { check_round_trips<F>(bad); });
  check_round_trips<nf::Float<5, 3, 300, Specials::fnuz>>(bad);
  check_round_trips<nf::Float<8, 3, -700, Specials::ieee>>(bad);
  CHECK(bad.report() == "");
}

TEST_CASE("a decimal that double rounding would get wrong", "[text]") {
  // just above 1 + 2^-4, halfway between two codes of e4m3; the nearest float, and double, is the
  // midpoint itself
  CHECK(read<nf::float8_e4m3fn>("1.0625000000000000000000000001") == "1.1|");
  CHECK(read<nf::float8_e4m3fn>("1.0625") == "1|");
  CHECK(read<nf::float8_e4m3fn>("1.0625" + std::string(1000, '0') + "1") == "1.1|");
}

TEST_CASE("the grammar is that of std::from_chars", "[text]") {
  using F = nf::float16;
  for (const char* text : {"1.5,",   ".5x",
                           "5.",     "1e",
                           "1e+",    "1e4x",
                           "1e-2.",  "-0",
                           "+1",     "-",
                           "",       ".",
                           "inf",    "-INFINITYx",
                           "infin",  "NaN",
                           "nan(",   "nan(ab_1)x",
                           "nan(-)", "- 1",
                           " 1",     "0x1",
                           "1..2",   "00012",
                           "-nan",   "1e99999999999999999999"}) {
    float standard = 1;
    const std::string_view view = text;
    const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), standard);
    const std::string rest(end, view.data() + view.size()), got = read<F>(text);
    INFO(text << ": " << got);
    CHECK(got.substr(got.find('|') + 1) == rest);
    CHECK((got.starts_with("invalid")) == (error == std::errc::invalid_argument));
    CHECK((got.starts_with("range")) == (error == std::errc::result_out_of_range));
  }
  CHECK(read<F>("1.8p+1", std::chars_format::hex) == "3|");
  CHECK(read<F>("ap", std::chars_format::hex) == "10|p");
  CHECK(read<F>("1.00200000000000000000000001p0", std::chars_format::hex) == "1.001|");
  CHECK(read<F>("1e2", std::chars_format::fixed) == "1|e2");
  CHECK(read<F>("12", std::chars_format::scientific) == "invalid|12");
}

TEST_CASE("overflow, zero and negative numbers are as the policy has them", "[text]") {
  using E4m3 = nf::float8_e4m3fn;
  CHECK(read<E4m3>("1e9") == "448|");
  CHECK(read<E4m3>("1e9", general, Saturation::none) == "range|");
  CHECK(read<E4m3>("1e-9") == "0|");
  CHECK(read<E4m3>("1e-9", general, Saturation::none) == "range|");
  CHECK(read<E4m3>("-inf") == "-nan|");
  CHECK(read<E4m3>("-inf", general, Saturation::finite) == "-448|");
  CHECK(read<nf::float16>("65520") == "range|");
  CHECK(read<nf::float16>("65519.999") == "65504|");
  CHECK(read<nf::float16>("inf") == "inf|");
  CHECK(read<nf::float8_ue4m3>("-1") == "0|");
  CHECK(read<nf::float8_ue4m3>("-1", general, Saturation::none) == "range|");
  CHECK(read<nf::float8_e8m0fnu>("0", general, Saturation::none) == "range|");
  CHECK(read<nf::float4_e2m1fn>("nan") == "6|");
  CHECK(read<E4m3>("-nan") == "-nan|");
}

TEST_CASE("texts are read in constant expressions", "[text]") {
  constexpr auto third = [] {
    nf::bfloat16 x;
    const std::string_view text = "0.333333333333333333333333333333333333333333333333333333333";
    nf::from_chars(text.data(), text.data() + text.size(), x);
    return x;
  }();
  STATIC_REQUIRE(third.bits() == 0x3eab);
}

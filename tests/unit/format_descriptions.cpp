// SPDX-License-Identifier: MIT
// A format of run time is described and decoded as the Float of its parameters, and as the oracle has it; its text is
// read and written.
#include <algorithm>
#include <cmath>
#include <limits>

#include <narrowfloat/limits.hpp>
#include <narrowfloat/text.hpp>

#include "support/catch.hpp"
#include "support/every_format.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

nf::FormatSpec spec_of(const oracle::Format& f) {
  return {f.exponent_bits, f.mantissa_bits, f.bias,
          static_cast<nf::Specials>(static_cast<int>(f.special)),
          f.is_signed ? nf::Signedness::is_signed : nf::Signedness::is_unsigned};
}

/// The name of the first number of a description that its Float's limits, or its codes, contradict.
template <class F>
std::string first_difference() {
  using limits = std::numeric_limits<F>;
  constexpr nf::FormatDescription d = nf::describe<F>();
  if (d != nf::describe(nf::spec_of<F>)) return "describe(spec)";
  if (d.width != F::width || d.format != nf::spec_of<F>) return "width";
  if (d.largest != static_cast<double>(limits::max())) return "largest";
  if (d.lowest != static_cast<double>(limits::lowest())) return "lowest";
  if (d.smallest_normal != static_cast<double>(limits::min())) return "smallest_normal";
  if (d.smallest_positive != static_cast<double>(limits::denorm_min())) return "smallest_positive";
  if (d.epsilon != std::ldexp(1.0, -F::mantissa_bits)) return "epsilon";
  if ((d.infinity_codes != 0) != limits::has_infinity) return "infinity_codes";
  if ((d.nan_codes != 0) != limits::has_quiet_NaN) return "nan_codes";
  if (d.has_subnormals != (limits::has_denorm == std::denorm_present)) return "has_subnormals";
  if (d.saturation != nf::default_saturation<F>) return "saturation";
  const std::uint64_t step = F::width <= 16 ? 1 : (std::uint64_t{1} << F::width) / 65521;
  for (std::uint64_t code = 0; code < std::uint64_t{1} << F::width; code += step) {
    const auto c = static_cast<std::uint32_t>(code);
    const double x = nf::decode_as(nf::spec_of<F>, c), y = value_of_code<F>(c);
    if (std::isnan(x) != std::isnan(y) || (x == x && bits_of(x) != bits_of(y)))
      return "code " + std::to_string(c);
  }
  return "";
}

double value_of(const oracle::Exact& x) {
  const double magnitude = x.is_nan() ? std::numeric_limits<double>::quiet_NaN()
                           : x.is_infinity()
                               ? std::numeric_limits<double>::infinity()
                               : std::ldexp(static_cast<double>(x.significand), x.exponent);
  return x.negative ? -magnitude : magnitude;
}

/// What the oracle's values of all codes say of a format of few bits.
nf::FormatDescription counted(const oracle::Format& f) {
  nf::FormatDescription d;
  d.format = spec_of(f);
  d.width = f.exponent_bits + f.mantissa_bits + (f.is_signed ? 1 : 0);
  d.lowest = d.smallest_normal = d.smallest_positive = std::numeric_limits<double>::infinity();
  std::vector<double> positive;
  for (std::uint32_t code = 0; code < 1u << d.width; ++code) {
    const oracle::Exact exact = oracle::decode(f, code);
    const double x = value_of(exact);
    if (std::isinf(x)) ++d.infinity_codes;
    if (std::isnan(x)) ++d.nan_codes;
    if (!std::isfinite(x)) continue;
    ++d.finite_codes;
    d.has_zero |= x == 0 && !std::signbit(x);
    d.has_negative_zero |= x == 0 && std::signbit(x);
    d.has_subnormals |= exact.subnormal;
    d.largest = std::max(d.largest, x);
    d.lowest = std::min(d.lowest, x);
    if (x > 0) positive.push_back(x);
    if (x > 0) d.smallest_positive = std::min(d.smallest_positive, x);
    if (x > 0 && !exact.subnormal) d.smallest_normal = std::min(d.smallest_normal, x);
  }
  d.epsilon = std::ldexp(1.0, -f.mantissa_bits);
  const auto is_value = [&](std::uint64_t n) {
    return std::binary_search(positive.begin(), positive.end(), static_cast<double>(n));
  };
  std::sort(positive.begin(), positive.end());
  while (is_value(d.exact_integers + 1)) ++d.exact_integers;
  d.saturation = nf::Saturation::propagate;  // of 8 bits and fewer
  return d;
}

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

TEST_CASE("descriptions: every Float is described as its limits and codes say", "[describe]") {
  const auto check = []<class F>() {
    const std::string difference = first_difference<F>();
    INFO(name_of<F>());
    CHECK(difference == "");
  };
  for_each_format<named_formats>(check);
  for_each_format<custom_formats>(check);
}

TEST_CASE("descriptions: all formats of at most 8 bits have the oracle's codes", "[describe]") {
  std::size_t formats = 0, wrong = 0;
  const auto check = [&](const oracle::Format& f) {
    const nf::FormatSpec spec = spec_of(f);
    ++formats;
    bool is_right = nf::describe(spec) == counted(f);
    for (std::uint32_t code = 0; code < 1u << nf::describe(spec).width; ++code) {
      const double x = nf::decode_as(spec, code), y = value_of(oracle::decode(f, code));
      is_right = is_right && (std::isnan(x) ? std::isnan(y) : bits_of(x) == bits_of(y));
    }
    if (!is_right && ++wrong == 1) CHECK(name_of(f) == "");
  };
  for (int e = 0; e <= 8; ++e)
    for (int m = e == 0 ? 1 : 0; e + m <= 8; ++m)
      for (int special = 0; special < 6; ++special)
        for (const bool is_signed : {true, false}) {
          oracle::Format f{e, m, 0, static_cast<oracle::Special>(special), is_signed};
          const bool exists = format_exists(e, m, f.special, is_signed);
          if (spec_of(f).is_valid() != exists) CHECK(name_of(f) == "");
          if (!exists || e + m + (is_signed ? 1 : 0) > 8) continue;
          const int lowest = [&] {  // the first of the biases under which all values are exact
            for (f.bias = -1300; !spec_of(f).is_valid();) ++f.bias;
            return f.bias;
          }();
          check(f);
          // The next ones, one that the largest values of double end, the usual one, and the last.
          for (const int bias : {lowest + 1, -31, 0, 1, usual_bias(e, f.special), 11, 127, 300}) {
            f.bias = bias;
            if (spec_of(f).is_valid()) check(f);
          }
          while (spec_of(f).is_valid()) ++f.bias;
          --f.bias;
          check(f);
          // One step beyond either end a value of double is lost.
          const oracle::Exact smallest =
              oracle::decode(f, f.special == oracle::Special::scale ? 0 : 1);
          CHECK(smallest.exponent == -1074);
          f.bias = lowest;
          CHECK(std::ilogb(nf::describe(spec_of(f)).largest) == 1023);
        }
  CHECK(wrong == 0);
  CHECK(formats > 2000);
}

TEST_CASE("descriptions: the text of a format is read as the format", "[describe]") {
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

TEST_CASE("descriptions: what is no format is refused with the reason, in a line", "[describe]") {
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
  CHECK_THROWS_AS(nf::decode_as({.exponent_bits = 0, .mantissa_bits = 0}, 0),
                  std::invalid_argument);
}

TEST_CASE("descriptions: the range and the words", "[describe]") {
  constexpr nf::FormatDescription d = nf::describe<nf::float4_e2m1fn>();
  CHECK(d.finite_values() == 15);
  CHECK(std::abs(d.binades() - std::log2(12)) < 1e-12);
  CHECK(std::abs(d.decades() - std::log10(12)) < 1e-12);
  CHECK(std::abs(d.decibels() - 20 * std::log10(12)) < 1e-12);
  CHECK(d.text() ==
        "float4_e2m1fn: 4 bits, sign, 2 exponent, 1 mantissa, bias 1\n"
        "  special codes      finite: every code is a number\n"
        "  finite values      15\n"
        "  largest            6 = 1.5 * 2^2\n"
        "  smallest normal    1 = 2^0\n"
        "  smallest positive  0.5 = 2^-1 (subnormal)\n"
        "  epsilon            0.5 = 2^-1\n"
        "  dynamic range      3.6 binades, 1.1 decades, 21.6 dB\n"
        "  exact integers     0 to 4\n"
        "  saturation         propagate unless told otherwise\n");
  CHECK(nf::describe<nf::float8_e8m0fnu>().text().find("scale: 1 code of NaN; no 0\n") !=
        std::string::npos);
  CHECK(nf::describe<nf::float8_e4m3fnuz>().text().find("fnuz: 1 code of NaN; no -0\n") !=
        std::string::npos);
  CHECK(nf::describe<nf::float16>().text().find("ieee: Inf and -Inf, 2046 codes of NaN\n") !=
        std::string::npos);
}

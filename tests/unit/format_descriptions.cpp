// SPDX-License-Identifier: MIT
// A format of run time is described and decoded as the Float of its parameters, and as the oracle
// has it.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <limits>

#include <narrowfloat/limits.hpp>
#include <narrowfloat/text.hpp>

#include "support/catch.hpp"
#include "support/every_format.hpp"
#include "support/format_spec.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

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

TEST_CASE("descriptions: docs/formats.md has the numbers of every named format", "[describe]") {
  const auto shown = [](double x) {
    int exponent = 0;
    if (std::frexp(x, &exponent) == 0.5 && (x < 1 || x > 1e6))
      return "2^" + std::to_string(exponent - 1);
    char text[32];
    std::snprintf(text, sizeof text, x < 1e6 ? "%.6g" : "%.4g", x);
    return std::string(text);
  };
  std::ifstream file(NARROWFLOAT_DATA_DIR "/../../docs/formats.md");
  const std::string page(std::istreambuf_iterator<char>(file), {});
  nf::for_each_format([&]<class F>(std::string_view name) {
    constexpr nf::FormatDescription d = nf::describe<F>();
    const std::string cells = "`" + std::string(nf::specials_name(F::specials)) + "` | " +
                              shown(d.largest) + " | " + shown(d.smallest_normal) + " | " +
                              shown(d.smallest_positive) + " | " + shown(d.epsilon) + " | " +
                              std::to_string(d.exact_integers) + " |\n";
    const std::size_t row = page.find("| `" + std::string(name) + "` |");
    REQUIRE(row != std::string::npos);
    const std::string line = page.substr(row, page.find('\n', row) + 1 - row);
    CHECK(line.substr(line.size() - std::min(line.size(), cells.size())) == cells);
  });
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

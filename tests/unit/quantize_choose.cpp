// SPDX-License-Identifier: MIT
// The format chooser: its counts and sums beside a plain computation with the oracle's rounding;
// special values; its order and its Pareto front.
#include <narrowfloat/quantize/choose.hpp>

#include <cfenv>
#include <cmath>
#include <limits>
#include <random>

#include "support/catch.hpp"
#include "support/chooser_matrix.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr std::size_t rows = test::chooser_rows, cols = test::chooser_cols;

/// All default candidates, compiled once.
const std::vector<nf::Candidate>& usual() {
  static const std::vector<nf::Candidate> all = nf::default_candidates();
  return all;
}
nf::Candidate find(const std::string& format, const std::string& block, const std::string& rule) {
  for (const nf::Candidate& each : usual())
    if (each.format == format && each.block == block && each.rule == rule) return each;
  FAIL("no candidate " << format << " " << block << " " << rule);
  return {};
}

/// A block format as the oracle sees it; `quarter` is a step of its largest value over 2.
struct Plain {
  const char* format;
  oracle::Format element;
  double largest, half_step;
};
constexpr auto finite = oracle::Special::finite;
const Plain e4m3{"mxfp8_e4m3", {4, 3, 7, oracle::Special::fn, true}, 448, 16};
const Plain e5m2{"mxfp8_e5m2", {5, 2, 15, oracle::Special::ieee, true}, 57344, 4096};
const Plain e2m3{"mxfp6_e2m3", {2, 3, 1, finite, true}, 7.5, 0.25};
const Plain e3m2{"mxfp6_e3m2", {3, 2, 3, finite, true}, 28, 2};
const Plain e2m1{"mxfp4_e2m1", {2, 1, 1, finite, true}, 6, 1};
const Plain int8{"mxint8", {0, 7, 0, finite, true}, 127.0 / 64, 1.0 / 128};
const Plain int4{"int4", {0, 3, 0, finite, true}, 7.0 / 4, 1.0 / 8};
const Plain e3m1{"exmy_e3m1", {3, 1, 7, finite, true}, 1.5, 0.25};

double value_by_oracle(const oracle::Format& format, double x) {
  const oracle::Exact y =
      oracle::decode(format, oracle::round(format, exact_of(x), {}, oracle::Saturation::finite));
  const double magnitude = std::ldexp(static_cast<double>(y.significand), y.exponent);
  return y.negative ? -magnitude : magnitude;
}

/// The scales by the largest magnitude, from the definitions.
double floor_scale(const Plain& plain, double amax) {
  return std::ldexp(1.0, std::ilogb(amax) - std::ilogb(plain.largest));
}
double rceil_scale(const Plain& plain, double amax) {
  double scale = std::ldexp(1.0, std::ilogb(amax) - std::ilogb(plain.largest) - 2);
  while (scale * plain.largest < amax) scale *= 2;
  return scale;
}
double even_scale(const Plain& plain, double amax) {
  const double floor = floor_scale(plain, amax);
  const double power = std::ldexp(1.0, std::ilogb(plain.largest) + 1) * floor;
  return amax >= power - plain.half_step * floor ? 2 * floor : floor;
}
double float_scale(const Plain& plain, double amax) {
  return static_cast<double>(static_cast<float>(amax / plain.largest));
}
double bfloat_scale(const Plain& plain, double amax) {
  return value_by_oracle({8, 7, 127, oracle::Special::ieee, true}, amax / plain.largest);
}

template <class ScaleOf>
nf::FormatReport by_oracle(const std::vector<float>& values, std::size_t height, std::size_t width,
                           const Plain& plain, ScaleOf scale_of) {
  nf::FormatReport report{.elements = values.size()};
  for (std::size_t top = 0; top < rows; top += height) {
    for (std::size_t left = 0; left < cols; left += width) {
      std::vector<double> block;
      double amax = 0;
      for (std::size_t r = top; r < std::min(rows, top + height); ++r) {
        for (std::size_t c = left; c < std::min(cols, left + width); ++c) {
          block.push_back(static_cast<double>(values[r * cols + c]));
          amax = std::max(amax, std::fabs(block.back()));
        }
      }
      const double scale = scale_of(plain, amax);
      for (const double x : block) {
        // read back as floats
        const auto y = static_cast<double>(
            static_cast<float>(value_by_oracle(plain.element, x / scale) * scale));
        report.signal += x * x;
        report.noise += (x - y) * (x - y);
        report.clipped += std::fabs(x) > (plain.largest + plain.half_step) * scale ? 1 : 0;
        report.flushed += x != 0 && y == 0 ? 1 : 0;
      }
    }
  }
  return report;
}

void check_same(const nf::FormatReport& got, const nf::FormatReport& expected) {
  CHECK(got.elements == expected.elements);
  CHECK(got.clipped == expected.clipped);
  CHECK(got.flushed == expected.flushed);
  CHECK(got.non_finite == expected.non_finite);
  CHECK(got.lost == expected.lost);
  CHECK(got.signal == Approx(expected.signal).epsilon(1e-12));
  CHECK(got.noise == Approx(expected.noise).epsilon(1e-12));
}

nf::FormatReport measure(const nf::Candidate& candidate, const std::vector<float>& values,
                         std::size_t height, std::size_t width) {
  return nf::choose_formats(values, height, width, {candidate})[0];
}
nf::FormatReport measure_row(const nf::Candidate& candidate, const std::vector<float>& values) {
  return measure(candidate, values, 1, values.size());
}

}  // namespace

TEST_CASE("SQNR, clipped and flushed of block formats", "[quantize][choose]") {
  const std::vector<float> values = test::chooser_numbers();
  const auto check = [&](const char* format, const char* block, const char* rule,
                         std::size_t height, std::size_t width, const Plain& plain, auto scale_of) {
    CAPTURE(format, block, rule);
    const nf::FormatReport got = measure(find(format, block, rule), values, rows, cols);
    check_same(got, by_oracle(values, height, width, plain, scale_of));
    CHECK(got.sqnr_db() == Approx(10 * std::log10(got.signal / got.noise)));
  };
  for (const Plain& plain : {e4m3, e5m2, e2m3, e3m2, e2m1, int8}) {
    check(plain.format, "1x32", "floor", 1, 32, plain, floor_scale);
    check(plain.format, "1x32", "rceil", 1, 32, plain, rceil_scale);
    check(plain.format, "1x32", "even", 1, 32, plain, even_scale);
  }
  check("float8_e4m3fn", "tensor", "amax", rows, cols, e4m3, float_scale);
  check("float8_e5m2", "tensor", "amax", rows, cols, e5m2, float_scale);
  check("float8_e4m3fn", "1x128", "amax", 1, 128, e4m3, float_scale);
  check("float8_e4m3fn", "128x128", "amax", 128, 128, e4m3, float_scale);
  check("int8", "row", "amax", 1, cols, int8, float_scale);
  check("int8", "1x128", "amax", 1, 128, int8, float_scale);
  check("int4", "1x32", "amax", 1, 32, int4, bfloat_scale);
  check("exmy_e3m1", "row", "even", 1, cols, e3m1, even_scale);
}

TEST_CASE("plain formats without a scale", "[quantize][choose]") {
  std::vector<float> values = test::chooser_numbers();
  values[9] = 70000;  // beyond the largest of float16
  const Plain half{"float16", {5, 10, 15, oracle::Special::ieee, true}, 65504, 16};
  const auto one = [](const Plain&, double) { return 1.0; };
  check_same(measure(find("float16", "none", "none"), values, rows, cols),
             by_oracle(values, rows, cols, half, one));
  CHECK(measure(find("bfloat16", "none", "none"), values, rows, cols).bits == 16);
  CHECK(nf::candidate<nf::tfloat32>("tf32").block == "none");
}

TEST_CASE("nothing, zeros and one element", "[quantize][choose]") {
  for (const nf::FormatReport& r : nf::choose_formats(std::vector<float>{}, 0, 7, usual())) {
    CHECK(r.sqnr_db() == std::numeric_limits<double>::infinity());
    CHECK(r.clipped_percent() == 0);
    CHECK((r.bits == 0 || r.block == "none"));
  }
  for (const nf::FormatReport& r : nf::choose_formats(std::vector{0.0f, -0.0f}, 1, 2, usual())) {
    CHECK(r.sqnr_db() == std::numeric_limits<double>::infinity());
    CHECK(r.flushed + r.clipped + r.lost + r.non_finite == 0);
  }
  for (const nf::FormatReport& r : nf::choose_formats(std::vector{1.5f}, 1, 1, usual())) {
    CHECK(r.elements == 1);
    CHECK(r.flushed + r.clipped == 0);
  }
}

TEST_CASE("Inf and NaN do not count, and a block they blank is lost", "[quantize][choose]") {
  const std::vector<float> with{1, infinity, -3, not_a_number}, without{1, 0, -3, 0};
  auto got = nf::choose_formats(with, 1, 4, usual(), nf::FormatOrder::given);
  const auto expected = nf::choose_formats(without, 1, 4, usual(), nf::FormatOrder::given);
  for (std::size_t i = 0; i < got.size(); ++i) {
    CAPTURE(got[i].format, got[i].block);
    CHECK(got[i].non_finite == 2);
    got[i].non_finite = 0;
    check_same(got[i], expected[i]);
  }
  const auto blank = measure_row(
      nf::candidate<nf::mxfp4_e2m1>("fp4", {.non_finite = nf::NonFinite::nan_block}), with);
  CHECK(blank.lost == 2);
  CHECK(blank.sqnr_db() == 0);
  const std::vector<float> only{infinity, not_a_number};
  CHECK(measure_row(nf::candidate<nf::mxfp4_e2m1>("fp4"), only).clipped_percent() == 0);
}

TEST_CASE("reports are named and sorted as asked", "[quantize][choose]") {
  const std::vector<float> values = test::chooser_numbers();
  const auto given = nf::choose_formats(values, rows, cols, usual(), nf::FormatOrder::given);
  REQUIRE(given.size() == usual().size());
  for (std::size_t i = 0; i < given.size(); ++i) {
    CHECK(given[i].format == usual()[i].format);
    CHECK(given[i].block == usual()[i].block);
    CHECK(given[i].rule == usual()[i].rule);
    CHECK(given[i].rounding == usual()[i].rounding);
  }
  const auto by_bits = nf::choose_formats(values, rows, cols, usual());
  const auto by_sqnr = nf::choose_formats(values, rows, cols, usual(), nf::FormatOrder::sqnr);
  for (std::size_t i = 1; i < by_bits.size(); ++i) {
    const auto &a = by_bits[i - 1], &b = by_bits[i];
    CHECK((a.bits < b.bits || (a.bits == b.bits && a.sqnr_db() >= b.sqnr_db())));
    const auto &c = by_sqnr[i - 1], &d = by_sqnr[i];
    CHECK((c.sqnr_db() > d.sqnr_db() || (c.sqnr_db() == d.sqnr_db() && c.bits <= d.bits)));
  }
}

TEST_CASE("narrow tensors, and any environment", "[quantize][choose]") {
  const std::vector<float> values = test::chooser_numbers();
  std::vector<nf::bfloat16> narrow(values.size());
  nf::convert(values, narrow);
  std::vector<float> back(values.size());
  nf::convert(narrow, back);
  const auto expected = nf::choose_formats(back, rows, cols, usual());
  std::fesetround(FE_UPWARD);
  const auto got = nf::choose_formats(narrow, rows, cols, usual());
  std::fesetround(FE_TONEAREST);
  for (std::size_t i = 0; i < got.size(); ++i) {
    CHECK(got[i].format == expected[i].format);
    CHECK(got[i].noise == expected[i].noise);
    CHECK(got[i].signal == expected[i].signal);
    CHECK(got[i].clipped == expected[i].clipped);
  }
}

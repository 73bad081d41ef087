// SPDX-License-Identifier: MIT
// Dot and DotGeneral are the exact sum, rounded once.
#include <narrowfloat/linalg.hpp>

#include <limits>

#include "support/blocks.hpp"
#include "support/catch.hpp"
#include "support/mismatches.hpp"
#include "support/sum_oracle.hpp"

using namespace test;

namespace {

/// The sum of products in units of 2^unit, rounded to float.
float exact_sum(const std::vector<oracle::Exact>& a, const std::vector<oracle::Exact>& b,
                int unit) {
  __extension__ typedef __int128 Integer;
  Integer sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const oracle::Exact product = oracle::product(a[i], b[i]);
    const oracle::Floor floor = oracle::scaled_floor(product, -unit);
    REQUIRE(!floor.rest);
    const auto whole = static_cast<Integer>(floor.whole);
    sum += product.negative ? -whole : whole;
  }
  const bool negative = sum < 0;
  const oracle::Exact total{.negative = negative,
                            .significand = static_cast<oracle::Wide>(negative ? -sum : sum),
                            .exponent = unit};
  return std::bit_cast<float>(oracle::round(oracle::binary32, total, {}, oracle::Saturation::none));
}

template <class Format>
std::vector<oracle::Exact> exact_row(const nf::BlockTensor<Format>& tensor, std::size_t row) {
  std::vector<oracle::Exact> values;
  for (std::size_t i = row * tensor.cols(); i < (row + 1) * tensor.cols(); ++i) {
    const auto scale =
        tensor.scales()[row * tensor.block_cols() + i % tensor.cols() / Format::block_size];
    values.push_back(oracle::product(
        oracle::product(
            oracle::value(oracle_element<typename Format::element>(), tensor.codes()[i].bits()),
            exact_scale(scale)),
        exact_of(tensor.tensor_scale())));
  }
  return values;
}

template <class A, class B>
void check(Mismatches& bad, int unit, const nf::QuantizeOptions& options = {}) {
  const std::size_t cols = 75;
  const auto a = nf::BlockTensor<A>::quantize(sample_block(2 * cols, 3, 1), 2, cols, options);
  const auto b = nf::BlockTensor<B>::quantize(sample_block(3 * cols, 0, 2), 3, cols, options);
  constexpr std::size_t K = A::block_size;
  const auto where = [] { return std::string("dot"); };
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      const auto x = exact_row(a, i), y = exact_row(b, j);
      bad.expect_equal(where, j, bits_of(exact_sum(x, y, unit)),
                       bits_of(nf::dot_general(a, i, b, j)));
      for (std::size_t k = 0; k < a.block_cols(); ++k) {
        const auto first = static_cast<std::ptrdiff_t>(k * K),
                   last = static_cast<std::ptrdiff_t>(std::min(cols, (k + 1) * K));
        bad.expect_equal(where, k,
                         bits_of(exact_sum({x.begin() + first, x.begin() + last},
                                           {y.begin() + first, y.begin() + last}, unit)),
                         bits_of(nf::dot(a, i, b, j, k)));
      }
    }
  }
}

using pairs = nf::BlockFormat<nf::float8_e5m2, nf::float8_e8m0fnu, 2>;

float dot_of(const std::vector<float>& x, const std::vector<float>& y) {
  const nf::QuantizeOptions options{.non_finite = nf::NonFinite::propagate};
  return nf::dot_general(nf::BlockTensor<pairs>::quantize(x, 1, x.size(), options), 0,
                         nf::BlockTensor<pairs>::quantize(y, 1, y.size(), options), 0);
}

}  // namespace

TEST_CASE("dot products are exact sums, rounded once", "[mx]") {
  Mismatches bad;
  check<nf::mxfp8_e4m3, nf::mxfp8_e4m3>(bad, -60);
  check<nf::mxfp8_e5m2, nf::mxfp4_e2m1>(bad, -70);
  check<nf::mxfp6_e2m3, nf::mxfp6_e3m2>(bad, -60);
  check<nf::mxint8, nf::mxfp8_e4m3>(bad, -60);
  check<nf::nvfp4, nf::nvfp4>(bad, -70, {.tensor_scale = 0.625f});
  CHECK(bad.report() == "");
}

TEST_CASE("nothing is lost between large and small products", "[mx]") {
  CHECK(dot_of({0x1p100f, 0, 0x1p-80f, 0, -0x1p100f, 0}, {0x1p20f, 0, 0x1p-60f, 0, 0x1p20f, 0}) ==
        0x1p-140f);
  CHECK(bits_of(dot_of({0x1p-74f, 0, 0x1p-100f, 0}, {0x1p-75f, 0, -0x1p-100f, 0})) == 1);
  CHECK(bits_of(dot_of({0x1p-75f, 0, 0x1p-100f, 0}, {0x1p-75f, 0, 0x1p-100f, 0})) == 1);
  CHECK(bits_of(dot_of({0x1p-75f, 0}, {0x1p-75f, 0})) == 0);
  CHECK(bits_of(dot_of({1, 1}, {-1, 1})) == 0);
  // A tie of float's last bit goes to even, unless something far below is added or taken away.
  for (const float unit : {1.0f, 0x1p-5f, 0x1p-10f, 0x1p-25f}) {  // wherever the leading bit stands
    const auto tie_and = [&](float tail) {
      return dot_of({unit, 0, 0x1p-24f * unit, 0, tail * unit, 0}, {1, 0, 1, 0, 1, 0}) / unit;
    };
    CHECK(tie_and(0) == 1.0f);
    for (const float tail : {0x1p-50f, 0x1p-64f, 0x1p-66f, 0x1p-70f, 0x1p-100f}) {
      CHECK(tie_and(tail) == 0x1.000002p0f);
      CHECK(tie_and(-tail) == 1.0f);
    }
  }
}

TEST_CASE("Inf and NaN in a dot product", "[mx]") {
  constexpr float inf = std::numeric_limits<float>::infinity();
  CHECK(dot_of({inf, 1}, {-2, 1}) == -inf);
  CHECK(std::isnan(dot_of({inf, 1}, {0, 1})));
  CHECK(std::isnan(dot_of({inf, inf}, {1, -1})));
  CHECK(std::isnan(dot_of({std::numeric_limits<float>::quiet_NaN(), 1}, {0, 1})));
  CHECK(dot_of({0x1p127f, 0x1p127f}, {2, 1}) == inf);
  const auto nan_block = nf::BlockTensor<pairs>::quantize(std::vector<float>{inf, 1}, 1, 2);
  CHECK(std::isnan(nf::dot(nan_block, 0, nan_block, 0, 0)));
}

TEST_CASE("Inf and NaN among elements that are added up as integers", "[mx]") {
  constexpr float inf = std::numeric_limits<float>::infinity();
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  using other_pairs = nf::BlockFormat<nf::float8_e4m3fn, nf::float8_e8m0fnu, 2>;
  const auto of = [](const std::vector<float>& a, const std::vector<float>& b) {
    const nf::QuantizeOptions keeps{.non_finite = nf::NonFinite::propagate};
    return nf::dot_general(nf::BlockTensor<pairs>::quantize(a, 1, a.size(), keeps), 0,
                           nf::BlockTensor<other_pairs>::quantize(b, 1, b.size(), keeps), 0);
  };
  CHECK(of({3, 1, 5, 0}, {2, -6, 0.5f, 0}) == 2.5f);
  CHECK(of({inf, 1, 5, 0}, {-2, 1, 1, 1}) == -inf);
  CHECK(std::isnan(of({5, 0, inf, 1}, {1, 1, 0, 1})));
  CHECK(std::isnan(of({5, 0, 1, 1}, {1, 1, nan, 1})));
  CHECK(std::isnan(of({nan, 0, 1, 1}, {1, 1, 1, 1})));
  const float zero = of({3, 1}, {2, -6});
  CHECK((zero == 0 && !std::signbit(zero)));
}

TEST_CASE("dot products of what does not match are refused", "[mx]") {
  const std::vector<float> ones(64, 1.0f);
  using MX = nf::BlockTensor<nf::mxfp4_e2m1>;
  const auto wide = MX::quantize(ones, 1, 64), tall = MX::quantize(ones, 2, 32),
             down = MX::quantize(ones, 1, 64, {.axis = 0});
  CHECK(nf::dot_general(wide, 0, wide, 0) == 64.0f);
  CHECK_THROWS_WITH(nf::dot_general(wide, 0, tall, 0),
                    "narrowfloat::dot_general: the rows have 64 and 32 elements");
  CHECK_THROWS_AS(nf::dot_general(wide, 0, down, 0), std::invalid_argument);
  CHECK_THROWS_AS(nf::dot_general(wide, 1, wide, 0), std::invalid_argument);
  CHECK_THROWS_AS(nf::dot(wide, 0, wide, 0, 2), std::invalid_argument);
}

namespace {

/// Rows under an accumulator in E6M9, which rounds at each step, against the oracle.
template <class A, class B>
void check_rounded(Mismatches& bad, const nf::QuantizeOptions& options = {}) {
  using S = nf::float16_e6m9;
  const std::size_t cols = 75;
  const auto a = nf::BlockTensor<A>::quantize(sample_block(2 * cols, 3, 1), 2, cols, options);
  const auto b = nf::BlockTensor<B>::quantize(sample_block(3 * cols, 0, 2), 3, cols, options);
  const auto x = exact_row(a, 1), y = exact_row(b, 2);
  const SumRounding to{.format = oracle_format<S>()};
  std::uint32_t sum = 0;
  for (std::size_t l = 0; l < cols; ++l) sum = fused_step(to, sum, x[l], y[l], 0);
  bad.expect_equal([] { return std::string("a row in E6M9"); }, 0, sum,
                   nf::dot(a, 1, b, 2, nf::FusedAccumulator<S>{}).bits());
}

}  // namespace

TEST_CASE("rows of blocks under an accumulator that rounds each step", "[mx]") {
  Mismatches bad;
  check_rounded<nf::mxfp8_e4m3, nf::mxfp8_e4m3>(bad);
  check_rounded<nf::mxfp8_e5m2, nf::mxfp4_e2m1>(bad);
  check_rounded<nf::mxint8, nf::mxfp6_e3m2>(bad);
  check_rounded<nf::nvfp4, nf::nvfp4>(bad, {.tensor_scale = 0.7f});
  CHECK(bad.report() == "");
  using MX = nf::BlockTensor<nf::mxfp4_e2m1>;
  const std::vector<float> ones(64, 1.0f);
  const auto wide = MX::quantize(ones, 1, 64), tall = MX::quantize(ones, 2, 32);
  CHECK(nf::dot(wide, wide, nf::FusedAccumulator<float>{}) == 64.0f);
  CHECK(nf::dot(wide, wide, nf::ExactAccumulator{}) == 64.0f);
  CHECK_THROWS_WITH(nf::dot(wide, tall, nf::ExactAccumulator{}),
                    "narrowfloat::dot: matrices of 1 x 64 and 2 x 32 are not one row each");
}

// SPDX-License-Identifier: MIT
// Matrix products with sums in narrow formats and in float, compiled with -ffast-math: each element
// is its dot product all the same.
#include <narrowfloat/linalg.hpp>
#include <narrowfloat/mx.hpp>

#include <algorithm>
#include <random>

#include "support/catch.hpp"
#include "support/mismatches.hpp"
#include "support/sum_oracle.hpp"

using namespace test;

namespace {

template <class A>
std::uint32_t code_of(A x) {
  return static_cast<std::uint32_t>(nf::detail::number_traits<A>::to_code(x));
}

template <class F, class Acc>
void compare(Mismatches& bad, const Acc& acc) {
  constexpr std::size_t m = 5, n = 19, k = 40;
  using A = typename Acc::type;
  std::mt19937_64 random(sizeof(A));
  for (int round = 0; round < 40; ++round) {
    const auto a = random_numbers<F>(m * k, random, round % 2 == 0),
               b = random_numbers<F>(k * n, random, round % 4 == 0);
    std::vector<A> c(m * n);
    nf::matmul(a, b, c, m, n, k, acc);
    std::vector<F> row(k), column(k);
    for (std::size_t i = 0; i < m * n; ++i) {
      for (std::size_t l = 0; l < k; ++l) {
        row[l] = a[i / n * k + l];
        column[l] = b[l * n + i % n];
      }
      Acc shifted = acc;
      if constexpr (requires { shifted.rounding.offset; }) shifted.rounding.offset += i * k;
      bad.expect_equal([] { return name_of<A>(); }, i, code_of(nf::dot(row, column, shifted)),
                       code_of(c[i]));
    }
  }
  // Two zeros of which one is negative: a sum that underflowed, and the product after it.
  const std::vector<F> tiny = {from_code<F>(1), from_code<F>(0)},
                       negative = {-from_code<F>(1), -from_code<F>(0)};
  for (const auto& x : {tiny, negative}) {
    std::vector<A> c(1);
    nf::matmul(x, negative, c, 1, 1, 2, acc);
    bad.expect_equal([] { return "zeros of " + name_of<A>(); }, 0,
                     code_of(nf::dot(x, negative, acc)), code_of(c[0]));
  }
}

/// A block tensor times numbers, and times a tensor of one row.
template <class Format>
void compare_tensors(Mismatches& bad) {
  constexpr std::size_t m = 40, k = 150;
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> weights(m * k), x(k), y(m), row(k);
  for (float& w : weights) w = normal(random);
  const auto a = nf::BlockTensor<Format>::quantize(weights, m, k);
  a.dequantize(weights);
  for (const float size : {1.0f, 0x1p-120f}) {
    for (float& each : x) each = normal(random) * size;
    const auto vector = nf::BlockTensor<Format>::quantize(x, 1, k);
    const auto expect = [&](const auto& of, const auto& acc) {
      nf::matvec(a, of, y, m, k, acc);
      for (std::size_t i = 0; i < m; ++i) {
        std::copy_n(weights.begin() + static_cast<std::ptrdiff_t>(i * k), k, row.begin());
        bad.expect_equal([] { return "a tensor of " + std::to_string(Format::element::width); }, i,
                         code_of(nf::dot(row, x, acc)), code_of(y[i]));
      }
    };
    expect(x, nf::FusedAccumulator<float>{});
    vector.dequantize(x);
    expect(vector, nf::ExactAccumulator{});
  }
}

}  // namespace

TEST_CASE("products compiled with -ffast-math", "[isa]") {
  Mismatches bad;
  compare_tensors<nf::mxfp4_e2m1>(bad);
  compare_tensors<nf::mxfp8_e4m3>(bad);
  compare_tensors<nf::mxint8>(bad);
  using nf::StochasticVariant;
  compare<nf::float8_e5m2>(bad, nf::FusedAccumulator<nf::float16>{});
  compare<nf::float8_e4m3fn>(bad, nf::FusedAccumulator<nf::float12_e6m5>{});
  compare<nf::float8_e5m2>(bad, nf::FusedAccumulator<nf::Float<5, 6>, nf::Stochastic<9>>{});
  compare<nf::float8_e5m2>(
      bad, nf::FusedAccumulator<nf::float16, nf::Stochastic<13, StochasticVariant::p3109_a>>{});
  using Fused = nf::FusedAccumulator<float>;
  compare<nf::bfloat16>(bad, Fused{});
  compare<nf::bfloat16>(bad, nf::SeparateAccumulator<float>{});
  compare<nf::bfloat16>(bad, nf::ChunkedAccumulator<Fused, Fused>{.chunk = 7});
  compare<nf::float8_e4m3fn>(bad, nf::ExactAccumulator{});
  CHECK(bad.report() == "");
}

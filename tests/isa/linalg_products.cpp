// SPDX-License-Identifier: MIT
// Matrix products under accumulators in narrow formats: on every instruction set each element is
// the dot product of its row and column, with the random bits of its own steps.
#include <narrowfloat/linalg.hpp>
#include <narrowfloat/loops.hpp>
#include <narrowfloat/math.hpp>

#include "support/catch.hpp"
#include "support/environments.hpp"
#include "support/mismatches.hpp"
#include "support/sum_oracle.hpp"

using namespace test;

namespace {

constexpr std::uint64_t seed = 0x123456789abcdef, offset = 0xfffffffffffffff3;  // indices wrap

/// The policy for a sum whose first step is element `first` of a product.
template <class A, class R>
nf::FusedAccumulator<A, R> shifted(nf::FusedAccumulator<A, R> acc, std::uint64_t first) {
  if constexpr (R::random_bits != 0) acc.rounding.offset += first;
  return acc;
}
template <class I, class O>
nf::ChunkedAccumulator<I, O> shifted(const nf::ChunkedAccumulator<I, O>& acc, std::uint64_t first) {
  return {shifted(acc.inner, first), shifted(acc.outer, first), acc.chunk};
}

struct Shape {
  std::size_t m, n, k;
};

/// Compares the product with dot products, element by element.
template <class F, class G, class Acc>
void compare(Mismatches& bad, const std::vector<F>& a, const std::vector<G>& b, Shape shape,
             const Acc& acc) {
  using A = typename Acc::type;
  const auto [m, n, k] = shape;
  std::vector<A> c(m * n);
  nf::matmul(a, b, c, m, n, k, acc);
  std::vector<F> row(k);
  std::vector<G> column(k);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t l = 0; l < k; ++l) {
        row[l] = a[i * k + l];
        column[l] = b[l * n + j];
      }
      const A expected = nf::dot(row, column, shifted(acc, (i * n + j) * k));
      bad.expect_equal([&] { return name_of<A>() + " " + std::to_string(shape.k); }, i << 16 | j,
                       expected.bits(), c[i * n + j].bits());
    }
  }
}

constexpr Shape shapes[] = {{1, 1, 1},   {5, 19, 8},  {4, 16, 16}, {9, 3, 37},
                            {6, 33, 50}, {1, 40, 23}, {4, 5, 0},   {8, 32, 64}};

enum class Chunks { none, some };

template <class A, class F, class G, Chunks C = Chunks::none, class R>
void check(Mismatches& bad, R rounding) {
  using Fused = nf::FusedAccumulator<A, R>;
  std::mt19937_64 random(static_cast<std::uint64_t>(A::width + R::random_bits * 64));
  for (const Shape& shape : shapes) {
    for (unsigned kind = 0; kind < 6; ++kind) {
      const bool mild = kind < 2;
      auto a = random_numbers<F>(shape.m * shape.k, random, mild);
      auto b = random_numbers<G>(shape.k * shape.n, random, mild);
      if (kind == 3)  // one sign: sums grow to the end of the range
        for (F& x : a) x = nf::abs(x);
      if (kind >= 4)  // some of the least numbers
        for (F& x : a) x = from_code<F>(x.bits() & (code_count<F>() / 2 | 7u));
      if (kind == 5)
        for (G& x : b) x = from_code<G>(x.bits() & (code_count<G>() / 2 | 31u));
      const auto flush = [&](bool yes) {
        return yes ? nf::Subnormals::flush : nf::Subnormals::keep;
      };
      const Fused acc{rounding, saturations[kind % 3], flush(kind == 2 || kind == 4)};
      compare(bad, a, b, shape, acc);
      if constexpr (C == Chunks::some) {
        const Fused outer{rounding, saturations[(kind + 1) % 3], flush(kind >= 4)};
        for (const std::size_t chunk : {std::size_t{5}, std::size_t{16}})
          compare(bad, a, b, shape, nf::ChunkedAccumulator<Fused, Fused>{acc, outer, chunk});
      }
    }
  }
}

template <int N>
using A = nf::Stochastic<N, nf::StochasticVariant::p3109_a>;
template <int N>
using B = nf::Stochastic<N, nf::StochasticVariant::p3109_b>;
template <int N>
using C = nf::Stochastic<N, nf::StochasticVariant::p3109_c>;

using e6m5 = nf::float12_e6m5;
using e5m6 = nf::Float<5, 6>;
using e4m3 = nf::float8_e4m3fn;
using e5m2 = nf::float8_e5m2;

}  // namespace

TEST_CASE("products without random bits: each element is its dot product", "[isa]") {
  Mismatches bad;
  check<e6m5, e5m2, e5m2, Chunks::some>(bad, nf::nearest_even);
  check<nf::float16_e6m9, e5m2, e4m3, Chunks::some>(bad, nf::nearest_even);
  check<nf::Float<6, 5, 31, nf::Specials::fn>, e5m2, e4m3>(bad, nf::nearest_even);
  check<e6m5, e4m3, e4m3>(bad, nf::nearest_even);
  check<nf::float16, e5m2, e5m2>(bad, nf::nearest_even);
  check<nf::Float<4, 3, 8, nf::Specials::fnuz>, e4m3, nf::float6_e3m2fn>(bad, nf::nearest_even);
  check<nf::Float<5, 7, 15, nf::Specials::p3109>, e5m2, nf::float4_e2m1fn>(bad, nf::nearest_even);
  check<e5m6, e4m3, nf::float8_e4m3fnuz, Chunks::some>(bad, nf::nearest_away);
  check<e6m5, e5m2, e5m2>(bad, nf::toward_zero);
  CHECK(bad.report() == "");
}

TEST_CASE("stochastic products: each element draws the bits of its own steps", "[isa]") {
  Mismatches bad;
  check<e6m5, e5m2, e5m2, Chunks::some>(bad, A<13>{seed, 5, offset});
  check<e6m5, e4m3, e5m2>(bad, B<4>{seed, 5, offset});
  check<e6m5, e4m3, e4m3>(bad, A<16>{seed, 5, offset});
  check<e5m6, e4m3, e4m3>(bad, C<9>{seed, 5, offset});
  // blocks of sixteen that begin where sums do, and of seven rounds
  using bytes = nf::Stochastic<8, nf::StochasticVariant::p3109_a, nf::Philox4x32_7>;
  check<e6m5, e5m2, e4m3>(bad, bytes{seed, 5, offset - 3});
  check<nf::float16, e5m2, e4m3>(bad, B<11>{seed, 5, offset});
  CHECK(bad.report() == "");
}

TEST_CASE("products of packed, fixed-point and integer operands", "[isa]") {
  std::mt19937_64 random(4);
  const auto a = random_numbers<nf::float6_e2m3fn>(3 * 20, random, true);
  const auto codes = random_numbers<e4m3>(20 * 18, random, false);
  std::vector<std::int8_t> integers;
  std::vector<nf::FixedPoint<8, 6>> fixed;
  for (const e4m3 x : codes) {
    integers.push_back(static_cast<std::int8_t>(x.bits()));
    fixed.push_back(nf::FixedPoint<8, 6>::from_bits(x.bits()));
  }
  Mismatches bad;
  compare(bad, a, integers, {3, 18, 20}, nf::FusedAccumulator<nf::float16_e6m9>{});
  compare(bad, a, fixed, {3, 18, 20}, nf::FusedAccumulator<nf::float16>{});
  CHECK(bad.report() == "");
}

TEST_CASE("products in every floating-point environment", "[isa]") {
  std::mt19937_64 random(6);
  const auto a = random_numbers<e5m2>(4 * 40, random, false),
             b = random_numbers<e5m2>(40 * 20, random, false);
  const auto product = [&] {
    std::vector<std::uint32_t> bits;
    const auto multiply = [&](const auto& acc) {
      std::vector<e5m6> c(4 * 20);
      nf::matmul(a, b, c, 4, 20, 40, acc);
      for (const e5m6 x : c) bits.push_back(x.bits());
    };
    multiply(nf::FusedAccumulator<e5m6>{});
    multiply(nf::FusedAccumulator<e5m6, A<13>>{});
    return bits;
  };
  check_rounding_modes(product);
  check_flush_flags(product);
  check_unmasked_exceptions(product);
}

TEST_CASE("products: a tiny sum decides on which side of the middle of two numbers a product lies",
          "[isa]") {
  for (const float tiny : {0x1p-9f, -0x1p-9f, 0.0f}) {
    std::vector<e4m3> a(16, e4m3(0.0f)), b(16 * 3, e4m3(0.0f));
    a[2] = e4m3(0x1p-9f);
    a[3] = e4m3(416.0f);
    for (std::size_t j = 0; j < 3; ++j) {
      b[2 * 3 + j] = e4m3(tiny);
      b[3 * 3 + j] = e4m3(320.0f);  // 416 * 320 = 65 * 2^11
    }
    std::vector<e6m5> c(3);
    nf::matmul(a, b, c, 1, 3, 16, nf::FusedAccumulator<e6m5>{});
    for (const e6m5 x : c) CHECK(static_cast<float>(x) == (tiny > 0 ? 66 : 64) * 0x1p11f);
  }
}

TEST_CASE("products of a matrix and a vector: each element is its dot product", "[isa]") {
  std::mt19937_64 random(7);
  constexpr std::size_t m = 37, k = 29;
  const nf::FusedAccumulator<e6m5, A<13>> acc{.rounding = {seed, 5, offset}};
  Mismatches bad;
  for (const bool transposed : {false, true}) {
    const auto a = random_numbers<e5m2>(m * k, random, false),
               x = random_numbers<e5m2>(k, random, false);
    std::vector<e6m5> y(m);
    nf::matvec(a, x, y, m, k, acc, {.a_transposed = transposed});
    for (std::size_t i = 0; i < m; ++i) {
      std::vector<e5m2> row(k);
      for (std::size_t l = 0; l < k; ++l) row[l] = transposed ? a[l * m + i] : a[i * k + l];
      bad.expect_equal([] { return std::string("matvec"); }, i,
                       nf::dot(row, x, shifted(acc, i * k)).bits(), y[i].bits());
    }
  }
  CHECK(bad.report() == "");
}

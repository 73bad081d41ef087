// SPDX-License-Identifier: MIT
// dot(), matvec() and matmul(): the order of the products, the random bits of each step, how
// matrices lie in memory, and what is refused.
#include <narrowfloat/linalg.hpp>
#include <narrowfloat/packed.hpp>

#include "support/catch.hpp"
#include "support/mismatches.hpp"
#include "support/sum_oracle.hpp"

using namespace test;

namespace {

using A = nf::float12_e6m5;
using F = nf::float8_e5m2;
using G = nf::float8_e4m3fn;
using Keyed = nf::Stochastic<13, nf::StochasticVariant::p3109_a>;
constexpr Keyed key{.seed = 11, .stream = 3, .offset = 1000};

/// The oracle's rounding to A with a key, `further` streams on.
SumRounding keyed(std::uint64_t further) {
  return {.format = oracle_format<A>(),
          .rounding = {.mode = oracle::Mode::stochastic_a, .n = 13},
          .words = [=](std::uint64_t i) {
            return nf::element_bits<13>(key.seed, key.stream + further, key.offset + i);
          }};
}
const SumRounding nearest{.format = oracle_format<A>()};

/// Stored row by row, or transposed, with gaps between the rows; element (r, c) as the oracle reads
/// it.
template <class T>
struct Matrix {
  std::vector<T> stored;
  std::size_t leading;
  bool transposed;

  Matrix(std::size_t rows, std::size_t cols, bool is_transposed, std::size_t gap,
         std::mt19937_64& random)
      : leading((is_transposed ? rows : cols) + gap), transposed(is_transposed) {
    const std::size_t down = is_transposed ? cols : rows;
    stored = random_numbers<T>(down * leading - gap, random, true);
  }
  oracle::Exact at(std::size_t r, std::size_t c) const {
    return exact_number(stored[transposed ? c * leading + r : r * leading + c]);
  }
};

/// The code of element (i, j) by the oracle, a step at a time: step(sum, l, index).
template <class Step>
std::uint32_t along(std::size_t k, std::uint64_t first, Step step) {
  std::uint32_t sum = 0;
  for (std::size_t l = 0; l < k; ++l) sum = step(sum, l, first + l);
  return sum;
}

struct Shape {
  std::size_t m, n, k;
};
constexpr Shape shapes[] = {{1, 1, 1}, {3, 5, 7}, {4, 2, 33}, {2, 3, 128}, {5, 1, 9}, {2, 2, 0}};

/// expected(a, b, i, j, first step) for every element of products of every shape and storage.
template <class Acc, class Expected>
void check_matmul(const Acc& acc, Expected expected) {
  Mismatches bad;
  std::mt19937_64 random(5);
  for (const Shape& shape : shapes) {
    const auto [m, n, k] = shape;
    for (unsigned storage = 0; storage < 8; ++storage) {
      const std::size_t gap = k != 0 && (storage & 4) != 0 ? 3 : 0;
      const Matrix<F> a(m, k, (storage & 1) != 0, gap, random);
      const Matrix<G> b(k, n, (storage & 2) != 0, gap, random);
      std::vector<A> c(m * (n + gap), from_code<A>(0x7ff));
      nf::matmul(a.stored, b.stored, c, m, n, k, acc,
                 {.a_transposed = a.transposed,
                  .b_transposed = b.transposed,
                  .lda = gap == 0 ? 0 : a.leading,
                  .ldb = gap == 0 ? 0 : b.leading,
                  .ldc = n + gap});
      for (std::size_t i = 0; i < m; ++i) {
        for (std::size_t j = 0; j < n + gap; ++j) {
          const std::uint32_t want =
              j < n ? expected(a, b, i, j, (i * n + j) * k, k) : 0x7ff;  // gaps are left alone
          bad.expect_equal(
              [&] { return std::to_string(shape.m) + " x " + std::to_string(shape.n); },
              storage << 16 | i << 8 | j, want, c[i * (n + gap) + j].bits());
        }
      }
    }
  }
  CHECK(bad.report() == "");
}

}  // namespace

TEST_CASE("element (i, j), step l of a product draws index (i n + j) k + l", "[linalg]") {
  check_matmul(nf::FusedAccumulator<A, Keyed>{.rounding = key},
               [](const auto& a, const auto& b, auto i, auto j, std::uint64_t first, auto k) {
                 return along(k, first, [&](std::uint32_t sum, auto l, std::uint64_t index) {
                   return fused_step(keyed(0), sum, a.at(i, l), b.at(l, j), index);
                 });
               });
}

TEST_CASE("rounded products draw from a stream of their own", "[linalg]") {
  check_matmul(nf::SeparateAccumulator<A, Keyed>{.rounding = key},
               [](const auto& a, const auto& b, auto i, auto j, std::uint64_t first, auto k) {
                 return along(k, first, [&](std::uint32_t sum, auto l, std::uint64_t index) {
                   return separate_step(keyed(0), keyed(std::uint64_t{1} << 63), sum, a.at(i, l),
                                        b.at(l, j), index);
                 });
               });
}

TEST_CASE("the sum of chunk c draws index (i n + j) k + c of the next stream", "[linalg]") {
  const auto in_chunks = [](std::size_t chunk, const SumRounding& outer) {
    return [=](const auto& a, const auto& b, auto i, auto j, std::uint64_t first, auto k) {
      std::uint32_t total = 0;
      for (std::size_t c = 0; c * chunk < k; ++c) {
        const std::size_t begin = c * chunk, size = std::min<std::size_t>(chunk, k - begin);
        const std::uint32_t sum =
            along(size, first + begin, [&](std::uint32_t part, auto l, std::uint64_t index) {
              return fused_step(keyed(0), part, a.at(i, begin + l), b.at(begin + l, j), index);
            });
        total = outer(oracle::sum(outer.value(total), outer.value(sum)), first + c);
      }
      return total;
    };
  };
  using Fused = nf::FusedAccumulator<A, Keyed>;
  for (const std::size_t chunk : {1u, 4u, 64u}) {
    check_matmul(nf::ChunkedAccumulator<Fused, Fused>{{key}, {key}, chunk},
                 in_chunks(chunk, keyed(1)));
    check_matmul(
        nf::ChunkedAccumulator<Fused, nf::FusedAccumulator<A>>{.inner = {key}, .chunk = chunk},
        in_chunks(chunk, nearest));
  }
}

TEST_CASE("words of random bits are those of the steps", "[linalg]") {
  std::mt19937_64 random(2);
  const auto a = random_numbers<F>(6, random, true), b = random_numbers<F>(6, random, true);
  std::vector<std::uint32_t> words(12);
  for (auto& word : words) word = static_cast<std::uint32_t>(random());
  using R = nf::StochasticA<9>;
  std::vector<A> c(4), one(1);
  nf::matmul(a, b, c, 2, 2, 3, nf::FusedAccumulator<A, R>{.rounding = R(words)});
  for (std::size_t i = 0; i < 4; ++i) {
    A sum = from_code<A>(0);
    for (std::size_t l = 0; l < 3; ++l)
      sum = nf::FusedAccumulator<A, R>{.rounding = R(words[i * 3 + l])}.step(sum, a[i / 2 * 3 + l],
                                                                             b[l * 2 + i % 2]);
    CHECK(c[i].bits() == sum.bits());
  }
  words.pop_back();
  CHECK_THROWS_WITH(
      nf::matmul(a, b, c, 2, 2, 3, nf::FusedAccumulator<A, R>{.rounding = R(words)}),
      "narrowfloat::matmul: the rounding has 11 words of random bits, the sums take 12");
  // chunk c of the last sum, which begins at step 9, takes word 9 + c
  using Chunks = nf::ChunkedAccumulator<nf::FusedAccumulator<A>, nf::FusedAccumulator<A, R>>;
  const Chunks chunks{.outer = {.rounding = R(words)}, .chunk = 2};
  nf::matmul(a, b, c, 2, 2, 3, chunks);
  words.pop_back();
  CHECK_THROWS_WITH(
      nf::matmul(a, b, c, 2, 2, 3, Chunks{.outer = {.rounding = R(words)}, .chunk = 2}),
      "narrowfloat::matmul: the rounding has 10 words of random bits, the sums take 11");
}

TEST_CASE("packed codes, integers and fixed-point numbers are operands", "[linalg]") {
  std::mt19937_64 random(3);
  const auto numbers = random_numbers<nf::float6_e2m3fn>(15, random, true);
  nf::PackedVector<nf::float6_e2m3fn> packed(15);
  nf::convert(numbers, packed);
  const std::vector<std::int8_t> integers = {-128, 5, 127, 0, -3};
  nf::PackedVector<A> y(3);
  nf::matvec(packed, integers, y, 3, 5, nf::FusedAccumulator<A>{});
  std::vector<nf::FixedPoint<8, 6>> fixed;
  for (const std::int8_t i : integers)
    fixed.push_back(nf::FixedPoint<8, 6>::from_bits(static_cast<std::uint8_t>(i)));
  std::vector<float> z(3);
  nf::matvec(numbers, fixed, z, 3, 5, nf::FusedAccumulator<A>{});
  for (std::size_t i = 0; i < 3; ++i) {
    std::uint32_t sum = 0, scaled = 0;
    for (std::size_t l = 0; l < 5; ++l) {
      const std::int8_t v = integers[l];
      oracle::Exact x{.negative = v < 0, .significand = static_cast<oracle::Wide>(v < 0 ? -v : v)};
      sum = fused_step(nearest, sum, exact_number(numbers[i * 5 + l]), x, 0);
      x.exponent = -6;
      scaled = fused_step(nearest, scaled, exact_number(numbers[i * 5 + l]), x, 0);
    }
    CHECK(y[i].bits() == sum);
    CHECK(z[i] == static_cast<float>(from_code<A>(scaled)));
  }
}

TEST_CASE("shapes that do not fit are refused before anything is written", "[linalg]") {
  const std::vector<F> a(6, F(1.0f)), b(8, F(1.0f));
  std::vector<float> c(12, 7.0f);
  const nf::FusedAccumulator<float> acc;
  CHECK_THROWS_WITH(nf::dot(a, b, acc), "narrowfloat::dot: the ranges have 6 and 8 elements");
  CHECK_THROWS_WITH(
      nf::matmul(a, b, c, 3, 4, 3, acc),
      "narrowfloat::matmul: m = 3, n = 4, k = 3: a has 6 elements, not the 3 x 3 that "
      "are read with leading dimension 3");
  CHECK_THROWS_AS(nf::matmul(a, b, c, 3, 3, 2, acc), std::invalid_argument);
  CHECK_THROWS_AS(nf::matmul(a, b, c, 2, 4, 2, acc), std::invalid_argument);
  CHECK_THROWS_AS(nf::matmul(a, b, c, 3, 4, 2, acc, {.lda = 1}), std::invalid_argument);
  CHECK_THROWS_AS(nf::matmul(a, b, c, 3, 4, 2, acc, {.ldb = 5}), std::invalid_argument);
  CHECK_THROWS_AS(nf::matmul(a, b, c, 3, 4, 2, acc, {.ldc = 5}), std::invalid_argument);
  const std::size_t huge = std::size_t{1} << 40;
  CHECK_THROWS_AS(nf::matmul(a, b, c, huge, huge, 0, acc), std::invalid_argument);
  CHECK_THROWS_WITH(nf::matvec(a, b, c, 3, 2, acc),
                    "narrowfloat::matvec: m = 3, k = 2: x has 8 elements, not the 1 x 2 that are "
                    "read with leading dimension 2");
  using Chunks = nf::ChunkedAccumulator<nf::FusedAccumulator<float>, nf::FusedAccumulator<float>>;
  CHECK_THROWS_WITH(nf::dot(a, a, Chunks{.chunk = 0}),
                    "narrowfloat::dot: ChunkedAccumulator: the chunk is 0");
  CHECK(c == std::vector<float>(12, 7.0f));
  nf::matmul(a, b, c, 3, 4, 2, acc);
  CHECK(c == std::vector<float>(12, 2.0f));
  CHECK(nf::dot(std::vector<F>(), std::vector<F>(), Chunks{}) == 0);
}

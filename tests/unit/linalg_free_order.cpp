// SPDX-License-Identifier: MIT
// Products in free order: a function of the caller's multiplies the floats that every operand
// stands for, in place or in panels, and what it writes goes where sums go.
#include <narrowfloat/linalg.hpp>
#include <narrowfloat/mx.hpp>
#include <narrowfloat/packed.hpp>
#include <narrowfloat/quantize.hpp>

#include <cmath>
#include <random>
#include <thread>

#include "support/catch.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

using Floats = std::vector<float>;

/// Sums in double, in order; it has seen no panel larger than `largest`.
struct Gemm {
  std::size_t largest = ~std::size_t{0};

  void operator()(std::size_t m, std::size_t n, std::size_t k, const float* a, std::size_t lda,
                  const float* b, std::size_t ldb, float* c, std::size_t ldc) const {
    if (std::min({m, n, k}) == 0) throw std::logic_error("an empty product");
    if (std::max({m * n, m * k, k * n}) > largest) throw std::logic_error("a panel is too large");
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        double sum = 0;
        for (std::size_t l = 0; l < k; ++l)
          sum += static_cast<double>(a[i * lda + l]) * static_cast<double>(b[l * ldb + j]);
        c[i * ldc + j] = static_cast<float>(sum);
      }
    }
  }
};

constexpr std::size_t m = 37, n = 45, k = 50;
constexpr std::size_t panel = 1024;  // of 16 rows or columns, and 50 steps
const nf::FreeOrderAccumulator in_panels{Gemm{}, panel};

Floats random_floats(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  Floats all(count);
  for (float& x : all) x = std::normal_distribution<float>()(random);
  return all;
}

/// The sums of a * b + a * b ... where floats are read at (r, c) of the product's matrices.
template <class A, class B>
Floats product(const A& a, const B& b) {
  Floats c(m * n);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::size_t l = 0; l < k; ++l)
        sum += static_cast<double>(a(i, l)) * static_cast<double>(b(l, j));
      c[i * n + j] = static_cast<float>(sum);
    }
  }
  return c;
}

/// What an operand stands for.
template <class Stored>
Floats floats_of(const Stored& stored) {
  if constexpr (requires(std::span<float> out) { stored.dequantize(out); }) {
    Floats all(stored.size());
    stored.dequantize(std::span(all));
    return all;
  } else {
    Floats all;
    for (std::size_t i = 0; i < stored.size(); ++i)
      all.push_back(static_cast<float>(static_cast<std::ranges::range_value_t<Stored>>(stored[i])));
    return all;
  }
}

/// An operand as the first and the second matrix, as it is and transposed: make(values, rows,
/// cols).
template <class Make>
void check(const char* what, const Make& make) {
  INFO(what);
  const Floats values = random_floats(k * n, 3), other = random_floats(m * n * k, 4);
  for (const bool transposed : {false, true}) {
    INFO(transposed);
    const auto places = [&](std::size_t rows, std::size_t cols) {
      return std::pair{transposed ? cols : rows, transposed ? rows : cols};
    };
    const auto [b_rows, b_cols] = places(k, n);
    const auto b = make(values, b_rows, b_cols);
    const Floats y = floats_of(b);
    Floats c(m * n, NAN);
    nf::matmul(std::span(other).first(m * k), b, c, m, n, k, in_panels,
               {.b_transposed = transposed});
    CHECK(c == product([&](std::size_t i, std::size_t l) { return other[i * k + l]; },
                       [&](std::size_t l, std::size_t j) {
                         return y[transposed ? j * k + l : l * n + j];
                       }));
    const auto [a_rows, a_cols] = places(m, k);
    const auto a = make(std::span(values).first(m * k), a_rows, a_cols);
    const Floats x = floats_of(a);
    nf::matmul(a, std::span(other).first(k * n), c, m, n, k, in_panels,
               {.a_transposed = transposed});
    CHECK(c == product([&](std::size_t i,
                           std::size_t l) { return x[transposed ? l * m + i : i * k + l]; },
                       [&](std::size_t l, std::size_t j) { return other[l * n + j]; }));
  }
}

/// A tensor that is written as a whole.
struct OtherTensor {
  Floats values;
  std::size_t size() const { return values.size(); }
  void dequantize(std::span<float> out) const { std::ranges::copy(values, out.begin()); }
};

template <class F>
std::vector<F> numbers(std::span<const float> x) {
  std::vector<F> all;
  for (const float each : x) all.push_back(static_cast<F>(each * (std::integral<F> ? 16 : 1)));
  return all;
}

}  // namespace

TEST_CASE("free order takes ranges of numbers", "[linalg]") {
  const auto of = [](const auto& convert) {
    return [convert](std::span<const float> x, std::size_t, std::size_t) { return convert(x); };
  };
  check("float", of(numbers<float>));
  check("bfloat16", of(numbers<nf::bfloat16>));
  check("int8", of(numbers<std::int8_t>));
  check("subnormal numbers", of([](std::span<const float> x) {
          auto all = numbers<nf::bfloat16>(x);
          for (nf::bfloat16& each : all) each = from_code<nf::bfloat16>(each.bits() & 0x807f);
          return all;
        }));
  check("packed", of([](std::span<const float> x) {
          nf::PackedVector<nf::float6_e2m3fn> packed(x.size());
          nf::convert(x, packed);
          return packed;
        }));
}

TEST_CASE("free order takes tensors, whatever shares a scale", "[linalg]") {
  check("of others", [](std::span<const float> x, std::size_t, std::size_t) {
    return OtherTensor{{x.begin(), x.end()}};
  });
  const auto blocks = [](auto format, int axis) {
    return [axis](std::span<const float> x, std::size_t rows, std::size_t cols) {
      return nf::BlockTensor<decltype(format)>::quantize(x, rows, cols, {.axis = axis});
    };
  };
  check("mxfp8 along rows", blocks(nf::mxfp8_e4m3{}, 1));
  check("mxfp8 along columns", blocks(nf::mxfp8_e4m3{}, 0));
  check("nvfp4", blocks(nf::nvfp4{}, 1));
  check("nvfp4 in tiles", blocks(nf::nvfp4_2d{}, 1));
  for (const nf::BlockShape& shape : {nf::BlockShape{1, nf::whole}, {nf::whole, 1}})
    check("int8", [&](std::span<const float> x, std::size_t rows, std::size_t cols) {
      return nf::Int8Matrix::quantize(x, rows, cols, {.block = shape});
    });
  for (const bool nested : {false, true})
    check("code-book", [&](std::span<const float> x, std::size_t, std::size_t) {
      return nf::CodebookTensor::quantize(x, nf::nf4_codebook(),
                                          {.block_size = 64, .nested = nested});
    });
}

TEST_CASE("sums longer than a panel are made in slices", "[linalg]") {
  std::mt19937 random(5);
  Floats x(m * k), w(k * n), c(m * n), want(m * n);
  for (float& each : x) each = static_cast<float>(random() % 17) - 8;
  for (float& each : w) each = static_cast<float>(random() % 9) - 4;
  const auto a = nf::BlockTensor<nf::mxfp8_e4m3>::quantize(x, m, k);
  nf::matmul(x, w, want, m, n, k, nf::ExactAccumulator{});
  for (const std::size_t floats : {1u, 2u, 4u, 15u, 64u, 100u}) {
    nf::matmul(a, w, c, m, n, k, nf::FreeOrderAccumulator{Gemm{floats}, floats});
    CHECK(c == want);
  }
  nf::matmul(a, w, c, m, n, k, nf::FreeOrderAccumulator{Gemm{}});
  CHECK(c == want);
}

TEST_CASE("tensors of one row, whose blocks would span more, in panels", "[linalg]") {
  const std::size_t wide = 3000;
  const Floats x = random_floats(wide, 8), one{1};
  const auto check = [&](const auto& tensor) {
    Floats c(wide), want(wide);
    tensor.dequantize(want);
    for (const std::size_t floats : {std::size_t{64}, std::size_t{1} << 22}) {
      nf::matmul(one, tensor, c, 1, wide, 1, nf::FreeOrderAccumulator{Gemm{}, floats});
      CHECK(c == want);
    }
  };
  check(nf::BlockTensor<nf::nvfp4_2d>::quantize(x, 1, wide));
  check(nf::BlockTensor<nf::mxfp8_e4m3>::quantize(x, 1, wide, {.axis = 0}));
  check(nf::BlockTensor<nf::mxfp8_e4m3>::quantize(x, 1, wide));
}

TEST_CASE("floats that lie as they are read go to gemm where they are", "[linalg]") {
  const Floats x = random_floats(m * (k + 3), 6), w = random_floats(k * (n + 1), 7);
  Floats c(m * (n + 2), 7);
  int calls = 0;
  const auto seen = [&](std::size_t rows, std::size_t cols, std::size_t steps, const float* a,
                        std::size_t lda, const float* b, std::size_t ldb, float* to,
                        std::size_t ldc) {
    ++calls;
    CHECK((rows == m && cols == n && steps == k));
    CHECK((a == x.data() && lda == k + 3 && b == w.data() && ldb == n + 1));
    CHECK((to == c.data() && ldc == n + 2));
  };
  nf::matmul(x, w, c, m, n, k, nf::FreeOrderAccumulator{seen, 4},
             {.lda = k + 3, .ldb = n + 1, .ldc = n + 2});
  nf::matmul(nf::MatrixView(x, m, k, k + 3), nf::MatrixView(w, k, n, n + 1),
             nf::MatrixView(c, m, n, n + 2), nf::FreeOrderAccumulator{seen});
  CHECK(calls == 2);
  nf::matmul(x, w, c, m, n, 0, nf::FreeOrderAccumulator{seen},
             {.lda = k + 3, .ldb = n + 1, .ldc = n + 2});
  for (std::size_t i = 0; i < c.size(); ++i) CHECK(c[i] == (i % (n + 2) < n ? 0.0f : 7.0f));
}

TEST_CASE("sums in free order go through an epilogue, to other types and by threads", "[linalg]") {
  const Floats x = random_floats(m * k, 8), w = random_floats(n * k, 9),
               bias = random_floats(n, 10), rows = random_floats(m, 11);
  Floats sums(m * n);
  nf::matmul(x, w, sums, m, n, k, nf::FreeOrderAccumulator{Gemm{}}, {.b_transposed = true});
  std::vector<double> wide(m * n);
  nf::matmul(x, w, wide, m, n, k, in_panels, {.b_transposed = true});
  CHECK(std::ranges::equal(wide, sums));

  // each sum through the same epilogue: with one step of 1
  const nf::Epilogue<nf::Stochastic<>> epilogue{
      .scale = 3, .row_scales = rows, .bias = bias, .rounding = nf::Stochastic<>{5}};
  std::vector<nf::bfloat16> want(m * n), c(m * n);
  Floats identity(n * n);
  for (std::size_t j = 0; j < n; ++j) identity[j * n + j] = 1;
  nf::matmul(sums, identity, want, m, n, n, nf::ExactAccumulator{}, {}, epilogue);
  nf::matmul(x, w, c, m, n, k, in_panels, {.b_transposed = true}, epilogue);
  CHECK(c == want);

  const auto threads = [](std::size_t tasks, const auto& f) {
    std::vector<std::thread> all;
    for (std::size_t i = 0; i < tasks; ++i) all.emplace_back([&f, i] { f(i); });
    for (std::thread& each : all) each.join();
  };
  constexpr std::size_t tall = 150;
  const Floats tall_x = random_floats(tall * k, 12);
  Floats one(tall * n), several(tall * n);
  nf::matmul(tall_x, w, one, tall, n, k, in_panels, {.b_transposed = true});
  nf::matmul(tall_x, w, several, tall, n, k, in_panels, {.b_transposed = true}, threads);
  CHECK(several == one);
}

TEST_CASE("free order refuses what does not fit", "[linalg]") {
  const Floats x(6), few(2);
  Floats c(4, 7.0f);
  CHECK_THROWS_WITH(nf::matmul(x, x, c, 2, 2, 3, nf::FreeOrderAccumulator{Gemm{}, 0}),
                    "narrowfloat::matmul: FreeOrderAccumulator: the panel is 0");
  CHECK_THROWS_AS(nf::matmul(x, x, c, 2, 2, 4, in_panels), std::invalid_argument);
  CHECK_THROWS_AS(nf::matmul(x, x, c, 2, 2, 3, in_panels, {}, nf::Epilogue<>{.bias = x}),
                  std::invalid_argument);
  CHECK(c == Floats(4, 7.0f));
  CHECK_THROWS_AS(nf::matmul(x, x, c, 2, 2, 3, nf::FreeOrderAccumulator{Gemm{1}}),
                  std::logic_error);
}

// SPDX-License-Identifier: MIT
// Muon: its update beside one in doubles, nearly orthogonal for tall, wide and square matrices; its
// promises.
#include <narrowfloat/optim/muon.hpp>

#include <cmath>
#include <random>

#include "support/catch.hpp"
#include "support/executors.hpp"

using namespace narrowfloat;

namespace {

using matrix = std::vector<double>;

std::vector<float> normal_numbers(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> x(n);
  for (float& each : x) each = normal(random);
  return x;
}

/// a b, or with transposes.
matrix product(const matrix& a, const matrix& b, std::size_t m, std::size_t n, std::size_t k,
               bool at, bool bt) {
  matrix c(m * n);
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < n; ++j)
      for (std::size_t l = 0; l < k; ++l)
        c[i * n + j] += (at ? a[l * m + i] : a[i * k + l]) * (bt ? b[j * k + l] : b[l * n + j]);
  return c;
}

/// Newton and Schulz in doubles.
matrix orthogonal(matrix x, std::size_t rows, std::size_t cols) {
  double norm = 0;
  for (const double each : x) norm += each * each;
  for (double& each : x) each /= std::sqrt(norm);
  for (int i = 0; i < 5; ++i) {
    const matrix a = product(x, x, rows, rows, cols, false, true);  // whatever the shape
    matrix b = product(a, a, rows, rows, rows, false, false);
    for (std::size_t j = 0; j < b.size(); ++j)
      b[j] = 2.0315 * b[j] - 4.7750 * a[j] + (j % (rows + 1) == 0 ? 3.4445 : 0);
    x = product(b, x, rows, cols, rows, false, false);
  }
  return x;
}

}  // namespace

TEST_CASE("Muon: as in doubles, within what bfloat16 operands cost") {
  const auto shape = [](std::size_t rows, std::size_t cols, MuonRate rate, double adjusted) {
    const auto g = normal_numbers(rows * cols, 1), start = normal_numbers(rows * cols, 2);
    auto w = start;
    Muon<> muon({.lr = 0.02, .weight_decay = 0.1, .rate = rate}, rows, cols);
    muon.step(w, g);
    // the first momentum is 0.05 g; with Nesterov (0.95 * 0.05 + 0.05) g: the same direction
    const matrix u = orthogonal({g.begin(), g.end()}, rows, cols);
    double worst = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double expected = start[i] * (1 - 0.02 * 0.1) - 0.02 * adjusted * u[i];
      worst = std::max(worst, std::abs(w[i] - expected) / (0.02 * adjusted));
    }
    INFO(rows << " x " << cols);
    CHECK(worst <
          // 2^-9 an operand, five times amplified by at most 3.4445 in small singular values alone
          0.02);
    CHECK(worst > 0);
  };
  shape(48, 80, MuonRate::original, 1);
  shape(80, 48, MuonRate::original, std::sqrt(80.0 / 48));
  shape(64, 64, MuonRate::match_adam, 0.2 * 8);
  shape(1, 100, MuonRate::original, 1);
}

TEST_CASE(
    "Muon: the same bits for every executor and instruction set; nothing changes on an overflow") {
  const std::size_t rows = 70, cols = 130;
  const auto run = [&](auto executor) {
    std::vector<bfloat16> w(rows * cols);
    convert(normal_numbers(rows * cols, 3), w);
    Muon<StochasticBfloat16State> muon({}, rows, cols);
    for (unsigned t = 0; t < 3; ++t)
      muon.step(w, normal_numbers(rows * cols, t), {.max_norm = 1}, Stochastic<>{1}, executor);
    return w;
  };
  const auto expected = run(SerialExecutor{});
  const auto same = [&](const std::vector<bfloat16>& w) {
    return std::ranges::equal(w, expected, {}, &bfloat16::bits, &bfloat16::bits);
  };
  CHECK(same(run(test::Threads{3})));
  CHECK(same(run(test::Shuffled{})));
  {
    ScopedIsa scope(Isa::generic);
    CHECK(same(run(SerialExecutor{})));
  }
  auto w = normal_numbers(rows * cols, 3), g = w;
  const auto before = w;
  g[7] = INFINITY;
  Muon<> muon({}, rows, cols);
  CHECK(muon.step(w, g).skipped);
  CHECK(w == before);
  Muon<> exact({.weight_decay = 0, .eps = 0}, rows, cols);
  exact.step(w, std::vector<float>(w.size()));
  CHECK(w == before);
  CHECK_THROWS_WITH(muon.step(w, std::vector<float>(3)),
                    Catch::Contains("9100 weights, 3 gradients"));
  std::vector<float> few(3);
  CHECK_THROWS_WITH(muon.step(few, g), "narrowfloat::Muon: there are 3 weights for 70 x 130");
  CHECK_THROWS_WITH(Muon<>({.momentum = 1}, 2, 2),
                    "narrowfloat::Muon: momentum is 1, not in [0, 1)");
}

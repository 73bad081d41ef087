// SPDX-License-Identifier: MIT
// A layer's three products against its operands: a step at a time by the recipe's accumulators, and
// in exact sums.
#pragma once

#include <narrowfloat/linalg.hpp>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "catch.hpp"

namespace nf = narrowfloat;

namespace test {

inline std::vector<float> normal_floats(std::size_t n, std::uint64_t seed, float deviation = 1) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> next(0, deviation);
  std::vector<float> values(n);
  for (float& v : values) v = next(random);
  return values;
}

/// The numbers below an operand's factor, as rows of so many columns: transposed where they are
/// stored so.
template <class Operand>
std::vector<float> numbers_of(const Operand& operand, std::size_t rows, std::size_t cols,
                              bool transposed) {
  std::vector<float> stored(rows * cols), out(rows * cols);
  Operand plain = operand;
  plain.factor = 1;
  plain.dequantize(stored);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < cols; ++c)
      out[r * cols + c] = stored[transposed ? c * rows + r : r * cols + c];
  return out;
}

/// A product of a layer: what it read, and what it made of that.
struct MadeProduct {
  std::string name;
  std::size_t m, n, k;
  std::vector<float> a,
      b;          ///< the rows of the left operand, and the columns of the right one as rows
  double factor;  ///< of both operands and the recipe
  const std::vector<float>& got;
  std::uint64_t seed, pass, part;  ///< of the random bits; the part is 3, 4 or 5
};

/// The accumulator of a pass: keyed roundings by the seed, 64 streams a pass, 8 a part; its step of
/// element `first`.
template <class Acc>
Acc accumulator_of(Acc acc, const MadeProduct& made, std::uint64_t first) {
  if constexpr (requires { acc.rounding.stream; }) {
    acc.rounding.seed += made.seed;
    acc.rounding.stream += 64 * made.pass + 8 * made.part;
    acc.rounding.offset += first;
  }
  return acc;
}

/// Every seventh element: equal to dot() of its numbers by the product's accumulator, times the
/// factor, rounded to float and to the product's type; and within `error` of the exact sum, by the
/// sum of the magnitudes.
template <class Acc, class Out, class R>
void check_product(const nf::LayerProduct<Acc, Out, R>& how, const MadeProduct& made,
                   double error) {
  INFO(made.name);
  REQUIRE(made.got.size() == made.m * made.n);
  const auto factor = static_cast<float>(made.factor);
  std::size_t steps = 0, bounds = 0;
  for (std::size_t e = 0; e < made.got.size(); e += 7) {
    const std::span a(made.a.data() + e / made.n * made.k, made.k),
        b(made.b.data() + e % made.n * made.k, made.k);
    double exact = 0, magnitudes = 0;  // of floats with few bits: far below the bounds
    for (std::size_t l = 0; l < made.k; ++l) {
      exact += static_cast<double>(a[l]) * b[l];
      magnitudes += std::abs(static_cast<double>(a[l]) * b[l]);
    }
    const double bound = error * magnitudes * made.factor;
    bounds += std::abs(made.got[e] - exact * made.factor) > bound;
    const auto sum =
        static_cast<float>(nf::dot(a, b, accumulator_of(how.accumulator, made, e * made.k)));
    const Out scaled = nf::convert<Out>(factor == 1 ? sum : sum * factor);
    steps += static_cast<float>(scaled) != made.got[e];
  }
  CHECK(steps == 0);
  CHECK(bounds == 0);
}

/// Runs a training pass of a layer and checks its three products with check(how, made, error).
template <class R, class Check>
void check_products(const R& recipe, const nf::LinearShape& shape, double forward_error,
                    double gradient_error, const Check& check) {
  const auto [rows, in, out] = shape;
  const auto x = normal_floats(rows * in, 1), w = normal_floats(out * in, 2, 0.05f),
             dy = normal_floats(rows * out, 3, 1e-3f);
  std::vector<float> y(rows * out), dx(rows * in), dw(out * in);
  nf::Linear<R> layer(recipe, 77), twin = layer;
  for (int pass = 0; pass < 2; ++pass) {  // the second by the scales that the first has left
    const auto [qx, qw] = twin.quantized(x, w, shape);
    const auto qdy = twin.quantized(dy, shape);
    layer.forward(x, w, y, shape);
    layer.backward(dy, dx, dw);
    nf::LinearScales by;
    if constexpr (requires { recipe.scales(shape); }) by = recipe.scales(shape);
    std::uint64_t part = 3;
    const auto make = [&](const char* name, std::size_t m, std::size_t n, std::size_t k,
                          const auto& a, bool a_transposed, const auto& b, bool b_transposed,
                          double scale, const std::vector<float>& got) {
      return MadeProduct{name,
                         m,
                         n,
                         k,
                         numbers_of(a, m, k, a_transposed),
                         numbers_of(b, n, k, !b_transposed),
                         a.factor * b.factor * scale,
                         got,
                         77,
                         layer.passes,
                         part++};
    };
    check(recipe.forward,
          make("y", rows, out, in, qx.rows(), false, qw.rows(), true, by.forward, y),
          forward_error);
    check(recipe.input_gradient,
          make("dx", rows, in, out, qdy.rows(), false, qw.columns(), false, by.grad_x, dx),
          gradient_error);
    check(recipe.weight_gradient,
          make("dw", out, in, rows, qdy.columns(), true, qx.columns(), false, by.grad_w, dw),
          gradient_error);
    layer.update();
    twin.update();
  }
}
template <class R>
void check_recipe(const char* name, const nf::LinearShape& shape, double forward_error,
                  double gradient_error, const R& recipe = {}) {
  INFO(name);
  check_products(recipe, shape, forward_error, gradient_error,
                 [](const auto& how, const MadeProduct& made, double error) {
                   check_product(how, made, error);
                 });
}

}  // namespace test

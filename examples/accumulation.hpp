// SPDX-License-Identifier: MIT
// The experiments of accumulate.cpp: data that are the same on every machine, and the errors of
// sums of it.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <narrowfloat/convert.hpp>
#include <narrowfloat/formats.hpp>
#include <narrowfloat/linalg.hpp>
#include <narrowfloat/quantize/int8_matrix.hpp>
#include <narrowfloat/random.hpp>
#include <numbers>
#include <span>
#include <vector>

namespace example {

namespace nf = narrowfloat;

/// n numbers uniform on (0, 1), from a counter.
inline std::vector<double> uniform_numbers(std::size_t n, std::uint32_t seed) {
  std::vector<double> all(n);
  std::array<std::uint32_t, 4> block{};
  for (std::size_t i = 0; i < n; ++i) {
    if (i % 4 == 0) block = nf::philox4x32_10({static_cast<std::uint32_t>(i / 4)}, {seed});
    all[i] = (block[i % 4] + 0.5) * 0x1p-32;
  }
  return all;
}

/// n numbers of the distribution N(0, 1), after Box and Muller.
inline std::vector<float> normal_numbers(std::size_t n, std::uint32_t seed) {
  const std::vector<double> uniform = uniform_numbers(2 * n, seed);
  std::vector<float> all(n);
  for (std::size_t i = 0; i < n; ++i)
    all[i] = static_cast<float>(std::sqrt(-2 * std::log(uniform[2 * i])) *
                                std::cos(2 * std::numbers::pi * uniform[2 * i + 1]));
  return all;
}

template <class F>
std::vector<F> rounded(const std::vector<float>& values) {
  std::vector<F> all(values.size());
  nf::convert(values, all);
  return all;
}

// ---- Wang et al. 2018: sums in 1-6-9 ----

using e6m9 = nf::float16_e6m9;
using Sum169 = nf::FusedAccumulator<e6m9>;
using Chunks169 = nf::ChunkedAccumulator<Sum169, Sum169>;
using Stochastic169 = nf::FusedAccumulator<e6m9, nf::Stochastic<>>;

/// n numbers in 1-6-9, uniform on 1 +- sqrt(3): their mean and their standard deviation are 1.
inline std::vector<e6m9> growing_numbers(std::size_t n) {
  std::vector<float> all;
  for (const double x : uniform_numbers(n, 1812))
    all.push_back(static_cast<float>(1 + std::numbers::sqrt3 * (2 * x - 1)));
  return rounded<e6m9>(all);
}

/// Their sum, under an accumulator.
template <class Acc>
double sum_of(std::span<const e6m9> values, const Acc& acc) {
  const std::vector<e6m9> ones(values.size(), e6m9(1.0f));
  return static_cast<double>(nf::dot(values, ones, acc));
}
inline double exact_sum_of(std::span<const e6m9> values) {
  return sum_of(values, nf::FusedAccumulator<double>{});
}

/// The mean of so many stochastic sums, each of a seed of its own, and the standard error of that
/// mean.
struct Mean {
  double mean, standard_error;
};
inline Mean stochastic_sum_of(std::span<const e6m9> values, std::uint64_t seeds) {
  double total = 0, squares = 0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const double sum = sum_of(values, Stochastic169{.rounding = {.seed = seed}});
    total += sum;
    squares += sum * sum;
  }
  const auto n = static_cast<double>(seeds);
  const double variance = (squares - total * total / n) / (n - 1);
  return {total / n, std::sqrt(variance / n)};
}

// ---- Dot products of normal numbers ----

enum class Signs { both, positive };

/// Dot products of k numbers N(0, 1), or of their magnitudes, rounded to F.
template <class F>
struct Dots {
  Dots(std::size_t products, std::size_t trials, Signs signs) : k(products) {
    std::vector<float> x = normal_numbers(trials * k, 4242), y = normal_numbers(trials * k, 4243);
    if (signs == Signs::positive) {
      for (float& each : x) each = std::abs(each);
      for (float& each : y) each = std::abs(each);
    }
    a = rounded<F>(x);
    b = rounded<F>(y);
  }
  std::size_t trials() const { return a.size() / k; }
  std::span<const F> a_of(std::size_t trial) const { return std::span(a).subspan(trial * k, k); }
  std::span<const F> b_of(std::size_t trial) const { return std::span(b).subspan(trial * k, k); }

  std::size_t k;
  std::vector<F> a, b;
};

/// The error of a sum over the sum of its products' magnitudes: its root mean square, and its mean.
struct Error {
  double rms = 0, bias = 0;
};
template <class F, class Acc>
Error error_of(const Dots<F>& dots, Acc acc) {
  Error error;
  for (std::size_t trial = 0; trial < dots.trials(); ++trial) {
    const std::span a = dots.a_of(trial), b = dots.b_of(trial);
    if constexpr (requires { acc.rounding.seed; })
      acc.rounding.seed = 777 + (std::uint64_t{trial} << 32);
    double exact = 0, magnitude = 0;
    for (std::size_t l = 0; l < a.size(); ++l) {
      const double product = static_cast<double>(a[l]) * static_cast<double>(b[l]);
      exact += product;
      magnitude += std::abs(product);
    }
    const double relative = (static_cast<double>(nf::dot(a, b, acc)) - exact) / magnitude;
    error.rms += relative * relative;
    error.bias += relative;
  }
  const auto n = static_cast<double>(dots.trials());
  return {std::sqrt(error.rms / n), error.bias / n};
}

/// The MAC of Ali, Filip and Sentieys 2024, with r random bits.
template <int r>
using SrMac =
    nf::FusedAccumulator<nf::float12_e6m5, nf::Stochastic<r, nf::StochasticVariant::p3109_a>>;

/// The adder of a tensor core that keeps 14 bits after each product, and its promotion to float.
inline nf::AlignedAccumulator tensor_core(bool truncate) {
  return {.group = 1, .bits = 14, .truncate = truncate};
}
inline auto promoted(bool truncate, std::size_t chunk) {
  return nf::ChunkedAccumulator<nf::AlignedAccumulator, nf::FusedAccumulator<float>>{
      tensor_core(truncate), {}, chunk};
}

// ---- Wortsman et al. 2023: the gradients of a linear layer in int8 ----

/// Relative errors, by norms, of the input gradient of int8 codes, and of the weight gradient with
/// a scale a tensor and a scale a column.
struct Int8Errors {
  double dx, dw_tensor, dw_columns;
};

/// |a - b| / |b|.
inline double relative_error(const std::vector<float>& a, const std::vector<double>& b) {
  double error = 0, norm = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    error += (a[i] - b[i]) * (a[i] - b[i]);
    norm += b[i] * b[i];
  }
  return std::sqrt(error / norm);
}

struct Shape {
  std::size_t m, n, k;
};

/// The product of int8 matrices, as floats. The sums in double are whole numbers.
inline std::vector<float> int8_product(const nf::Int8Matrix& a, const nf::Int8Matrix& b,
                                       Shape shape, const nf::MatmulOptions& options = {}) {
  const auto [m, n, k] = shape;
  std::vector<double> sums(m * n);
  nf::matmul(a.codes(), b.codes(), sums, m, n, k, nf::FusedAccumulator<double>{}, options);
  std::vector<float> product(m * n);
  nf::dequantize_product(std::vector<std::int32_t>(sums.begin(), sums.end()), a.scales(),
                         b.scales(), product, m, n);
  return product;
}

/// Of a layer with inputs x, weights w (out x in), and gradients g of its output.
inline Int8Errors int8_errors(const std::vector<float>& x, const std::vector<float>& w,
                              const std::vector<float>& g, const nf::LinearShape& shape) {
  const std::size_t tokens = shape.rows, in = shape.in, out = shape.out;
  const Shape of_dx{tokens, in, out}, of_dw{out, in, tokens};
  const nf::MatmulOptions transposed{.a_transposed = true};
  std::vector<double> dx(tokens * in), dw(out * in);
  nf::matmul(g, w, dx, tokens, in, out, nf::FusedAccumulator<double>{});
  nf::matmul(g, x, dw, out, in, tokens, nf::FusedAccumulator<double>{}, transposed);

  const auto quantized = [](const std::vector<float>& values, std::size_t cols,
                            nf::BlockShape block) {
    return nf::Int8Matrix::quantize(values, values.size() / cols, cols, {.block = block});
  };
  const nf::BlockShape row{1, nf::whole}, column{nf::whole, 1}, tensor{nf::whole, nf::whole};
  const auto dw_by = [&](nf::BlockShape block) {
    return int8_product(quantized(g, out, block), quantized(x, in, block), of_dw, transposed);
  };
  return {relative_error(int8_product(quantized(g, out, row), quantized(w, in, tensor), of_dx), dx),
          relative_error(dw_by(tensor), dw), relative_error(dw_by(column), dw)};
}

/// A layer of 128 x 128 normal weights, gradients G of its output, and inputs X with two columns 30
/// times as large.
inline Int8Errors int8_errors(std::size_t tokens) {
  constexpr std::size_t width = 128;
  const std::vector<float> w = normal_numbers(width * width, 1),
                           g = normal_numbers(tokens * width, 2);
  std::vector<float> x = normal_numbers(tokens * width, 3);
  for (std::size_t token = 0; token < tokens; ++token) {
    for (const std::size_t column : {5u, 77u}) x[token * width + column] *= 30;
  }
  return int8_errors(x, w, g, {tokens, width, width});
}

}  // namespace example

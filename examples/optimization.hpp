// SPDX-License-Identifier: MIT
// The experiments of optimizers.cpp: what becomes of updates when states and weights are narrow.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <narrowfloat/optim.hpp>
#include <narrowfloat/quantize/codebooks.hpp>
#include <span>
#include <string>
#include <vector>

#include "accumulation.hpp"

namespace example {

// ---- Dettmers et al. 2022: the error of an update, from states kept by code-books ----

/// Adam's moments of a tensor.
struct Moments {
  std::vector<float> m, v;
};

/// The mean of |u' - u| / |u| over the weights with an update u = m / (sqrt(v) + 1e-8), u' that of
/// quantized moments.
inline double update_error(const Moments& moments, const nf::Codebook& of_m,
                           const nf::Codebook& of_v, std::size_t block) {
  const std::size_t n = moments.m.size();
  std::vector<float> m(n), v(n);
  nf::CodebookTensor::quantize(moments.m, of_m, {.block_size = block}).dequantize(m);
  nf::CodebookTensor::quantize(moments.v, of_v, {.block_size = block}).dequantize(v);
  const auto update = [](float first, float second) {
    return static_cast<double>(first) / (std::sqrt(static_cast<double>(second)) + 1e-8);
  };
  double total = 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double u = update(moments.m[i], moments.v[i]);
    if (u == 0) continue;
    total += std::abs(update(m[i], v[i]) - u) / std::abs(u);
    ++count;
  }
  return total / static_cast<double>(count);
}

/// The errors of linear, quantile and dynamic books, and of the dynamic ones without a 0 for v.
inline std::vector<double> update_errors(const Moments& moments, std::size_t block) {
  using enum nf::Signedness;
  const auto error = [&](const nf::Codebook& m, const nf::Codebook& v) {
    return update_error(moments, m, v, block);
  };
  const nf::Codebook dynamic = nf::dynamic_codebook(), of_v = nf::dynamic_codebook(is_unsigned);
  return {error(nf::linear_codebook(is_signed), nf::linear_codebook(is_unsigned)),
          error(nf::quantile_codebook(moments.m), nf::quantile_codebook(moments.v)),
          error(dynamic, of_v), error(dynamic, of_v.without_zero())};
}

// ---- A second moment that becomes 0 ----

/// The unsigned dynamic book with its 0, which CodebookState does without.
class StateWithZero {
 public:
  StateWithZero(std::size_t n, nf::Signedness)
      : tensor_(nf::CodebookTensor::zeros(n, nf::dynamic_codebook(nf::Signedness::is_unsigned))) {}
  std::size_t size() const { return tensor_.size(); }
  std::size_t block() const { return tensor_.block_size(); }
  void read(std::size_t first, std::span<float> out) const {
    tensor_.dequantize(first, out.size(), out);
  }
  void write(std::size_t first, std::span<const float> values, const auto&) {
    tensor_.assign(first, values);
  }
  std::vector<nf::StatePart> parts() { return tensor_.parts(); }
  std::vector<nf::ConstStatePart> parts() const { return tensor_.parts(); }

 private:
  nf::CodebookTensor tensor_;
};

/// The largest |update| / lr of AdamW in each of so many steps, largest so far, where the gradients
/// in a block are N(0, 1) and 1e-4 N(0, 1) in turns.
template <class M, class V>
std::vector<double> largest_updates(int steps) {
  constexpr std::size_t n = 4096;
  std::vector<float> w(n), g(n);
  nf::AdamW<M, V> adam({.lr = 1e-3, .weight_decay = 0}, n);
  std::vector<double> largest;
  for (int t = 0; t < steps; ++t) {
    g = normal_numbers(n, static_cast<std::uint32_t>(t));
    for (std::size_t i = 1; i < n; i += 2) g[i] *= 1e-4f;
    const double update = adam.step(w, g).largest_update;
    largest.push_back(std::max(update, largest.empty() ? 0.0 : largest.back()));
  }
  return largest;
}

// ---- Wortsman et al. 2023: a gradient that jumps ----

/// The root mean square of the updates over the rate in each of so many steps, gradients 1e-3 N(0,
/// 1), a hundred times as large from step `jump` on.
template <class Optimizer>
std::vector<double> updates_of_jump(Optimizer optimizer, int steps, int jump) {
  const std::size_t n = optimizer.parts().back().bytes.size() / sizeof(float);
  std::vector<float> w(n);
  std::vector<double> sizes;
  for (int t = 0; t < steps; ++t) {
    std::vector<float> g = normal_numbers(n, static_cast<std::uint32_t>(t));
    for (float& x : g) x *= t < jump ? 1e-3f : 0.1f;
    std::ranges::fill(w, 0.0f);
    optimizer.step(w, g);
    double squares = 0;
    for (const float x : w) squares += static_cast<double>(x) * static_cast<double>(x);
    sizes.push_back(std::sqrt(squares / static_cast<double>(n)) / optimizer.lr);
  }
  return sizes;
}

// ---- Weights without a master copy ----

/// A weight of 1 after each of `points` updates of 2^-12; the mean of a form's weights.
template <class Form, class Rounding>
std::vector<double> small_updates(Form weights, const std::vector<std::size_t>& points,
                                  const Rounding& rounding) {
  const std::size_t n = weights.size();
  nf::Optimizer<nf::GradientDescentRule> descent({.lr = 0x1p-12}, n);
  const std::vector<float> ones(n, 1.0f);
  std::vector<double> means;
  for (const std::size_t steps : points) {
    while (descent.steps < steps) descent.step(weights, ones, {}, rounding);
    double total = 0;
    if constexpr (nf::number_range<Form>) {
      for (const auto& x : weights) total += static_cast<double>(x);
    } else {
      for (const auto& x : weights.values()) total += static_cast<double>(x);
    }
    means.push_back(total / static_cast<double>(n));
  }
  return means;
}

/// |mean of w - 1| of 256 weights in 1-6-9 that descend (w - 1)^2 / 2 from 1.5 at the rate 1e-3 by
/// three AXPYs (Wang et al. 2018), after each of `points` steps.
template <class Rounding>
std::vector<double> axpy_distances(const std::vector<std::size_t>& points,
                                   const Rounding& rounding) {
  constexpr std::size_t n = 256;
  std::vector<e6m9> w(n, e6m9(1.5f));
  nf::AxpySgd<> sgd({.lr = 1e-3, .momentum = 0}, n);
  std::vector<float> g(n);
  std::vector<double> distances;
  for (const std::size_t steps : points) {
    while (sgd.steps < steps) {
      for (std::size_t i = 0; i < n; ++i) g[i] = static_cast<float>(w[i]) - 1;
      sgd.step(w, g, {}, rounding);
    }
    double total = 0;
    for (const e6m9& x : w) total += static_cast<double>(x) - 1;
    distances.push_back(std::abs(total / n));
  }
  return distances;
}

}  // namespace example

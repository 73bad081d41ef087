// SPDX-License-Identifier: MIT
// The operations that every model has: linear layers with a bias, ReLU, the loss. Each forward,
// then backward; a factor that is not 1 is unit scaling's. All arrays are row-major; gradients are
// written, not added to, unless it says so.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <span>
#include <vector>

#include "layer.hpp"
#include "multiply.hpp"

namespace train {

/// Elements of a task, about.
inline constexpr std::size_t task_elements = 16384;

inline std::size_t rows_of_task(std::size_t cols) {
  return std::max<std::size_t>(1, task_elements / cols);
}

/// What every operation is given: threads, the product of plain numbers, whether a backward pass
/// follows.
struct Context {
  Executor& run;
  Multiply multiply;
  nf::Phase phase = nf::Phase::training;
};

// ---- y (rows x out) = x (rows x in) w^T + b; w is out x in, b out numbers ----

template <class T>
void linear_forward(const Context& at, Layer<T>& layer, std::span<const T> x, const Tensor<T>& w,
                    const Tensor<T>& b, std::span<T> y) {
  const std::size_t out = w.rows, rows = y.size() / out;
  layer.forward(x, w.values, y, {rows, w.cols, out}, at.phase, at.run);
  at.run.in_parts(rows, rows_of_task(out), [&](std::size_t first, std::size_t end) {
    for (std::size_t r = first; r < end; ++r)
      for (std::size_t o = 0; o < out; ++o) y[r * out + o] += b.values[o];
  });
}

/// gradient (cols numbers) = factor * the sums of the columns of dy (rows x cols), in the order of
/// the rows.
template <class T>
void sum_rows(const Context& at, std::span<const T> dy, std::span<T> gradient, double factor = 1) {
  const std::size_t cols = gradient.size(), rows = dy.size() / cols;
  at.run.in_parts(cols, 64, [&](std::size_t first, std::size_t end) {
    std::fill(gradient.begin() + static_cast<std::ptrdiff_t>(first),
              gradient.begin() + static_cast<std::ptrdiff_t>(end), T(0));
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = first; c < end; ++c) gradient[c] += dy[r * cols + c];
    if (factor != 1)
      for (std::size_t c = first; c < end; ++c) gradient[c] *= static_cast<T>(factor);
  });
}

template <class T>
void linear_backward(const Context& at, Layer<T>& layer, std::span<const T> dy, std::span<T> dx,
                     Tensor<T>& w, Tensor<T>& b) {
  const std::size_t rows = dy.size() / w.rows;
  layer.backward(dy, dx, w.gradient, at.run);
  sum_rows<T>(at, dy, b.gradient, layer.scales({rows, w.cols, w.rows}).grad_w);
}

// ---- ReLU, in place: y = factor max(x, 0) ----

template <class T>
void relu_forward(const Context& at, std::span<T> x, double factor) {
  at.run.in_parts(x.size(), task_elements, [&](std::size_t first, std::size_t end) {
    const T by = static_cast<T>(factor);
    for (std::size_t i = first; i < end; ++i) x[i] = x[i] < 0 ? T(0) : by * x[i];
  });
}

/// From y, what went out: dx = factor dy where y is not 0, in the place of dy.
template <class T>
void relu_backward(const Context& at, std::span<const T> y, std::span<T> dy, double factor) {
  at.run.in_parts(y.size(), task_elements, [&](std::size_t first, std::size_t end) {
    const T by = static_cast<T>(factor);
    for (std::size_t i = first; i < end; ++i) dy[i] = y[i] == 0 ? T(0) : by * dy[i];
  });
}

// ---- The mean cross-entropy of softmax(logits): logits are rows x classes, targets rows ----

/// Writes the probabilities in the place of the logits.
template <class T, class Target>
double cross_entropy_forward(const Context& at, std::span<T> logits,
                             std::span<const Target> targets) {
  const std::size_t rows = targets.size(), classes = logits.size() / rows;
  std::vector<double> losses(rows);
  at.run.in_parts(rows, rows_of_task(classes), [&](std::size_t first, std::size_t end) {
    for (std::size_t r = first; r < end; ++r) {
      const std::span<T> row = logits.subspan(r * classes, classes);
      const T largest = *std::ranges::max_element(row);
      const T target = row[targets[r]];
      T sum = 0;
      for (T& x : row) sum += x = std::exp(x - largest);
      losses[r] = std::log(static_cast<double>(sum)) - static_cast<double>(target - largest);
      for (T& x : row) x /= sum;
    }
  });
  double total = 0;
  for (const double loss : losses) total += loss;
  return total / static_cast<double>(rows);
}

/// From probabilities makes the gradient of `factor` times the loss, in their place.
template <class T, class Target>
void cross_entropy_backward(const Context& at, std::span<T> probabilities,
                            std::span<const Target> targets, double factor) {
  const std::size_t rows = targets.size(), classes = probabilities.size() / rows;
  const T by = static_cast<T>(factor / static_cast<double>(rows));
  at.run.in_parts(rows, rows_of_task(classes), [&](std::size_t first, std::size_t end) {
    for (std::size_t r = first; r < end; ++r) {
      T* const row = probabilities.data() + r * classes;
      row[targets[r]] -= 1;
      for (std::size_t c = 0; c < classes; ++c) row[c] *= by;
    }
  });
}

// ---- First weights ----

template <class T>
void fill_normal(std::vector<T>& values, std::mt19937& random, double deviation) {
  std::normal_distribution<double> normal(0, deviation);
  for (T& x : values) x = static_cast<T>(normal(random));
}

}  // namespace train

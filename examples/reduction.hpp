// SPDX-License-Identifier: MIT
// The experiments of reduce_error.cpp: gradients of many ranks, and what becomes of their mean
// where the wire is narrow.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <narrowfloat/block.hpp>
#include <narrowfloat/convert.hpp>
#include <narrowfloat/formats.hpp>
#include <narrowfloat/limits.hpp>
#include <narrowfloat/mx.hpp>
#include <narrowfloat/scaling/fp8_lm.hpp>
#include <narrowfloat/stats.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "accumulation.hpp"
#include "train/digits_data.hpp"

namespace example {

// ---- Gradients: a row a rank ----

/// What the gradients of ranks have in common.
enum class Inputs {
  independent,  ///< N(0, 1), nothing: the norm of the mean falls as 1 / sqrt(N)
  correlated,   ///< half of the variance: it does not fall
  heavy_tails,  ///< independent, elements of sizes 2^(2 N(0, 1)), the same sizes on all ranks
  digits        ///< real ones: of a layer for digits, 16 images a rank
};

class Gradients {
 public:
  std::size_t elements;
  std::vector<float> values;  ///< of all ranks, row by row

  std::span<const float> of_ranks(std::size_t ranks) const {
    return std::span(values).first(ranks * elements);
  }
  std::vector<double> mean(std::size_t ranks) const {
    std::vector<double> sums(elements);
    for (std::size_t i = 0; i < ranks * elements; ++i) sums[i % elements] += values[i];
    for (double& each : sums) each /= static_cast<double>(ranks);
    return sums;
  }
};

/// The gradients of a layer 64 -> 10 under the cross entropy of a softmax, after so many steps
/// over all images; each rank has its own 16.
inline Gradients digit_gradients(std::size_t ranks, int steps, const std::string& path) {
  using train::Digits;
  constexpr std::size_t in = Digits::pixels, out = Digits::classes, rows = 16;
  Digits digits(path);
  std::vector<double> weights(in * out);
  const auto gradient_of = [&](const train::DigitBatch& batch) {
    const std::size_t count = batch.labels.size();
    std::vector<double> gradient(in * out);
    for (std::size_t row = 0; row < count; ++row) {
      const float* const x = batch.images.data() + row * in;
      std::array<double, out> p{};
      double total = 0;
      for (std::size_t k = 0; k < out; ++k) {
        double logit = 0;
        for (std::size_t j = 0; j < in; ++j) logit += weights[k * in + j] * double{x[j]};
        total += p[k] = std::exp(logit);
      }
      for (std::size_t k = 0; k < out; ++k) {
        const double d = p[k] / total - (batch.labels[row] == k ? 1 : 0);
        for (std::size_t j = 0; j < in; ++j)
          gradient[k * in + j] += d * double{x[j]} / static_cast<double>(count);
      }
    }
    return gradient;
  };
  const train::DigitBatch all = digits.batch(1, 0, digits.size());
  for (int step = 0; step < steps; ++step) {
    const std::vector<double> gradient = gradient_of(all);
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] -= 0.5 * gradient[i];
  }
  Gradients made{in * out, {}};
  for (std::size_t rank = 0; rank < ranks; ++rank)
    for (const double each : gradient_of(digits.batch(2, rank, rows)))
      made.values.push_back(static_cast<float>(each));
  return made;
}

inline Gradients gradients_of(Inputs inputs, std::size_t ranks, std::size_t elements,
                              const std::string& digits) {
  if (inputs == Inputs::digits) return digit_gradients(ranks, 50, digits);
  Gradients made{elements, normal_numbers(ranks * elements, 31)};
  const std::vector<float> common = normal_numbers(elements, 32);
  for (std::size_t i = 0; i < made.values.size(); ++i) {
    float& each = made.values[i];
    const float shared = common[i % elements];
    if (inputs == Inputs::correlated) each = std::sqrt(0.5f) * (each + shared);
    if (inputs == Inputs::heavy_tails) each *= std::exp2(2 * shared);
  }
  return made;
}

// ---- What is lost ----

/// A mean beside the exact one. With once = the error of the exact mean, rounded once to the format
/// with a scale of its own: rms is the rms error over that of `once`; bias, the mean of what the
/// magnitudes gain, or lose, over the mean magnitude; saturated, the share of sums that the format
/// could not hold.
struct Loss {
  double rms = 0, bias = 0, saturated = 0;
};
struct Errors {
  double rms = 0, bias = 0;
};
inline Errors errors_of(std::span<const float> got, std::span<const double> exact) {
  double squares = 0, gained = 0, magnitudes = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double error = static_cast<double>(got[i]) - exact[i];
    squares += error * error;
    gained += exact[i] < 0 ? -error : error;
    magnitudes += std::abs(exact[i]);
  }
  return {std::sqrt(squares / static_cast<double>(exact.size())), gained / magnitudes};
}

/// The largest power of two that brings a magnitude into F.
template <class F>
float power_scale(float amax) {
  nf::AllReduceScale<F> of_one;
  of_one.update(amax);
  return of_one.scale;
}
template <class F>
double error_of_once(std::span<const double> exact) {
  std::vector<float> x(exact.begin(), exact.end()), read(x.size());
  const float scale = power_scale<F>(nf::amax(x));
  std::vector<F> codes(x.size());
  nf::convert(x, codes, nf::Scale{scale});
  nf::convert(codes, read, nf::Scale{1 / scale});
  return errors_of(read, exact).rms;
}

// ---- Ways to sum ----

/// A mean that a reduction has found, and the share of its sums that did not fit.
struct Reduced {
  std::vector<float> mean;
  double saturated = 0;
};

/// The codes of all ranks for one scale.
template <class F>
std::vector<F> codes_of(std::span<const float> gradients, float scale) {
  std::vector<F> codes(gradients.size());
  nf::convert(gradients, codes, nf::Scale{scale}, nf::nearest_even, nf::Saturation::finite);
  return codes;
}
template <class F>
Reduced reduced(std::span<const F> sum, double beyond, double sums, float scale,
                std::size_t ranks) {
  Reduced made{std::vector<float>(sum.size()), beyond / sums};
  nf::convert(sum, made.mean, nf::Scale{1 / (scale * static_cast<float>(ranks))});
  return made;
}

/// Writes a + b over a, saturating; returns how many saturated.
template <class F>
std::uint64_t add_to(std::span<F> a, std::span<const F> b) {
  if constexpr (std::is_same_v<F, float>) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
    return 0;
  } else {
    return nf::add(a, b, a);
  }
}
/// One rank after the other, as the pieces of a ring go around: rounded to F at every hop.
template <class F>
Reduced by_ring(std::span<const float> gradients, std::size_t n, float scale) {
  const std::size_t ranks = gradients.size() / n;
  const std::vector<F> codes = codes_of<F>(gradients, scale);
  std::vector<F> sum(codes.begin(), codes.begin() + static_cast<std::ptrdiff_t>(n));
  std::uint64_t beyond = 0;
  for (std::size_t r = 1; r < ranks; ++r)
    beyond += add_to<F>(sum, std::span(codes).subspan(r * n, n));
  return reduced<F>(sum, static_cast<double>(beyond), static_cast<double>((ranks - 1) * n), scale,
                    ranks);
}
/// Two by two: rounded to F log2(ranks) times.
template <class F>
Reduced by_tree(std::span<const float> gradients, std::size_t n, float scale) {
  const std::size_t ranks = gradients.size() / n;
  std::vector<F> codes = codes_of<F>(gradients, scale);
  const auto row = [&](std::size_t r) { return std::span(codes).subspan(r * n, n); };
  std::uint64_t beyond = 0;
  for (std::size_t step = 1; step < ranks; step *= 2)
    for (std::size_t r = 0; r + step < ranks; r += 2 * step)
      beyond += add_to<F>(row(r), row(r + step));
  return reduced<F>(row(0), static_cast<double>(beyond), static_cast<double>((ranks - 1) * n),
                    scale, ranks);
}
/// As the library's all_reduce(): exact sums of codes, rounded once, by the same scale.
template <class F>
Reduced by_exact_sums(std::span<const float> gradients, std::size_t n, float scale) {
  const std::size_t ranks = gradients.size() / n;
  const std::vector<F> codes = codes_of<F>(gradients, scale);
  // Exact: of at most 1024 codes of FP8, 33 + 10 bits; of bfloat16 where the exponents of an
  // element lie within 35, as those of random gradients do, else to the last bit of a double.
  std::vector<double> sums(n);
  for (std::size_t i = 0; i < codes.size(); ++i) sums[i % n] += static_cast<double>(codes[i]);
  std::vector<F> rounded(n);
  for (std::size_t i = 0; i < n; ++i)
    rounded[i] = nf::convert<F>(sums[i], nf::nearest_even, nf::Saturation::finite);
  const double largest = static_cast<double>(std::numeric_limits<F>::max());
  const auto beyond =
      std::ranges::count_if(sums, [&](double sum) { return std::abs(sum) > largest; });
  return reduced<F>(rounded, static_cast<double>(beyond), static_cast<double>(n), scale, ranks);
}
/// FP8-LM's automatic factor, when it no longer moves: the scale halved until every sum fits.
template <class Reduce>
Reduced with_mu(const Reduce& reduce, std::span<const float> gradients, std::size_t n,
                float scale) {
  for (;; scale /= 2) {
    Reduced made = reduce(gradients, n, scale);
    if (made.saturated == 0) return made;
  }
}

/// Blocks of 32 with a scale each: every rank's own, their sums exact, rounded once to blocks.
template <class Block>
Reduced by_blocks(std::span<const float> gradients, std::size_t n) {
  const std::size_t ranks = gradients.size() / n;
  std::vector<float> read(gradients.size());
  const nf::QuantizeOptions without_clipping{.rule = nf::ScaleRule::rceil};
  nf::BlockTensor<Block>::quantize(gradients, ranks, n, without_clipping).dequantize(read);
  std::vector<double> sums(n);
  for (std::size_t i = 0; i < read.size(); ++i) sums[i % n] += static_cast<double>(read[i]);
  std::vector<float> mean(n);
  for (std::size_t i = 0; i < n; ++i)
    mean[i] = static_cast<float>(sums[i] / static_cast<double>(ranks));
  Reduced made{std::vector<float>(n), 0};
  nf::BlockTensor<Block>::quantize(mean, 1, n, without_clipping).dequantize(made.mean);
  return made;
}

// ---- All of them ----

/// Ways to sum in FP8: a ring whose scale leaves no room for sums, and others.
struct Way {
  enum : std::size_t { plain_ring, ring, tree, ring_with_mu, exact, exact_with_mu, blocks };
};
inline const std::vector<std::string> fp8_ways{"ring",       "ring /rtN", "tree /rtN", "ring, mu",
                                               "exact /rtN", "exact, mu", "MX, exact"};

/// The losses of each way, a task each.
template <class F, class Block, class Executor>
std::vector<Loss> fp8_losses(const Gradients& gradients, std::size_t ranks, Executor& executor) {
  const std::span<const float> all = gradients.of_ranks(ranks);
  const std::size_t n = gradients.elements;
  const std::vector<double> exact = gradients.mean(ranks);
  const double once = error_of_once<F>(exact);
  const float amax = nf::amax(all), plain = power_scale<F>(amax);
  nf::AllReduceScale<F> shared{.workers = static_cast<std::int32_t>(ranks)};
  shared.update(amax);
  const auto reduce = [&](std::size_t way) -> Reduced {
    switch (way) {
      case Way::plain_ring:
        return by_ring<F>(all, n, plain);
      case Way::ring:
        return by_ring<F>(all, n, shared.scale);
      case Way::tree:
        return by_tree<F>(all, n, shared.scale);
      case Way::ring_with_mu:
        return with_mu(by_ring<F>, all, n, shared.scale);
      case Way::exact:
        return by_exact_sums<F>(all, n, shared.scale);
      case Way::exact_with_mu:
        return with_mu(by_exact_sums<F>, all, n, shared.scale);
      default:
        return by_blocks<Block>(all, n);
    }
  };
  std::vector<Loss> losses(fp8_ways.size());
  executor(losses.size(), [&](std::size_t way) {
    const Reduced made = reduce(way);
    const Errors errors = errors_of(made.mean, exact);
    losses[way] = {errors.rms / once, errors.bias, made.saturated};
  });
  return losses;
}

inline const std::vector<std::string> wide_ways{"f32 ring",  "f32 tree",   "bf16 ring",
                                                "bf16 tree", "bf16 exact", "bf16 once"};

/// The rms error of a mean on wider wires, over the rms of the mean.
template <class Executor>
std::vector<double> wide_errors(const Gradients& gradients, std::size_t ranks, Executor& executor) {
  const std::span<const float> all = gradients.of_ranks(ranks);
  const std::size_t n = gradients.elements;
  const std::vector<double> exact = gradients.mean(ranks);
  const double size = errors_of(std::vector<float>(n), exact).rms;
  std::vector<double> errors(wide_ways.size());
  executor(errors.size(), [&](std::size_t way) {
    const auto of = [&](const Reduced& made) { return errors_of(made.mean, exact).rms; };
    errors[way] = (way == 0   ? of(by_ring<float>(all, n, 1))
                   : way == 1 ? of(by_tree<float>(all, n, 1))
                   : way == 2 ? of(by_ring<nf::bfloat16>(all, n, 1))
                   : way == 3 ? of(by_tree<nf::bfloat16>(all, n, 1))
                   : way == 4 ? of(by_exact_sums<nf::bfloat16>(all, n, 1))
                              : error_of_once<nf::bfloat16>(exact)) /
                  size;
  });
  return errors;
}

// ---- Bytes ----

/// What each rank sends for an element, of `bytes` bytes on the wire, in a ring, or in the
/// exchange and gathering of the library: each sends all but its own piece, twice.
inline double ring_bytes(double bytes, double ranks) { return 2 * bytes * (ranks - 1) / ranks; }
/// What the busiest rank of a binary tree sends: up once, and down to two.
inline double tree_bytes(double bytes, double ranks) { return ranks > 2 ? 3 * bytes : bytes; }

}  // namespace example

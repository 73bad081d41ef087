// SPDX-License-Identifier: MIT
// A small GPT: token and position tables, blocks of attention and a GELU network with layer norms
// before them, a head that is the token table. Each operation is written forward, then backward, on
// row-major arrays of T; with T = double it is what finite differences are compared with. Long
// because a reader wants the whole model, gradients included, in one file.
//
// B sequences of T tokens make R = B T rows of C channels; attention has H heads of D = C / H
// channels.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <numbers>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "ops.hpp"

namespace train {

using Token = std::uint8_t;

// ---- The tables: y (R x C) = wte[token] + wpe[position]; wte is V x C, wpe T x C ----

template <class T>
void embedding_forward(std::span<const Token> tokens, const Tensor<T>& table, std::span<T> y) {
  const std::size_t C = table.cols;
  for (std::size_t r = 0; r < tokens.size(); ++r)
    for (std::size_t c = 0; c < C; ++c) y[r * C + c] = table.values[tokens[r] * C + c];
}

/// Adds factor * dy to the gradients of the rows that were looked up.
template <class T>
void embedding_backward(std::span<const Token> tokens, std::span<const T> dy, Tensor<T>& table,
                        double factor) {
  const std::size_t C = table.cols;
  for (std::size_t r = 0; r < tokens.size(); ++r)
    for (std::size_t c = 0; c < C; ++c)
      table.gradient[tokens[r] * C + c] += static_cast<T>(factor) * dy[r * C + c];
}

/// y = factor * (y + wpe), row by row of each sequence.
template <class T>
void position_forward(const Tensor<T>& wpe, std::span<T> y, double factor) {
  const std::size_t C = wpe.cols, n = wpe.size();
  for (std::size_t i = 0; i < y.size(); ++i)
    y[i] = static_cast<T>(factor) * (y[i] + wpe.values[i % n / C * C + i % C]);
}

template <class T>
void position_backward(std::span<const T> dy, Tensor<T>& wpe, double factor) {
  std::fill(wpe.gradient.begin(), wpe.gradient.end(), T(0));
  for (std::size_t i = 0; i < dy.size(); ++i)
    wpe.gradient[i % wpe.size()] += static_cast<T>(factor) * dy[i];
}

// ---- Layer norm: y (R x C) = (x - mean) / std * w + b, by row ----

/// Of each row, for the backward pass.
template <class T>
struct NormStatistics {
  std::vector<T> mean, inverse;
};

template <class T>
void layer_norm_forward(const Context& at, std::span<const T> x, const Tensor<T>& w,
                        const Tensor<T>& b, std::span<T> y, NormStatistics<T>& kept) {
  const std::size_t C = w.size(), R = x.size() / C;
  kept.mean.resize(R);
  kept.inverse.resize(R);
  at.run.in_parts(R, rows_of_task(C), [&](std::size_t first, std::size_t end) {
    for (std::size_t r = first; r < end; ++r) {
      const T *const row = x.data() + r * C, count = static_cast<T>(C);
      T mean = 0, variance = 0;
      for (std::size_t c = 0; c < C; ++c) mean += row[c];
      mean /= count;
      for (std::size_t c = 0; c < C; ++c) variance += (row[c] - mean) * (row[c] - mean);
      const T inverse = 1 / std::sqrt(variance / count + T(1e-5));
      for (std::size_t c = 0; c < C; ++c)
        y[r * C + c] = (row[c] - mean) * inverse * w.values[c] + b.values[c];
      kept.mean[r] = mean;
      kept.inverse[r] = inverse;
    }
  });
}

/// With n = (x - mean) / std: dw = the sum of dy n, db that of dy, both times `factor`; dx, of g =
/// dy w, is (g - mean(g) - n mean(g n)) / std.
template <class T>
void layer_norm_backward(const Context& at, std::span<const T> x, const NormStatistics<T>& kept,
                         std::span<const T> dy, std::span<T> dx, Tensor<T>& w, Tensor<T>& b,
                         double factor) {
  const std::size_t C = w.size(), R = x.size() / C;
  at.run.in_parts(R, rows_of_task(C), [&](std::size_t first, std::size_t end) {
    for (std::size_t r = first; r < end; ++r) {
      const T *const in = x.data() + r * C, *const g = dy.data() + r * C;
      const T mean = kept.mean[r], inverse = kept.inverse[r], count = static_cast<T>(C);
      T total = 0, along = 0;
      for (std::size_t c = 0; c < C; ++c) {
        total += g[c] * w.values[c];
        along += g[c] * w.values[c] * ((in[c] - mean) * inverse);
      }
      for (std::size_t c = 0; c < C; ++c)
        dx[r * C + c] = inverse * (g[c] * w.values[c] - total / count -
                                   (in[c] - mean) * inverse * along / count);
    }
  });
  at.run.in_parts(C, 64, [&](std::size_t first, std::size_t end) {
    for (std::size_t c = first; c < end; ++c) w.gradient[c] = 0;
    for (std::size_t r = 0; r < R; ++r)
      for (std::size_t c = first; c < end; ++c)
        w.gradient[c] += dy[r * C + c] * ((x[r * C + c] - kept.mean[r]) * kept.inverse[r]);
    for (std::size_t c = first; c < end; ++c) w.gradient[c] *= static_cast<T>(factor);
  });
  sum_rows<T>(at, dy, b.gradient, factor);
}

// ---- Attention: y (R x C), head by head, is softmax(logits q k^T) v over the tokens so far; qkv
// is R x 3 C ----

struct AttentionSizes {
  std::size_t B, T, C, H;
  nf::AttentionScales scales;
};

/// Keeps the probabilities, B x H x T x T.
template <class F>
void attention_forward(const Context& at, const AttentionSizes& size, std::span<const F> qkv,
                       std::span<F> probabilities, std::span<F> y) {
  const std::size_t B = size.B, T = size.T, C = size.C, H = size.H, D = C / H;
  const nf::AttentionScales& scales = size.scales;
  at.run(B * H, [&](std::size_t task) {
    const F* const q = qkv.data() + task / H * T * 3 * C + task % H * D;
    F* const p = probabilities.data() + task * T * T;
    F* const out = y.data() + task / H * T * C + task % H * D;
    multiply<F>(at.multiply, T, T, D, {q, 3 * C}, {q + C, 3 * C, true}, {p, T});
    for (std::size_t t = 0; t < T; ++t) {
      F* const row = p + t * T;
      F largest = row[0], sum = 0;
      for (std::size_t s = 0; s <= t; ++s) largest = std::max(largest, row[s]);
      for (std::size_t s = 0; s <= t; ++s)
        sum += row[s] = std::exp(static_cast<F>(scales.logits) * (row[s] - largest));
      for (std::size_t s = 0; s <= t; ++s) row[s] /= sum;
      std::fill(row + t + 1, row + T, F(0));
    }
    multiply<F>(at.multiply, T, D, T, {p, T}, {q + 2 * C, 3 * C}, {out, C});
    if (scales.forward != 1)
      for (std::size_t i = 0; i < T * D; ++i)
        out[i / D * C + i % D] *= static_cast<F>(scales.forward);
  });
}

/// dv = p^T dy; with dp = dy v^T and dl = p (dp - the sum of p dp along the row): dq = logits dl k,
/// dk = logits dl^T q.
template <class F>
void attention_backward(const Context& at, const AttentionSizes& size, std::span<const F> qkv,
                        std::span<const F> probabilities, std::span<const F> dy,
                        std::span<F> dqkv) {
  const std::size_t B = size.B, T = size.T, C = size.C, H = size.H, D = C / H;
  const nf::AttentionScales& scales = size.scales;
  at.run(B * H, [&](std::size_t task) {
    const std::size_t place = task / H * T * 3 * C + task % H * D;
    const F *const q = qkv.data() + place, *const p = probabilities.data() + task * T * T;
    const F* const g = dy.data() + task / H * T * C + task % H * D;
    F* const dq = dqkv.data() + place;
    std::vector<F> dl(T * T);
    multiply<F>(at.multiply, T, D, T, {p, T, true}, {g, C}, {dq + 2 * C, 3 * C});
    multiply<F>(at.multiply, T, T, D, {g, C}, {q + 2 * C, 3 * C, true}, {dl.data(), T});
    for (std::size_t t = 0; t < T; ++t) {
      const F* const row = p + t * T;
      F* const d = dl.data() + t * T;
      F along = 0;
      for (std::size_t s = 0; s <= t; ++s) along += row[s] * d[s];
      for (std::size_t s = 0; s < T; ++s) d[s] = row[s] * (d[s] - along);
    }
    multiply<F>(at.multiply, T, D, T, {dl.data(), T}, {q + C, 3 * C}, {dq, 3 * C});
    multiply<F>(at.multiply, T, D, T, {dl.data(), T, true}, {q, 3 * C}, {dq + C, 3 * C});
    const F factors[] = {static_cast<F>(scales.logits * scales.grad_q),
                         static_cast<F>(scales.logits * scales.grad_k),
                         static_cast<F>(scales.grad_v)};
    for (std::size_t t = 0; t < T; ++t)
      for (std::size_t which = 0; which < 3; ++which)
        for (std::size_t d = 0; d < D; ++d) dq[t * 3 * C + which * C + d] *= factors[which];
  });
}

// ---- GELU by its tanh form: y = x s, s = 1 / (1 + exp(-2 u)), u = sqrt(2 / pi) (x + 0.044715 x^3)
// ----

template <class T>
void gelu_forward(const Context& at, std::span<const T> x, std::span<T> y, double factor) {
  at.run.in_parts(x.size(), task_elements, [&](std::size_t first, std::size_t end) {
    const T twice = static_cast<T>(2 * std::sqrt(2 / std::numbers::pi));
    for (std::size_t i = first; i < end; ++i) {
      const T u = twice * (x[i] + T(0.044715) * x[i] * x[i] * x[i]);
      y[i] = static_cast<T>(factor) * x[i] / (1 + std::exp(-u));
    }
  });
}

/// dx = dy (s + x s (1 - s) 2 u'), in the place of dy.
template <class T>
void gelu_backward(const Context& at, std::span<const T> x, std::span<T> dy, double factor) {
  at.run.in_parts(x.size(), task_elements, [&](std::size_t first, std::size_t end) {
    const T twice = static_cast<T>(2 * std::sqrt(2 / std::numbers::pi));
    for (std::size_t i = first; i < end; ++i) {
      const T square = T(0.044715) * x[i] * x[i];
      const T s = 1 / (1 + std::exp(-twice * (x[i] + square * x[i])));
      dy[i] *= static_cast<T>(factor) * (s + x[i] * s * (1 - s) * twice * (1 + 3 * square));
    }
  });
}

// ---- A residual branch: y = skip x + branch gain f(x); the gains, C numbers, are layer scale's
// ----

/// The factors of a branch; `split` is that of its gradient, where it joins that of x.
struct ResidualFactors {
  double skip = 1, branch = 1, split = 1;
};

template <class T>
void residual_forward(const Context& at, std::span<const T> x, std::span<const T> f,
                      const Tensor<T>* gain, const ResidualFactors& by, std::span<T> y) {
  at.run.in_parts(x.size(), task_elements, [&](std::size_t first, std::size_t end) {
    const T skip = static_cast<T>(by.skip), branch = static_cast<T>(by.branch);
    for (std::size_t i = first; i < end; ++i) {
      const T g = gain == nullptr ? branch : branch * gain->values[i % gain->size()];
      y[i] = skip * x[i] + g * f[i];
    }
  });
}

/// From dy makes the gradient of f, and of the gains.
template <class T>
void residual_backward(const Context& at, std::span<const T> dy, std::span<const T> f,
                       Tensor<T>* gain, std::span<T> df) {
  at.run.in_parts(dy.size(), task_elements, [&](std::size_t first, std::size_t end) {
    for (std::size_t i = first; i < end; ++i)
      df[i] = dy[i] * (gain == nullptr ? T(1) : gain->values[i % gain->size()]);
  });
  if (gain == nullptr) return;
  std::fill(gain->gradient.begin(), gain->gradient.end(), T(0));
  for (std::size_t i = 0; i < dy.size(); ++i) gain->gradient[i % gain->size()] += dy[i] * f[i];
}

/// dy = skip dy + split dx, the gradient that came through the branch.
template <class T>
void join_gradients(const Context& at, std::span<const T> dx, const ResidualFactors& by,
                    std::span<T> dy) {
  at.run.in_parts(dy.size(), task_elements, [&](std::size_t first, std::size_t end) {
    for (std::size_t i = first; i < end; ++i)
      dy[i] = static_cast<T>(by.skip) * dy[i] + static_cast<T>(by.split) * dx[i];
  });
}

// ---- The model ----

/// The sizes, and the variants that some recipes are about.
struct GptConfig {
  std::size_t layers = 2, width = 128, heads = 4, context = 128, vocabulary = 256;
  bool stable_embedding = false;  ///< a norm after the token table (8-bit Optimizers)
  bool layer_scale = false;       ///< gains of the branches (CaiT; SwitchBack)
  double gain = 0;                ///< theirs at first
  bool unit_scaling = false;      ///< N(0, 1) weights, a factor in every operation

  void check() const {
    if (layers < 1 || width < 1 || heads < 1 || width % heads != 0 || context < 2)
      throw std::invalid_argument(
          "a model has 1 or more layers and heads, a width that is a multiple of the heads, and a "
          "context of 2 or more: not " +
          std::to_string(layers) + " layers, " + std::to_string(heads) + " heads, width " +
          std::to_string(width) + ", context " + std::to_string(context));
  }
};

template <class T>
class Gpt {
 public:
  using LayerMaker = std::function<std::unique_ptr<Layer<T>>(Role)>;

  Gpt(const GptConfig& config, const LayerMaker& make_layer, std::uint32_t seed) : config_(config) {
    config.check();
    const std::size_t C = config.width;
    std::mt19937 random(seed);
    // branches add up to about the variance of the tables; those logits are of order 1
    const double L = static_cast<double>(config.layers);
    const auto deviation_of = [&](std::size_t in, double parts) {
      return config.unit_scaling ? 1 : 0.5 / std::sqrt(static_cast<double>(in) * parts);
    };
    const double of_tables = config.unit_scaling ? 1 : 1 / std::sqrt(static_cast<double>(C));
    const auto filled = [&](Tensor<T>& t, double deviation) {
      fill_normal(t.values, random, deviation);
    };
    filled(add("wte", Role::last, config.vocabulary, C), of_tables);
    filled(add("wpe", Role::table, config.context, C), of_tables);
    if (config.stable_embedding) add_norm("stable", of_tables);
    for (std::size_t i = 0; i < config.layers; ++i) {
      const std::string block = "block" + std::to_string(i) + ".";
      const Role first = i == 0 ? Role::first : Role::hidden;
      add_norm(block + "norm1");
      filled(add_linear(block + "qkv", first, 3 * C, C), deviation_of(C, 1));
      filled(add_linear(block + "proj", Role::hidden, C, C), deviation_of(C, 2 * L));
      if (config.layer_scale) add_gains(block + "gain1");
      add_norm(block + "norm2");
      filled(add_linear(block + "up", Role::hidden, 4 * C, C), deviation_of(C, 1));
      filled(add_linear(block + "down", Role::hidden, C, 4 * C), deviation_of(4 * C, 2 * L));
      if (config.layer_scale) add_gains(block + "gain2");
      for (const Role role : {first, Role::hidden, Role::hidden, Role::hidden})
        layers_.push_back(make_layer(role));
    }
    add_norm("norm");
    layers_.push_back(make_layer(Role::last));
  }

  const GptConfig& config() const { return config_; }
  /// All weights, in the order in which they are saved.
  std::vector<Tensor<T>>& tensors() { return tensors_; }
  /// The products, in the order of the forward pass.
  std::vector<std::unique_ptr<Layer<T>>>& layers() { return layers_; }
  /// What a task of this size has in memory of one pass, by name: for tables of their sizes.
  template <class F>
  void for_each_activation(const F& f) const {
    f("embedding", residual_[0]);
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const std::string name = "block" + std::to_string(i) + ".";
      const BlockActivations& a = blocks_[i];
      f(name + "norm1", a.norm1);
      f(name + "qkv", a.qkv);
      f(name + "attention", a.attention);
      f(name + "proj", a.proj);
      f(name + "up", a.up);
      f(name + "gelu", a.gelu);
      f(name + "down", a.down);
      f(name + "residual", residual_[2 * i + 2]);
    }
    f("norm", normed_);
  }

  /// The mean loss of a batch: tokens and targets are B x T.
  double forward(const Context& at, std::span<const Token> tokens, std::span<const Token> targets) {
    const std::size_t T_ = config_.context, C = config_.width, R = tokens.size();
    if (R == 0 || R % T_ != 0 || R != targets.size())
      throw std::invalid_argument("a batch is a number of whole sequences of " +
                                  std::to_string(T_) + " tokens, not " + std::to_string(R) +
                                  " and " + std::to_string(targets.size()));
    allocate(R);
    next_tensor_ = 0;
    Tensor<T>&wte = next(), &wpe = next();
    embedding_forward<T>(tokens, wte, residual_[0]);
    if (config_.stable_embedding) {
      embedded_ = residual_[0];
      Tensor<T>&w = next(), &b = next();
      layer_norm_forward<T>(at, embedded_, w, b, residual_[0], stable_);
    }
    position_forward<T>(wpe, residual_[0], factors_.sum_of_tables);
    for (std::size_t i = 0; i < blocks_.size(); ++i) block_forward(at, i);
    Tensor<T>&w = next(), &b = next();
    layer_norm_forward<T>(at, residual_.back(), w, b, normed_, last_norm_);
    layers_.back()->forward(normed_, wte.values, logits_, {R, C, config_.vocabulary}, at.phase,
                            at.run);
    return cross_entropy_forward<T, Token>(at, logits_, targets);
  }

  /// The token that follows a window of `context` tokens: drawn by a number in [0, 1) from the
  /// model's probabilities.
  Token next(const Context& at, std::span<const Token> window, double at_random) {
    const std::vector<Token> ignored(window.size());
    forward(at, window, ignored);
    const auto p = std::span(logits_).last(config_.vocabulary);  // probabilities by now
    double total = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
      total += static_cast<double>(p[i]);
      if (total > at_random) return static_cast<Token>(i);
    }
    return static_cast<Token>(p.size() - 1);
  }

  /// The gradients of loss_scale times the loss of the batch that went forward last.
  void backward(const Context& at, std::span<const Token> tokens, std::span<const Token> targets,
                double loss_scale) {
    cross_entropy_backward<T, Token>(at, logits_, targets, loss_scale * factors_.loss);
    next_tensor_ = tensors_.size();
    Tensor<T>&b = previous(), &w = previous(), &wte = tensors_[0], &wpe = tensors_[1];
    layers_.back()->backward(logits_, d_inner_, wte.gradient, at.run);
    layer_norm_backward<T>(at, residual_.back(), last_norm_, d_inner_, d_residual_, w, b,
                           factors_.norm);
    for (std::size_t i = blocks_.size(); i-- > 0;) block_backward(at, i);
    for (T& x : d_residual_) x *= static_cast<T>(factors_.sum_of_tables_gradient);
    position_backward<T>(d_residual_, wpe, factors_.positions);
    std::span<const T> dx = d_residual_;
    if (config_.stable_embedding) {
      Tensor<T>&bias = previous(), &gain = previous();
      layer_norm_backward<T>(at, embedded_, stable_, d_residual_, d_inner_, gain, bias,
                             factors_.norm);
      dx = d_inner_;
    }
    embedding_backward<T>(tokens, dx, wte, factors_.tokens);
  }

 private:
  struct BlockActivations {
    std::vector<T> norm1, qkv, probabilities, attention, proj, norm2, up, gelu, down;
    NormStatistics<T> kept1, kept2;
  };
  /// Unit scaling's; those of linear layers are their recipe's.
  struct Factors {
    double sum_of_tables = 1, sum_of_tables_gradient = 1, tokens = 1, positions = 1, norm = 1,
           loss = 1;
    nf::OpScales gelu;
    nf::AttentionScales attention;
    std::vector<ResidualFactors> branches;
  };

  Tensor<T>& add(std::string name, Role role, std::size_t rows, std::size_t cols) {
    return tensors_.emplace_back(Tensor<T>{std::move(name), role, rows, cols,
                                           std::vector<T>(rows * cols),
                                           std::vector<T>(rows * cols)});
  }
  /// Returns the matrix; its bias, 0, lies behind it.
  Tensor<T>& add_linear(const std::string& name, Role role, std::size_t out, std::size_t in) {
    add(name + ".w", role, out, in);
    add(name + ".b", Role::vector, 1, out);
    return tensors_[tensors_.size() - 2];
  }
  void add_gains(const std::string& name) {
    std::vector<T>& gains = add(name, Role::vector, 1, config_.width).values;
    std::fill(gains.begin(), gains.end(), static_cast<T>(config_.gain));
  }
  void add_norm(const std::string& name, double gain = 1) {
    std::vector<T>& gains = add(name + ".w", Role::vector, 1, config_.width).values;
    std::fill(gains.begin(), gains.end(), static_cast<T>(gain));
    add(name + ".b", Role::vector, 1, config_.width);
  }
  /// Tensors in the order in which they were added, and back.
  Tensor<T>& next() { return tensors_[next_tensor_++]; }
  Tensor<T>& previous() { return tensors_[--next_tensor_]; }

  void allocate(std::size_t R) {
    const std::size_t C = config_.width, T_ = config_.context;
    if (normed_.size() == R * C) return;
    residual_.assign(2 * config_.layers + 1, std::vector<T>(R * C));
    blocks_.resize(config_.layers);
    for (BlockActivations& a : blocks_) {
      for (auto* each : {&a.norm1, &a.attention, &a.proj, &a.norm2, &a.down}) each->resize(R * C);
      a.qkv.resize(3 * R * C);
      a.probabilities.resize(R * config_.heads * T_);
      for (auto* each : {&a.up, &a.gelu}) each->resize(4 * R * C);
    }
    normed_.resize(R * C);
    logits_.resize(R * config_.vocabulary);
    for (auto* each : {&d_residual_, &d_branch_, &d_inner_}) each->resize(R * C);
    d_wide_.resize(4 * R * C);
    factors_ = factors_of(R);
  }

  Factors factors_of(std::size_t R) const {
    const std::size_t D = config_.width / config_.heads;
    Factors made;
    made.attention.logits = 1 / std::sqrt(static_cast<double>(D));
    made.branches.resize(2 * config_.layers);
    if (!config_.unit_scaling) return made;
    const nf::BinaryScales sum = nf::add_scales();
    made.sum_of_tables = sum.forward;
    made.sum_of_tables_gradient = sum.forward;
    made.tokens = nf::embedding_scales(config_.vocabulary, R).grad;
    made.positions = nf::embedding_scales(config_.context, R).grad;
    made.norm = nf::layer_norm_scales(R).grad_w;
    made.loss = nf::softmax_cross_entropy_scales(config_.vocabulary).grad * static_cast<double>(R);
    made.gelu = nf::activation_scales(nf::Activation::gelu, nf::Constraint::gmean);
    made.attention = nf::attention_scales({.length = config_.context,
                                           .d_head = D,
                                           .causal = true,
                                           .mult = std::sqrt(static_cast<double>(D))},
                                          nf::UnitFactors::library);
    for (std::size_t i = 0; i < made.branches.size(); ++i) {
      // attention first averages tokens that it cannot tell apart: at unit variance that would be
      // noise
      const double tau = nf::residual_tau(i, made.branches.size(), 1, 0.25);
      const nf::ResidualScales by = nf::residual_scales(tau);
      made.branches[i] = {.skip = by.skip, .branch = by.residual, .split = by.residual};
    }
    return made;
  }

  void block_forward(const Context& at, std::size_t i) {
    BlockActivations& a = blocks_[i];
    const std::vector<T>& x = residual_[2 * i];
    std::vector<T>&middle = residual_[2 * i + 1], &y = residual_[2 * i + 2];
    const auto layer = [&](std::size_t which) -> Layer<T>& { return *layers_[4 * i + which]; };
    const auto linear = [&](std::size_t which, const std::vector<T>& in, std::vector<T>& out) {
      Tensor<T>&w = next(), &b = next();
      linear_forward<T>(at, layer(which), in, w, b, out);
    };
    const auto norm = [&](const std::vector<T>& in, std::vector<T>& out, NormStatistics<T>& kept) {
      Tensor<T>&w = next(), &b = next();
      layer_norm_forward<T>(at, in, w, b, out, kept);
    };
    const auto gain = [&] { return config_.layer_scale ? &next() : nullptr; };
    norm(x, a.norm1, a.kept1);
    linear(0, a.norm1, a.qkv);
    attention_forward<T>(at, sizes(x.size()), a.qkv, a.probabilities, a.attention);
    linear(1, a.attention, a.proj);
    residual_forward<T>(at, x, a.proj, gain(), factors_.branches[2 * i], middle);
    norm(middle, a.norm2, a.kept2);
    linear(2, a.norm2, a.up);
    gelu_forward<T>(at, a.up, a.gelu, factors_.gelu.forward);
    linear(3, a.gelu, a.down);
    residual_forward<T>(at, middle, a.down, gain(), factors_.branches[2 * i + 1], y);
  }

  /// d_residual_ is the gradient of what left the block, and becomes that of what entered it.
  void block_backward(const Context& at, std::size_t i) {
    BlockActivations& a = blocks_[i];
    const auto layer = [&](std::size_t which) -> Layer<T>& { return *layers_[4 * i + which]; };
    const auto linear = [&](std::size_t which, std::span<const T> dy, std::span<T> dx) {
      Tensor<T>&b = previous(), &w = previous();
      linear_backward<T>(at, layer(which), dy, dx, w, b);
    };
    const auto norm = [&](const std::vector<T>& in, const NormStatistics<T>& kept) {
      Tensor<T>&b = previous(), &w = previous();
      layer_norm_backward<T>(at, in, kept, d_inner_, d_branch_, w, b, factors_.norm);
    };
    const auto gain = [&] { return config_.layer_scale ? &previous() : nullptr; };
    const std::size_t n = d_residual_.size();
    residual_backward<T>(at, d_residual_, a.down, gain(), d_branch_);
    linear(3, d_branch_, d_wide_);
    gelu_backward<T>(at, a.up, d_wide_, factors_.gelu.grad);
    linear(2, d_wide_, d_inner_);
    norm(residual_[2 * i + 1], a.kept2);
    join_gradients<T>(at, d_branch_, factors_.branches[2 * i + 1], d_residual_);
    residual_backward<T>(at, d_residual_, a.proj, gain(), d_branch_);
    linear(1, d_branch_, d_inner_);
    const std::span<T> d_qkv = std::span(d_wide_).first(3 * n);
    attention_backward<T>(at, sizes(n), a.qkv, a.probabilities, d_inner_, d_qkv);
    linear(0, d_qkv, d_inner_);
    norm(residual_[2 * i], a.kept1);
    join_gradients<T>(at, d_branch_, factors_.branches[2 * i], d_residual_);
  }

  AttentionSizes sizes(std::size_t elements) const {
    const std::size_t T_ = config_.context, C = config_.width;
    return {elements / C / T_, T_, C, config_.heads, factors_.attention};
  }

  GptConfig config_;
  std::vector<Tensor<T>> tensors_;
  std::vector<std::unique_ptr<Layer<T>>> layers_;
  std::size_t next_tensor_ = 0;
  Factors factors_;
  std::vector<std::vector<T>> residual_;  // before, in the middle of, and after each block
  std::vector<BlockActivations> blocks_;
  std::vector<T> embedded_, normed_, logits_, d_residual_, d_branch_, d_inner_, d_wide_;
  NormStatistics<T> stable_, last_norm_;
};

}  // namespace train

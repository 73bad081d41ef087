// SPDX-License-Identifier: MIT
// The experiments of train_tensors.cpp: the tensors of a small GPT, before its first step and after
// some, by their sizes and in formats. Products are made in a fixed order: the same numbers on
// every machine.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <narrowfloat/block.hpp>
#include <narrowfloat/random.hpp>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../accumulation.hpp"
#include "gpt.hpp"
#include "recipe.hpp"
#include "text.hpp"

namespace train {

// ---- A model whose layers are looked at ----

/// What went through a layer in the last pass, and came back.
struct Seen {
  std::string name;
  nf::LinearShape shape{};
  std::vector<float> x, w, y, dy, dx, dw;
};

/// Hands everything on to another layer, and keeps it.
class SeenLayer final : public Layer<float> {
 public:
  SeenLayer(std::unique_ptr<Layer<float>> layer, Seen& seen)
      : layer_(std::move(layer)), seen_(seen) {}

  void forward(std::span<const float> x, std::span<const float> w, std::span<float> y,
               const nf::LinearShape& shape, nf::Phase phase, Executor& run) override {
    layer_->forward(x, w, y, shape, phase, run);
    seen_.shape = shape;
    seen_.x.assign(x.begin(), x.end());
    seen_.w.assign(w.begin(), w.end());
    seen_.y.assign(y.begin(), y.end());
  }
  void backward(std::span<const float> dy, std::span<float> dx, std::span<float> dw,
                Executor& run) override {
    seen_.dy.assign(dy.begin(), dy.end());
    layer_->backward(dy, dx, dw, run);
    seen_.dx.assign(dx.begin(), dx.end());
    seen_.dw.assign(dw.begin(), dw.end());
  }
  nf::LinearScales scales(const nf::LinearShape& shape) const override {
    return layer_->scales(shape);
  }

 private:
  std::unique_ptr<Layer<float>> layer_;
  Seen& seen_;
};

struct FloatPair {
  using forward = float;
  using backward = float;
};
using UnitScaledFloats = nf::recipes::UnitScaled<FloatPair, Sums>;

/// The layers of a model in float: as they are, or unit-scaled, where only the last one's factors
/// are free.
inline std::unique_ptr<Layer<float>> float_layer(const GptConfig& config, Role role) {
  if (!config.unit_scaling)
    return std::make_unique<LinearLayer<nf::recipes::Float32<Sums>>>(nf::recipes::Float32<Sums>{},
                                                                     0);
  UnitScaledFloats recipe;
  recipe.constraint = role == Role::last ? nf::Constraint::none : nf::Constraint::gmean;
  return std::make_unique<LinearLayer<UnitScaledFloats>>(recipe, 0);
}

/// GPT-2's first weights: N(0, 0.02^2), less by sqrt(2 layers) where sums of branches would grow.
inline void fill_as_gpt2(Gpt<float>& model) {
  std::mt19937 random(1);
  const double branches = 2 * static_cast<double>(model.config().layers);
  for (Tensor<float>& t : model.tensors()) {
    if (t.role == Role::vector) continue;
    const bool is_of_branch = t.name.ends_with("proj.w") || t.name.ends_with("down.w");
    fill_normal(t.values, random, is_of_branch ? 0.02 / std::sqrt(branches) : 0.02);
  }
}

/// A small GPT in float on a text. It starts as GPT-2, or with unit scaling.
class SeenModel {
 public:
  SeenModel(const GptConfig& config, const std::string& path)
      : text_(path),
        seen_(4 * config.layers + 1),
        model_(
            config,
            [&, i = std::size_t{0}](Role role) mutable {
              Seen& seen = seen_.at(i);
              seen.name = i == 4 * config.layers ? "head" : name_of(i);
              ++i;
              return std::make_unique<SeenLayer>(float_layer(config, role), seen);
            },
            1) {
    if (!config.unit_scaling) fill_as_gpt2(model_);
  }

  /// The batch of a step.
  TextBatch batch(std::uint64_t step, std::size_t sequences) const {
    return text_.batch(1, step, sequences, model_.config().context);
  }
  /// A pass over a batch, forward and back.
  double pass(const TextBatch& batch) {
    const double loss = model_.forward(at_, batch.tokens, batch.targets);
    model_.backward(at_, batch.tokens, batch.targets, 1);
    return loss;
  }
  /// Steps of AdamW; returns the loss of the last one.
  double train(std::uint64_t steps, std::size_t sequences) {
    std::vector<nf::AdamW<>> optimizers;
    for (const Tensor<float>& t : model_.tensors())
      optimizers.emplace_back(nf::AdamWRule{.lr = 2e-3, .beta2 = 0.99}, t.size());
    double loss = 0;
    for (std::uint64_t step = 0; step < steps; ++step) {
      loss = pass(batch(step, sequences));
      for (std::size_t i = 0; i < optimizers.size(); ++i)
        optimizers[i].step(model_.tensors()[i].values, model_.tensors()[i].gradient);
    }
    return loss;
  }
  Gpt<float>& model() { return model_; }
  const std::vector<Seen>& seen() const { return seen_; }
  const Seen& seen(const std::string& name) const {
    return *std::ranges::find(seen_, name, &Seen::name);
  }

 private:
  static std::string name_of(std::size_t i) {
    const char* const parts[] = {"qkv", "proj", "up", "down"};
    return std::to_string(i / 4) + "." + parts[i % 4];
  }

  Executor run_{2};
  Context at_{run_, Multiply{}};
  Text text_;
  std::vector<Seen> seen_;
  Gpt<float> model_;
};

/// The model whose gradients are looked at: small, after 100 steps on 8 sequences.
inline std::unique_ptr<SeenModel> trained_model(const std::string& text) {
  auto made = std::make_unique<SeenModel>(
      GptConfig{.layers = 2, .width = 64, .heads = 2, .context = 64}, text);
  made->train(100, 8);
  made->pass(made->batch(1000, 8));
  return made;
}

// ---- Blake, Orr and Luschi 2023: the sizes of all tensors before the first step ----

inline double deviation(std::span<const float> values) {
  double total = 0, squares = 0;
  for (const float x : values) {
    total += static_cast<double>(x);
    squares += static_cast<double>(x) * static_cast<double>(x);
  }
  const auto n = static_cast<double>(values.size());
  return std::sqrt(std::max(0.0, squares / n - total / n * (total / n)));
}

/// Standard deviations, by the names of the tensors. Vectors are biases and the gains of norms.
using Deviations = std::vector<std::pair<std::string, double>>;
struct AllDeviations {
  Deviations activations, activation_gradients, weights, weight_gradients, vector_gradients;
};

/// What the first pass reads: a text, or random tokens to be followed by random tokens, which are
/// independent.
enum class Tokens { text, random };

inline TextBatch random_tokens(std::size_t n) {
  TextBatch made{std::vector<std::uint8_t>(n), std::vector<std::uint8_t>(n)};
  for (std::size_t i = 0; i < n; ++i) {
    made.tokens[i] = static_cast<std::uint8_t>(nf::element_bits<8>(1, 0, i));
    made.targets[i] = static_cast<std::uint8_t>(nf::element_bits<8>(2, 0, i));
  }
  return made;
}

inline AllDeviations deviations_at_first(bool unit_scaling, const std::string& text,
                                         Tokens tokens = Tokens::text) {
  const GptConfig config{.unit_scaling = unit_scaling};
  SeenModel model(config, text);
  const std::size_t sequences = 8;
  model.pass(tokens == Tokens::text ? model.batch(0, sequences)
                                    : random_tokens(sequences * config.context));
  AllDeviations all;
  const auto add = [](Deviations& to, std::string name, const std::vector<float>& values) {
    if (name.starts_with("block")) name.erase(0, 5);
    to.emplace_back(std::move(name), deviation(values));
  };
  model.model().for_each_activation([&](const std::string& name, const std::vector<float>& values) {
    add(all.activations, name, values);
  });
  for (const Seen& seen : model.seen()) {
    add(all.activation_gradients, "to " + seen.name, seen.dx);
    add(all.activation_gradients, "of " + seen.name, seen.dy);
  }
  for (const Tensor<float>& t : model.model().tensors()) {
    const bool is_vector = t.role == Role::vector;
    if (!is_vector) add(all.weights, t.name, t.values);
    add(is_vector ? all.vector_gradients : all.weight_gradients, t.name, t.gradient);
  }
  return all;
}

// ---- Micikevicius et al. 2018: what float16 keeps of gradients ----

/// The gradients of activations, and of weights, that layers have made.
struct Gradients {
  std::vector<float> activations, weights;
};
inline Gradients gradients_of(const std::vector<Seen>& seen) {
  Gradients all;
  for (const Seen& each : seen) {
    for (const auto* from : {&each.dx, &each.dy})
      all.activations.insert(all.activations.end(), from->begin(), from->end());
    all.weights.insert(all.weights.end(), each.dw.begin(), each.dw.end());
  }
  return all;
}

/// The percentages of numbers, times a scale, whose magnitude is within a binade: 2^first and more,
/// but less than 2^(first + 1), and so on.
inline std::vector<double> histogram(const std::vector<float>& values, float scale, int first,
                                     std::size_t binades) {
  std::vector<double> parts(binades);
  for (const float x : values) {
    if (x == 0) continue;
    const int place = std::ilogb(x * scale) - first;
    if (place >= 0 && static_cast<std::size_t>(place) < binades)
      parts[static_cast<std::size_t>(place)] += 100 / static_cast<double>(values.size());
  }
  return parts;
}

/// The percentage below a magnitude that are not 0.
inline double percent_below(const std::vector<float>& values, float magnitude) {
  const auto n =
      std::ranges::count_if(values, [&](float x) { return x != 0 && std::abs(x) < magnitude; });
  return 100 * static_cast<double>(n) / static_cast<double>(values.size());
}

/// The percentages of gradients, times a scale, that become 0 in float16 and were not, and that are
/// Inf.
struct Lost {
  double flushed, overflowed;
};
inline Lost lost_in_float16(const std::vector<float>& values, float scale) {
  std::vector<nf::float16> narrow(values.size());
  nf::convert(values, narrow, nf::Scale{scale});
  Lost lost{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    lost.flushed += values[i] != 0 && narrow[i] == nf::float16(0.0f);
    lost.overflowed += std::isinf(static_cast<float>(narrow[i]));
  }
  const double percent = 100 / static_cast<double>(values.size());
  return {lost.flushed * percent, lost.overflowed * percent};
}

// ---- NVIDIA 2025: what the parts of NVFP4's recipe do ----

/// recipes::Nvfp4 with other weights, or gradients.
template <class W = nf::BlockCast<nf::nvfp4_2d>,
          class Dy = nf::BlockCast<nf::nvfp4, nf::Stochastic<>>>
struct Nvfp4Part {
  nf::BlockCast<nf::nvfp4> x;
  W w;
  Dy dy;
  nf::LayerProduct<Sums> forward, input_gradient,
      weight_gradient{.rotation = {.group = 16, .signs = nf::transformer_engine_signs}};
};

struct Products {
  std::vector<double> y, dx, dw;
};

/// The products of a layer's tensors, each the mean of so many passes.
template <class R, class Rounding = nf::RecipeRounding>
Products products_of(const Seen& seen, const R& recipe, std::size_t passes = 1,
                     const Rounding& rounding = {}) {
  nf::Linear<R> layer(recipe, 7);
  Products means{std::vector<double>(seen.y.size()), std::vector<double>(seen.x.size()),
                 std::vector<double>(seen.w.size())};
  std::vector<float> y(seen.y.size()), dx(seen.x.size()), dw(seen.w.size());
  const auto add = [passes](const std::vector<float>& values, std::vector<double>& mean) {
    for (std::size_t i = 0; i < values.size(); ++i)
      mean[i] += static_cast<double>(values[i]) / static_cast<double>(passes);
  };
  for (std::size_t pass = 0; pass < passes; ++pass) {
    layer.forward(seen.x, seen.w, y, seen.shape);
    layer.backward(seen.dy, dx, dw, rounding);
    add(y, means.y);
    add(dx, means.dx);
    add(dw, means.dw);
  }
  return means;
}

/// |a - b| / |b|.
inline double difference(const std::vector<double>& a, const std::vector<double>& b) {
  double error = 0, norm = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    error += (a[i] - b[i]) * (a[i] - b[i]);
    norm += b[i] * b[i];
  }
  return std::sqrt(error / norm);
}

/// Relative errors of the products, and the difference of the weights that the forward pass and dx
/// read.
struct Nvfp4Errors {
  double y = 0, dx = 0, dw = 0, w_twice = 0;
};
template <class R, class Rounding = nf::RecipeRounding>
Nvfp4Errors nvfp4_errors(const Seen& seen, const R& recipe, const Rounding& rounding = {}) {
  const Products exact = products_of(seen, nf::recipes::Float32<Sums>{}),
                 made = products_of(seen, recipe, 1, rounding);
  nf::Linear<R> layer(recipe, 7);
  const auto operands = layer.quantized(seen.x, seen.w, seen.shape);
  std::vector<float> forward(seen.w.size()), backward(seen.w.size());
  operands.w.rows().dequantize(forward);
  operands.w.columns().dequantize(backward);
  return {difference(made.y, exact.y), difference(made.dx, exact.dx), difference(made.dw, exact.dw),
          difference({backward.begin(), backward.end()}, {forward.begin(), forward.end()})};
}

/// Of the recipe; without the transform; with gradients rounded to nearest; with weights in blocks
/// of 16 along each axis.
inline constexpr std::array nvfp4_parts{"recipe", "no Hadamard", "dy nearest", "w in 1 x 16"};
inline std::array<Nvfp4Errors, 4> nvfp4_ablation(const Seen& seen) {
  Nvfp4Part<> no_transform;
  no_transform.weight_gradient.rotation = {};
  return {nvfp4_errors(seen, Nvfp4Part<>{}), nvfp4_errors(seen, no_transform),
          nvfp4_errors(seen, Nvfp4Part<>{}, nf::nearest_even),
          nvfp4_errors(seen, Nvfp4Part<nf::BlockCast<nf::nvfp4>>{})};
}

/// The relative difference between the mean of dw over so many passes and what it is with dy in
/// float: what is left of it is bias. To nearest all passes are the same.
struct Bias {
  double stochastic, nearest;
};
inline Bias nvfp4_bias(const Seen& seen, std::size_t passes) {
  const Products plain =
      products_of(seen, Nvfp4Part<nf::BlockCast<nf::nvfp4_2d>, nf::FloatCast<>>{});
  return {difference(products_of(seen, Nvfp4Part<>{}, passes).dw, plain.dw),
          difference(products_of(seen, Nvfp4Part<>{}, 1, nf::nearest_even).dw, plain.dw)};
}

// ---- Wortsman et al. 2023: int8 gradients over the number of tokens ----

/// Of the first tokens of a layer.
inline example::Int8Errors int8_errors_of(const Seen& seen, std::size_t tokens) {
  const auto first = [&](const std::vector<float>& all, std::size_t cols) {
    return std::vector<float>(all.begin(),
                              all.begin() + static_cast<std::ptrdiff_t>(tokens * cols));
  };
  return example::int8_errors(first(seen.x, seen.shape.in), seen.w, first(seen.dy, seen.shape.out),
                              {tokens, seen.shape.in, seen.shape.out});
}

}  // namespace train

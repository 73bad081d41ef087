// SPDX-License-Identifier: MIT
// What a recipe is: a row of a table. It says in what the products of layers are made, how weights
// and the state of their optimizer are kept, and how the loss is scaled.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "layer.hpp"
#include "multiply.hpp"

namespace train {

// ---- Layers ----

/// How many elements a cast saturated and flushed; scales of blocks that leave room never saturate.
template <class Values>
Losses losses_of(std::span<const float> x, const nf::ProductOperand<Values>& q) {
  Losses found{.count = x.size()};
  std::vector<float> back(x.size());
  q.dequantize(back);
  float largest = 0;
  if constexpr (nf::number_range<Values>) {
    using number = typename Values::value_type;
    largest =
        static_cast<float>(static_cast<double>(std::numeric_limits<number>::max()) * q.factor);
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    found.flushed += x[i] != 0 && back[i] == 0;
    found.saturated += largest > 0 && std::abs(back[i]) >= largest && std::abs(x[i]) > largest;
  }
  return found;
}

/// Whether a cast's scale comes from what it has recorded, and how its source takes a magnitude.
template <class Cast>
concept recording_cast = requires(Cast& cast) {
  cast.source.record(0.0f);
};
template <nf::narrow_float F>
void record_step(nf::DelayedScaling<F>& source, float amax) {
  source.record(amax);
}
template <nf::narrow_float F>
void record_step(nf::ScalingMeta<F>& source, float amax) {
  source.record(amax);
  source.update();
}

/// The three products as nf::Linear makes them in the recipe R.
template <nf::linear_recipe R>
class LinearLayer final : public Layer<float> {
 public:
  LinearLayer(const R& recipe, std::uint64_t seed) : layer_(recipe, seed) {}

  void forward(std::span<const float> x, std::span<const float> w, std::span<float> y,
               const nf::LinearShape& shape, nf::Phase phase, Executor& run) override {
    if (phase == nf::Phase::training) {
      see(layer_.recipe.x, x, magnitudes_[0]);
      see(layer_.recipe.w, w, magnitudes_[1]);
    }
    if (is_watched_ && phase == nf::Phase::training) {
      const auto made = layer_.quantized(x, w, shape, nf::Phase::evaluation);
      losses_ += losses_of(x, made.x.rows());
      losses_ += losses_of(w, made.w.rows());
      shape_ = shape;
    }
    layer_.forward(x, w, y, shape, phase, run);
  }
  void backward(std::span<const float> dy, std::span<float> dx, std::span<float> dw,
                Executor& run) override {
    see(layer_.recipe.dy, dy, magnitudes_[2]);
    if (is_watched_) {
      nf::Linear<R> copy(layer_.recipe, layer_.seed);
      losses_ += losses_of(dy, copy.quantized(dy, shape_).rows());
    }
    layer_.backward(dy, dx, dw, nf::recipe_rounding, run);
  }
  void update() override {
    layer_.update();
    begun_.reset();
  }
  void start_micro_batch(std::uint64_t index) override {
    begin_step();
    layer_.passes = begun_->passes + index;
  }
  std::span<float> magnitudes() override { return magnitudes_; }
  void join_micro_batches(std::uint64_t count) override {
    begin_step();
    layer_.passes = begun_->passes + count;
    join(layer_.recipe.x, magnitudes_[0]);
    join(layer_.recipe.w, magnitudes_[1]);
    join(layer_.recipe.dy, magnitudes_[2]);
  }
  nf::LinearScales scales(const nf::LinearShape& shape) const override {
    if constexpr (requires { layer_.recipe.scales(shape); }) return layer_.recipe.scales(shape);
    return {};
  }
  void add_state(st::File& file, const std::string& name) const override {
    st::add_state(file, name, layer_);
  }
  void read_state(const st::File& file, const std::string& name) override {
    st::read_state(file, name, layer_);
  }

 private:
  /// The state that the step began with.
  struct Begun {
    R recipe;
    std::uint64_t passes;
  };

  void begin_step() {
    if (!begun_) {
      begun_.emplace(Begun{layer_.recipe, layer_.passes});
      magnitudes_.fill(0);
    }
    layer_.recipe = begun_->recipe;
  }
  /// No recipe here rotates a tensor whose scale is recorded: what is recorded is its magnitude.
  template <class Cast>
  void see(const Cast&, std::span<const float> values, float& largest) const {
    if constexpr (recording_cast<Cast>)
      if (begun_) largest = std::max(largest, nf::reducible_amax(nf::amax(values)));
  }
  template <class Cast>
  static void join(Cast& cast, float largest) {
    if constexpr (recording_cast<Cast>) record_step(cast.source, largest);
  }

  nf::Linear<R> layer_;
  nf::LinearShape shape_{};
  std::optional<Begun> begun_;
  std::array<float, 3> magnitudes_{};
};

using LayerMaker = std::function<std::unique_ptr<Layer<float>>(std::uint64_t seed)>;

/// The layers of a recipe of nf::recipes, or of one's own.
template <nf::linear_recipe R>
LayerMaker layer(R recipe) {
  return [recipe = std::move(recipe)](std::uint64_t seed) {
    return std::make_unique<LinearLayer<R>>(recipe, seed);
  };
}

/// Layers by what they are for; `hidden` where one is not given.
struct Layers {
  LayerMaker hidden, first = {}, last = {};

  std::unique_ptr<Layer<float>> make(Role role, std::uint64_t seed) const {
    const LayerMaker& chosen = role == Role::first && first ? first
                               : role == Role::last && last ? last
                                                            : hidden;
    return chosen(seed);
  }
};

// ---- Weights ----

/// What layers read of weights in a form, not what only their optimizer sees: numbers, and what
/// multiplies them.
template <class Form>
auto codes_of(const Form& form) {
  if constexpr (nf::number_range<Form>) {
    return std::pair(std::span(form), 1.0f);
  } else if constexpr (requires { form.make_codes({}); }) {  // FP8-LM
    std::vector<nf::float8_e4m3fn> codes(form.size());
    form.make_codes(codes);
    return std::pair(std::move(codes), form.code_scale());
  } else {
    return std::pair(form.values(), 1.0f);
  }
}
template <class Form>
using code_of = std::ranges::range_value_t<decltype(codes_of(std::declval<const Form&>()).first)>;

/// A form of weights, the optimizer that changes them, the rounding of its steps, and the format in
/// which gradients reach it: float, or FP8 with a scale that workers would share.
template <class Form, class Optimizer, class Rounding, class Gradient>
class KeptWeights final : public Weights {
 public:
  KeptWeights(Form form, Optimizer optimizer, Rounding rounding)
      : form_(std::move(form)),
        optimizer_(std::move(optimizer)),
        rounding_(rounding),
        rate_(optimizer_.lr) {}

  void encode(std::span<std::byte> to) const override {
    const auto made = codes_of(form_);
    const std::span<const std::byte> codes = std::as_bytes(std::span(made.first));
    std::ranges::copy(codes, to.begin());
    std::memcpy(to.data() + codes.size(), &made.second, sizeof made.second);
  }
  nf::StepReport step(std::span<const float> gradient, const nf::StepOptions& options, double rate,
                      Executor& run) override {
    optimizer_.lr = rate_ * rate;
    if constexpr (std::same_as<Gradient, float>) {
      return optimizer_.step(form_, gradient, options, rounding_, run);
    } else {
      nf::AllReduceScale<Gradient> shared;
      shared.update(nf::reducible_amax(nf::amax(gradient)));
      std::vector<Gradient> codes(gradient.size());
      nf::convert(gradient, codes, nf::Scale{shared.scale}, nf::nearest_even,
                  nf::Saturation::propagate);
      nf::StepOptions scaled = options;
      scaled.inverse_loss_scale *= shared.scale_inv;
      return optimizer_.step(form_, codes, scaled, rounding_, run);
    }
  }
  std::size_t weight_bytes() const override {
    if constexpr (nf::number_range<Form>) {
      return form_.size() * sizeof(typename Form::value_type);
    } else {
      std::size_t bytes = 0;
      for (const auto& part : form_.parts()) bytes += part.bytes.size();
      return bytes;
    }
  }
  std::size_t state_bytes() const override { return optimizer_.size_bytes(); }
  std::vector<nf::StatePart> form_parts() override { return parts_of<nf::StatePart>(form_); }
  std::vector<nf::ConstStatePart> form_parts() const override {
    return parts_of<nf::ConstStatePart>(form_);
  }
  std::vector<nf::StatePart> optimizer_parts() override { return optimizer_.parts(); }
  std::vector<nf::ConstStatePart> optimizer_parts() const override { return optimizer_.parts(); }

 private:
  /// Numbers without a form of their own are a part without a name.
  template <class Part, class F>
  static std::vector<Part> parts_of(F& form) {
    if constexpr (nf::number_range<F>) {
      return {nf::state_part("", std::span(form))};
    } else {
      return form.parts();
    }
  }

  Form form_;
  Optimizer optimizer_;
  Rounding rounding_;
  double rate_;
};

/// The seed of a tensor's roundings, or a layer's: no two share bits.
constexpr std::uint64_t seed_of(std::uint32_t run, std::size_t index) {
  return ((std::uint64_t{run} + 1) << 32) + index;  // batches have the keys below 2^32
}

/// A tensor that weights are made for.
struct TensorInfo {
  Role role;
  std::size_t rows, cols;
  std::uint64_t seed;
};
/// Makes them, and says how they travel to ranks that do not keep them.
struct WeightMaker {
  std::function<std::unique_ptr<Weights>(const TensorInfo&, std::span<const float> initial)> make;
  WeightCodes codes = weight_codes<float>;
};

/// Weights in a form (a range such as std::vector<nf::bfloat16>, or one of optim/), kept by an
/// optimizer with those options.
template <class Form, class Optimizer, class Rounding = nf::NearestEven, class Gradient = float,
          class Options>
WeightMaker weights(const Options& options) {
  const auto make = [options](const TensorInfo& info,
                              std::span<const float> initial) -> std::unique_ptr<Weights> {
    Rounding rounding{};
    if constexpr (requires { rounding.seed; }) rounding.seed = info.seed;
    const auto form = [&] {
      if constexpr (nf::number_range<Form>) {
        Form made(initial.size());
        nf::convert(initial, made);
        return made;
      } else if constexpr (std::constructible_from<Form, decltype(initial), Rounding>) {
        return Form(initial, rounding);
      } else {
        return Form(initial);
      }
    };
    const auto optimizer = [&] {
      if constexpr (std::constructible_from<Optimizer, Options, std::size_t, std::size_t>) {
        return Optimizer(options, info.rows, info.cols);  // of matrices: Muon
      } else {
        return Optimizer(options, initial.size());
      }
    };
    return std::make_unique<KeptWeights<Form, Optimizer, Rounding, Gradient>>(form(), optimizer(),
                                                                              rounding);
  };
  return {make, weight_codes<code_of<Form>>};
}

/// Weights by what they are for; `hidden` where one is not given.
struct WeightMakers {
  WeightMaker hidden, last = {}, table = {}, vector = {};

  const WeightMaker& of(Role role) const {
    const WeightMaker& chosen = role == Role::last     ? last
                                : role == Role::table  ? table
                                : role == Role::vector ? vector
                                                       : hidden;
    return chosen.make ? chosen : hidden;
  }
};

// ---- Recipes ----

/// How the loss is scaled: not, by a constant, or by one that adapts.
struct LossScaling {
  enum class Kind { none, constant, dynamic } kind = Kind::none;
  float scale = 1;
  int growth_interval = 2000;
};

/// A row of the table.
struct Recipe {
  std::string name, summary;
  std::string baseline = "fp32";  ///< the recipe in float that it is compared with
  Layers layers;
  WeightMakers weights;
  LossScaling loss_scaling = {};
  nf::OnOverflow on_overflow = nf::OnOverflow::skip_step;
  double max_norm = 1;  ///< gradients are scaled down to it; 0: they are not
  bool stable_embedding = false, layer_scale = false, unit_scaling = false;
  double gain = 0;               ///< of layer scale, at first
  std::size_t row_multiple = 1;  ///< rows that a product reads are a multiple: Hadamard's groups
  bool is_slow = false;          ///< its products are emulated: a smaller model is the usual one
};

/// What of a recipe is narrow: both passes and both states, or one alone. Tells where a difference
/// from float comes from.
enum class Part { all, forward, backward, m, v };

/// What can be chosen of a recipe from the command line.
struct RecipeOptions {
  Multiply multiply{};
  int bits = 13;           ///< random bits of sr-mac
  bool subnormals = true;  ///< of sr-mac
  int bias = 0;            ///< fp8-graphcore: the same for all tensors, where has_bias
  bool has_bias = false;
  bool layer_scale = true;                   ///< fp8-all-layer-scale
  double gain = 0;                           ///< of layer scale, at first
  Part part = Part::all;                     ///< nvfp4, sr-mac, adam4bit
  int exponent_bits = 4, mantissa_bits = 3;  ///< exmy
};

/// All recipes, in the order of the report.
std::vector<Recipe> all_recipes(const RecipeOptions& options);
/// The one of a name; std::invalid_argument lists the names where there is none.
Recipe find_recipe(const std::string& name, const RecipeOptions& options);

// Families of recipes, each compiled by itself.
std::vector<Recipe> sixteen_bit_recipes(const RecipeOptions& options);
std::vector<Recipe> fp8_recipes(const RecipeOptions& options);
std::vector<Recipe> block_recipes(const RecipeOptions& options);
std::vector<Recipe> int8_recipes(const RecipeOptions& options);
std::vector<Recipe> emulated_recipes(const RecipeOptions& options);
std::vector<Recipe> optimizer_recipes(const RecipeOptions& options);
std::vector<Recipe> learned_recipes(const RecipeOptions& options);
std::vector<Recipe> own_recipes(const RecipeOptions& options);

}  // namespace train

// SPDX-License-Identifier: MIT
// Recipes whose accumulators no processor has: their products are emulated step by step.
#include <narrowfloat/loops.hpp>

#include "common.hpp"

namespace train {

namespace {

using E6M9 = nf::float16_e6m9;

/// The first and the last layer of IBM's recipes: 1-6-9 operands, the same sums.
struct WideLayer {
  using Sum = nf::FusedAccumulator<E6M9>;
  nf::FloatCast<E6M9> x, w, dy;
  nf::LayerProduct<nf::ChunkedAccumulator<Sum, Sum>> forward, input_gradient, weight_gradient;
};
/// What sr-mac multiplies, with sums in float.
struct PlainE5m2 {
  nf::FloatCast<nf::float8_e5m2> x, w, dy;
  nf::LayerProduct<Sums> forward, input_gradient, weight_gradient;
};
/// The first layer of a recipe: its input alone is wider.
template <class Usual>
struct WideInput {
  nf::FloatCast<E6M9> x;
  decltype(Usual::w) w;
  decltype(Usual::dy) dy;
  decltype(Usual::forward) forward;
  decltype(Usual::input_gradient) input_gradient;
  decltype(Usual::weight_gradient) weight_gradient;
};
using Ibm2018 = nf::recipes::Ibm2018<>;
using Hfp8 = nf::recipes::Hfp8<>;

template <int Bits>
LayerMaker sr_mac_of(const RecipeOptions& options) {
  nf::recipes::SrMac<Bits> recipe;
  const auto subnormals = options.subnormals ? nf::Subnormals::keep : nf::Subnormals::flush;
  recipe.forward.accumulator.subnormals = subnormals;
  recipe.input_gradient.accumulator.subnormals = subnormals;
  recipe.weight_gradient.accumulator.subnormals = subnormals;
  return layer(options, recipe);
}
/// Its sums in one pass; those of the other in float.
struct SrMacForward : PlainE5m2 {
  decltype(nf::recipes::SrMac<>::forward) forward = nf::recipes::SrMac<>{}.forward;
};
struct SrMacBackward : PlainE5m2 {
  decltype(nf::recipes::SrMac<>::input_gradient) input_gradient =
      nf::recipes::SrMac<>{}.input_gradient;
  decltype(nf::recipes::SrMac<>::weight_gradient) weight_gradient =
      nf::recipes::SrMac<>{}.weight_gradient;
};
LayerMaker sr_mac(const RecipeOptions& options) {
  if (options.part == Part::forward) return layer<SrMacForward>(options);
  if (options.part == Part::backward) return layer<SrMacBackward>(options);
  switch (options.bits) {
    case 4:
      return sr_mac_of<4>(options);
    case 9:
      return sr_mac_of<9>(options);
    case 13:
      return sr_mac_of<13>(options);
    default:
      return [bits = options.bits](std::uint64_t) -> std::unique_ptr<Layer<float>> {
        throw std::invalid_argument("--bits is 4, 9 or 13, not " + std::to_string(bits));
      };
  }
}

constexpr nf::AxpySgdOptions axpy_sgd{.lr = 0.1, .momentum = 0.9, .weight_decay = 1e-4};
constexpr nf::SgdRule sgd{.lr = 0.1, .momentum = 0.9, .weight_decay = 1e-4};

}  // namespace

std::vector<Recipe> emulated_recipes(const RecipeOptions& options) {
  const LayerMaker wide = layer<WideLayer>(options);
  WeightMakers hfp8 = adamw<nf::ResidualWeights<>>();
  hfp8.last = hfp8.table =
      adamw<std::vector<E6M9>, nf::FloatState, nf::FloatState, nf::Stochastic<>>().hidden;
  hfp8.vector = adamw<Floats>().vector;
  return {
      {.name = "hfp8",
       .summary = "1-4-3 forward, 1-5-2 backward, 1-6-9 sums in chunks, residual weights (HFP8)",
       .layers = {layer<Hfp8>(options), layer<WideInput<Hfp8>>(options), wide},
       .weights = hfp8,
       .loss_scaling = usual_loss_scale,
       .is_slow = true},
      {.name = "ibm-fp8",
       .summary = "1-5-2, 1-6-9 sums in chunks of 64, three stochastic AXPYs (Wang et al. 2018)",
       .baseline = "fp32-sgd",
       .layers = {layer<Ibm2018>(options), layer<WideInput<Ibm2018>>(options), wide},
       .weights = {.hidden = weights<std::vector<E6M9>, nf::AxpySgd<>, nf::Stochastic<>>(axpy_sgd),
                   .vector = weights<Floats, nf::Sgd<>>(sgd)},
       .loss_scaling = {LossScaling::Kind::constant, 1000},
       .is_slow = true},
      {.name = "fp32-sgd",
       .summary = "float, SGD: what ibm-fp8 is compared with",
       .baseline = "fp32",
       .layers = {float_layer(options)},
       .weights = {weights<Floats, nf::Sgd<>>(sgd)},
       .is_slow = true},
      {.name = "sr-mac",
       .summary = "E5M2, stochastic sums in E6M5 (Ali et al. 2024; --bits R, --flush)",
       .layers = {sr_mac(options)},
       .weights = adamw<Floats>(),
       .loss_scaling = usual_loss_scale,
       .is_slow = true},
      {.name = "fp8-e5m2",
       .summary = "E5M2 without scales, sums in float: sr-mac but for its sums",
       .layers = {layer<PlainE5m2>(options)},
       .weights = adamw<Floats>(),
       .loss_scaling = usual_loss_scale,
       .is_slow = true},
  };
}

}  // namespace train

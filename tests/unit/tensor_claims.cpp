// SPDX-License-Identifier: MIT
// What papers claim of the tensors of a training run, on the small GPT of
// examples/train/train_tensors.cpp.
#include "../../examples/train/tensors.hpp"

#include "support/catch.hpp"

using namespace train;

namespace {

constexpr const char* text = NARROWFLOAT_DATA_DIR "/devils-dictionary.txt";

std::pair<double, double> range_of(const Deviations& all) {
  const auto [least, most] = std::ranges::minmax(all, {}, &Deviations::value_type::second);
  return {least.second, most.second};
}
void check_within(const Deviations& all, double least, double most) {
  const auto [low, high] = range_of(all);
  CAPTURE(low, high);
  CHECK(low > least);
  CHECK(high < most);
}

/// With unit scaling, on the text.
const AllDeviations& unit_scaled() {
  static const auto made = deviations_at_first(true, text);
  return made;
}
/// Trained once.
const SeenModel& model() {
  static const auto made = trained_model(text);
  return *made;
}

}  // namespace

TEST_CASE("unit scaling: activations and their gradients start near 1, else over decades",
          "[claims]") {
  const AllDeviations usual = deviations_at_first(false, text), &unit = unit_scaled();
  check_within(unit.activations, 0.6, 1.4);
  check_within(unit.activation_gradients, 0.7, 1.4);
  check_within(unit.weights, 0.98, 1.02);
  const auto activations = range_of(usual.activations),
             gradients = range_of(usual.activation_gradients);
  CHECK(activations.first < 0.01);
  CHECK(activations.second > 100 * activations.first);
  CHECK(gradients.second < 1e-3);
  CHECK(gradients.second > 100 * gradients.first);
  check_within(usual.weights, 0.009, 0.021);
}

TEST_CASE("unit scaling: gradients of weights start near 1 where tokens are independent",
          "[claims]") {
  const AllDeviations random = deviations_at_first(true, text, Tokens::random),
                      &of_text = unit_scaled();
  check_within(random.weight_gradients, 0.7, 1.7);
  check_within(of_text.weight_gradients, 0.9, 9);
  CHECK(range_of(random.vector_gradients).second > 4);
  CHECK(range_of(of_text.vector_gradients).second > 15);
}

TEST_CASE("gradients in float16: a seventh are below its numbers, a loss scale lifts them",
          "[claims]") {
  const Gradients g = gradients_of(model().seen());
  const double below = percent_below(g.activations, 0x1p-24f),
               subnormal = percent_below(g.activations, 0x1p-14f);
  CAPTURE(below, subnormal);
  CHECK((below > 10 && below < 20));
  CHECK(subnormal > 95);
  const auto flushed = [](const std::vector<float>& values, int log2) {
    return lost_in_float16(values, std::ldexp(1.0f, log2)).flushed;
  };
  CHECK(std::abs(flushed(g.activations, 0) - percent_below(g.activations, 0x1p-25f)) < 1e-3);
  CHECK((flushed(g.activations, 0) > 5 && flushed(g.weights, 0) > 2));
  for (int log2 = 2; log2 <= 16; log2 += 2)
    CHECK(flushed(g.activations, log2) < flushed(g.activations, log2 - 2));
  CHECK((flushed(g.activations, 10) < 0.5 && flushed(g.activations, 16) < 0.01));
  CHECK(lost_in_float16(g.weights, 0x1p16f).overflowed == 0);
  CHECK(lost_in_float16(g.weights, 0x1p24f).overflowed > 0.5);
  const auto plain = histogram(g.activations, 1, -40, 30),
             scaled = histogram(g.activations, 1024, -30, 30);
  CHECK(plain == scaled);
}

TEST_CASE("NVFP4: what the transform, stochastic rounding and square blocks of weights do",
          "[claims]") {
  int helped = 0;
  double ratio = 1;
  for (const Seen& seen : model().seen()) {
    const auto [recipe, no_transform, nearest, narrow] = nvfp4_ablation(seen);
    CAPTURE(seen.name, recipe.y, recipe.dx, recipe.dw, no_transform.dw, nearest.dx, nearest.dw,
            narrow.y, narrow.w_twice);
    CHECK((recipe.y == no_transform.y && recipe.dx == no_transform.dx));
    helped += recipe.dw < no_transform.dw;
    ratio *= recipe.dw / no_transform.dw;
    CHECK(nearest.dx < recipe.dx);
    CHECK((recipe.w_twice == 0 && narrow.w_twice > 0.12 && narrow.w_twice < 0.15));
    CHECK((narrow.y < recipe.y && recipe.y < 1.3 * narrow.y));
    if (seen.name == "head") CHECK(nearest.dw > 2 * recipe.dw);
  }
  CHECK(helped >= 5);
  CHECK(std::pow(ratio, 1.0 / 9) < 0.95);
}

TEST_CASE("NVFP4: stochastic rounding leaves dw a bias of about 1 %, rounding to nearest more",
          "[claims]") {
  for (const char* name : {"1.down", "head"}) {
    const Bias once = nvfp4_bias(model().seen(name), 1), mean = nvfp4_bias(model().seen(name), 64);
    CAPTURE(name, once.stochastic, mean.stochastic, mean.nearest);
    CHECK(mean.stochastic < 0.5 * once.stochastic);
    CHECK(mean.stochastic < 0.4 * mean.nearest);
    CHECK((mean.stochastic > 0.005 && mean.stochastic < 0.02));  // scales that were rounded down
  }
}

TEST_CASE("int8 gradients of a real layer: dX as it is, dW worse with more tokens up to 1024",
          "[claims]") {
  const auto many = trained_model(text);
  many->pass(many->batch(2000, 128));
  const auto errors = [&](std::size_t tokens) {
    return int8_errors_of(many->seen("1.up"), tokens);
  };
  const auto few = errors(64), some = errors(1024), all = errors(8192);
  for (const example::Int8Errors& of : {few, some, all}) {
    CAPTURE(of.dx, of.dw_tensor, of.dw_columns);
    CHECK(std::abs(of.dx - few.dx) < 0.1 * few.dx);
    CHECK(of.dw_columns < 0.01);
    CHECK(of.dw_columns < 0.6 * of.dw_tensor);
  }
  CHECK(some.dw_tensor > 4 * few.dw_tensor);
  CHECK(all.dw_tensor < some.dw_tensor);
}

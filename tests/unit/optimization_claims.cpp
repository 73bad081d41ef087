// SPDX-License-Identifier: MIT
// What papers claim of narrow states and weights comes out, on the data of examples/optimizers.cpp.
#include "../../examples/optimization.hpp"

#include <bit>
#include <narrowfloat/io/safetensors.hpp>

#include "support/catch.hpp"
#include "support/optim_reference.hpp"

using namespace example;

TEST_CASE(
    "updates from code-books: linear is worst, blocks help dynamic ones, and so does a v without 0") {
  const auto file = nf::safetensors::read(NARROWFLOAT_DATA_DIR "/digits.safetensors");
  for (const std::string layer : {"layer1", "layer2"}) {
    Moments moments;
    const auto m = file.find(layer + ".weight.adam_m")->as<float>(),
               v = file.find(layer + ".weight.adam_v")->as<float>();
    moments.m.assign(m.begin(), m.end());
    moments.v.assign(v.begin(), v.end());
    const auto narrow = update_errors(moments, 256),
               wide = update_errors(moments, moments.m.size());
    const auto linear = 0u, quantile = 1u, dynamic = 2u, without_zero = 3u;
    INFO(layer << ": " << narrow[linear] << ' ' << narrow[quantile] << ' ' << narrow[dynamic] << ' '
               << narrow[without_zero] << "; " << wide[linear] << ' ' << wide[quantile] << ' '
               << wide[dynamic] << ' ' << wide[without_zero]);
    for (const auto& errors : {narrow, wide}) {
      CHECK(errors[linear] > 10 * errors[dynamic]);
      CHECK(errors[linear] > 10 * errors[quantile]);
      CHECK(errors[dynamic] >= errors[without_zero]);  // equal where no v is that small
    }
    CHECK(narrow[dynamic] < wide[dynamic]);
    CHECK(narrow[without_zero] < wide[without_zero]);
    CHECK(narrow[without_zero] < 0.1);
  }
}

TEST_CASE(
    "gradients N(0, 1) and 1e-4 N(0, 1) in one block: no update beyond 10 rates, but with a 0 in the book of v") {
  const auto most = [](const std::vector<double>& largest) { return largest.back(); };
  constexpr int steps = 2000;
  using F = nf::FloatState;
  CHECK(most(largest_updates<F, F>(steps)) < 2);
  CHECK(most(largest_updates<F, StateWithZero>(steps)) > 1000);
  CHECK(most(largest_updates<F, nf::CodebookState>(steps)) < 10);
  CHECK(most(largest_updates<nf::CodebookState, nf::CodebookState>(steps)) < 10);
  CHECK(most(largest_updates<nf::Codebook4State, nf::Codebook4State>(steps)) < 10);
  CHECK(most(largest_updates<F, nf::Fp8BlockState>(steps)) < 10);
  CHECK(most(largest_updates<F, nf::Fp8State>(steps)) < 10);
  CHECK(most(largest_updates<nf::Fp8LmFirst, nf::Fp8LmSecond>(steps)) < 10);
  CHECK(most(largest_updates<F, nf::ExpandedState>(steps)) < 10);
  CHECK(most(largest_updates<F, nf::Bfloat16State>(steps)) < 10);
  CHECK(most(largest_updates<F, nf::Float16State>(steps)) < 10);
}

TEST_CASE("a gradient that jumps: AdamW's update spikes, StableAdamW's does not") {
  const auto adamw = updates_of_jump(nf::AdamW<>({.weight_decay = 0}, 4096), 125, 100),
             stable = updates_of_jump(nf::StableAdamW<>({.beta2 = 0.999, .weight_decay = 0}, 4096),
                                      125, 100);
  CHECK(adamw[99] < 0.25);
  CHECK(stable[99] < 0.25);
  CHECK(adamw[101] > 3.5 * adamw[99]);
  CHECK(*std::max_element(stable.begin() + 100, stable.end()) < 1.1 * stable[99]);
}

TEST_CASE(
    "AdamW in floats: 1,000 steps, each within 2 units in the last place of the one in doubles") {
  constexpr std::size_t n = 512;
  std::vector<float> w = normal_numbers(n, 1);
  nf::AdamW<> adam({}, n);
  double worst = 0;
  for (int t = 1; t <= 1000; ++t) {
    std::vector<float> g = normal_numbers(n, static_cast<std::uint32_t>(100 + t));
    std::vector<optim_reference::weight<double>> expected(n);
    for (std::size_t i = 0; i < n; ++i) {
      expected[i] = {w[i], std::get<0>(adam.states).values()[i],
                     std::get<1>(adam.states).values()[i]};
      expected[i].adamw(g[i], {.decay = 1e-2}, t);
    }
    adam.step(w, g);
    for (std::size_t i = 0; i < n; ++i) {
      // weights that come near 0 on their way lose the last places of what they were
      const float larger = std::max(std::abs(w[i]), 1e-3f);
      const double unit = std::bit_cast<float>(std::bit_cast<std::uint32_t>(larger) + 1) - larger;
      worst = std::max(worst, std::abs(w[i] - expected[i].w) / unit);
    }
  }
  CHECK(worst <= 2);
  CHECK(worst > 0.1);
}

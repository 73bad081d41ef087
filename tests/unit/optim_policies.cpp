// SPDX-License-Identifier: MIT
// What a step does with gradients that overflowed, with norms, with types of gradients, and with
// options that make no sense.
#include <narrowfloat/optim.hpp>

#include <cmath>
#include <limits>
#include <numeric>

#include "support/catch.hpp"

using namespace narrowfloat;

namespace {

const float infinity = std::numeric_limits<float>::infinity(),
            not_a_number = std::numeric_limits<float>::quiet_NaN();

template <class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "nothing thrown";
}

}  // namespace

TEST_CASE("optimizers: no half update where a gradient is Inf or NaN") {
  for (const float bad : {infinity, -infinity, not_a_number}) {
    for (const std::size_t place : {0u, 2047u, 69999u}) {
      std::vector<float> w(70000, 1.0f), g(70000, 0.5f);
      AdamW<CodebookState, CodebookState> adam({}, w.size());
      adam.step(w, g);
      const auto before = w;
      const auto codes = adam.parts()[2].bytes;
      const std::vector<std::byte> state(codes.begin(), codes.end());
      g[place] = bad;
      CHECK(adam.step(w, g).skipped);
      CHECK((adam.steps == 1 && adam.skipped == 1));
      CHECK(adam.step(w, g, {.on_overflow = OnOverflow::skip_tensor}).skipped);
      CHECK((adam.steps == 2 && adam.skipped == 2));
      CHECK(w == before);
      CHECK(std::ranges::equal(adam.parts()[2].bytes, state));
      CHECK(!adam.step(w, g, {.on_overflow = OnOverflow::unchecked}).skipped);
      CHECK((adam.steps == 3 && !(std::abs(w[place]) <= 2)));
    }
  }
  // a product that overflows is an overflow; one that does not is none
  std::vector<float> w(3, 1.0f);
  Lion<> lion({}, 3);
  CHECK(lion.step(w, std::vector<float>{3e38f, 0, 0}, {.inverse_loss_scale = 2}).skipped);
  CHECK(!lion.step(w, std::vector<float>{3e38f, 0, 0}, {.inverse_loss_scale = 0.5f}).skipped);
}

TEST_CASE(
    "optimizers: a gradient whose square is no float is an overflow, and unchecked it makes no NaN") {
  const auto check = [](auto optimizer, auto rounding) {
    std::vector<float> w(5000, 0.5f), g(5000, 0.01f);
    g[7] = 1e20f;
    CHECK(optimizer.step(w, g, {}, rounding).skipped);
    CHECK(!optimizer.step(w, g, {.on_overflow = OnOverflow::unchecked}, rounding).skipped);
    g[7] = 0.01f;
    CHECK(!optimizer.step(w, g, {}, rounding).skipped);
    CHECK(std::ranges::all_of(w, [](float x) { return std::isfinite(x); }));
  };
  check(AdamW<>({}, 5000), nearest_even);
  check(AdamW<CodebookState>({}, 5000), nearest_even);
  check(AdamW<Codebook4State>({}, 5000), nearest_even);
  check(AdamW<Fp8BlockState>({}, 5000), nearest_even);
  check(AdamW<ExpandedState>({}, 5000), nearest_even);
  check(Adagrad<StochasticCodebookState>({}, 5000), Stochastic<>{1});
  std::vector<float> w(3), g{1e20f, 0, 0};
  CHECK(!Lion<>({}, 3).step(w, g).skipped);  // keeps no squares
}

TEST_CASE("optimizers: norms of a tensor whose squares are no floats") {
  const auto moved = [](auto optimizer, float weight, float gradient) {
    std::vector<float> w(64, weight);
    optimizer.step(w, std::vector<float>(64, gradient));
    return static_cast<double>(w[5]) / static_cast<double>(weight);
  };
  for (const float weight : {1e20f, 1.0f, 1e-23f})  // w |w| / |u| lr is lr w
    CHECK(std::abs(moved(Lamb<>({.lr = 0.1, .weight_decay = 0}, 64), weight, 1.0f) - 0.9) < 1e-5);
  for (const float gradient : {1e19f, 1.0f, 1e-23f})
    CHECK(std::abs(moved(Lars<>({.lr = 100, .weight_decay = 0}, 64), 1.0f, gradient) - 0.9) < 1e-5);
  for (const float gradient : {1e10f, 1e20f, 1e30f}) {
    Optimizer<Clipped<SgdRule>, FloatState> clipped({.rule = {.lr = 0.1}, .threshold = 1}, 64);
    CHECK(std::abs(moved(clipped, 0.5f, gradient) - 0.8) < 1e-5);
  }
}

TEST_CASE("optimizers: all tensors by one norm, or none of them") {
  const std::vector<float> a(5000, 3.0f), b(300, -4.0f);
  GradientNorm norm;
  norm.add(a, 0.5f);
  norm.add(b, 0.5f);
  const double expected = std::sqrt(5000 * 1.5 * 1.5 + 300 * 4.0);
  CHECK(std::abs(norm.norm() - expected) < 1e-12 * expected);
  CHECK((!norm.overflowed() && norm.amax() == 2));
  std::vector<float> w(5000, 0.0f);
  Optimizer<GradientDescentRule> sgd({.lr = 1}, w.size());
  const StepReport done =
      sgd.step(w, a, {.inverse_loss_scale = 0.5f, .max_norm = 1, .measured = &norm});
  CHECK(done.gradient_norm == norm.norm());
  CHECK(std::abs(w[17] + 1.5 / expected) < 1e-7);
  // its own norm, where none is given
  std::vector<float> v(5000, 0.0f);
  Optimizer<GradientDescentRule> alone({.lr = 1}, v.size());
  alone.step(v, a, {.max_norm = 1});
  CHECK(std::abs(v[4999] + 1 / std::sqrt(5000.0)) < 1e-7);
  norm.add(std::vector<float>{not_a_number});
  CHECK(norm.overflowed());
  CHECK(sgd.step(w, a, {.measured = &norm}).skipped);
}

TEST_CASE("optimizers: gradients of every type are the floats that they are") {
  const auto check = [](auto type) {
    using F = decltype(type);
    std::vector<F> narrow(1000);
    std::vector<float> g(1000), w(1000, 1.0f), v = w;
    for (std::size_t i = 0; i < 1000; ++i) narrow[i] = F(0.01f * static_cast<float>(i % 77) - 0.3f);
    convert(narrow, g);
    AdamW<> first({}, 1000), second({}, 1000);
    first.step(w, narrow, {.inverse_loss_scale = 0.125f});
    second.step(v, g, {.inverse_loss_scale = 0.125f});
    CHECK(w == v);
  };
  check(bfloat16{});
  check(float16{});
  check(float8_e5m2{});
  check(float8_e4m3fn{});
}

TEST_CASE("optimizers: counters") {
  std::vector<float> w(8192, 1.0f), g(8192, 1e-5f);
  AdamW<Float16State, Float16State> adam({}, w.size());
  const StepReport done = adam.step(w, g);
  CHECK(std::abs(done.largest_update - 1) < 1e-2f);
  CHECK((done.state.at_floor == 8192 && done.floor_share == 1));  // v = 1e-13 is 2^-24
  CHECK((done.state.flushed == 0 && done.state.clipped == 0));
  std::ranges::fill(g, 1e-8f);
  CHECK(adam.step(w, g).state.flushed == 0);  // m is on its way down
  Lion<Float16State> lion({}, w.size());
  CHECK(lion.step(w, g).state.flushed == 8192);
  std::ranges::fill(g, 1e7f);
  CHECK(lion.step(w, g).state.clipped == 8192);
  // zeros are neither flushed nor at the floor
  AdamW<CodebookState> rare({}, 8192);
  const StepReport nothing = rare.step(w, std::vector<float>(8192));
  CHECK((nothing.state.flushed == 0 && nothing.state.at_floor == 0));
  // code-books: a third of the gradients is a millionth of the others, of the same block
  const auto check_books = [&](auto small, std::size_t n) {
    std::vector<float> mixed(n), v(n);
    for (std::size_t i = 0; i < n; ++i) mixed[i] = i % 3 == 1 ? 1e-8f : 1.0f;
    const StepReport counted = small.step(v, mixed);
    CHECK((counted.state.at_floor == n / 3 && counted.state.flushed == n / 3));
    CHECK(std::abs(counted.floor_share - 1.0 / 3) < 1e-3);
  };
  check_books(AdamW<CodebookState, CodebookState>({}, 9999), 9999);
  check_books(AdamW<Codebook4State, Codebook4State>({}, 9999), 9999);
}

TEST_CASE("optimizers: what makes no sense is refused before anything is changed") {
  std::vector<float> w(10, 1.0f), g(10, 1.0f);
  CHECK(message_of([] { AdamW<>({.beta1 = 1}, 10); }) ==
        "narrowfloat::AdamW: beta1 is 1, not in [0, 1)");
  CHECK(message_of([] { Lion<>({.lr = -1}, 10); }) ==
        "narrowfloat::Lion: lr is -1, not a number from 0 to 2^100");
  CHECK(message_of([] {
          Adam<>({.lr = std::nan("")}, 10);
        }).starts_with("narrowfloat::Adam: lr is nan"));
  CHECK(message_of([] {
          Sgd<>({.dampening = 0.5, .nesterov = true}, 1);
        }).starts_with("narrowfloat::Sgd: momentum is 0.9"));
  CHECK(message_of([] {
          StableAdamW<>({.clip_threshold = 0}, 1);
        }).starts_with("narrowfloat::StableAdamW: clip_threshold is 0"));
  CHECK(message_of([] { Lars<>({.trust = 0}, 1); }).starts_with("narrowfloat::Lars: trust is 0"));
  AdamW<> adam({}, 10);
  const std::string sizes =
      "narrowfloat::AdamW: there are 10 weights, 9 gradients and state of 10 elements";
  CHECK(message_of([&] { adam.step(w, std::span<const float>(g).first(9)); }) == sizes);
  CHECK(message_of([&] {
          adam.step(w, g, {.inverse_loss_scale = 0});
        }).starts_with("narrowfloat::AdamW: inverse_loss_scale is 0"));
  CHECK(message_of([&] { adam.step(w, g, {.inverse_loss_scale = -1}); }) != "nothing thrown");
  CHECK(message_of([&] { adam.step(w, g, {.max_norm = -1}); }) != "nothing thrown");
  adam.lr = infinity;
  CHECK(message_of([&] { adam.step(w, g); }).starts_with("narrowfloat::AdamW: lr is inf"));
  CHECK((w == std::vector<float>(10, 1.0f) && adam.steps == 0));
  CHECK(message_of([] {
          std::vector<float> three(3);
          AdamW<>({}, FloatState(3), FloatState(4)).step(three, three);
        }) == "narrowfloat::AdamW: the states have 3 and 4 elements");
}

TEST_CASE("optimizers: blocks of every length, longer than the tensor and without a common one") {
  std::vector<float> g(5000), expected(5000, 1.0f);
  for (std::size_t i = 0; i < g.size(); ++i) g[i] = 0.001f * static_cast<float>(i % 91) - 0.04f;
  AdamW<>({}, g.size()).step(expected, g);
  for (const std::size_t of_m : {1u, 100u, 1009u, 2048u, 100000u}) {
    for (const std::size_t of_v : {3u, 256u, 2003u}) {
      std::vector<float> w(5000, 1.0f);
      AdamW<CodebookState, CodebookState> adam(
          {}, CodebookState(5000, Signedness::is_signed, {.block_size = of_m}),
          CodebookState(5000, Signedness::is_unsigned, {.block_size = of_v}));
      adam.step(w, g);
      CHECK(w == expected);  // the first update is of floats
      std::vector<float> v(5000), m(5000);
      std::get<1>(adam.states).read(0, v);
      std::get<0>(adam.states).read(0, m);
      CHECK((std::abs(m[90] - 0.1f * g[90]) < 1e-4f &&
             std::abs(v[4999] - 1e-3f * g[4999] * g[4999]) < 1e-7f));
    }
  }
}

TEST_CASE("optimizers: a storage that is one block of all, of nothing too") {
  struct OneBlock : FloatState {
    using FloatState::FloatState;
    std::size_t block() const { return size(); }
  };
  for (const std::size_t n : {0u, 1u, 17u, 3001u}) {
    std::vector<float> w(n, 1.0f), v = w;
    const std::vector<float> g(n, 0.1f);
    Sgd<OneBlock>({}, n).step(w, g);
    Sgd<>({}, n).step(v, g);
    CHECK(w == v);
  }
}

TEST_CASE("optimizers: bytes a weight") {
  constexpr std::size_t n = 1 << 16;
  const auto bytes = [](const auto& holder) {
    std::size_t all = 0;
    for (const ConstStatePart& part : holder.parts()) all += part.bytes.size();
    return static_cast<double>(all) / n;
  };
  CHECK(AdamW<CodebookState>({}, n).size_bytes() * 100 <= n * 204);
  CHECK(AdamW<Codebook4State>({}, n).size_bytes() * 100 <= n * 107);
  CHECK(AdamW<>({}, n).size_bytes() == 8 * n);
  CHECK(AdamW<CodebookState>({}, 4095).size_bytes() == 8 * 4095);  // floats
  // FP8-LM: master 2 + m 1 + v 2, and gradients of 1: 6; 7 where the FP8 copy is kept
  const std::vector<float> w(n, 0.5f);
  const double state = bytes(AdamW<Fp8LmFirst, Fp8LmSecond>({}, n));
  CHECK(std::abs(bytes(Fp8LmWeights(w)) + state - 5) < 0.001);
  CHECK(std::abs(bytes(Fp8LmWeights(w, {.keeps_codes = true})) + state - 6) < 0.001);
}

// SPDX-License-Identifier: MIT
// A step of an optimizer has the same bits on every instruction set, for 1, 2 and 3 threads and
// tasks in any order, in every floating-point environment, for shards of a tensor, and after its
// state was copied out and in.
#include <narrowfloat/optim.hpp>

#include <cstring>
#include <random>

#include "support/catch.hpp"
#include "support/environments.hpp"
#include "support/executors.hpp"

using namespace narrowfloat;

namespace {

constexpr std::size_t size = 200003;  // four tasks, and a last row that is not whole

template <class T = float>
std::vector<T> numbers(std::size_t n, unsigned seed, float scale) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, scale);
  std::vector<T> x(n);
  for (T& each : x) each = convert<T>(normal(random));
  return x;
}

/// Every byte of an optimizer and its weights.
template <class Optimizer, class W>
std::vector<std::byte> bytes_of(const Optimizer& optimizer, const W& weights) {
  std::vector<std::byte> all;
  for (const ConstStatePart& part : optimizer.parts())
    all.insert(all.end(), part.bytes.begin(), part.bytes.end());
  const auto raw = std::as_bytes(std::span(weights));
  all.insert(all.end(), raw.begin(), raw.end());
  return all;
}

const auto start = numbers<bfloat16>(size, 1, 1), gradients = numbers<bfloat16>(size, 10, 0.1f);

/// Three steps on fresh bfloat16 weights.
template <class Optimizer, class E = SerialExecutor>
std::vector<std::byte> trained(Optimizer optimizer, E&& executor = {}) {
  auto weights = start;
  for (unsigned t = 0; t < 3; ++t) {
    const StepReport done =
        optimizer.step(weights, gradients, {.inverse_loss_scale = 0.25f, .max_norm = 5},
                       Stochastic<>{7, t, 3}, executor);
    REQUIRE(done.gradient_norm > 5);
  }
  return bytes_of(optimizer, weights);
}

template <class Optimizer>
void check_promises(const Optimizer& fresh) {
  std::vector<std::byte> expected;
  {
    ScopedIsa scope(Isa::generic);
    expected = trained(fresh);
  }
  CHECK((trained(fresh) == expected));
  for (const std::size_t count : {2u, 3u})
    CHECK((trained(fresh, test::Threads{count}) == expected));
  test::Shuffled shuffled;
  CHECK((trained(fresh, shuffled) == expected));
  CHECK(shuffled.most > 1);
  test::check_rounding_modes([&] { return trained(fresh); });
  test::check_flush_flags([&] { return trained(fresh); });
}

}  // namespace

TEST_CASE("optimizers: the same bits however they are run", "[isa]") {
  check_promises(AdamW<CodebookState, CodebookState>({.weight_decay = 0.1}, size));
  check_promises(StableAdamW<StochasticBfloat16State, Float16State>({}, size));
  check_promises(Lamb<FloatState, Codebook4State>({}, size));
  check_promises(Ademamix<>({}, size));
  check_promises(Lars<Bfloat16State>({}, size));
}

TEST_CASE("forms of weights: made the same by every executor", "[isa]") {
  const auto check = [](const auto& make) {
    const auto expected = make(SerialExecutor{});
    CHECK((make(test::Threads{2}) == expected));
    test::Shuffled shuffled;
    CHECK((make(shuffled) == expected));
    CHECK(shuffled.most == 4);
  };
  const auto of = [](const auto& form) { return bytes_of(form, std::span<const float>()); };
  check([&](auto&& executor) { return of(KahanWeights<>(start, executor)); });
  check([&](auto&& executor) { return of(PairWeights<>(gradients, executor)); });
  check([&](auto&& executor) { return of(RemainderWeights(start, executor)); });
  check([&](auto&& executor) { return of(ResidualWeights<>(start, executor)); });
  check([&](auto&& executor) {
    return of(MasterWeights<float8_e4m3fn>(start, Stochastic<>{7}, executor));
  });
  check([&](auto&& executor) {
    const Fp8LmWeights made(start, {.keeps_codes = true}, executor);
    std::vector<float8_e4m3fn> codes(size);
    made.make_codes(codes, executor);
    CHECK(std::memcmp(codes.data(), made.codes().data(), size) == 0);
    return of(made);
  });
}

TEST_CASE("optimizers: a shard with its offset is the shard of the whole", "[isa]") {
  const auto some = numbers(size, 2, 0.1f);
  auto uncut = numbers<bfloat16>(size, 1, 1), shards = uncut;
  constexpr std::size_t cut = 256 * 300;
  AdamW<CodebookState, CodebookState> adam({}, size), first({}, cut), last({}, size - cut);
  const std::span<bfloat16> all(shards);
  const std::span<const float> g(some);
  for (int t = 0; t < 3; ++t) {
    adam.step(uncut, some, {}, Stochastic<>{5});
    first.step(all.first(cut), g.first(cut), {}, Stochastic<>{5});
    last.step(all.subspan(cut), g.subspan(cut), {}, Stochastic<>{.seed = 5, .offset = cut});
  }
  CHECK(std::memcmp(uncut.data(), shards.data(), size * sizeof(bfloat16)) == 0);
}

TEST_CASE("optimizers: training goes on from the parts of a state", "[isa]") {
  using optimizer = Ademamix<CodebookState, Codebook4State, StochasticFloat16State>;
  auto weights = numbers(9001, 1, 1);
  optimizer straight({}, weights.size());
  std::vector<std::vector<std::byte>> saved;
  std::vector<float> saved_weights;
  for (unsigned t = 0; t < 20; ++t) {
    if (t == 13) {
      for (const ConstStatePart& part : std::as_const(straight).parts())
        saved.emplace_back(part.bytes.begin(), part.bytes.end());
      saved_weights = weights;
    }
    straight.step(weights, numbers(9001, t, 0.1f), {}, Stochastic<>{1});
  }
  optimizer other({}, weights.size());
  std::size_t k = 0;
  for (const StatePart& part : other.parts()) {
    REQUIRE(part.bytes.size() == saved[k].size());
    std::ranges::copy(saved[k++], part.bytes.begin());
  }
  for (unsigned t = 13; t < 20; ++t)
    other.step(saved_weights, numbers(9001, t, 0.1f), {}, Stochastic<>{1});
  CHECK((bytes_of(other, saved_weights) == bytes_of(straight, weights)));
}

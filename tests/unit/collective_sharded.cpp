// SPDX-License-Identifier: MIT
// The sharded optimizer has the bits of the one that is not, for every number of ranks; its state
// goes into the same file, and out of it on another number of ranks.
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/sharded_run.hpp"

using namespace sharded;

namespace {

const std::vector<std::size_t> uneven{300, 5000, 1, 77, 4097, 2, 70000};
using Adam = nf::AdamW<>;
using NarrowAdam = nf::AdamW<nf::CodebookState>;
using LmAdam = nf::AdamW<nf::Fp8LmFirst, nf::Fp8LmSecond>;

}  // namespace

TEST_CASE("sharded: floats, for any number of ranks; fewer tensors than ranks, and none",
          "[collective]") {
  std::vector<std::size_t> many;  // sums of squares that depend on their order
  for (std::size_t i = 0; i < 60; ++i) many.push_back(1 + i * 7 % 29);
  for (const auto& sizes : {uneven, many, {5, 3}, {0, 4}, {}}) {
    Run<Adam, Floats>{sizes}.check();
    Run<Adam, Floats>{.sizes = sizes, .on_overflow = nf::OnOverflow::skip_tensor}.check();
  }
}

TEST_CASE("sharded: FP8-LM's weights, of which a byte each is gathered", "[collective]") {
  Run<LmAdam, nf::Fp8LmWeights>{uneven}.check();
  Run<nf::AdamW<nf::Fp8State>, nf::Fp8LmWeights>{{300, 20}}.check();
}

TEST_CASE("sharded: stochastic rounding draws by the place of a tensor, not by ranks",
          "[collective]") {
  using R = nf::Stochastic<>;
  Run<NarrowAdam, std::vector<nf::bfloat16>, R>{uneven, {.seed = 3}}.check();
  Run<NarrowAdam, nf::MasterWeights<nf::bfloat16>, R>{uneven, {.seed = 3, .offset = 9}}.check();
}

TEST_CASE("sharded: a state that five ranks saved goes on on two", "[collective]") {
  using Sharded = nf::ShardedOptimizer<NarrowAdam, nf::KahanWeights<>>;
  using File = std::vector<nf::GatheredShard>;
  const Run<NarrowAdam, nf::KahanWeights<>> run{uneven};
  const auto fill = [](const auto& from, const auto& to) {
    for (std::size_t k = 0; k < to.size(); ++k)
      std::copy(from[k].bytes.begin(), from[k].bytes.end(), to[k].bytes.begin());
  };
  const auto train = [&](int ranks, unsigned first, unsigned last, const File& from) {
    File saved(uneven.size());
    test::ThreadRanks::run(ranks, [&](auto& group) {
      Sharded optimizer(group, uneven, [&](std::size_t i) { return run.make(i); });
      for (Sharded::Shard& own : optimizer.own()) {
        if (first == 0) continue;
        fill(from[own.tensor].weights.parts(), own.weights.parts());
        fill(from[own.tensor].optimizer.parts(), own.optimizer.parts());
      }
      optimizer.publish(group);
      for (unsigned step = first; step < last; ++step)
        optimizer.step(group, run.gradients(step), run.options(step));
      for (std::size_t i = 0; i < uneven.size(); ++i) {
        nf::GatheredShard of_tensor = optimizer.gathered(group, i);
        if (group.rank() == 0) saved[i] = std::move(of_tensor);
      }
    });
    return saved;
  };
  const File expected = train(1, 0, 4, {}), later = train(2, 2, 4, train(5, 0, 2, {}));
  for (std::size_t i = 0; i < uneven.size(); ++i) {
    CAPTURE(i);
    CHECK((text_of(later[i]) == text_of(expected[i])));
  }
}

TEST_CASE("sharded: what a rank keeps, and what it sends", "[collective]") {
  const std::vector<std::size_t> sizes(6, 1000);
  const Run<LmAdam, nf::Fp8LmWeights> run{sizes};
  test::ThreadRanks::run(3, [&](auto& ranks) {
    nf::ShardedOptimizer<LmAdam, nf::Fp8LmWeights> optimizer(
        ranks, sizes, [&](std::size_t i) { return run.make(i); });
    const nf::ShardBytes kept = optimizer.bytes();
    // two tensors: codes of 1 and 2 bytes, their scales; float16 and two scales; all codes
    const bool fits = kept.state == 2 * 3008 && kept.weights == 2 * 2008 && kept.model == 6 * 1004;
    const std::uint64_t before = ranks.bytes_sent(), to_each = 2 * (1000 + 16 + 8) + 64;
    optimizer.step(ranks, run.gradients(0));
    if (!fits || ranks.bytes_sent() - before != 2 * to_each)
      throw std::logic_error("other bytes than the page says");
  });
}

TEST_CASE("sharded: misuse is told on every rank", "[collective]") {
  nf::SingleRank alone;
  const std::vector<std::size_t> sizes{3};
  const Run<Adam, Floats> run{sizes};
  using Sharded = nf::ShardedOptimizer<Adam, Floats>;
  Sharded optimizer(alone, sizes, [&](std::size_t i) { return run.make(i); });
  const auto says = [](const char* what) { return "narrowfloat::" + std::string(what); };
  CHECK_THROWS_WITH(optimizer.step(alone, Tensors(2)),
                    says("ShardedOptimizer::step: gradients of 2 tensors for 1"));
  CHECK_THROWS_WITH(optimizer.step(alone, Tensors{std::vector<float>(2)}),
                    says("ShardedOptimizer::step: tensor 0 has 3 weights, 2 gradients"));
  CHECK_THROWS_WITH(optimizer.values(1),
                    says("ShardedOptimizer::values: there is no tensor 1 of 1"));
  CHECK_THROWS_WITH(optimizer.gathered(alone, 0, 1), says("gather_state: there is no rank 1 of 1"));
  const auto make = [&](std::size_t i) { return run.make(i); };
  CHECK_THROWS_WITH(Sharded(alone, std::vector<std::size_t>{4}, make),
                    says("ShardedOptimizer: tensor 0 has 4 weights, not 3"));
  const auto one_of_two = [&](auto& two) {  // the second rank keeps 3 weights of 4
    Sharded(two, std::vector<std::size_t>{4, 4},
            [&](std::size_t i) { return std::pair(Floats(i == 0 ? 4 : 3), Adam({}, 4)); });
  };
  CHECK_THROWS_WITH(test::ThreadRanks::run(2, one_of_two),
                    says("ShardedOptimizer: the arguments of 1 of the other ranks do not fit"));
  const auto one_step = [&](auto& two) {  // the second rank has 2 gradients for 3 weights
    const Run<Adam, Floats> pair{{3, 3}};
    Sharded both(two, std::vector<std::size_t>{3, 3}, [&](std::size_t i) { return pair.make(i); });
    both.step(two, Tensors(2, std::vector<float>(two.rank() == 0 ? 3 : 2)));
  };
  CHECK_THROWS_WITH(
      test::ThreadRanks::run(2, one_step),
      says("ShardedOptimizer::step: the arguments of 1 of the other ranks do not fit"));
  CHECK_THROWS_WITH(test::ThreadRanks::run(2, [&](auto& two) { optimizer.publish(two); }),
                    says("ShardedOptimizer::publish: it was made on rank 0 of 1, and is called "
                         "on rank 0 of 2"));
}

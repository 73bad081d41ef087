// SPDX-License-Identifier: MIT
// What docs/scaling.md says of FP8 on the wire comes out, on the data of examples/reduce_error.cpp.
#include <narrowfloat/collective/all_reduce.hpp>
#include <narrowfloat/collective/block_reduce.hpp>

#include "../../examples/reduction.hpp"

#include "support/catch.hpp"
#include "support/thread_ranks.hpp"

using namespace example;

namespace {

bool is_within(double factor, double expected, double got) {
  return got <= expected * factor && got * factor >= expected;
}

constexpr std::size_t elements = 2048;

template <class F, class Block>
std::vector<Loss> losses_of(const Gradients& gradients, std::size_t ranks) {
  nf::SerialExecutor serial;
  return fp8_losses<F, Block>(gradients, ranks, serial);
}
std::vector<Loss> e4m3(const Gradients& gradients, std::size_t ranks) {
  return losses_of<nf::float8_e4m3fn, nf::mxfp8_e4m3>(gradients, ranks);
}
std::vector<Loss> e5m2(const Gradients& gradients, std::size_t ranks) {
  return losses_of<nf::float8_e5m2, nf::mxfp8_e5m2>(gradients, ranks);
}

/// The error of exact sums over that of one rounding, where `common` of the variance is common.
double predicted(std::size_t ranks, double common) {
  const double n = static_cast<double>(ranks);
  return std::sqrt(1 + 1 / (n * common + 1 - common));
}

}  // namespace

TEST_CASE("FP8 on the wire: a ring that rounds at every hop gets worse as the root of its ranks",
          "[claims]") {
  const Gradients of = gradients_of(Inputs::independent, 256, elements, "");
  for (const auto& losses : {e4m3, e5m2}) {
    const auto few = losses(of, 16), many = losses(of, 256);
    CHECK(is_within(1.25, 3, few[Way::ring].rms));
    CHECK(is_within(1.25, 11, many[Way::ring].rms));
    CHECK(is_within(1.25, 3.2, many[Way::tree].rms));
    CHECK(many[Way::plain_ring].rms > 16);  // of sums that saturate
    CHECK(many[Way::plain_ring].saturated > 0.05);
  }
}

TEST_CASE("FP8 on the wire: exact sums have the error of their inputs and of one rounding",
          "[claims]") {
  for (const auto& losses : {e4m3, e5m2})
    for (const auto& [inputs, common] :
         {std::pair{Inputs::independent, 0.0}, std::pair{Inputs::correlated, 0.5}}) {
      const Gradients of = gradients_of(inputs, 256, elements, "");
      for (const std::size_t ranks : {4u, 16u, 256u}) {
        const auto all = losses(of, ranks);
        CAPTURE(ranks, common, all[Way::exact_with_mu].rms, all[Way::blocks].rms);
        CHECK(is_within(1.1, predicted(ranks, common), all[Way::exact_with_mu].rms));
        CHECK(is_within(1.1, predicted(ranks, common), all[Way::blocks].rms));
        CHECK(std::abs(all[Way::exact_with_mu].bias) < 0.01);
      }
    }
}

TEST_CASE("FP8 on the wire: correlated gradients need mu, which no rounding at hops survives",
          "[claims]") {
  const auto all = e4m3(gradients_of(Inputs::correlated, 1024, elements, ""), 1024);
  CHECK(all[Way::plain_ring].bias < -0.95);
  CHECK((all[Way::ring].bias < -0.85 &&
         all[Way::ring].saturated == 0));  // less than half a step is lost
  CHECK((all[Way::ring_with_mu].bias == all[Way::ring].bias));
  CHECK((all[Way::exact].bias < -0.6 && all[Way::exact].saturated > 0.7));
  CHECK(is_within(1.02, 1, all[Way::exact_with_mu].rms));
}

TEST_CASE("FP8 on the wire: the gradients of digits behave as the correlated ones", "[claims]") {
  const auto all =
      e4m3(gradients_of(Inputs::digits, 1024, 0, NARROWFLOAT_DATA_DIR "/digits.csv"), 1024);
  CHECK(is_within(1.25, 24, all[Way::ring].rms));
  CHECK(is_within(1.25, 1.9, all[Way::tree].rms));
  CHECK(is_within(1.05, 1, all[Way::exact].rms));
}

TEST_CASE("bfloat16 on the wire: a ring of 1024 ranks loses a third of correlated gradients",
          "[claims]") {
  nf::SerialExecutor serial;
  const auto errors =
      wide_errors(gradients_of(Inputs::correlated, 1024, elements, ""), 1024, serial);
  CHECK(is_within(1.1, 0.33, errors[2]));
  CHECK(is_within(1.1, 0.0026, errors[3]));
  CHECK(is_within(1.01, errors[5], errors[4]));  // exact sums: as if rounded once
  CHECK(errors[0] < 1e-6);
}

TEST_CASE("FP8 on the wire: the exact sums of the simulation are the bits of all_reduce()",
          "[claims]") {
  constexpr int ranks = 4;
  const Gradients of = gradients_of(Inputs::correlated, ranks, elements, "");
  std::vector<float> mean(elements), mean_of_blocks(elements);
  float scale = 0;
  test::ThreadRanks::run(ranks, [&](auto& group) {
    const auto r = static_cast<std::size_t>(group.rank());
    const auto mine = std::span(of.values).subspan(r * elements, elements);
    std::vector<float> reduced(mine.begin(), mine.end()), in_blocks = reduced;
    nf::AllReduceScale<nf::float8_e4m3fn> state;
    nf::all_reduce(group, reduced, state);
    nf::all_reduce(group, in_blocks, nf::BlockWire<nf::mxfp8_e4m3>{});
    if (r == 0) mean = reduced, mean_of_blocks = in_blocks, scale = state.scale;
  });
  CHECK((by_exact_sums<nf::float8_e4m3fn>(of.values, elements, scale).mean == mean));
  CHECK((by_blocks<nf::mxfp8_e4m3>(of.values, elements).mean == mean_of_blocks));
}

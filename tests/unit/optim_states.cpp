// SPDX-License-Identifier: MIT
// State in FP8: codes and scales against the oracle, and what a second moment in FP8 does.
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "support/mismatches.hpp"
#include "support/optim_forms.hpp"

using namespace narrowfloat;
using namespace test;

namespace {

/// The codes and what is read of them, of numbers that share a scale.
template <class State>
void check_scaled(const State& state, std::span<const float> x, std::size_t first, float scale,
                  const oracle::Format& format, bool lifts, Mismatches& bad) {
  std::vector<float> read(x.size());
  state.read(first, read);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const oracle::Exact quotient = oracle::quotient(exact(x[i]), exact(scale));
    std::uint32_t code = oracle::round(format, quotient, {}, oracle::Saturation::finite);
    if (lifts && x[i] > 0) code = std::max(code, 1u);
    const float value = to_float(oracle::product(oracle::decode(format, code), exact(scale)));
    bad.expect_equal([] { return std::string("code"); }, i, code, state.codes()[first + i].bits());
    bad.expect_equal([] { return std::string("read"); }, i, bits_of(value), bits_of(read[i]));
  }
}

}  // namespace

TEST_CASE("FP8 in blocks: scales amax / 448, codes nearest to x / scale, v never 0") {
  for (const bool lifts : {false, true}) {
    std::vector<float> x = draws(256 * 8 + 100, 1, 6, lifts);
    std::fill_n(x.begin() + 256, 256, 0.0f);
    for (std::size_t i = 0; i < 256; ++i) x[512 + i] *= 0x1p-60f, x[768 + i] *= 0x1p-80f;
    for (std::size_t i = 768; i < 1024; ++i) x[i] *= 0x1p-80f;  // a scale that has to be 2^-126
    x[1024] = NAN;
    x[1300] = INFINITY;
    Fp8BlockState state(x.size(), lifts ? Signedness::is_unsigned : Signedness::is_signed);
    CHECK(bytes_of(state).size() * 100 <= x.size() * 102);
    const StorageCounts counts = state.write(0, x, nearest_even);
    CHECK(counts.clipped == 1);  // Inf
    CHECK((lifts ? counts.at_floor : counts.flushed) > 0);
    CHECK((lifts ? counts.flushed : counts.at_floor) == 0);
    Mismatches bad;
    for (std::size_t block = 0; block < 9; ++block) {
      const auto part =
          std::span(std::as_const(x)).subspan(256 * block).first(block < 8 ? 256 : 100);
      const float scale = state.scales()[block];
      if (block == 4 || block == 5) {
        std::vector<float> read(256);
        state.read(256 * block, read);
        if (block == 4) {  // with NaN
          CHECK(std::all_of(read.begin(), read.end(), [](float y) { return std::isnan(y); }));
        } else {  // with Inf, which is the largest float
          CHECK(read[20] >= 0x1.fp127f);
          CHECK(std::all_of(read.begin(), read.end(), [](float y) { return std::isfinite(y); }));
        }
        continue;
      }
      const float wanted =
          block == 1
              ? 0
              : std::max(0x1p-126f, to_float(oracle::quotient(exact(largest(part)), exact(448))));
      bad.expect_equal([] { return std::string("scale"); }, block, bits_of(wanted), bits_of(scale));
      if (block != 1) check_scaled(state, part, 256 * block, scale, e4m3, lifts, bad);
    }
    CHECK(bad.report() == "");
    std::vector<float> zeros(256, 1.0f);
    state.read(256, zeros);
    CHECK(zeros == std::vector<float>(256));
  }
}

namespace {

template <class State, class F>
void check_one_scale(float most, bool is_power) {
  for (const bool lifts : {false, true}) {
    for (const float size : {1.0f, 3e-7f, 1e-30f, 1e5f}) {
      std::vector<float> x = draws(1000, 2, 5, lifts);
      for (float& each : x) each *= size;
      State state(x.size(), lifts ? Signedness::is_unsigned : Signedness::is_signed);
      CHECK(state.scale() == 1);
      state.observe(largest(x));
      state.write(0, x, nearest_even);
      state.commit();
      const float ratio = state.scale() / (largest(x) / most);
      CHECK((is_power
                 ? 1 <= ratio && ratio < 2 && std::exp2(std::ilogb(state.scale())) == state.scale()
                 : std::abs(ratio - 1) < 1e-6f));
      Mismatches bad;
      check_scaled(state, x, 0, state.scale(), oracle_format<F>(), lifts, bad);
      CHECK(bad.report() == "");
      for (const float amax : {0.0f, INFINITY, NAN}) {
        State reset = state;
        reset.observe(amax);
        reset.commit();
        CHECK(reset.scale() == 1);
      }
    }
  }
}

}  // namespace

TEST_CASE("one scale: amax / largest, or the power of two of FP8-LM; 1 where amax says nothing") {
  check_one_scale<Fp8State, float8_e4m3fn>(448, false);
  check_one_scale<Fp8LmFirst, float8_e4m3fn>(448, true);
  check_one_scale<Fp8LmSecond, float16>(65504, true);
}

namespace {

/// The largest |update| of 300 steps of Adam on gradients N(0, 1) and 1e-3 N(0, 1) in one tensor,
/// and the last report.
template <class V>
std::pair<float, StepReport> largest_update(Signedness signedness) {
  const std::size_t n = 512;
  AdamW<FloatState, V> adam({.lr = 1e-3}, FloatState(n), V(n, signedness));
  std::vector<float> weights(n);
  StepReport done;
  float most = 0;
  for (unsigned t = 0; t < 300; ++t) {
    std::vector<float> g = draws(n, t, 0);
    for (std::size_t i = 0; i < n; i += 2) g[i] *= 1e-3f;
    done = adam.step(weights, g);
    most = std::max(most, done.largest_update);
  }
  return {most, done};
}

template <class M, class V>
void check_restart() {
  const std::size_t n = 700;
  AdamW<M, V> adam({.lr = 1e-2f}, n), loaded = adam;
  std::vector<float> w = draws(n, 1, 0);
  const auto go_on = [&](auto& with, std::vector<float> weights, unsigned from) {
    for (unsigned t = from; t < from + 10; ++t) with.step(weights, draws(n, t, 3));
    return weights;
  };
  w = go_on(adam, w, 0);
  load_parts(adam, loaded);
  CHECK(go_on(adam, w, 10) == go_on(loaded, w, 10));
  CHECK(bytes_of(adam) == bytes_of(loaded));
}

}  // namespace

TEST_CASE("a second moment in FP8 with one scale fails, in FP16 it does not") {
  const auto eight = largest_update<Fp8State>(Signedness::is_signed);
  CHECK(eight.first > 1000);  // v became 0: m / eps
  const auto floored = largest_update<Fp8State>(Signedness::is_unsigned);
  CHECK(floored.first < 10);  // but nearly half of v is not what it should be
  CHECK(floored.second.floor_share > 0.4);
  const auto sixteen = largest_update<Fp8LmSecond>(Signedness::is_unsigned);
  CHECK(sixteen.first < 10);
  CHECK(sixteen.second.floor_share == 0);
}

TEST_CASE("every state goes on from its parts as if it had not stopped") {
  check_restart<Fp8BlockState, Fp8BlockState>();
  check_restart<Fp8State, Fp8State>();
  check_restart<Fp8LmFirst, Fp8LmSecond>();
  check_restart<ExpandedState, ExpandedState>();
}

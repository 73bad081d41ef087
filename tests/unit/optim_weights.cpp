// SPDX-License-Identifier: MIT
// Forms of weights without a float copy: what each keeps, bit by bit, and that small updates are
// not lost.
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/mismatches.hpp"
#include "support/optim_forms.hpp"

using namespace narrowfloat;
using namespace test;

namespace {

constexpr oracle::Format half = oracle_format<bfloat16>();
/// A sum or a difference as a float.
float float_sum(oracle::Exact a, oracle::Exact b, bool less = false) {
  b.negative = b.negative != less;
  return to_float(oracle::sum(a, b));
}
std::uint32_t rounded(const oracle::Format& format, float x, const oracle::Rounding& by = {}) {
  return oracle::round(format, exact(x), by, oracle::Saturation::none);
}

std::vector<float> wide_draws(std::size_t n, unsigned seed, float size) {
  std::vector<float> x = draws(n, seed, 8);
  for (float& each : x) each *= size;
  return x;
}

}  // namespace

TEST_CASE("Kahan: w = F(x + c), c = F(x + c - w)") {
  const std::vector<float> start = wide_draws(2000, 1, 1);
  KahanWeights<> weights(start);
  std::vector<float> c(start.size()), read(start.size());
  Mismatches bad;
  for (unsigned t = 0; t < 4; ++t) {
    std::vector<float> x = wide_draws(start.size(), 2 + t, 0.01f);
    if (t == 0) x = start;
    if (t > 0) weights.write(0, x, Stochastic<>{1});  // to nearest all the same
    weights.read(0, read);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const float y = float_sum(exact(x[i]), exact(c[i]));
      const std::uint32_t w = rounded(half, y);
      c[i] = std::bit_cast<float>(rounded(half, float_sum(exact(y), oracle::decode(half, w), true))
                                  << 16);
      bad.expect_equal([] { return std::string("value"); }, i, w, weights.values()[i].bits());
      bad.expect_equal([] { return std::string("read"); }, i, w << 16, bits_of(read[i]));
      bad.expect_equal([] { return std::string("compensation"); }, i, bits_of(c[i]) >> 16,
                       weights.compensation()[i].bits());
    }
  }
  CHECK(bad.report() == "");
  weights.write(0, std::vector<float>{INFINITY, -INFINITY, NAN}, nearest_even);
  for (std::size_t i = 0; i < 3; ++i) CHECK(weights.compensation()[i] == bfloat16());
}

TEST_CASE("pairs: hi = F(x), lo = F(x - hi), and 16 bits of a weight are kept") {
  const std::vector<float> x = wide_draws(2000, 1, 1);
  const PairWeights<> weights(x);
  std::vector<float> read(x.size());
  weights.read(0, read);
  Mismatches bad;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::uint32_t high = rounded(half, x[i]);
    const std::uint32_t low =
        rounded(half, float_sum(exact(x[i]), oracle::decode(half, high), true));
    bad.expect_equal([] { return std::string("high"); }, i, high, weights.values()[i].bits());
    bad.expect_equal([] { return std::string("low"); }, i, low, weights.low()[i].bits());
    const float both = float_sum(oracle::decode(half, high), oracle::decode(half, low));
    bad.expect_equal([] { return std::string("read"); }, i, bits_of(both), bits_of(read[i]));
    bad.expect(
        std::abs(both - x[i]) <= std::abs(x[i]) * 0x1p-17f, [] { return std::string("16 bits"); },
        i, bits_of(x[i]), bits_of(both));
  }
  CHECK(bad.report() == "");
}

namespace {

/// A thousand steps of an 8-bit weight with its residual, beside weights of the 16-bit format.
template <class Wide, class R>
void check_residual(const R& rounding) {
  const std::size_t n = 300;
  std::vector<float> start = wide_draws(n, 1, 1), read(n), plain_read(n);
  start[0] = 0.0f;
  start[1] = -0.0f;
  start[2] = 1500;  // beyond the largest 8-bit number, 30
  start[3] = 30000;
  std::vector<Wide> plain(n);
  convert(start, plain);
  ResidualWeights<float8_e4m3b11, Wide> weights(start);
  Sgd<> one({.lr = 0.05, .momentum = 0.5}, n), two = one;
  std::size_t wrong = 0, wrong_values = 0;
  for (unsigned t = 0; t < 1000; ++t) {
    const std::vector<float> g = wide_draws(n, 10 + t, t % 50 == 0 ? 1.0f : 1e-3f);
    one.step(weights, g, {}, rounding);
    two.step(plain, g, {}, rounding);
    weights.read(0, read);
    convert(plain, plain_read);
    for (std::size_t i = 0; i < n; ++i) {
      wrong += bits_of(read[i]) != bits_of(plain_read[i]);
      const oracle::Exact whole = exact(plain_read[i]);
      const std::uint32_t near =
          oracle::round(oracle_format<float8_e4m3b11>(), whole, {}, oracle::Saturation::finite);
      if (std::abs(plain_read[i]) < 2048) wrong_values += near != weights.values()[i].bits();
    }
  }
  CHECK(wrong == 0);
  CHECK(wrong_values == 0);
}

}  // namespace

TEST_CASE("an 8-bit weight and its residual move as a 16-bit weight, bit by bit") {
  check_residual<float16_e6m9>(nearest_even);
  check_residual<float16_e6m9>(Stochastic<>{.seed = 3});
  check_residual<float16>(nearest_even);
  check_residual<float16>(Stochastic<>{.seed = 3});
}

TEST_CASE("FP8-LM's weights: scales that are powers of two, and FP8 codes of the master copy") {
  const std::vector<float> x = wide_draws(1000, 1, 3e-3f);
  const Fp8LmWeights kept(x, {.keeps_codes = true}), made(x);
  const float most = largest(x), master = 65504 * kept.scale(), code = 448 * kept.code_scale();
  CHECK((most <= master && master < 2 * most && most <= code && code < 2 * most));
  CHECK(std::exp2(std::ilogb(kept.scale())) == kept.scale());
  std::vector<float8_e4m3fn> codes(x.size());
  made.make_codes(codes);
  Mismatches bad;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::uint32_t f16 = rounded(oracle_format<float16>(), x[i] / kept.scale());
    bad.expect_equal([] { return std::string("master"); }, i, f16, made.master()[i].bits());
    oracle::Exact y = oracle::decode(oracle_format<float16>(), f16);
    y.exponent += std::ilogb(kept.scale()) - std::ilogb(kept.code_scale());
    const std::uint32_t f8 =
        oracle::round(oracle_format<float8_e4m3fn>(), y, {}, oracle::Saturation::finite);
    bad.expect_equal([] { return std::string("code"); }, i, f8, codes[i].bits());
    bad.expect_equal([] { return std::string("kept code"); }, i, f8, kept.codes()[i].bits());
  }
  CHECK(bad.report() == "");
  CHECK_THROWS_AS(made.make_codes(std::span(codes).first(999)), std::invalid_argument);
  for (const float amax : {0.0f, INFINITY, NAN}) {
    Fp8LmWeights weights(x);
    weights.observe(amax);
    weights.commit();
    CHECK((weights.scale() == 1 && weights.code_scale() == 1));
  }
  const auto bytes = [](const Fp8LmWeights& w) { return bytes_of(w).size() - 2 * sizeof(float); };
  CHECK((bytes(made) == 2 * x.size() && bytes(kept) == 3 * x.size()));
}

namespace {

/// 64 weights of 1 whose updates of 2^-12 have gone on 256 times: what the optimizer reads is 1 +
/// 1/16 if none is lost.
template <class W>
std::vector<float> after_small_updates(W weights, const auto& rounding) {
  Sgd<> sgd({.lr = 1, .momentum = 0}, 64);
  for (int t = 0; t < 256; ++t) sgd.step(weights, std::vector<float>(64, -0x1p-12f), {}, rounding);
  std::vector<float> values(64);
  detail::form_of(weights).read(0, values);
  return values;
}

}  // namespace

TEST_CASE("a weight of 1 with updates of 2^-12: nearest stays, the others follow") {
  const std::vector<float> ones(64, 1.0f), moved(64, 1.0625f);
  const std::vector<bfloat16> narrow(64, convert<bfloat16>(1.0f));
  CHECK(after_small_updates(narrow, nearest_even) == ones);
  CHECK(after_small_updates(KahanWeights<>(ones), nearest_even) == moved);
  CHECK(after_small_updates(PairWeights<>(ones), nearest_even) == moved);
  CHECK(after_small_updates(RemainderWeights(ones), nearest_even) == moved);
  // by 64 seeds: the mean lies within three standard errors
  double total = 0, squares = 0;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    const auto x = static_cast<double>(after_small_updates(narrow, Stochastic<>{.seed = seed})[0]);
    total += x / 64;
    squares += x * x / 64;
  }
  CHECK(std::abs(total - 1.0625) < 3 * std::sqrt((squares - total * total) / 63));
  CHECK(squares > total * total);
}

TEST_CASE("an update below 1 / 2048 of a float16 weight stalls, one above does not") {
  for (const float update : {0x1p-11f, 0x1.01p-11f}) {
    std::vector<float16> w(1, convert<float16>(1.0f));
    Sgd<> sgd({.lr = 1, .momentum = 0}, 1);
    for (int t = 0; t < 100; ++t) sgd.step(w, std::vector<float>{-update});
    CHECK((convert<float>(w[0]) == 1.0f) == (update <= 0x1p-11f));
  }
}

namespace {

/// Half of the steps, then the rest on a copy, and on weights that the saved bytes were written
/// into.
template <class W>
void check_restart(const W& fresh, const W& other) {
  W weights = fresh;
  AdamW<> adam({.lr = 1e-2f}, weights.size());
  const auto go_on = [](W& w, AdamW<>& with, int from, int to) {
    for (int t = from; t < to; ++t)
      with.step(w, wide_draws(w.size(), static_cast<unsigned>(t), 1e-2f), {},
                Stochastic<>{.seed = 5});
  };
  go_on(weights, adam, 0, 10);
  W loaded = other;
  load_parts(weights, loaded);
  AdamW<> again = adam;
  go_on(weights, adam, 10, 20);
  go_on(loaded, again, 10, 20);
  CHECK(bytes_of(weights) == bytes_of(loaded));
}

}  // namespace

TEST_CASE("every form goes on from its parts as if it had not stopped") {
  const std::vector<float> x = wide_draws(777, 1, 1), y(777, 1.0f);
  check_restart(KahanWeights<>(x), KahanWeights<>(y));
  check_restart(PairWeights<>(x), PairWeights<>(y));
  check_restart(RemainderWeights(x), RemainderWeights(y));
  check_restart(ResidualWeights<>(x), ResidualWeights<>(y));
  check_restart(Fp8LmWeights(x, {.keeps_codes = true}), Fp8LmWeights(y, {.keeps_codes = true}));
}

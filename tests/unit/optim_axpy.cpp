// SPDX-License-Identifier: MIT
// SGD as three AXPYs in 1-6-9: each sum exact and rounded once, the same bits for every cut, and
// what rounding at random does for it.
#include <narrowfloat/optim.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "support/draws.hpp"
#include "support/executors.hpp"
#include "support/mismatches.hpp"
#include "support/optim_forms.hpp"

using namespace narrowfloat;
using namespace test;

namespace {

using F = float16_e6m9;
constexpr oracle::Format format = oracle_format<F>();

/// R(factor x + y): the exact sum in integers, of numbers within 2^100 of each other.
std::uint32_t axpy(float factor, float x, float y, const oracle::Rounding& by) {
  const auto whole = [](const oracle::Exact& z, int unit) {
    const oracle::Wide magnitude = z.significand << (z.exponent - unit);
    return z.negative ? -magnitude : magnitude;  // of two's complement
  };
  const oracle::Exact product = oracle::product(exact(factor), exact(x)), other = exact(y);
  if (product.is_zero())
    return oracle::round(format, other.is_zero() ? exact(0) : other, by, oracle::Saturation::none);
  const int unit = other.is_zero() ? product.exponent : std::min(product.exponent, other.exponent);
  const oracle::Wide sum = whole(product, unit) + (other.is_zero() ? 0 : whole(other, unit));
  oracle::Exact result;
  result.negative = sum >> 127 != 0;
  result.significand = result.negative ? -sum : sum;
  result.exponent = unit;
  return oracle::round(format, result, by, oracle::Saturation::none);
}
float value_of(std::uint32_t code) { return to_float(oracle::decode(format, code)); }

/// Some steps beside the three sums written out.
template <class R>
void check_steps(const R& rounding, const std::vector<float>& start) {
  const AxpySgdOptions options{.lr = 0.03, .momentum = 0.9, .weight_decay = 1e-3};
  const std::size_t n = start.size();
  AxpySgd<> sgd(options, n);
  std::vector<F> w(n);
  convert(start, w);
  std::vector<std::uint32_t> weights(n), momentum(n);
  for (std::size_t i = 0; i < n; ++i) weights[i] = w[i].bits();
  Mismatches bad;
  for (std::uint64_t t = 1; t <= 5; ++t) {
    std::vector<float> g = draws(n, static_cast<unsigned>(t), 3), scaled = g;
    for (float& each : scaled) each *= 1024;
    const StepReport done = sgd.step(w, scaled, {.inverse_loss_scale = 1.0f / 1024}, rounding);
    float most = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const auto by = [&](std::uint64_t which) {
        if constexpr (R::random_bits == 0)
          return oracle::Rounding{};
        else
          return oracle::Rounding{
              oracle::Mode::stochastic_c, 16,
              oracle::keyed_bits(16, rounding.seed, rounding.stream + 8 * t + which,
                                 rounding.offset + i)};
      };
      const std::uint32_t decayed = axpy(1e-3f, value_of(weights[i]), g[i], by(2));
      momentum[i] = axpy(0.9f, value_of(momentum[i]), value_of(decayed), by(1));
      weights[i] = axpy(-0.03f, value_of(momentum[i]), value_of(weights[i]), by(0));
      most = std::max(most, std::abs(value_of(momentum[i])));
      bad.expect_equal([] { return std::string("momentum"); }, i, momentum[i], sgd.v[i].bits());
      bad.expect_equal([] { return std::string("weight"); }, i, weights[i], w[i].bits());
    }
    CHECK(done.largest_update == most);
  }
  CHECK(bad.report() == "");
}

}  // namespace

TEST_CASE("AXPYs: each sum is exact and rounded once") {
  for (const std::size_t n : {1u, 16u, 1025u, 3000u}) {
    std::vector<float> start = draws(n, 99, 3);
    start[0] = 0;
    check_steps(nearest_even, start);
    check_steps(Stochastic<>{.seed = 7, .stream = 100, .offset = 3}, start);
  }
}

TEST_CASE("AXPYs: what lies 2^-60 beside a tie decides it") {
  for (const float side : {1.0f, -1.0f}) {
    AxpySgd<> sgd({.lr = 0, .momentum = 0, .weight_decay = 0x1p-60}, 2);
    std::vector<F> w(2, convert<F>(side));
    sgd.step(w, std::vector<float>{1 + 0x1p-10f, 1 + 3 * 0x1p-10f});
    CHECK(convert<float>(sgd.v[0]) == (side > 0 ? 1 + 0x1p-9f : 1));
    CHECK(convert<float>(sgd.v[1]) == (side > 0 ? 1 + 0x1p-8f : 1 + 0x1p-9f));
  }
}

TEST_CASE("AXPYs: the same bits for every executor and from parts; shards by their offset") {
  const std::size_t n = 200000, half = 100000;
  const std::vector<float> start = draws(n, 1, 2);
  std::vector<F> w(n);
  convert(start, w);
  std::vector<F> other = w, first(w.begin(), w.begin() + half), last(w.begin() + half, w.end());
  AxpySgd<> one({.lr = 0.1}, n), two = one, low({.lr = 0.1}, half), high = low;
  const Stochastic<> random{.seed = 5};
  for (unsigned t = 0; t < 3; ++t) {
    const std::vector<float> g = draws(n, 10 + t, 2);
    one.step(w, g, {}, random);
    AxpySgd<> loaded({.lr = 0.1}, n);
    load_parts(two, loaded);
    two = loaded;
    two.step(other, g, {}, random, Threads{3});
    low.step(first, std::span(g).first(half), {}, random);
    high.step(last, std::span(g).subspan(half), {}, random.from(half));
  }
  CHECK(bytes_of(one) == bytes_of(two));
  CHECK(w == other);
  first.insert(first.end(), last.begin(), last.end());
  CHECK(w == first);
  CHECK(one.size_bytes() == 2 * n);
}

TEST_CASE("AXPYs: an overflow by policy, and what is refused") {
  AxpySgd<> sgd({.lr = 0.5, .momentum = 0}, 2);
  std::vector<F> w(2, convert<F>(1.0f));
  const std::vector<F> before = w;
  const std::vector<float> g{1, INFINITY};
  CHECK((sgd.step(w, g).skipped && sgd.steps == 0 && sgd.skipped == 1 && w == before));
  CHECK((sgd.step(w, g, {.on_overflow = OnOverflow::skip_tensor}).skipped && sgd.steps == 1 &&
         w == before));
  CHECK(!sgd.step(w, g, {.on_overflow = OnOverflow::unchecked}).skipped);
  CHECK((convert<float>(w[0]) == 0.5f && convert<float>(w[1]) == -INFINITY));
  sgd.step(w, std::vector<float>{-2, 0}, {.max_norm = 1});
  CHECK(convert<float>(w[0]) == 1.0f);
  CHECK_THROWS_AS(sgd.step(w, std::vector<float>{1}), std::invalid_argument);
  CHECK_THROWS_AS(sgd.step(w, g, {.inverse_loss_scale = 0}), std::invalid_argument);
  CHECK_THROWS_AS(AxpySgd<>({.lr = -1}, 2), std::invalid_argument);
  CHECK_THROWS_AS(AxpySgd<>({.momentum = 1}, 2), std::invalid_argument);
}

TEST_CASE("AXPYs: on a quadratic nearest stops far away, stochastic rounding comes near") {
  // f(w) = (w - 1)^2 / 2 for each of 256 weights that begin at 1.5; the last place there is 2^-9
  const auto distance = [](const auto& rounding) {
    const std::size_t n = 256;
    std::vector<F> w(n, convert<F>(1.5f));
    AxpySgd<> sgd({.lr = 1e-3, .momentum = 0}, n);
    std::vector<float> g(n);
    for (int t = 0; t < 8000; ++t) {
      for (std::size_t i = 0; i < n; ++i) g[i] = convert<float>(w[i]) - 1;
      sgd.step(w, g, {}, rounding);
    }
    double total = 0;
    for (const F& each : w) total += convert<double>(each) - 1;
    return std::abs(total / static_cast<double>(n));
  };
  CHECK(distance(nearest_even) == 0.5);
  CHECK(distance(Stochastic<>{.seed = 1}) < 0.01);
}

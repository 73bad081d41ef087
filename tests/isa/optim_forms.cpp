// SPDX-License-Identifier: MIT
// Forms of weights and narrow states: the same bits on every instruction set as on the plainest,
// for every length, every cut and in every floating-point environment.
#include <narrowfloat/optim.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/environments.hpp"

using namespace narrowfloat;

namespace {

std::vector<float> draws(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> x(n);
  for (float& each : x) each = normal(random) * std::exp(3 * normal(random));
  for (std::size_t i = 5; i < n; i += 37) x[i] = i % 2 == 0 ? 0.0f : -0.0f;
  if (n > 100) x[100] = 0x1p-140f;
  return x;
}

template <class Object>
std::string bytes_of(const Object& object) {
  std::string all;
  for (const ConstStatePart& part : object.parts())
    all.append(reinterpret_cast<const char*>(part.bytes.data()), part.bytes.size());
  return all;
}

using inputs = std::vector<std::vector<float>>;

/// Writes of numbers by whole blocks in cuts of about `cut`, each followed by a read.
template <class Form>
std::string after_writes(const inputs& all_values, Form form, std::size_t cut) {
  const std::size_t n = form.size(), block = detail::block_of(form);
  cut = (cut + block - 1) / block * block;
  std::string all;
  for (const std::vector<float>& x : all_values) {
    std::vector<float> back(n);
    if constexpr (detail::observes<Form>)
      form.observe(std::abs(*std::max_element(
          x.begin(), x.end(), [](float a, float b) { return std::abs(a) < std::abs(b); })));
    for (std::size_t i = 0; i < n; i += cut) {
      detail::write_to(form, i, std::span(x).subspan(i, std::min(cut, n - i)),
                       Stochastic<>{9, 1, 0});
    }
    if constexpr (detail::observes<Form>) form.commit();
    for (std::size_t i = 0; i < n; i += cut)
      form.read(i, std::span(back).subspan(i, std::min(cut, n - i)));
    all.append(reinterpret_cast<const char*>(back.data()), 4 * n);
    all += bytes_of(form);
  }
  return all;
}

template <class Make>
void check_form(const char* what, Make make) {
  for (const std::size_t n : {1u, 15u, 16u, 17u, 33u, 127u, 255u, 257u, 1023u, 2500u}) {
    INFO(what << " of " << n);
    const inputs x{draws(n, 1), draws(n, 2)};
    const auto expected = [&] {
      const ScopedIsa plain(Isa::generic);
      return after_writes(x, make(n), n);
    }();
    for (const std::size_t cut : {std::size_t{1}, std::size_t{100}, n})
      if (cut == n || n <= 257) REQUIRE(after_writes(x, make(n), cut) == expected);
  }
  const inputs x{draws(300, 1), draws(300, 2)};
  const auto run = [&] { return after_writes(x, make(300), 300); };
  test::check_rounding_modes(run);
  test::check_flush_flags(run);
}

template <class State>
void check_state(const char* what) {
  for (const Signedness signedness : {Signedness::is_signed, Signedness::is_unsigned})
    check_form(what, [&](std::size_t n) { return State(n, signedness); });
}
template <class Weights>
void check_weights(const char* what) {
  check_form(what, [](std::size_t n) { return Weights(std::vector<float>(n, 1.0f)); });
}

}  // namespace

TEST_CASE("forms of weights: the same bits for every set, cut and environment", "[isa]") {
  check_weights<KahanWeights<>>("KahanWeights");
  check_weights<PairWeights<>>("PairWeights");
  check_weights<RemainderWeights>("RemainderWeights");
  check_weights<ResidualWeights<>>("ResidualWeights");
  check_form("Fp8LmWeights", [](std::size_t n) {
    return Fp8LmWeights(std::vector<float>(n, 1.0f), {.keeps_codes = true});
  });
}
TEST_CASE("narrow states: the same bits for every set, cut and environment", "[isa]") {
  check_state<Fp8BlockState>("Fp8BlockState");
  check_state<Fp8State>("Fp8State");
  check_state<Fp8LmFirst>("Fp8LmFirst");
  check_state<Fp8LmSecond>("Fp8LmSecond");
  check_state<ExpandedState>("ExpandedState");
}

TEST_CASE("AXPYs in 1-6-9: the same bits for every set, length and environment", "[isa]") {
  for (const std::size_t n : {1u, 15u, 17u, 1025u}) {
    const inputs x{draws(n, 1), draws(n, 2), draws(n, 3)};
    const auto run = [&] {
      std::vector<float16_e6m9> w(n);
      convert(x[0], w);
      AxpySgd<> sgd({.lr = 0.1, .weight_decay = 0.01}, n);
      sgd.step(w, x[1], {}, Stochastic<>{.seed = 1});
      sgd.step(w, x[2], {.max_norm = 0.5});
      const std::string momentum = bytes_of(sgd);
      sgd.v = w;
      return momentum + bytes_of(sgd);
    };
    const auto expected = [&] {
      const ScopedIsa plain(Isa::generic);
      return run();
    }();
    CHECK(run() == expected);
    test::check_rounding_modes(run);
    test::check_flush_flags(run);
  }
}

TEST_CASE("powers are within 2^-18 of themselves, that of the base is exact", "[isa]") {
  std::mt19937 random(1);
  double worst = 0;
  for (int round = 0; round < 2000; ++round) {
    const auto k = static_cast<float>(4 + random() % 252) / 16;
    const auto base =
        std::bit_cast<float>(static_cast<std::uint32_t>(0x00800000u + random() % 0x7e000000u));
    const double range = std::log2(448.0 * 448 / 2) / static_cast<double>(k);
    std::vector<float> x(37), y(37);
    for (float& each : x)
      each = static_cast<float>(static_cast<double>(base) *
                                std::exp2(-range * static_cast<double>(random() % 65536) / 65536));
    x[3] = base;
    detail::power_floats(detail::place_of<true>(), active_isa(), x.data(), y.data(), x.size(),
                         {base, k, 448});
    REQUIRE(y[3] == 448);
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!(x[i] >= 0x1p-126f)) continue;
      const double exact = 448 * std::pow(static_cast<double>(x[i]) / static_cast<double>(base),
                                          static_cast<double>(k));
      worst = std::max(worst, std::abs(static_cast<double>(y[i]) / exact - 1));
    }
  }
  CHECK(worst < 0x1p-18);
}

// SPDX-License-Identifier: MIT
// The authors' fits by their formulas and published values, learning rates of u-muP, limits, and
// what is refused.
#include <narrowfloat/scaling/unit_transformer.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/environments.hpp"

namespace nf = narrowfloat;

namespace {

constexpr auto library = nf::UnitFactors::library;
bool near(double a, double b, double error = 4e-15) {
  return std::fabs(a - b) <= error * std::fabs(b);
}
/// logarithmic_interpolation of the authors' library.
double between(double a, double low, double high) {
  return std::exp(a * std::log(high) + (1 - a) * std::log(low));
}

}  // namespace

TEST_CASE("unit scaling: the fits of the authors' library", "[scaling][unit]") {
  const nf::OpScales gelu = nf::activation_scales(nf::Activation::gelu, library),
                     silu = nf::activation_scales(nf::Activation::silu, library);
  CHECK(std::fabs(gelu.forward - 1.76678) < 5e-6);
  CHECK(std::fabs(gelu.grad - 1.51572) < 5e-6);
  CHECK(std::fabs(silu.forward - 1.76678) < 5e-6);
  CHECK(std::fabs(silu.grad - 1.68179) < 5e-6);
  const double relu = std::sqrt(2 / (1 - 1 / std::acos(-1.0)));
  for (const double mult : {0.01, 0.5, 1.0, 3.0, 100.0}) {
    const double square = mult * mult;
    CHECK(near(nf::activation_scales(nf::Activation::gelu, library, mult).forward,
               between(1 / (1 + 0.25 / square), 2, relu)));
    CHECK(near(nf::activation_scales(nf::Activation::silu, library, mult).grad,
               between(1 / (1 + 1 / square), 2, std::sqrt(2.0))));
    const nf::BinaryScales glu = nf::silu_glu_scales(library, mult);
    CHECK(near(glu.forward, between(1 / (1 + 1 / square), 2, std::sqrt(2.0))));
    CHECK(glu.grad_right == glu.forward);
  }
  for (const double mult : {0.01, 0.5, 1.0, 3.0, 16.0}) {
    for (const std::size_t n : {2u, 50u, 32000u}) {
      const auto s = static_cast<double>(n), a = 1 / (1 + 4 / (mult * mult));
      const nf::OpScales got = nf::softmax_scales(n, mult, library);
      CHECK(near(got.forward, between(a, s, std::sqrt(s))));
      CHECK(near(got.grad, between(a, s / mult, std::sqrt(s / mult))));
      const double d = 64, alpha = 1 / (1 + 4 * d / (mult * mult));
      for (const bool causal : {false, true}) {
        const double rows = causal ? std::log(s) : 1;
        const nf::AttentionScales attention = nf::attention_scales(
            {.length = n, .d_head = 64, .causal = causal, .dropout = 0.1, .mult = mult}, library);
        CHECK(near(attention.forward, std::sqrt(0.9) / between(alpha, std::sqrt(rows / s), 1)));
        CHECK(attention.grad_q == attention.forward);
        CHECK(attention.logits == mult / d);
      }
    }
  }
}

TEST_CASE("unit scaling: exact factors at mult 1 are those without a mult", "[scaling][unit]") {
  for (const auto f : {nf::Activation::relu, nf::Activation::gelu, nf::Activation::silu,
                       nf::Activation::tanh, nf::Activation::sigmoid}) {
    const nf::OpScales a = nf::activation_scales(f),
                       b = nf::activation_scales(f, nf::UnitFactors::exact);
    CHECK(a.forward == b.forward);
    CHECK(a.grad == b.grad);
  }
  // the limits: a half of x, and ReLU
  const auto gelu = [](double mult) {
    return nf::activation_scales(nf::Activation::gelu, nf::UnitFactors::exact, mult);
  };
  CHECK(near(gelu(0x1p-20).forward, 2, 1e-6));
  CHECK(near(gelu(1024).forward, nf::activation_scales(nf::Activation::relu).forward, 1e-3));
  CHECK(near(gelu(1024).grad, std::sqrt(2.0), 1e-3));
}

TEST_CASE("unit scaling: a softmax of two, and one of small numbers", "[scaling][unit]") {
  // y = 1 / (1 + e^-d), d ~ N(0, 2): the integral over d
  double variance = 0, slope = 0;
  for (int i = -4000; i <= 4000; ++i) {
    const double d = i * 0.005,
                 weight = 0.005 * std::exp(-d * d / 4) / std::sqrt(4 * std::acos(-1.0));
    const double y = 1 / (1 + std::exp(-d));
    variance += weight * (y - 0.5) * (y - 0.5);
    slope += weight * 2 * y * y * (1 - y) * (1 - y);
  }
  CHECK(near(nf::softmax_scales(2).forward, 1 / std::sqrt(variance), 1e-12));
  CHECK(near(nf::softmax_scales(2).grad, 1 / std::sqrt(slope), 1e-12));
  // on both sides of the change of formula
  const nf::OpScales low = nf::softmax_scales(100, 0x1p-8),
                     high = nf::softmax_scales(100, 0x1.01p-8);
  CHECK(near(low.forward, high.forward * 0x1.01p0, 1e-4));
  CHECK(near(low.grad, high.grad * 0x1.01p0, 1e-4));
}

TEST_CASE("unit scaling: the keys that a causal query sees", "[scaling][unit]") {
  // small logits: the average of 1/i, and of 1/i - 1/i^2, over the queries
  for (const std::size_t n : {2u, 5u, 63u, 64u, 65u, 1000u, 30000u}) {
    double first = 0, second = 0;
    for (std::size_t i = n; i > 0; --i) {
      const auto x = static_cast<double>(i);
      first += 1 / x;
      second += 1 / (x * x);
    }
    const nf::AttentionScales s =
        nf::attention_scales({.length = n, .d_head = 1 << 20, .causal = true, .mult = 0x1p-10});
    const auto rows = static_cast<double>(n);
    CHECK(near(s.forward, std::sqrt(rows / first), 1e-11));
    CHECK(near(s.grad_q, 0x1p20 * std::sqrt(rows / (first - second)), 1e-11));
  }
}

TEST_CASE("unit scaling: learning rates of u-muP", "[scaling][unit]") {
  using nf::ParameterKind;
  CHECK(nf::adam_rate_scale(ParameterKind::weight, 256) == 1 / 16.0);
  CHECK(nf::adam_rate_scale(ParameterKind::weight, 256, 4) == 1 / 32.0);
  CHECK(near(nf::adam_rate_scale(ParameterKind::weight, 768, 12), 1 / std::sqrt(768.0 * 12)));
  for (const auto kind : {ParameterKind::bias, ParameterKind::norm, ParameterKind::output}) {
    CHECK(nf::adam_rate_scale(kind, 256) == 1);
    CHECK(nf::adam_rate_scale(kind, 256, 4) == 0.5);
  }
}

TEST_CASE("unit scaling: constraints tie the new ops as the others", "[scaling][unit]") {
  const nf::BinaryScales s =
      nf::silu_glu_scales(nf::UnitFactors::exact, 1, nf::Constraint::to_output_scale);
  CHECK(s.grad_left == s.forward);
  CHECK(s.grad_right == s.forward);
  const nf::OpScales mean =
      nf::softmax_scales(512, 1, nf::UnitFactors::exact, nf::Constraint::gmean);
  const nf::OpScales free = nf::softmax_scales(512);
  CHECK(near(mean.forward, std::sqrt(free.forward * free.grad)));
}

TEST_CASE("unit scaling: what has no factor is refused", "[scaling][unit]") {
  using nf::Activation, nf::UnitFactors;
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  for (const double bad : {0.0, -1.0, 0x1p-21, 1025.0, inf, nan}) {
    CHECK_THROWS_AS(nf::activation_scales(Activation::gelu, library, bad), std::invalid_argument);
    CHECK_THROWS_AS(nf::silu_glu_scales(UnitFactors::exact, bad), std::invalid_argument);
    CHECK_THROWS_AS(nf::softmax_scales(10, bad), std::invalid_argument);
    CHECK_THROWS_AS(nf::softmax_scales(10, 17), std::invalid_argument);
    CHECK_THROWS_AS(nf::attention_scales({.length = 8, .d_head = 8, .mult = bad}),
                    std::invalid_argument);
  }
  CHECK_THROWS_AS(nf::activation_scales(Activation::tanh, library, 2), std::invalid_argument);
  CHECK_THROWS_WITH(nf::softmax_scales(1),
                    "narrowfloat::softmax_scales: needs at least 2 classes, not 1");
  CHECK_THROWS_AS(nf::attention_scales({.length = 1, .d_head = 8}), std::invalid_argument);
  CHECK_THROWS_AS(nf::attention_scales({.length = 8, .d_head = 0}), std::invalid_argument);
  CHECK_THROWS_AS(nf::attention_scales({.length = 8, .d_head = 8, .dropout = 1}),
                  std::invalid_argument);
  CHECK_THROWS_AS(nf::attention_scales({.length = 8, .d_head = 1, .mult = 17}),
                  std::invalid_argument);
  CHECK_THROWS_AS(nf::sum_scales(0), std::invalid_argument);
  for (const double bad : {0.0, inf, nan})
    CHECK_THROWS_AS(nf::weighted_add_scales(std::array{1.0, bad}), std::invalid_argument);
  CHECK_THROWS_AS(nf::adam_rate_scale(nf::ParameterKind::weight, 0), std::invalid_argument);
}

TEST_CASE("unit scaling: no floating-point environment moves a bit", "[scaling][unit]") {
  const auto run = [] {
    std::vector<std::uint64_t> bits;
    const auto add = [&](double x) { bits.push_back(std::bit_cast<std::uint64_t>(x)); };
    for (const double mult : {0.25, 1.0, 3.0}) {
      for (const auto factors : {nf::UnitFactors::exact, library}) {
        add(nf::activation_scales(nf::Activation::silu, factors, mult).grad);
        add(nf::silu_glu_scales(factors, mult).forward);
        add(nf::softmax_scales(77, mult, factors).grad);
        add(nf::attention_scales({.length = 99, .d_head = 32, .causal = true, .mult = mult},
                                 factors)
                .grad_q);
      }
    }
    return bits;
  };
  test::check_rounding_modes(run);
  test::check_flush_flags(run);
}

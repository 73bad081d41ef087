// SPDX-License-Identifier: MIT
// The scale factors of unit scaling: the table of the paper and its library, activations against an
// integration of the test's own, constraints against their definitions.
#include <narrowfloat/scaling/unit.hpp>

#include <cmath>
#include <functional>

#include "support/catch.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

/// Equal but for the last bit or two.
bool near(double a, double b) { return std::fabs(a - b) <= 4e-16 * std::fabs(b); }

/// E f(x) for x ~ N(0, 1): Simpson's rule in long double, fine steps.
long double mean(const std::function<long double(long double)>& f) {
  constexpr int steps = 40000;
  constexpr long double end = 12, h = 2 * end / steps;
  long double sum = 0, carry = 0;
  for (int i = 0; i <= steps; ++i) {
    const long double x = -end + i * h;
    const long double weight = i == 0 || i == steps ? 1 : i % 2 != 0 ? 4 : 2;
    const long double term = weight * f(x) * std::exp(-x * x / 2) - carry, next = sum + term;
    carry = (next - sum) - term;
    sum = next;
  }
  return sum * h / 3 / std::sqrt(2 * std::acos(-1.0L));
}

using function = long double (*)(long double);
struct Case {
  nf::Activation which;
  function f, slope;
  double forward, grad;  ///< published, 4 digits
};

long double cumulative(long double x) { return std::erfc(-x / std::sqrt(2.0L)) / 2; }
long double density(long double x) {
  return std::exp(-x * x / 2) / std::sqrt(2 * std::acos(-1.0L));
}
long double logistic(long double x) { return 1 / (1 + std::exp(-x)); }

const Case cases[] = {
    {nf::Activation::relu, [](long double x) { return x > 0 ? x : 0.0L; },
     [](long double x) { return x > 0   ? 1.0L
                                : x < 0 ? 0.0L
                                        : 0.5L; }, 1.7129, 1.4142},
    {nf::Activation::gelu, [](long double x) { return x * cumulative(x); },
     [](long double x) { return cumulative(x) + x * density(x); }, 1.7009, 1.4811},
    {nf::Activation::silu, [](long double x) { return x * logistic(x); },
     [](long double x) { return logistic(x) * (1 + x * (1 - logistic(x))); }, 1.7872, 1.6233},
    {nf::Activation::tanh, [](long double x) { return std::tanh(x); },
     [](long double x) { return 1 - std::tanh(x) * std::tanh(x); }, 1.5925, 1.4674},
    {nf::Activation::sigmoid, logistic,
     [](long double x) { return logistic(x) * (1 - logistic(x)); }, 4.8013, 4.7226}};

}  // namespace

TEST_CASE("activations: 4 digits as published, 13 as integrated", "[scaling][unit]") {
  for (const Case& c : cases) {
    const nf::OpScales s = nf::activation_scales(c.which);
    CHECK(std::fabs(s.forward - c.forward) <= 5e-5);
    CHECK(std::fabs(s.grad - c.grad) <= 5e-5);
    const auto m = mean(c.f);
    const auto variance = mean([&](long double x) { return c.f(x) * c.f(x); }) - m * m;
    const auto slope = mean([&](long double x) { return c.slope(x) * c.slope(x); });
    // Simpson's rule sees the corner of ReLU with an error of about h; its closed form is below
    const long double limit = c.which == nf::Activation::relu ? 1e-4L : 1e-13L;
    CHECK(std::fabs(s.forward * std::sqrt(variance) - 1) < limit);
    CHECK(std::fabs(s.grad * std::sqrt(slope) - 1) < limit);
  }
  const nf::OpScales relu = nf::activation_scales(nf::Activation::relu);
  CHECK(near(relu.forward, std::sqrt(2 / (1 - 1 / std::acos(-1.0)))));
  CHECK(near(relu.grad, std::sqrt(2.0)));
}

TEST_CASE("matmul and linear: 1 / sqrt of the length of each sum", "[scaling][unit]") {
  std::size_t wrong = 0;
  for (std::size_t b = 1; b < 1000; b += 37) {
    for (std::size_t m = 1; m < 3000; m += 101) {
      const std::size_t n = b * m % 977 + 1;
      const auto root = [](std::size_t x) { return 1 / std::sqrt(static_cast<double>(x)); };
      const nf::BinaryScales s = nf::matmul_scales(b, m, n);
      wrong +=
          !near(s.forward, root(m)) || !near(s.grad_left, root(n)) || !near(s.grad_right, root(b));
      const nf::LinearScales l = nf::linear_scales(b, m, n);
      wrong += !near(l.forward, root(m)) || !near(l.grad_x, root(n)) || !near(l.grad_w, root(b));
      const nf::LinearScales r = nf::linear_readout_scales(b, m, n);
      wrong += r.forward != 1 / static_cast<double>(m) || !near(r.grad_x, root(n)) ||
               !near(r.grad_w, root(b));
    }
  }
  CHECK(wrong == 0);
  CHECK(nf::matmul_scales(1, std::size_t{1} << 62, 1).forward == 0x1p-31);
}

TEST_CASE("constraints: means of what they tie, and parameters left alone", "[scaling][unit]") {
  using nf::Constraint;
  const double a = 1 / std::sqrt(12.0), b = 1 / std::sqrt(50.0), c = 1 / std::sqrt(7.0);
  const auto all = [&](Constraint constraint) {
    const nf::BinaryScales s = nf::matmul_scales(7, 12, 50, constraint);
    CHECK(s.forward == s.grad_left);
    CHECK(s.forward == s.grad_right);
    return s.forward;
  };
  CHECK(near(all(Constraint::gmean), std::cbrt(a * b * c)));
  CHECK(near(all(Constraint::hmean), 3 / (1 / a + 1 / b + 1 / c)));
  CHECK(near(all(Constraint::amean), (a + b + c) / 3));
  CHECK(near(all(Constraint::to_output_scale), a));
  CHECK(near(all(Constraint::to_left_grad_scale), b));
  CHECK(near(all(Constraint::to_right_grad_scale), c));
  const auto two = [&](Constraint constraint) {
    const nf::LinearScales s = nf::linear_scales(7, 12, 50, constraint);
    CHECK(s.forward == s.grad_x);
    CHECK(near(s.grad_w, c));
    return s.forward;
  };
  CHECK(near(two(Constraint::gmean), std::sqrt(a * b)));
  CHECK(near(two(Constraint::hmean), 2 / (1 / a + 1 / b)));
  CHECK(near(two(Constraint::amean), (a + b) / 2));
  CHECK(near(two(Constraint::to_output_scale), a));
  CHECK(near(two(Constraint::to_grad_input_scale), b));
  CHECK(nf::activation_scales(nf::Activation::tanh, Constraint::to_grad_input_scale).forward ==
        nf::activation_scales(nf::Activation::tanh).grad);
  CHECK(nf::matmul_scales(64, 64, 64, Constraint::gmean).forward == 0.125);
  CHECK_THROWS_AS(nf::matmul_scales(7, 12, 50, Constraint::to_grad_input_scale),
                  std::invalid_argument);
  CHECK_THROWS_WITH(
      nf::linear_scales(7, 12, 50, Constraint::to_left_grad_scale),
      "narrowfloat::linear_scales: an op with one input has no left and no right gradient");
  CHECK_THROWS_AS(nf::activation_scales(nf::Activation::relu, Constraint::to_right_grad_scale),
                  std::invalid_argument);
}

TEST_CASE("the other ops of the table", "[scaling][unit]") {
  const nf::LinearScales conv = nf::conv1d_scales({.batch = 3,
                                                   .in_channels = 12,
                                                   .out_channels = 20,
                                                   .kernel = 5,
                                                   .out_length = 17,
                                                   .stride = 2,
                                                   .groups = 4});
  CHECK(near(conv.forward, 1 / std::sqrt(12.0 * 5 / 4)));
  CHECK(near(conv.grad_x, std::sqrt(2.0 * 4 / (20 * 5))));
  CHECK(near(conv.grad_w, 1 / std::sqrt(3.0 * 17)));
  CHECK(near(nf::add_scales().forward, std::sqrt(0.5)));
  CHECK(nf::add_scales().grad_left == 1);
  CHECK(near(nf::add_scales(1, 9).grad_right, 1 / 3.0));
  CHECK(nf::softmax_cross_entropy_scales(10).forward == 1);
  CHECK(near(nf::softmax_cross_entropy_scales(10).grad, 10 / 3.0));
  CHECK(near(nf::softmax_cross_entropy_scales(2).grad, 2.0));
  CHECK(near(nf::mse_loss_scales().grad, 1 / std::sqrt(8.0)));
  CHECK(nf::layer_norm_scales(64).grad_x == 1);
  CHECK(nf::layer_norm_scales(64).grad_w == 0.125);
  CHECK(near(nf::embedding_scales(32000, 2048).grad, std::sqrt(32000.0 / 2048)));
  CHECK(near(nf::dropout_scales(0.1).forward, std::sqrt(1 - 0.1)));
  CHECK(nf::dropout_scales(0).grad == 1);
}

TEST_CASE("residuals: two factors whose squares add up to 1", "[scaling][unit]") {
  for (const double tau : {0.0, 0.01, 0.5, 1.0, 3.0, 1e6}) {
    const nf::ResidualScales s = nf::residual_scales(tau);
    CHECK(near(s.residual, tau / std::sqrt(1 + tau * tau)));
    CHECK(near(s.skip, 1 / std::sqrt(1 + tau * tau)));
  }
  // After all branches of weight r each weighs the same: tau_i^2 = 2 r^2 / (L + 2 r^2 i) at ratio
  // 1, with L / 2 layers
  for (std::size_t i = 0; i < 12; ++i)
    CHECK(near(nf::residual_tau(i, 12), std::sqrt(1 / (6.0 + static_cast<double>(i)))));
  const double a = 0.3, r = 1.7, mlp = r * std::sqrt(2 / (1 + a * a)), attention = a * mlp;
  CHECK(near(nf::residual_tau(4, 8, r, a),
             attention / std::sqrt(4 + 2 * attention * attention + 2 * mlp * mlp)));
  CHECK(near(nf::residual_tau(5, 8, r, a),
             mlp / std::sqrt(4 + 3 * attention * attention + 2 * mlp * mlp)));
}

TEST_CASE("unit scaling: arguments that mean nothing are refused with their value",
          "[scaling][unit]") {
  CHECK_THROWS_AS(nf::matmul_scales(1, 0, 1), std::invalid_argument);
  CHECK_THROWS_WITH(nf::softmax_cross_entropy_scales(1),
                    "narrowfloat::softmax_cross_entropy_scales: needs at least 2 classes, not 1");
  CHECK_THROWS_WITH(nf::dropout_scales(1.5),
                    "narrowfloat::dropout_scales: needs a probability in [0, 1), not 1.5");
  CHECK_THROWS_AS(nf::dropout_scales(std::nan("")), std::invalid_argument);
  CHECK_THROWS_AS(nf::residual_scales(-0.5), std::invalid_argument);
  CHECK_THROWS_AS(nf::residual_tau(4, 4), std::invalid_argument);
  CHECK_THROWS_AS(nf::residual_tau(0, 4, 0), std::invalid_argument);
  CHECK_THROWS_AS(nf::embedding_scales(5, 0), std::invalid_argument);
}

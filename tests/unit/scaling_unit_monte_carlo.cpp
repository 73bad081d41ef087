// SPDX-License-Identifier: MIT
// The factors of unit scaling against the ops themselves on random numbers: the results and every
// gradient times its factor have unit variance, within five standard errors of the sample and what
// the documentation leaves.
#include <narrowfloat/scaling/unit_transformer.hpp>

#include <cmath>
#include <random>

#include "support/catch.hpp"

namespace nf = narrowfloat;

namespace {

using Numbers = std::vector<double>;

struct Random {
  std::mt19937_64 engine{20261128};
  std::normal_distribution<double> normal;
  Numbers numbers(std::size_t n) {
    Numbers x(n);
    for (double& value : x) value = normal(engine);
    return x;
  }
};

/// The root mean square of what is added, and its standard error by the spread of independent
/// batches.
class Meter {
 public:
  void add(const Numbers& batch) {
    double sum = 0;
    for (const double x : batch) sum += x * x;
    squares_.push_back(sum / static_cast<double>(batch.size()));
  }
  /// Whether `factor` makes it 1; `left` is a relative error that is no chance.
  bool is_unit(double factor, double left = 0) const {
    const auto n = static_cast<double>(squares_.size());
    double mean = 0, spread = 0;
    for (const double x : squares_) mean += x / n;
    for (const double x : squares_) spread += (x - mean) * (x - mean) / (n - 1);
    const double got = factor * std::sqrt(mean), error = std::sqrt(spread / n) / mean / 2;
    INFO("root mean square " << got << ", standard error " << error);
    CHECK(error < 0.012);  // else the test says nothing
    return std::fabs(got - 1) <= 5 * error + left;
  }

 private:
  std::vector<double> squares_;
};

double dot(const double* a, const double* b, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

Numbers softmax(const double* x, std::size_t n, double mult) {
  Numbers y(n);
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += y[i] = std::exp(mult * x[i]);
  for (double& value : y) value /= sum;
  return y;
}
/// The gradient of mult * x.
Numbers softmax_gradient(const Numbers& y, const Numbers& g) {
  const double mean = dot(y.data(), g.data(), y.size());
  Numbers dx(y.size());
  for (std::size_t i = 0; i < y.size(); ++i) dx[i] = y[i] * (g[i] - mean);
  return dx;
}

void check_softmax(std::size_t classes, double mult) {
  CAPTURE(classes, mult);
  Random random;
  Meter forward, grad;
  for (std::size_t batch = 0; batch < 400000 / classes; ++batch) {
    Numbers y = softmax(random.numbers(classes).data(), classes, mult);
    Numbers dx = softmax_gradient(y, random.numbers(classes));
    for (double& value : dx) value *= mult;
    for (double& value : y) value -= 1 / static_cast<double>(classes);
    forward.add(y);
    grad.add(dx);
  }
  const nf::OpScales s = nf::softmax_scales(classes, mult);
  CHECK(forward.is_unit(s.forward, 1e-4));
  CHECK(grad.is_unit(s.grad, 1e-4));
}

void check_attention(const nf::AttentionShape& shape, double left) {
  CAPTURE(shape.causal, shape.mult, shape.dropout);
  const std::size_t n = shape.length, d = shape.d_head;
  const nf::AttentionScales s = nf::attention_scales(shape);
  Random random;
  Meter forward, grad_q, grad_k, grad_v;
  for (int batch = 0; batch < 150; ++batch) {
    const Numbers q = random.numbers(n * d), k = random.numbers(n * d), v = random.numbers(n * d),
                  g = random.numbers(n * d);
    Numbers out(n * d), dq(n * d), dk(n * d), dv(n * d);
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t keys = shape.causal ? i + 1 : n;
      Numbers logits(keys), dy(keys), kept(keys);
      for (std::size_t j = 0; j < keys; ++j) {
        logits[j] = s.logits * dot(&q[i * d], &k[j * d], d);
        const bool keeps = random.engine() % 1000 >= static_cast<unsigned>(shape.dropout * 1000);
        kept[j] = keeps ? 1 / (1 - shape.dropout) : 0;
        dy[j] = kept[j] * dot(&g[i * d], &v[j * d], d);
      }
      const Numbers y = softmax(logits.data(), keys, 1), dl = softmax_gradient(y, dy);
      for (std::size_t j = 0; j < keys; ++j) {
        for (std::size_t c = 0; c < d; ++c) {
          out[i * d + c] += kept[j] * y[j] * v[j * d + c];
          dv[j * d + c] += kept[j] * y[j] * g[i * d + c];
          dq[i * d + c] += s.logits * dl[j] * k[j * d + c];
          dk[j * d + c] += s.logits * dl[j] * q[i * d + c];
        }
      }
    }
    forward.add(out);
    grad_q.add(dq);
    grad_k.add(dk);
    grad_v.add(dv);
  }
  CHECK(forward.is_unit(s.forward, left));
  CHECK(grad_q.is_unit(s.grad_q, left));
  CHECK(grad_k.is_unit(s.grad_k, left));
  CHECK(grad_v.is_unit(s.grad_v, left));
}

}  // namespace

TEST_CASE("monte carlo: softmax", "[scaling][unit]") {
  check_softmax(4096, 1);
  check_softmax(64, 1);
  check_softmax(64, 2);
  check_softmax(64, 0.001);
  check_softmax(16, 8);
  check_softmax(2, 1);
}

TEST_CASE("monte carlo: attention", "[scaling][unit]") {
  check_attention({.length = 96, .d_head = 32}, 0.01);
  check_attention({.length = 96, .d_head = 32, .causal = true}, 0.01);
  check_attention({.length = 96, .d_head = 32, .causal = true, .dropout = 0.25}, 0.01);
  check_attention({.length = 96, .d_head = 32, .mult = 3}, 0.05);
}

TEST_CASE("monte carlo: activations with a multiplier, and gated units", "[scaling][unit]") {
  for (const double mult : {0.25, 1.0, 6.0}) {
    CAPTURE(mult);
    const auto logistic = [&](double x) { return 1 / (1 + std::exp(-mult * x)); };
    const auto cumulative = [&](double x) { return std::erfc(-mult * x / std::sqrt(2.0)) / 2; };
    const auto density = [&](double x) {
      return mult * std::exp(-mult * mult * x * x / 2) / std::sqrt(2 * std::acos(-1.0));
    };
    Random random;
    Meter silu_grad, gelu_grad, glu, glu_input, glu_gate;
    for (int batch = 0; batch < 100; ++batch) {
      const Numbers x = random.numbers(4000), g = random.numbers(4000),
                    other = random.numbers(4000);
      Numbers silu(4000), gelu(4000), product(4000), input(4000), gate(4000);
      for (std::size_t i = 0; i < 4000; ++i) {
        const double s = logistic(x[i]), slope = s + mult * x[i] * s * (1 - s);
        silu[i] = g[i] * slope;
        gelu[i] = g[i] * (cumulative(x[i]) + x[i] * density(x[i]));
        product[i] = other[i] * x[i] * s;
        input[i] = g[i] * x[i] * s;
        gate[i] = g[i] * other[i] * slope;
      }
      silu_grad.add(silu);
      gelu_grad.add(gelu);
      glu.add(product);
      glu_input.add(input);
      glu_gate.add(gate);
    }
    const auto exact = nf::UnitFactors::exact;
    CHECK(silu_grad.is_unit(nf::activation_scales(nf::Activation::silu, exact, mult).grad));
    CHECK(gelu_grad.is_unit(nf::activation_scales(nf::Activation::gelu, exact, mult).grad));
    const nf::BinaryScales s = nf::silu_glu_scales(exact, mult);
    CHECK(glu.is_unit(s.forward));
    CHECK(glu_input.is_unit(s.grad_left));
    CHECK(glu_gate.is_unit(s.grad_right));
  }
}

TEST_CASE("monte carlo: norms, sums and weighted sums", "[scaling][unit]") {
  Random random;
  constexpr std::size_t rows = 64, cols = 512;
  const std::array weights{3.0, -0.5, 1.25};
  Meter norm, norm_x, norm_w, total, weighted, first, last;
  for (int batch = 0; batch < 60; ++batch) {
    const Numbers x = random.numbers(rows * cols), g = random.numbers(rows * cols);
    Numbers y(rows * cols), dx(rows * cols), dw(cols), sums(cols), mixed(cols), g0(cols), g2(cols);
    for (std::size_t r = 0; r < rows; ++r) {
      const double *xs = &x[r * cols], *gs = &g[r * cols];
      const double mean = dot(xs, xs, cols) / cols, rms = std::sqrt(mean);
      const double along = dot(xs, gs, cols) / cols / mean;
      for (std::size_t c = 0; c < cols; ++c) {
        y[r * cols + c] = xs[c] / rms;
        dx[r * cols + c] = (gs[c] - xs[c] * along) / rms;
        dw[c] += gs[c] * xs[c] / rms;
        sums[c] += xs[c];
      }
    }
    for (std::size_t c = 0; c < cols; ++c) {
      mixed[c] = weights[0] * x[c] + weights[1] * x[cols + c] + weights[2] * x[2 * cols + c];
      g0[c] = weights[0] * g[c];
      g2[c] = weights[2] * g[c];
    }
    norm.add(y);
    norm_x.add(dx);
    norm_w.add(dw);
    total.add(sums);
    weighted.add(mixed);
    first.add(g0);
    last.add(g2);
  }
  const nf::LinearScales s = nf::rms_norm_scales(rows);
  CHECK(norm.is_unit(s.forward, 1e-12));
  CHECK(norm_x.is_unit(s.grad_x, 1.0 / cols));
  CHECK(norm_w.is_unit(s.grad_w));
  CHECK(total.is_unit(nf::sum_scales(rows).forward));
  const auto w = nf::weighted_add_scales(weights);
  CHECK(weighted.is_unit(w.forward));
  CHECK(first.is_unit(w.grad[0]));
  CHECK(last.is_unit(w.grad[2]));
}

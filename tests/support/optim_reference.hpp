// SPDX-License-Identifier: MIT
// The rules of optimizers written out for one weight: in floats, rounded after every operation, and
// in doubles. No header of the library.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace optim_reference {

/// One operation in T, kept apart from the others, whatever the compiler's flags.
template <class T>
T once(T x) {
  volatile T kept = x;
  return kept;
}
template <class T>
T sum(T a, T b) {
  return once<T>(a + b);
}
template <class T>
T product(T a, T b) {
  return once<T>(a * b);
}
template <class T>
T ratio(T a, T b) {
  return once<T>(a / b);
}
/// By a double, which Clang's -ffast-math does not approximate; of a float it is as good (53 >= 2 *
/// 24 + 2).
template <class T>
T root(T a) {
  return once<T>(static_cast<T>(std::sqrt(once<double>(a))));
}
template <class T>
T mixed(double beta, T old, T fresh) {  // beta old + (1 - beta) fresh
  return sum(product(static_cast<T>(beta), old), product(static_cast<T>(1 - beta), fresh));
}

struct hyper {
  double lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, decay = 0, beta3 = 0.9999, alpha = 5;
  bool after = false;
};

/// A weight and its states.
template <class T>
struct weight {
  T w = 0, m = 0, v = 0, slow = 0;

  /// The rate times an update, and decay.
  void move(T u, T rate, T decay, bool after) {
    const T by = product(rate, u);
    if (!after) {
      w = sum<T>(w, -sum(by, product(decay, w)));
    } else {
      const T moved = sum<T>(w, -by);
      w = sum<T>(moved, -product(decay, moved));
    }
  }
  T adam_update(T g, const hyper& h, int t) {
    m = mixed(h.beta1, m, g);
    v = mixed(h.beta2, v, product(g, g));
    const auto c1 = static_cast<T>(1 / (1 - std::pow(h.beta1, t)));
    const auto c2 = static_cast<T>(1 / std::sqrt(1 - std::pow(h.beta2, t)));
    return ratio(product(m, c1), sum(product(root(v), c2), static_cast<T>(h.eps)));
  }
  void adamw(T g, const hyper& h, int t) {
    move(adam_update(g, h, t), static_cast<T>(h.lr), static_cast<T>(h.lr * h.decay), h.after);
  }
  void adam(T g, const hyper& h, int t) {
    g = sum(g, product(static_cast<T>(h.decay), w));
    move(adam_update(g, h, t), static_cast<T>(h.lr), 0, false);
  }
  void ademamix(T g, const hyper& h, int t) {
    m = mixed(h.beta1, m, g);
    v = mixed(h.beta2, v, product(g, g));
    slow = mixed(h.beta3, slow, g);
    const auto c1 = static_cast<T>(1 / (1 - std::pow(h.beta1, t)));
    const auto c2 = static_cast<T>(1 / std::sqrt(1 - std::pow(h.beta2, t)));
    const T top = sum(product(m, c1), product(static_cast<T>(h.alpha), slow));
    move(ratio(top, sum(product(root(v), c2), static_cast<T>(h.eps))), static_cast<T>(h.lr),
         static_cast<T>(h.lr * h.decay), h.after);
  }
  void sgd(T g, double lr, double momentum, double dampening, double decay, bool nesterov, int t) {
    const auto mu = static_cast<T>(momentum);
    g = sum(g, product(static_cast<T>(decay), w));
    m = sum(product(mu, m), product(t == 1 ? T{1} : static_cast<T>(1 - dampening), g));
    move(nesterov ? sum(product(mu, m), g) : m, static_cast<T>(lr), 0, false);
  }
  void lion(T g, const hyper& h) {
    const T c = mixed(h.beta1, m, g);
    m = mixed(h.beta2, m, g);
    move(static_cast<T>((c > 0) - (c < 0)), static_cast<T>(h.lr), static_cast<T>(h.lr * h.decay),
         false);
  }
  void adagrad(T g, double lr, double lr_decay, double eps, double decay, int t) {
    g = sum(g, product(static_cast<T>(decay), w));
    v = sum(v, product(g, g));
    move(ratio(g, sum(root(v), static_cast<T>(eps))), static_cast<T>(lr / (1 + (t - 1) * lr_decay)),
         0, false);
  }
  void rmsprop(T g, double lr, double alpha, double eps, double decay) {
    g = sum(g, product(static_cast<T>(decay), w));
    v = mixed(alpha, v, product(g, g));
    move(ratio(g, sum(root(v), static_cast<T>(eps))), static_cast<T>(lr), 0, false);
  }
};

/// A tensor in doubles: n weights, their gradients and states, in the order of the rule's states.
struct tensor {
  std::vector<double> w, g, s[3];

  double mean_square(const std::vector<double>& x) const {
    double total = 0;
    for (const double each : x) total += each * each;
    return total / static_cast<double>(x.size());
  }
  std::vector<double> adam_updates(double beta1, double beta2, double eps, double c1, double c2) {
    std::vector<double> u(w.size());
    for (std::size_t i = 0; i < w.size(); ++i) {
      s[0][i] = beta1 * s[0][i] + (1 - beta1) * g[i];
      s[1][i] = beta2 * s[1][i] + (1 - beta2) * g[i] * g[i];
      u[i] = s[0][i] / c1 / (std::sqrt(s[1][i] / c2) + eps);
    }
    return u;
  }
  void move(const std::vector<double>& u, double rate, double decay) {
    for (std::size_t i = 0; i < w.size(); ++i) w[i] -= rate * u[i] + decay * w[i];
  }
  void stable_adamw(const hyper& h, int t, double threshold) {
    const auto hat = [&](double b) { return b * (1 - std::pow(b, t - 1)) / (1 - std::pow(b, t)); };
    const std::vector<double> u = adam_updates(hat(h.beta1), hat(h.beta2), h.eps, 1, 1);
    std::vector<double> r(w.size());
    for (std::size_t i = 0; i < w.size(); ++i)
      r[i] = std::abs(g[i]) / std::sqrt(std::max(s[1][i], h.eps * h.eps));
    const double rms = std::sqrt(mean_square(r));
    move(u, h.lr / std::max(1.0, rms / threshold), h.lr * h.decay);
  }
  void lamb(const hyper& h, int t) {
    std::vector<double> u =
        adam_updates(h.beta1, h.beta2, h.eps, 1 - std::pow(h.beta1, t), 1 - std::pow(h.beta2, t));
    for (std::size_t i = 0; i < w.size(); ++i) u[i] += h.decay * w[i];
    const double a = mean_square(w), b = mean_square(u);
    move(u, a > 0 && b > 0 ? h.lr * std::sqrt(a / b) : h.lr, 0);
  }
  void lars(double lr, double momentum, double decay, double trust) {
    const double a = std::sqrt(mean_square(w)), b = std::sqrt(mean_square(g));
    const double by = a > 0 && b > 0 ? trust * a / (b + decay * a) : 1;
    for (std::size_t i = 0; i < w.size(); ++i)
      s[0][i] = momentum * s[0][i] + by * (g[i] + decay * w[i]);
    move(s[0], lr, 0);
  }
  void clipped_lion(const hyper& h, double threshold) {
    std::vector<double> u(w.size());
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double c = h.beta1 * s[0][i] + (1 - h.beta1) * g[i];
      u[i] = (c > 0) - (c < 0);
      s[0][i] = h.beta2 * s[0][i] + (1 - h.beta2) * g[i];
    }
    move(u, h.lr / std::max(1.0, std::sqrt(mean_square(u)) / threshold), h.lr * h.decay);
  }
  /// A rule of each weight alone; `first` and `second` are the members that its states are.
  template <class Step>
  void each(Step step, double weight<double>::*first, double weight<double>::*second = nullptr,
            double weight<double>::*third = nullptr) {
    for (std::size_t i = 0; i < w.size(); ++i) {
      weight<double> one{.w = w[i]};
      if (first != nullptr) one.*first = s[0][i];
      if (second != nullptr) one.*second = s[1][i];
      if (third != nullptr) one.*third = s[2][i];
      step(one, g[i]);
      w[i] = one.w;
      if (first != nullptr) s[0][i] = one.*first;
      if (second != nullptr) s[1][i] = one.*second;
      if (third != nullptr) s[2][i] = one.*third;
    }
  }
};

}  // namespace optim_reference

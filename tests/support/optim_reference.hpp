// SPDX-License-Identifier: MIT
// The rules of optimizers written out for one weight: in floats, rounded after every operation, and in doubles. No header
// of the library.
#pragma once

#include <cmath>
#include <cstdint>

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
template <class T>
T root(T a) {
  return once<T>(std::sqrt(a));
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

}  // namespace optim_reference

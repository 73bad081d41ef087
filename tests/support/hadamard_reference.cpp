// SPDX-License-Identifier: MIT
// Includes no narrowfloat header.
#include "support/hadamard_reference.hpp"

#include <bit>
#include <cmath>
#include <cstdint>

namespace test {

int Transform::element(std::size_t i, std::size_t j) const {
  const int sylvester = std::popcount(i & j) % 2 == 0 ? 1 : -1;
  return sylvester * signs[inverse ? j : i];
}

namespace {

void transform_group(std::vector<float>& x, const Transform& transform) {
  const std::size_t g = transform.group;
  for (std::size_t i = 0; i < g && !transform.inverse; ++i)
    x[i] = transform.signs[i] < 0 ? -x[i] : x[i];
  for (std::size_t stride = 1; stride < g; stride *= 2) {
    for (std::size_t i = 0; i < g; ++i) {
      if ((i & stride) != 0) continue;
      const float a = x[i], b = x[i + stride];
      x[i] = a + b;
      x[i + stride] = a - b;
    }
  }
  const auto norm = static_cast<float>(1 / std::sqrt(static_cast<double>(g)));
  for (std::size_t i = 0; i < g; ++i) {
    x[i] *= norm;
    if (transform.inverse && transform.signs[i] < 0) x[i] = -x[i];
    if (std::isnan(x[i])) x[i] = std::bit_cast<float>(std::uint32_t{0x7fc00000});
  }
}

}  // namespace

std::vector<float> transformed(const std::vector<float>& x, const Transform& transform) {
  std::vector<float> y(x.size()), group(transform.group);
  for (std::size_t number = 0; number < transform.groups(); ++number) {
    for (std::size_t i = 0; i < group.size(); ++i) group[i] = x[transform.place(number, i)];
    transform_group(group, transform);
    for (std::size_t i = 0; i < group.size(); ++i) y[transform.place(number, i)] = group[i];
  }
  return y;
}

std::vector<double> dense_products(const std::vector<float>& x, const Transform& transform) {
  std::vector<double> y(x.size());
  for (std::size_t number = 0; number < transform.groups(); ++number) {
    for (std::size_t j = 0; j < transform.group; ++j) {
      double sum = 0;
      for (std::size_t i = 0; i < transform.group; ++i)
        sum += static_cast<double>(x[transform.place(number, i)]) * transform.element(i, j);
      y[transform.place(number, j)] = sum;
    }
  }
  return y;
}

}  // namespace test

// SPDX-License-Identifier: MIT
// Compares hadamard() and its inverse with the plain loops, bit by bit.
#pragma once

#include <narrowfloat/hadamard.hpp>

#include "support/formats.hpp"
#include "support/hadamard_reference.hpp"
#include "support/mismatches.hpp"

namespace test {

inline constexpr std::size_t hadamard_groups[] = {16, 32, 64, 128};

inline std::vector<int> random_signs(std::size_t n, std::uint32_t seed) {
  std::vector<int> signs(n);
  for (int& sign : signs) {
    seed = seed * 1664525u + 1013904223u;
    sign = seed >> 31 != 0 ? -1 : 1;
  }
  return signs;
}

inline nf::HadamardOptions options_of(const Transform& transform) {
  return {.group = transform.group,
          .axis = transform.within_rows ? 1 : 0,
          .signs = nf::HadamardSigns(transform.signs)};
}

/// Every group of a matrix has numbers of about one size, some groups subnormal or so large that
/// sums overflow; `specials` puts zeros, Inf and NaN of either sign and any payload in some.
inline std::vector<float> hadamard_inputs(const Transform& transform, bool specials) {
  std::vector<float> x(transform.rows * transform.cols);
  std::uint32_t state = 3;
  for (std::size_t number = 0; number < transform.groups(); ++number) {
    constexpr std::uint32_t exponents[] = {120, 254, 3, 0, 126, 250, 1};
    const std::uint32_t exponent = exponents[number % 7];
    for (std::size_t i = 0; i < transform.group; ++i) {
      state = state * 1664525u + 1013904223u;
      std::uint32_t bits = (state & 0x807fffffu) | (exponent - (exponent > 3 ? state >> 8 & 3 : 0))
                                                       << 23;
      if (specials && state % 61 == 0) bits &= 0x80000000u;
      if (specials && number % 5 == 2 && state % 53 == 0) bits = (bits & 0x80000000u) | 0x7f800000u;
      if (specials && number % 11 == 4 && state % 47 == 0) bits |= 0x7f800001u;
      x[transform.place(number, i)] = std::bit_cast<float>(bits);
    }
  }
  return x;
}

template <class In, class Out>
void transform_by_library(In&& in, Out&& out, const Transform& transform) {
  if (transform.inverse) {
    nf::inverse_hadamard(in, out, transform.rows, transform.cols, options_of(transform));
  } else {
    nf::hadamard(in, out, transform.rows, transform.cols, options_of(transform));
  }
}

inline std::string describe(const Transform& transform) {
  return std::to_string(transform.rows) + " x " + std::to_string(transform.cols) + ", group " +
         std::to_string(transform.group) + (transform.within_rows ? ", rows" : ", columns") +
         (transform.inverse ? ", inverse" : "");
}

template <class Got>
void compare_transformed(const std::vector<float>& in, const Got& got, const Transform& transform,
                         Mismatches& bad) {
  const std::vector<float> expected = transformed(in, transform);
  for (std::size_t i = 0; i < in.size(); ++i)
    bad.expect_equal([&] { return describe(transform); }, i, bits_of(expected[i]), bits_of(got[i]));
}

/// Calls f(transform) for matrices of some groups in both directions, and for the inverse.
template <class F>
void for_each_transform(const std::vector<std::size_t>& groups_along,
                        const std::vector<std::size_t>& lines, const F& f) {
  for (const std::size_t group : hadamard_groups) {
    for (const std::size_t along : groups_along) {
      for (const std::size_t line : lines) {
        for (const bool within_rows : {true, false}) {
          const std::size_t length = group * along;
          Transform transform{within_rows ? line : length, within_rows ? length : line, group,
                              within_rows,
                              random_signs(group, static_cast<std::uint32_t>(group + line))};
          f(transform);
          transform.inverse = true;
          f(transform);
        }
      }
    }
  }
}

}  // namespace test

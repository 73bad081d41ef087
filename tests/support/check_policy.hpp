// SPDX-License-Identifier: MIT
// Products of random shapes under a policy beside its oracle, and roundings as the library and the
// oracle have them.
#pragma once

#include <narrowfloat/linalg.hpp>

#include <cstdlib>

#include "support/draws.hpp"
#include "support/mismatches.hpp"
#include "support/policy_oracle.hpp"

namespace test {

using Mode = oracle::Mode;

inline constexpr std::uint64_t seed = 0x0123456789abcdef,
                               offset = 0xfffffffffffffff1;  // indices wrap

/// A rounding of the library's and of the oracle's.
template <class R>
struct Rounding {
  R rounding;
  Mode mode;
  std::function<std::uint32_t(std::uint64_t)> words;

  template <class A>
  SumRounding to(nf::Saturation saturation, nf::Subnormals subnormals) const {
    oracle::Format format = oracle::binary32;
    if constexpr (!std::same_as<A, float>) format = oracle_format<A>();
    return {.format = format,
            .rounding = {.mode = mode, .n = R::random_bits},
            .saturation = oracle_saturation(saturation),
            .flush = subnormals == nf::Subnormals::flush,
            .words = words};
  }
};
template <class R>
Rounding<R> plain(R rounding, Mode mode) {
  return {rounding, mode, [](std::uint64_t) { return 0u; }};
}
inline const auto nearest = plain(nf::nearest_even, Mode::nearest_even);

template <nf::StochasticVariant V>
inline constexpr Mode mode_of = V == nf::StochasticVariant::p3109_a   ? Mode::stochastic_a
                                : V == nf::StochasticVariant::p3109_b ? Mode::stochastic_b
                                                                      : Mode::stochastic_c;
template <int N, nf::StochasticVariant V>
auto keyed(std::uint64_t stream, std::uint64_t further = 0) {
  return Rounding<nf::Stochastic<N, V>>{{seed, stream, offset}, mode_of<V>, [=](std::uint64_t i) {
                                          return oracle::keyed_bits(N, seed, stream + further,
                                                                    offset + i);
                                        }};
}
using V = nf::StochasticVariant;

/// Enough words for every shape here.
inline std::vector<std::uint32_t> random_words(unsigned of) {
  std::mt19937 random(of);
  std::vector<std::uint32_t> words(40 * 40 * 60);
  for (auto& word : words) word = static_cast<std::uint32_t>(random());
  return words;
}
inline const std::vector<std::uint32_t> words = random_words(1), other_words = random_words(2);
template <class R>
Rounding<R> worded(Mode mode, const std::vector<std::uint32_t>& from) {
  return {R(from), mode,
          [&from](std::uint64_t i) { return from[i] & (~0u >> (32 - R::random_bits)); }};
}

template <class T>
T number(std::mt19937_64& random, bool mild) {
  if constexpr (std::same_as<T, std::int8_t>) {
    return static_cast<T>(random());
  } else if constexpr (std::same_as<T, float>) {
    return static_cast<float>(random_number<nf::Float<8, 23>>(random)) * (mild ? 0x1p-100f : 1.0f);
  } else {
    return random_numbers<T>(1, random, mild)[0];
  }
}
template <class T>
oracle::Exact exact(T x) {
  if constexpr (std::same_as<T, std::int8_t>) {
    return {.negative = x < 0, .significand = static_cast<oracle::Wide>(std::abs(int{x}))};
  } else if constexpr (std::same_as<T, float>) {
    return oracle::from_f32_bits(std::bit_cast<std::uint32_t>(x));
  } else {
    return exact_number(x);
  }
}

struct Shape {
  std::size_t m, n, k;
};

/// A matrix product and a dot product by a policy, each element against the oracle; of a large one
/// an eighth.
template <class F, class G, class Acc, class E = nf::SerialExecutor>
void compare(Mismatches& bad, const char* what, const Acc& acc, const PolicyOracle& expected,
             const Shape& shape, std::mt19937_64& random, E&& executor = {}) {
  using T = typename Acc::type;
  const auto [m, n, k] = shape;
  const bool mild = random() % 2 != 0, across = random() % 2 != 0, up = random() % 2 != 0;
  std::vector<F> a(m * k);
  std::vector<G> b(k * n);
  for (F& x : a) x = number<F>(random, mild);
  for (G& x : b) x = number<G>(random, mild);
  std::vector<T> c(m * n);
  nf::matmul(a, b, c, m, n, k, acc, {.a_transposed = across, .b_transposed = up}, executor);
  const auto where = [&] { return std::string(what) + ", k = " + std::to_string(shape.k); };
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      if (m * n > 1000 && random() % 8 != 0) continue;
      std::vector<F> row;
      std::vector<G> column;
      Operands x, y;
      for (std::size_t l = 0; l < k; ++l) {
        row.push_back(a[across ? l * m + i : i * k + l]);
        column.push_back(b[up ? j * k + l : l * n + j]);
        x.push_back(exact(row[l]));
        y.push_back(exact(column[l]));
      }
      bad.expect_equal(where, i << 16 | j, expected(x, y, (i * n + j) * k), bits_of(c[i * n + j]));
      if (j == i) bad.expect_equal(where, i, expected(x, y), bits_of(nf::dot(row, column, acc)));
    }
  }
}

/// The same of random shapes.
template <class F, class G, class Acc>
void check(Mismatches& bad, const char* what, const Acc& acc, const PolicyOracle& expected) {
  std::mt19937_64 random(std::hash<std::string>()(what));
  for (int i = 0; i < 4; ++i)
    compare<F, G>(bad, what, acc, expected, {1 + random() % 9, 1 + random() % 40, random() % 60},
                  random);
}

/// f(saturation, subnormals) for all of both.
template <class Function>
void for_each_option(Function f) {
  for (const nf::Saturation saturation : saturations)
    for (const auto subnormals : {nf::Subnormals::keep, nf::Subnormals::flush})
      f(saturation, subnormals);
}

}  // namespace test

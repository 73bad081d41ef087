// SPDX-License-Identifier: MIT
// The oracle of sums of products: each rounding of a policy by itself, in exact arithmetic.
#pragma once

#include <functional>
#include <random>
#include <span>
#include <vector>

#include "support/formats.hpp"

namespace test {

/// How the oracle rounds to the format of a sum. `words` gives the random bits of an element.
struct SumRounding {
  oracle::Format format;
  oracle::Rounding rounding = {};
  oracle::Saturation saturation = oracle::Saturation::none;
  bool flush = false;
  std::function<std::uint32_t(std::uint64_t)> words = [](std::uint64_t) { return 0u; };

  std::uint32_t operator()(oracle::Exact x, std::uint64_t i) const {
    if (x.is_zero()) x.negative = false;
    return signed_zero(x, i);
  }
  /// The same where a zero keeps its sign.
  std::uint32_t signed_zero(const oracle::Exact& x, std::uint64_t i) const {
    oracle::Rounding with_word = rounding;
    with_word.r = words(i);
    return oracle::round(format, x, with_word, saturation, flush);
  }
  oracle::Exact value(std::uint32_t code) const { return operand(oracle::decode(format, code)); }
  /// An operand as the policy reads it.
  oracle::Exact operand(oracle::Exact x) const {
    if (flush && x.subnormal) x.significand = 0;
    return x;
  }
};

using Operands = std::vector<oracle::Exact>;

inline std::uint32_t fused_step(const SumRounding& to, std::uint32_t sum, const oracle::Exact& a,
                                const oracle::Exact& b, std::uint64_t i) {
  return to(oracle::sum(to.value(sum), oracle::product(to.operand(a), to.operand(b))), i);
}

inline std::uint32_t separate_step(const SumRounding& to, const SumRounding& product,
                                   std::uint32_t sum, const oracle::Exact& a,
                                   const oracle::Exact& b, std::uint64_t i) {
  const std::uint32_t rounded =
      product.signed_zero(oracle::product(to.operand(a), to.operand(b)), i);
  return to(oracle::sum(to.value(sum), to.value(rounded)), i);
}

/// The codes of a format with zeros, subnormals, the largest and the specials more often than by
/// chance.
template <class F>
F random_number(std::mt19937_64& random) {
  constexpr oracle::Format format = oracle_format<F>();
  const auto code = static_cast<std::uint32_t>(random()) & (code_count<F>() - 1);
  const std::uint32_t sign = code & (F::is_signed ? 1u << (F::width - 1) : 0);
  switch (random() % 32) {
    case 0:
      return from_code<F>(sign);
    case 1:
      return from_code<F>(sign | (code & ((1u << F::mantissa_bits) - 1)));
    case 2:
      return from_code<F>(
          static_cast<std::uint32_t>(oracle::largest_finite_code(format, sign != 0)));
    case 3:
      return from_code<F>(code);
    default:  // no specials
      return from_code<F>(oracle::decode(format, code).kind == oracle::Exact::Kind::finite ? code
                                                                                           : sign);
  }
}

template <class F>
oracle::Exact exact_number(F x) {
  return oracle::decode(oracle_format<F>(), x.bits());
}
template <class F>
Operands exact_numbers(const std::vector<F>& values) {
  Operands all;
  for (const F x : values) all.push_back(exact_number(x));
  return all;
}

/// n numbers as random_number() makes them; with `mild` all within few binades of 1, so that sums
/// cancel.
template <class F>
std::vector<F> random_numbers(std::size_t n, std::mt19937_64& random, bool mild) {
  std::vector<F> all;
  for (std::size_t i = 0; i < n; ++i) {
    if (mild) {
      const double x = static_cast<double>(random() % 64) / 16.0 - 2;
      all.push_back(static_cast<F>(x));
    } else {
      all.push_back(random_number<F>(random));
    }
  }
  return all;
}

}  // namespace test

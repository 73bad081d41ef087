// SPDX-License-Identifier: MIT
// The oracle of whole sums: what every policy makes of the products of two rows, operation by
// operation, in exact arithmetic, and the random bits that it draws.
#pragma once

#include <array>

#include "support/sum_oracle.hpp"

namespace test {

/// A number on its way into a sum; an adder of exponents takes that of a product for the sum of its
/// factors'.
struct Term {
  oracle::Exact value;
  int exponent;
};
using Terms = std::span<const Term>;

inline int exponent_of(const oracle::Exact& x) {
  return oracle::bit_length(x.significand) - 1 + x.exponent;
}
inline bool is_finite(const oracle::Exact& x) { return x.kind == oracle::Exact::Kind::finite; }

/// A policy: the code of the sum of terms, whose first step is element `first`; what it makes of
/// operands before they are multiplied, and of the sums of chunks.
struct PolicyOracle {
  oracle::Format format;
  std::function<std::uint32_t(Terms, std::uint64_t)> sum;
  std::function<oracle::Exact(oracle::Exact)> operand = [](oracle::Exact x) { return x; };
  std::function<oracle::Exact(oracle::Exact)> part = operand;

  std::uint32_t operator()(const Operands& a, const Operands& b, std::uint64_t first = 0) const {
    std::vector<Term> terms;
    for (std::size_t l = 0; l < a.size(); ++l) {
      const oracle::Exact x = operand(a[l]), y = operand(b[l]);
      terms.push_back({oracle::product(x, y), exponent_of(x) + exponent_of(y)});
    }
    return sum(terms, first);
  }
};

inline PolicyOracle rounded_oracle(const SumRounding& to,
                                   std::function<std::uint32_t(Terms, std::uint64_t)> sum) {
  return {to.format, std::move(sum), [=](oracle::Exact x) { return to.operand(x); }};
}

inline PolicyOracle fused_oracle(const SumRounding& to) {
  return rounded_oracle(to, [=](Terms terms, std::uint64_t i) {
    std::uint32_t sum = 0;
    for (const Term& x : terms) sum = to(oracle::sum(to.value(sum), x.value), i++);
    return sum;
  });
}
inline PolicyOracle separate_oracle(const SumRounding& to, const SumRounding& product) {
  return rounded_oracle(to, [=](Terms terms, std::uint64_t i) {
    std::uint32_t sum = 0;
    for (const Term& x : terms) {
      const std::uint32_t rounded = product.signed_zero(x.value, i);
      sum = to(oracle::sum(to.value(sum), to.value(rounded)), i++);
    }
    return sum;
  });
}

/// Sums and differences of codes, each rounded.
struct Arithmetic {
  SumRounding to;
  std::uint32_t rounded(const Term& x) const { return to.signed_zero(x.value, 0); }
  std::uint32_t sum(std::uint32_t a, std::uint32_t b) const {
    return to(oracle::sum(to.value(a), to.value(b)), 0);
  }
  std::uint32_t difference(std::uint32_t a, std::uint32_t b) const {
    oracle::Exact y = to.value(b);
    y.negative = !y.negative;
    return to(oracle::sum(to.value(a), y), 0);
  }
};
inline PolicyOracle kahan_oracle(const SumRounding& to) {
  return rounded_oracle(to, [in = Arithmetic{to}](Terms terms, std::uint64_t) {
    std::uint32_t s = 0, c = 0;
    for (const Term& x : terms) {
      const std::uint32_t y = in.difference(in.rounded(x), c), t = in.sum(s, y);
      c = in.difference(in.difference(t, s), y);
      s = t;
    }
    return s;
  });
}
inline PolicyOracle two_sum_oracle(const SumRounding& to) {
  return rounded_oracle(to, [in = Arithmetic{to}](Terms terms, std::uint64_t) {
    std::uint32_t hi = 0, lo = 0;
    for (const Term& term : terms) {
      const std::uint32_t u = in.rounded(term), s = in.sum(hi, u);
      const std::uint32_t x = in.difference(s, u), y = in.difference(s, x);
      const std::uint32_t v = in.sum(lo, in.sum(in.difference(hi, x), in.difference(u, y)));
      hi = in.sum(s, v);
      lo = in.difference(v, in.difference(hi, s));
    }
    return hi;
  });
}
inline PolicyOracle pairwise_oracle(const SumRounding& to) {
  return rounded_oracle(to, [in = Arithmetic{to}](Terms terms, std::uint64_t) {
    std::vector<std::uint32_t> level;
    for (const Term& x : terms) level.push_back(in.rounded(x));
    while (level.size() > 1) {
      std::vector<std::uint32_t> next;
      for (std::size_t i = 0; i + 1 < level.size(); i += 2)
        next.push_back(in.sum(level[i], level[i + 1]));
      if (level.size() % 2 != 0) next.push_back(level.back());
      level = next;
    }
    return level.empty() ? 0 : level[0];
  });
}

/// x / 2^unit as a whole number, toward zero or to nearest even.
inline oracle::Wide whole_multiple(const oracle::Exact& x, int unit, bool truncate) {
  const oracle::Floor twice = oracle::scaled_floor(x, 1 - unit);
  const oracle::Wide low = twice.whole / 2;
  const bool half = twice.whole % 2 != 0;
  return low + (!truncate && half && (twice.rest || low % 2 != 0) ? 1 : 0);
}
/// The float of an aligned adder's sum of a float and some products, by integers.
inline std::uint32_t aligned_sum(std::uint32_t before, Terms terms, int bits, bool truncate) {
  const oracle::Exact start = oracle::decode(oracle::binary32, before);
  std::vector<Term> finite;
  oracle::Exact special;
  const auto take = [&](const Term& x) {
    if (!is_finite(x.value)) special = oracle::sum(special, x.value);
    if (is_finite(x.value) && !x.value.is_zero()) finite.push_back(x);
  };
  take({start, exponent_of(start)});
  for (const Term& x : terms) take(x);
  const auto round = [&](const oracle::Exact& x) {
    const auto mode = truncate ? oracle::Mode::toward_zero : oracle::Mode::nearest_even;
    return oracle::round(oracle::binary32, x, {.mode = mode}, oracle::Saturation::none);
  };
  if (!is_finite(special)) return round(special);
  int largest = -10000;
  for (const Term& x : finite) largest = std::max(largest, x.exponent);
  const int unit = largest + 1 - bits;
  std::int64_t total = 0;
  for (const Term& x : finite) {
    const auto multiple = static_cast<std::int64_t>(whole_multiple(x.value, unit, truncate));
    total += x.value.negative ? -multiple : multiple;
  }
  oracle::Exact result{.negative = total < 0,
                       .significand = static_cast<oracle::Wide>(total < 0 ? -total : total),
                       .exponent = unit};
  const int excess = oracle::bit_length(result.significand) - bits;
  if (excess > 0) {
    result.significand = whole_multiple(result, unit + excess, truncate);
    result.exponent = unit + excess;
  }
  return round(result);
}
inline PolicyOracle aligned_oracle(std::size_t group, int bits, bool truncate) {
  return {oracle::binary32, [=](Terms terms, std::uint64_t) {
            std::uint32_t sum = 0;
            for (; !terms.empty(); terms = terms.subspan(std::min(group, terms.size())))
              sum = aligned_sum(sum, terms.first(std::min(group, terms.size())), bits, truncate);
            return sum;
          }};
}

/// The float of x by a mode; a zero of the sign of x where it is below the normal range with any
/// exponent.
inline oracle::Exact flushed(const oracle::Exact& x, oracle::Mode mode) {
  const auto rounded = [&](oracle::Exact y) {
    return oracle::decode(oracle::binary32, oracle::round(oracle::binary32, y, {.mode = mode},
                                                          oracle::Saturation::none));
  };
  if (!is_finite(x) || x.is_zero()) return x;
  if (exponent_of(x) >= 128)  // round to odd stops at the largest float, the instruction does not
    return {.kind = oracle::Exact::Kind::infinity, .negative = x.negative};
  if (exponent_of(x) >= -60) return rounded(x);
  constexpr int up = 100;  // there it is rounded as if exponents had no end
  oracle::Exact high = x;
  high.exponent += up;
  oracle::Exact result = rounded(high);
  result.exponent -= up;
  if (exponent_of(result) < -126) return {.negative = x.negative};
  return result;
}
/// Sums of pairs of products, of which the last may be 0.
template <class Pair>
PolicyOracle pairs_oracle(Pair pair) {
  return {oracle::binary32,
          [=](Terms terms, std::uint64_t) {
            oracle::Exact sum;
            for (std::size_t l = 0; l < terms.size(); l += 2)
              sum = pair(sum, terms[l].value,
                         l + 1 < terms.size() ? terms[l + 1].value : oracle::Exact{});
            return oracle::round(oracle::binary32, sum, {}, oracle::Saturation::none);
          },
          [](oracle::Exact x) {
            if (is_finite(x) && !x.is_zero() && exponent_of(x) < -126) x.significand = 0;
            return x;
          },
          [](oracle::Exact x) { return x; }};
}
inline PolicyOracle vdpbf16ps_oracle() {
  return pairs_oracle([](const oracle::Exact& sum, const auto& first, const auto& second) {
    constexpr auto mode = oracle::Mode::nearest_even;
    return flushed(oracle::sum(first, flushed(oracle::sum(second, sum), mode)), mode);
  });
}
inline PolicyOracle bfdot_oracle() {
  return pairs_oracle([](const oracle::Exact& sum, const auto& first, const auto& second) {
    const auto odd = [](const oracle::Exact& x) { return flushed(x, oracle::Mode::to_odd); };
    return odd(oracle::sum(sum, odd(oracle::sum(odd(first), odd(second)))));
  });
}

/// Chunks of `chunk` terms by one policy, their sums by another.
inline PolicyOracle chunked_oracle(const PolicyOracle& inner, const PolicyOracle& outer,
                                   std::size_t chunk) {
  return {outer.format,
          [=](Terms terms, std::uint64_t first) {
            std::vector<Term> sums;
            for (std::size_t begin = 0; begin < terms.size(); begin += chunk) {
              const Terms one = terms.subspan(begin, std::min(chunk, terms.size() - begin));
              const oracle::Exact sum =
                  outer.part(oracle::decode(inner.format, inner.sum(one, first + begin)));
              sums.push_back({sum, exponent_of(sum)});
            }
            return outer.sum(sums, first);
          },
          inner.operand};
}

}  // namespace test

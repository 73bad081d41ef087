// SPDX-License-Identifier: MIT
// The values of the named code-books.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../../detail/array/checks.hpp"
#include "../../detail/exact/binary.hpp"
#include "../../float.hpp"
#include "codebook_calls.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// dividend / divisor, rounded once.
inline float ratio(std::uint64_t dividend, std::uint64_t divisor) {
  return nearest_float(quotient(exact_integer(dividend), exact_integer(divisor)));
}

inline void require_bits(const char* call, int total_bits) {
  if (total_bits < 2 || total_bits > 8)
    throw_invalid(call, "a code-book has codes of 2 to 8 bits, not " + std::to_string(total_bits));
}

/// The code-book of 0, 1 and these positive values, and of their negatives if `with_negatives`.
inline std::vector<float> with_ends(const std::vector<float>& positive, bool with_negatives) {
  std::vector<float> values{0.0f, 1.0f};
  for (const float x : positive) {
    values.push_back(x);
    if (with_negatives) values.push_back(float_of_bits(bits_of_float(x) | 0x80000000u));
  }
  std::sort(values.begin(), values.end(), [](float a, float b) {
    return order<binary32>(bits_of_float(a)) < order<binary32>(bits_of_float(b));
  });
  return values;
}

inline std::vector<float> dynamic_fractions(bool is_signed, int total_bits, int exponent_bits) {
  require_bits("dynamic_codebook", total_bits);
  const int fraction_bits = total_bits - 1;
  if (exponent_bits < 1 || exponent_bits > fraction_bits) {
    throw_invalid("dynamic_codebook", "a code-book of " + std::to_string(total_bits) +
                                          " bits has 1 to " + std::to_string(fraction_bits) +
                                          " bits of exponent, not " +
                                          std::to_string(exponent_bits));
  }
  std::vector<float> values;
  // The middles of n equal parts of [0.1, 1], divided by 10^down: 0.1 + 0.9 (2 k + 1) / (2 n).
  const auto add = [&](std::uint64_t n, int down) {
    std::uint64_t divisor = 20 * n;
    for (int i = 0; i < down; ++i) divisor *= 10;
    for (std::uint64_t k = 0; k < n; ++k) values.push_back(ratio(2 * n + 9 * (2 * k + 1), divisor));
  };
  const int spare = fraction_bits - exponent_bits + (is_signed ? 0 : 1);
  for (int i = 0; i < exponent_bits; ++i)
    add(std::uint64_t{1} << (i + spare), exponent_bits - 1 - i);
  add((std::uint64_t{1} << spare) - (is_signed ? 1 : 2), 0);  // what is left of the codes
  return values;
}

inline std::vector<float> dynamic_values(here, bool is_signed, int total_bits, int exponent_bits) {
  return with_ends(dynamic_fractions(is_signed, total_bits, exponent_bits), is_signed);
}

inline std::vector<float> linear_values(here, bool is_signed, int total_bits) {
  require_bits("linear_codebook", total_bits);
  const std::uint64_t steps = (std::uint64_t{1} << (total_bits - (is_signed ? 1 : 0))) - 1;
  std::vector<float> values;
  for (std::uint64_t k = steps; is_signed && k > 0; --k) values.push_back(-ratio(k, steps));
  if (is_signed) values.push_back(0.0f);
  values.push_back(0.0f);
  for (std::uint64_t k = 1; k <= steps; ++k) values.push_back(ratio(k, steps));
  return values;
}

/// What bitsandbytes' own tables differ by from the correctly rounded ones, in units in the last
/// place, of each value between 0 and 1: from its create_dynamic_map(), run with PyTorch 1.13. = -
/// . + # are -2 -1 0 1 2; a line a decade, at most.
inline constexpr std::string_view bitsandbytes_signed_units =
    "+"
    "+."
    "-..."
    "++++++.+"
    "-...-.-+......-."
    "......-.-+.-.....+-.+-...-...+-."
    "+....-...+..+..-.-..-.-..-.+.....+......+..+.+...-..-.-....-..-.";
inline constexpr std::string_view bitsandbytes_unsigned_units =
    "+."
    "--.-"
    "-+.-+.-."
    "...+-.++..+.#+.+"
    "...-.----..-.-..-.=.+-.-.--.---."
    "++-+...-++.+#-.-...+..--...+...++#+-.+..+..+..++......--........"
    "....-.+..-.+..-.+..+....+..+.+...-..-.-....-..-.........-..-.-.."
    "+....+......-..+.+..+.+..+.-..+.-..-.-..+....+......-..+.+..+.+.";

/// Element k of torch.linspace(0.1, 1, n + 1) as PyTorch 2.15 makes it: float steps from the nearer
/// end, by one fused multiply-add.
inline float torch_linspace(std::uint64_t n, std::uint64_t k) {
  const float least = 0.1f, most = 1.0f;
  const float step = float_quotient(float_total(most, -least), static_cast<float>(n));
  const bool from_least = k < (n + 1) / 2;
  const exact way =
      product(exact_float(from_least ? step : -step), exact_integer(from_least ? k : n - k));
  return nearest_float(sum(exact_float(from_least ? least : most), way));
}

/// The middles of the boundaries, in float, times float powers of ten.
inline std::vector<float> torch_fractions(bool is_signed) {
  std::vector<float> values;
  std::uint64_t power = 1000000;
  for (int i = 0; i < 7; ++i, power /= 10) {
    const std::uint64_t n = std::uint64_t{1} << (i + (is_signed ? 0 : 1));
    for (std::uint64_t k = 0; k < n; ++k) {
      const float twice = float_total(torch_linspace(n, k), torch_linspace(n, k + 1));
      values.push_back(float_product(float_product(twice, 0.5f), ratio(1, power)));
    }
  }
  return values;
}

inline std::vector<float> bitsandbytes_values(here, bool is_signed, bool torch_1_13) {
  if (!torch_1_13) return with_ends(torch_fractions(is_signed), is_signed);
  const std::string_view units =
      is_signed ? bitsandbytes_signed_units : bitsandbytes_unsigned_units;
  std::vector<float> values = dynamic_fractions(is_signed, 8, 7);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int difference = static_cast<int>(std::string_view("=-.+#").find(units[i])) - 2;
    values[i] = float_of_bits(bits_of_float(values[i]) + static_cast<std::uint32_t>(difference));
  }
  return with_ends(values, is_signed);
}

/// The middles of the bins of equal mass of a sample, divided by its largest magnitude.
inline std::vector<float> quantile_values(here, std::span<const float> sample, int total_bits) {
  constexpr const char* call = "quantile_codebook";
  require_bits(call, total_bits);
  if (sample.size() < 2)
    throw_invalid(call, "quantiles take at least 2 numbers, not " + std::to_string(sample.size()));
  std::vector<std::int32_t> sorted(sample.size());
  std::uint32_t amax = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const std::uint32_t bits = bits_of_float(sample[i]), magnitude = bits & 0x7fffffffu;
    if (magnitude >= float_infinity)
      throw_invalid(call, "number " + std::to_string(i) + " of a sample is not finite");
    amax = std::max(amax, magnitude);
    sorted[i] = order<binary32>(bits);
  }
  std::sort(sorted.begin(), sorted.end());
  const auto number = [&](std::size_t i) {
    const std::int32_t place = sorted[i];
    return place < 0 ? float_of_bits(0x80000000u | static_cast<std::uint32_t>(-place))
                     : float_of_bits(static_cast<std::uint32_t>(place));
  };
  const std::size_t bins = std::size_t{1} << total_bits, last = sorted.size() - 1;
  // i * last / bins without a product that might overflow
  const auto boundary = [&](std::size_t i) {
    return number(last / bins * i + last % bins * i / bins);
  };
  std::vector<float> values;
  for (std::size_t i = 0; i < bins && amax != 0; ++i) {
    exact middle = sum(exact_float(boundary(i)), exact_float(boundary(i + 1)));
    middle.exponent -= 1;
    values.push_back(float_quotient(nearest_float(middle), float_of_bits(amax)));
  }
  if (amax == 0) throw_invalid(call, "the " + std::to_string(sample.size()) + " numbers are all 0");
  return values;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

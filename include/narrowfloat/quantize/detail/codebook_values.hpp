// SPDX-License-Identifier: MIT
// The values of the named code-books.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
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

/// Numbers of a sample in parts of about equal length, each of them sorted, as places in the order
/// of floats.
struct sorted_parts {
  std::vector<std::int32_t> places;
  std::size_t count;  ///< of parts

  std::span<const std::int32_t> operator[](std::size_t part) const {
    return std::span(places).subspan(begin(part), begin(part + 1) - begin(part));
  }
  std::size_t begin(std::size_t part) const {
    return places.size() / count * part + std::min(part, places.size() % count);
  }
  /// The place of index k were all sorted: of each part the number of about that rank bounds it,
  /// then it is the least place that more than k numbers do not exceed.
  std::int32_t at(std::size_t k) const {
    std::int64_t least = std::numeric_limits<std::int32_t>::max(), most = -least;
    for (std::size_t part = 0; part < count; ++part) {
      const std::span<const std::int32_t> sorted = (*this)[part];
      const std::int32_t place = sorted[std::min(k / count, sorted.size() - 1)];
      least = std::min<std::int64_t>(least, place);
      most = std::max<std::int64_t>(most, place);
    }
    while (least < most) {
      const std::int64_t middle = (least + most) >> 1;
      std::size_t within = 0;
      for (std::size_t part = 0; part < count; ++part) {
        const std::span<const std::int32_t> sorted = (*this)[part];
        within += static_cast<std::size_t>(std::upper_bound(sorted.begin(), sorted.end(), middle) -
                                           sorted.begin());
      }
      (within > k ? most : least) = within > k ? middle : middle + 1;
    }
    return static_cast<std::int32_t>(least);
  }
};

/// Sorts the numbers of a sample, in tasks of a part each: at most 64, among which to look for a
/// number is little work.
inline sorted_parts sort_parts(const char* call, std::span<const float> sample,
                               const executor_ref& executor) {
  const std::size_t parts = (sample.size() - 1) / task_elements + 1;
  sorted_parts sorted{std::vector<std::int32_t>(sample.size()), std::min<std::size_t>(parts, 64)};
  run_tasks(executor, sorted.count, [&](std::size_t part) {
    const std::size_t first = sorted.begin(part), last = sorted.begin(part + 1);
    for (std::size_t i = first; i < last; ++i) {
      const std::uint32_t bits = bits_of_float(sample[i]);
      if (magnitude_bits(sample[i]) >= float_infinity)
        throw_invalid(call, "number " + std::to_string(i) + " of a sample is not finite");
      sorted.places[i] = order<binary32>(bits);
    }
    std::sort(sorted.places.data() + first, sorted.places.data() + last);
  });
  return sorted;
}

/// The middles of the bins of equal mass of a sample, divided by its largest magnitude.
inline std::vector<float> quantile_values(here, std::span<const float> sample, int total_bits,
                                          const executor_ref& executor) {
  constexpr const char* call = "quantile_codebook";
  require_bits(call, total_bits);
  if (sample.size() < 2)
    throw_invalid(call, "quantiles take at least 2 numbers, not " + std::to_string(sample.size()));
  const sorted_parts sorted = sort_parts(call, sample, executor);
  const std::size_t bins = std::size_t{1} << total_bits, last = sample.size() - 1;
  std::vector<std::int32_t> boundaries(bins + 1);
  run_tasks(executor, sorted.count, [&](std::size_t task) {
    for (std::size_t i = task; i <= bins; i += sorted.count)
      // i * last / bins without a product that might overflow
      boundaries[i] = sorted.at(last / bins * i + last % bins * i / bins);
  });
  // the first boundary is the least number, the last one the largest
  const std::int32_t amax = std::max(-boundaries.front(), boundaries.back());
  if (amax == 0) throw_invalid(call, "the " + std::to_string(sample.size()) + " numbers are all 0");
  const auto number = [](std::int32_t place) {
    return place < 0 ? float_of_bits(0x80000000u | static_cast<std::uint32_t>(-place))
                     : float_of_bits(static_cast<std::uint32_t>(place));
  };
  std::vector<float> values;
  for (std::size_t i = 0; i < bins; ++i) {
    exact middle = sum(exact_float(number(boundaries[i])), exact_float(number(boundaries[i + 1])));
    middle.exponent -= 1;
    values.push_back(float_quotient(nearest_float(middle), number(amax)));
  }
  return values;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

// SPDX-License-Identifier: MIT
// A block tensor times a vector, with exact sums: which are made of the integers that their
// elements stand for, and how. The loop stands in integer_sums.hpp.
#pragma once

#include <array>
#include <bit>
#include <vector>

#include "integer_task.hpp"
#include "operands.hpp"
#include "wide_plan.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The integer of a finite value that is a multiple of 2^quantum.
constexpr std::int32_t integer_of(const exact& x, int quantum) {
  if (x.what != exact::kind::finite) return 0;
  const auto magnitude = static_cast<std::int32_t>(x.significand >> (quantum - x.exponent));
  return x.negative ? -magnitude : magnitude;
}
/// Bits of the integers of a shape.
constexpr int integer_bits(const number_shape& of) { return of.max_exponent + 1 - of.quantum; }

/// How the rows of a tensor of a format are read.
template <class Format>
struct integer_format {
  using element = typename Format::element;
  using scale = typename Format::scale;
  static constexpr bool has_nibbles = element::width == 4;
  static constexpr number_shape shape = shape_of<element>();
  static constexpr std::size_t block = static_cast<std::size_t>(Format::block_size),
                               lane_codes = has_nibbles ? 32 : 16;
  static constexpr bool serves =
      power_of_two_scale<scale> && sizeof(scale) == 1 && scale::width == 8 &&
      Format::block_rows == 1 && (block == lane_codes || block == 2 * lane_codes) &&
      (has_nibbles ? integer_bits(shape) <= 5 : is_fixed_point<element> && element::width == 8);
  static constexpr int scale_bias = std::same_as<scale, ExponentInt8> ? 127 : 0;
  /// What makes the integers of codes positive, and no smaller than any of them.
  static constexpr std::int32_t bias = has_nibbles ? (1 << integer_bits(shape)) - 1 : 128;
  static constexpr int code_of(scale by) {
    return (static_cast<int>(by.bits()) + scale_bias) & 0xff;
  }
};

/// The vector, as the loop reads it.
struct integer_vector {
  std::vector<std::int8_t> digits;
  std::vector<std::int32_t> corrections;
  std::vector<std::uint32_t> exponents;
  std::size_t rounds = 0;
  int count = 1;                ///< digits
  std::uint64_t magnitude = 0;  ///< the sum of the integers' magnitudes
  bool has_nan = false, has_infinity = false;
};
inline constexpr std::uint32_t code_of_nan = 255;

/// Lays k integers out for an instruction set: integer(l) and field(l) are those of element l. Of a
/// vector of codes those of the low four bits come first.
template <class Format, class Integer, class Field>
integer_vector laid_out(std::size_t k, Isa isa, const Integer& integer, const Field& field) {
  using format = integer_format<Format>;
  constexpr std::size_t of_byte = format::has_nibbles ? 2 : 1;
  const std::size_t lanes = columns_together(isa), vector = 4 * lanes;
  integer_vector x;
  std::vector<std::int32_t> all(k);
  std::uint32_t most = 0;
  for (std::size_t l = 0; l < k; ++l) {
    all[l] = integer(l);
    const auto magnitude = static_cast<std::uint32_t>(all[l] < 0 ? -all[l] : all[l]);
    most = std::max(most, magnitude);
    x.magnitude += magnitude;
  }
  constexpr int bits = digit_bits(format::has_nibbles), base = 1 << bits;
  x.count = most >> bits == 0 ? 1 : most >> 2 * bits == 0 ? 2 : 3;
  const auto count = static_cast<std::size_t>(x.count);
  const std::size_t row_bytes = k / of_byte + k % of_byte;
  x.rounds = row_bytes / (4 * vector) + (row_bytes % (4 * vector) != 0 ? 1 : 0);
  x.digits.resize(x.rounds * 4 * count * of_byte * vector);
  x.corrections.resize(x.rounds * lanes);
  x.exponents.resize(x.rounds * lanes, 1023);
  for (std::size_t l = 0; l < k; ++l) {
    const std::size_t byte = l / of_byte, lane = byte / 16;
    std::int32_t rest = all[l] < 0 ? -all[l] : all[l];
    for (std::size_t digit = count; digit-- > 0; rest /= base)
      x.digits[((byte / vector * count + digit) * of_byte + l % of_byte) * vector + byte % vector] =
          static_cast<std::int8_t>(all[l] < 0 ? -(rest % base) : rest % base);
    x.corrections[lane] -= format::bias * all[l];
    x.exponents[lane] = field(l);
  }
  return x;
}

/// Whether exact sums of products of a tensor's elements by X are made of integers.
template <class Stored, class X>
inline constexpr bool has_integer_sums = false;
template <class Format, class X>
requires integer_format<Format>::serves inline constexpr bool
    has_integer_sums<BlockTensor<Format>, X> = [] {
      if constexpr (is_block_tensor<X>) {
        using of_x = typename X::block_format;
        return power_of_two_scale<typename of_x::scale> && sizeof(typename of_x::scale) == 1 &&
               of_x::scale::width == 8 && of_x::block_rows == 1 &&
               of_x::block_size % static_cast<int>(integer_format<Format>::lane_codes) == 0 &&
               integer_bits(shape_of<typename of_x::element>()) <= 18;
      } else if constexpr (std::ranges::range<X>) {
        return integer_bits(shape_of<std::ranges::range_value_t<X>>()) <= 18;
      } else {
        return false;
      }
    }();

/// The vector x of k numbers, for a tensor of this format.
template <class Format, class X>
integer_vector integers_of(const X& x, std::size_t k, Isa isa) {
  using format = integer_format<Format>;
  bool has_nan = false, has_infinity = false;
  const auto integer = [&](const exact& value, int quantum) {
    has_nan = has_nan || value.what == exact::kind::nan;
    has_infinity = has_infinity || value.what == exact::kind::infinity;
    return integer_of(value, quantum);
  };
  const auto field = [](int code, int quantum) {
    return static_cast<std::uint32_t>(1023 - 127 - 127 + code + format::shape.quantum + quantum);
  };
  integer_vector made;
  if constexpr (is_block_tensor<X>) {
    using of_x = integer_format<typename X::block_format>;
    constexpr int quantum = of_x::shape.quantum;
    const auto code = [&](std::size_t l) { return of_x::code_of(x.scales()[l / of_x::block]); };
    for (std::size_t b = 0; b < x.scales().size(); ++b)
      has_nan = has_nan || of_x::code_of(x.scales()[b]) == static_cast<int>(code_of_nan);
    const auto codes = x.codes().row(0);
    made = laid_out<Format>(
        k, isa,
        [&](std::size_t l) {
          return integer(
              operand_value(static_cast<typename of_x::element>(codes[l]), Subnormals::keep),
              quantum);
        },
        [&](std::size_t l) { return field(code(l), quantum); });
  } else {
    constexpr int quantum = shape_of<std::ranges::range_value_t<X>>().quantum;
    made = laid_out<Format>(
        k, isa, [&](std::size_t l) { return integer(operand_at(x, l, Subnormals::keep), quantum); },
        [&](std::size_t) { return field(127, quantum); });
  }
  made.has_nan = has_nan;
  made.has_infinity = has_infinity;
  return made;
}

/// y = a * x, exact, part by part; false where it does not serve: then nothing was written.
template <class Format, class X, class Reader, class Put, class E>
bool multiply_integers(const BlockTensor<Format>& a, const X& x, const Reader& reader,
                       const matrix_cuts& cuts, std::size_t k, const Put& put, E& executor) {
  using format = integer_format<Format>;
  const Isa isa = active_isa();
  if (a.axis() != 1 || !float_environment::is_known || k == 0 || k > std::size_t{1} << 28)
    return false;
  if constexpr (is_block_tensor<X>) {
    if (x.axis() != 1) return false;
  }
  const integer_vector vector = integers_of<Format>(x, k, isa);
  if (vector.has_infinity) return false;
  const int bits =
      static_cast<int>(std::bit_width(vector.magnitude * static_cast<std::uint64_t>(format::bias)));
  const block_values<Format> values(a);
  integer_task task{};
  task.row_bytes = a.codes().stride();
  task.row_blocks = a.block_cols();
  task.repeats = format::block / format::lane_codes;
  task.scales_end = reinterpret_cast<const std::uint8_t*>(a.scales().data() + a.scales().size());
  task.scale_bias = format::scale_bias;
  if constexpr (format::has_nibbles) {
    for (unsigned code = 0; code < 16; ++code)
      task.nibble[code] = static_cast<std::uint8_t>(
          format::bias +
          integer_of(operand_value(format::element::from_bits(static_cast<std::uint8_t>(code)),
                                   Subnormals::keep),
                     format::shape.quantum));
  }
  task.rounds = vector.rounds;
  task.x = vector.digits.data();
  task.corrections = vector.corrections.data();
  task.exponents = vector.exponents.data();
  const auto run = [&](const integer_task& of) {
    constexpr bool nibbles = format::has_nibbles;
    if (vector.count == 1) run_integer_sums<nibbles, 1>(place_of<true>(), isa, of);
    if (vector.count == 2) run_integer_sums<nibbles, 2>(place_of<true>(), isa, of);
    if (vector.count == 3) run_integer_sums<nibbles, 3>(place_of<true>(), isa, of);
  };
  run_cuts(executor, cuts, [&](const matrix_part& part) {
    constexpr std::size_t together = 64;
    const float_environment environment(direction::nearest);
    const std::size_t end = part.left + part.cols;
    for (std::size_t top = part.left; top < end; top += together) {
      double sums[together];
      std::uint32_t lows[together], highs[together], codes[together];
      integer_task of = task;
      of.rows = std::min(together, end - top);
      of.codes = a.codes().data() + top * task.row_bytes;
      of.scales = reinterpret_cast<const std::uint8_t*>(a.scales().data()) + top * task.row_blocks;
      of.sums = sums;
      of.lows = lows;
      of.highs = highs;
      of.scale_codes = codes;
      run(of);
      for (std::size_t r = 0; r < of.rows; ++r) {
        const bool is_zero = highs[r] == 0;
        const int spread = static_cast<int>(highs[r] + lows[r]) - 4096;
        if (vector.has_nan || codes[r] == code_of_nan) {
          put(0, top + r, __builtin_bit_cast(float, wide<std::uint32_t>::quiet_nan));
        } else if (is_zero || bits + spread <= 53) {
          // no sum on the way had more bits than a double
          put(0, top + r, sum_of_lane<float>(sums[r]));
        } else {
          put(0, top + r,
              sum_of_products(
                  ExactAccumulator{}, 0, k,
                  [&](std::size_t l) { return values.at(top + r, l, Subnormals::keep); },
                  [&](std::size_t l) { return reader.at(0, l, Subnormals::keep); }));
        }
      }
    }
  });
  return true;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

// SPDX-License-Identifier: MIT
// The loops that people write without a library: shifts for bfloat16, branches to make an 8-bit
// code, a table to read one. For files with flags of their own, hence the unnamed namespace.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "rivals.hpp"

namespace bench {
namespace {

inline std::uint16_t plain_to_bfloat16(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if ((bits & 0x7fffffff) > 0x7f800000) return static_cast<std::uint16_t>(bits >> 16 | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

inline float plain_from_bfloat16(std::uint16_t code) {
  return std::bit_cast<float>(std::uint32_t{code} << 16);
}

/// An 8-bit format: its mantissa bits, bias and largest finite code; whether the code above that is
/// infinity.
struct plain_format {
  std::uint32_t mantissa_bits, bias, largest;
  bool has_infinity;
};
inline constexpr plain_format plain_e4m3fn{3, 7, 0x7e, false}, plain_e5m2{2, 15, 0x7b, true};

/// To nearest even; what is too large but finite becomes the largest finite.
template <plain_format F>
std::uint8_t plain_to_float8(float x) {
  constexpr std::uint32_t dropped = 23 - F.mantissa_bits, infinity = 0x7f800000;
  constexpr std::uint32_t smallest_normal = (128 - F.bias) << 23;
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t sign = bits >> 24 & 0x80, magnitude = bits & 0x7fffffff;
  std::uint32_t code = 0;
  if (magnitude > infinity) {
    code = F.has_infinity ? 0x7e : 0x7f;
  } else if (magnitude == infinity) {
    code = F.largest + 1;
  } else if (magnitude < smallest_normal) {
    // an addend whose last place is that of the subnormals: the sum is rounded there
    constexpr std::uint32_t addend = smallest_normal + (dropped << 23);
    const float sum = std::bit_cast<float>(magnitude) + std::bit_cast<float>(addend);
    code = std::bit_cast<std::uint32_t>(sum) - addend;
  } else {
    const std::uint32_t half = (1u << (dropped - 1)) - 1 + (magnitude >> dropped & 1);
    code = (magnitude + half - ((127 - F.bias) << 23)) >> dropped;
    if (code > F.largest) code = F.largest;
  }
  return static_cast<std::uint8_t>(sign | code);
}

/// The values of all codes.
template <plain_format F>
constexpr std::array<float, 256> plain_values() {
  std::array<float, 256> values{};
  for (std::uint32_t code = 0; code < 256; ++code) {
    const std::uint32_t magnitude = code & 0x7f;
    const std::uint32_t exponent = magnitude >> F.mantissa_bits;
    auto fraction = static_cast<float>(magnitude & ((1u << F.mantissa_bits) - 1));
    if (exponent != 0) fraction += static_cast<float>(1u << F.mantissa_bits);
    const std::uint32_t power = 127 - F.bias - F.mantissa_bits + (exponent != 0 ? exponent : 1);
    float value = fraction * std::bit_cast<float>(power << 23);
    if (magnitude > F.largest) value = std::numeric_limits<float>::quiet_NaN();
    if (F.has_infinity && magnitude == F.largest + 1)
      value = std::numeric_limits<float>::infinity();
    values[code] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | (code & 0x80) << 24);
  }
  return values;
}

template <plain_format F>
float plain_from_float8(std::uint8_t code) {
  static constexpr std::array<float, 256> values = plain_values<F>();
  return values[code];
}

template <plain_format F>
void add_plain_float8(rivals& found, std::string_view loop, std::string_view table,
                      std::string_view format) {
  found.all.push_back(
      {loop, format, true, &convert_each<float, std::uint8_t, &plain_to_float8<F>>});
  found.all.push_back(
      {table, format, false, &convert_each<std::uint8_t, float, &plain_from_float8<F>>});
}

inline void add_plain_loops(rivals& found, std::string_view loop, std::string_view table) {
  found.all.push_back(
      {loop, "bfloat16", true, &convert_each<float, std::uint16_t, &plain_to_bfloat16>});
  found.all.push_back(
      {loop, "bfloat16", false, &convert_each<std::uint16_t, float, &plain_from_bfloat16>});
  add_plain_float8<plain_e4m3fn>(found, loop, table, "float8_e4m3fn");
  add_plain_float8<plain_e5m2>(found, loop, table, "float8_e5m2");
}

}  // namespace
}  // namespace bench

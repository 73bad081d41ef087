// SPDX-License-Identifier: MIT
// Where every bit of packed codes belongs, from the description of each layout; one format a width.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <narrowfloat/packed.hpp>

namespace test {

enum class Layout {
  bit_stream,
  one_per_byte,
  adjacent_planes,
  strided_planes,
  split_nibbles,
  high_nibble_first
};

/// The place of bit `bit` of code i among n, counted from the lowest bit of the first byte.
inline std::size_t bit_place(Layout layout, std::size_t width, std::size_t n, std::size_t i,
                             std::size_t bit) {
  switch (layout) {
    case Layout::bit_stream:
      return i * width + bit;
    case Layout::one_per_byte:
      return 8 * i + bit;
    case Layout::split_nibbles:  // byte j of a block: codes j and j + 16
      return i / 32 * 128 + (i % 16) * 8 + (i % 32 < 16 ? 0 : 4) + bit;
    case Layout::high_nibble_first:
      return (i / 2) * 8 + (i % 2 == 0 ? 4 : 0) + bit;
    case Layout::adjacent_planes:
    case Layout::strided_planes:
      break;
  }
  const std::size_t padded = (n + 7) / 8 * 8;
  std::size_t start = 0;  // of the plane, in bits
  for (const std::size_t part : {8u, 4u, 2u, 1u}) {
    if (width / part % 2 == 0) continue;
    if (bit < part) {
      if (layout == Layout::adjacent_planes) return start + i * part + bit;
      const std::size_t bytes = padded * part / 8;
      return start + i % bytes * 8 + i / bytes * part + bit;
    }
    bit -= part;
    start += padded * part;
  }
  return ~std::size_t{0};
}

inline std::size_t layout_bytes(Layout layout, std::size_t width, std::size_t n) {
  switch (layout) {
    case Layout::bit_stream:
      return (n * width + 7) / 8;
    case Layout::one_per_byte:
      return n;
    case Layout::split_nibbles:
      return (n + 31) / 32 * 16;
    case Layout::high_nibble_first:
      return (n + 1) / 2;
    case Layout::adjacent_planes:
    case Layout::strided_planes:
      return (n + 7) / 8 * width;
  }
  return 0;
}

/// The packed bytes of these codes, padding 0.
inline std::vector<std::uint8_t> packed_bytes(Layout layout, std::size_t width,
                                              const std::vector<std::uint32_t>& codes) {
  std::vector<std::uint8_t> bytes(layout_bytes(layout, width, codes.size()));
  for (std::size_t i = 0; i < codes.size(); ++i) {
    for (std::size_t bit = 0; bit < width; ++bit) {
      const std::size_t place = bit_place(layout, width, codes.size(), i, bit);
      const std::uint32_t value = (codes[i] >> bit) & 1;
      bytes.at(place / 8) = static_cast<std::uint8_t>(bytes.at(place / 8) | value << (place % 8));
    }
  }
  return bytes;
}

/// A format of each width: those with a name have their loops in the compiled library.
template <int Width>
struct format_of {
  using type = narrowfloat::Float<2, (Width < 3 ? 0 : Width - 3), 1, narrowfloat::Specials::finite>;
};
template <>
struct format_of<1> {
  using type = narrowfloat::Float<1, 0, 1, narrowfloat::Specials::finite,
                                  narrowfloat::Signedness::is_unsigned>;
};
template <>
struct format_of<2> {
  using type = narrowfloat::Float<1, 0, 1, narrowfloat::Specials::finite>;
};
template <>
struct format_of<8> {
  using type = narrowfloat::float8_e5m2;
};
template <>
struct format_of<12> {
  using type = narrowfloat::float12_e6m5;
};
template <>
struct format_of<16> {
  using type = narrowfloat::float16;
};

/// Calls f.template operator()<F>() for a format of each width, 1 to 16.
template <class Function>
void for_each_width(Function f) {
  [&]<int... W>(std::integer_sequence<int, W...>) {
    (f.template operator()<typename format_of<W + 1>::type>(), ...);
  }
  (std::make_integer_sequence<int, 16>{});
}

/// Codes in which every bit pattern turns up.
inline std::vector<std::uint32_t> sample_codes(std::size_t n, int width, std::uint32_t seed) {
  std::vector<std::uint32_t> codes(n);
  std::uint32_t state = seed * 2654435761u + 12345u;
  for (std::uint32_t& code : codes) {
    state = state * 1664525u + 1013904223u;
    code = state >> (32 - width);
  }
  return codes;
}

}  // namespace test

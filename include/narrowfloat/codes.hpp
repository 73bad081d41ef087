// SPDX-License-Identifier: MIT
// Codes that come from elsewhere: the memory of other libraries as an array of Floats, and tables
// of codes.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "errors.hpp"
#include "float.hpp"

namespace narrowfloat {
namespace detail {

/// A contiguous range, in memory that outlives the call, of bytes or of the words that hold the
/// codes of F.
template <class Range, class F>
concept code_memory = std::ranges::contiguous_range<Range> && std::ranges::sized_range<Range> &&
    std::ranges::borrowed_range<Range> &&
    (std::same_as<std::ranges::range_value_t<Range>, std::byte> ||
     std::same_as<std::ranges::range_value_t<Range>, unsigned char> ||
     std::same_as<std::ranges::range_value_t<Range>, typename F::Storage>);

inline namespace NF_BASELINE {

/// All bits of a code of F.
template <class F>
inline constexpr auto code_mask = static_cast<typename F::Storage>(layout_of<F>::magnitude_mask |
                                                                   layout_of<F>::sign_mask);

/// Not constexpr: from_codes() calls it, and so does not compile, for a code with bits above the
/// format's width.
void a_code_is_beyond_the_width_of_its_format();
template <class F, class Code>
constexpr F checked_code(Code code) {
  if (static_cast<std::uint64_t>(code) > code_mask<F>) a_code_is_beyond_the_width_of_its_format();
  return F::from_bits(static_cast<typename F::Storage>(code));
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The memory of another library as codes of F, without a copy: std::byte, unsigned char, or words
/// as wide as a code.
///
/// Result    a std::span of F, of const F where the memory is const; one code a byte for formats of
///           8 bits and fewer (packed codes: PackedSpan).
/// Requires  the memory outlives the span.
/// Special   std::invalid_argument, with the numbers, for a size that is no multiple of a code's,
///           for an address that is not aligned to it, and for the first code with a bit above
///           F::width, as no Float has one.
/// Cost      a read of all codes where F::width leaves bits of its word unused; else none.
/// Example   std::vector<unsigned char> received{0x38, 0xb8, 0x40};
///           const std::span<float8_e4m3fn> codes = as_codes<float8_e4m3fn>(received);
///           assert(codes[0] == 1 && codes[1] == -1);
///           codes[2] = float8_e4m3fn(0.5f);
///           assert(received[2] == 0x30);
template <narrow_float F, detail::code_memory<F> Range>
[[nodiscard]] NF_INLINE auto as_codes(Range&& memory) {
  using word = std::remove_reference_t<std::ranges::range_reference_t<Range>>;
  using code = std::conditional_t<std::is_const_v<word>, const F, F>;
  const std::size_t bytes = std::ranges::size(memory) * sizeof(word);
  word* const first = std::ranges::data(memory);
  if (bytes % sizeof(F) != 0) {
    detail::fail<std::invalid_argument>("as_codes", "the memory has " + std::to_string(bytes) +
                                                        " bytes, no multiple of the " +
                                                        std::to_string(sizeof(F)) + " of a code");
  }
  if (const auto place = reinterpret_cast<std::uintptr_t>(first) % alignof(F); place != 0) {
    detail::fail<std::invalid_argument>("as_codes", "the memory begins " + std::to_string(place) +
                                                        " bytes behind a multiple of " +
                                                        std::to_string(alignof(F)));
  }
  const std::span<code> codes(reinterpret_cast<code*>(first), bytes / sizeof(F));
  if constexpr (F::width < 8 * sizeof(F)) {
    for (std::size_t i = 0; i < codes.size(); ++i) {
      if ((codes[i].bits() & ~detail::code_mask<F>) != 0) {
        detail::fail<std::invalid_argument>(
            "as_codes", "code " + std::to_string(codes[i].bits()) + " at " + std::to_string(i) +
                            " has more than the " + std::to_string(F::width) +
                            " bits of the format");
      }
    }
  }
  return codes;
}

/// A table of codes, at compile time.
///
/// Requires  constants; a code with a bit above F::width does not compile.
/// Example   constexpr auto table = from_codes<float4_e2m1fn>(0x0, 0x3, 0xf);
///           static_assert(table[0] == 0 && table[1] == 1.5f && table[2] == -6);
template <narrow_float F, std::integral... Codes>
consteval std::array<F, sizeof...(Codes)> from_codes(Codes... codes) {
  return {detail::checked_code<F>(codes)...};
}

}  // namespace narrowfloat

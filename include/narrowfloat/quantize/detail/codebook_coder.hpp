// SPDX-License-Identifier: MIT
// What turns numbers into codes: the absmax of a block from its largest magnitude, and the codes by
// an absmax.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "../../detail/array/parts.hpp"
#include "../../detail/exact/binary.hpp"
#include "../../isa.hpp"
#include "codebook_choice.hpp"
#include "codebook_parts.hpp"
#include "codebook_places.hpp"
#include "codebook_search.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The largest float whose product with every value of a code-book, rounded to float, is finite; as
/// bits.
inline std::uint32_t largest_absmax(const Codebook& book) {
  const std::uint32_t most =
      std::max(magnitude_bits(book.least()), magnitude_bits(book.greatest()));
  const float value = float_of_bits(most);
  const auto is_finite_with = [&](std::uint32_t bits) {
    return is_finite(float_product(float_of_bits(bits), value));
  };
  std::uint32_t bits = float_infinity - 1;
  if (most <= bits_of_float(1.0f)) return bits;
  bits = bits_of_float(float_quotient(float_of_bits(bits), value));
  while (is_finite_with(bits + 1)) ++bits;
  while (!is_finite_with(bits)) --bits;
  return bits;
}

/// What n numbers in blocks are quantized by.
struct codebook_coder {
  const codebook_tables& book;
  std::size_t block;
  NonFinite non_finite;
  bool in_float;
  float end;           ///< what absmax is divided by; 1: nothing
  std::uint32_t most;  ///< the largest absmax, as bits
  std::uint8_t zero, least, greatest;
  Isa isa;

  static codebook_coder of(const Codebook& book, std::size_t block,
                           const CodebookOptions& options) {
    codebook_coder coder{book.tables(),
                         block,
                         options.non_finite,
                         options.pipeline == CodebookPipeline::bitsandbytes,
                         1.0f,
                         largest_absmax(book),
                         book.tables().zero,
                         book.tables().code[0],
                         book.tables().code[book.tables().distinct - 1],
                         active_isa()};
    if (!options.headroom) return coder;
    const std::uint32_t least = magnitude_bits(book.least());
    const std::uint32_t greatest = magnitude_bits(book.greatest());
    const bool below = bits_of_float(book.least()) > binary32::sign_mask;
    const bool above = greatest != 0 && bits_of_float(book.greatest()) == greatest;
    coder.end = float_of_bits(below && above ? std::min(least, greatest)
                              : below        ? least
                                             : greatest);
    return coder;
  }

  /// The absmax of a block from its largest magnitude, by bits.
  float absmax(std::uint32_t bits) const {
    if (bits != 0 && bits_of_float(end) != bits_of_float(1.0f))
      bits = bits_of_float(float_quotient(float_of_bits(bits), end));
    return float_of_bits(std::min(bits, most));
  }

  /// Whether no number of a finite block is beyond its absmax, and no code has to be searched for.
  bool needs_no_search() const {
    return (book.cells.serves || book.decades.serves) && !in_float &&
           bits_of_float(end) <= bits_of_float(1.0f) && most == float_infinity - 1;
  }

  /// Whether the kernel, whose quotients are at most 1, finds the codes of a block.
  bool is_usual(std::uint32_t largest, float absmax) const {
    return in_float || largest <= bits_of_float(absmax);
  }

  /// The codes of finite numbers in blocks, by an absmax each; 0 is that of zeros.
  template <class R>
  void encode(const float* x, std::uint8_t* codes, std::size_t n, const float* absmax,
              std::size_t blocks, const R& rounding) const {
    float divisor[part_elements];
    const std::uint32_t smallest = in_float ? bits_of_float(1e-38f) : 0;
    for (std::size_t i = 0; i < blocks; ++i) {
      const std::uint32_t bits = bits_of_float(absmax[i]);
      divisor[i] = bits == 0 ? 1.0f : float_of_bits(std::max(bits, smallest));
    }
    if (in_float)
      encode_codebook_kernels[isa](x, codes, n, book, divisor, block, true);
    else
      encode_places_kernels[isa](x, codes, n, book, divisor, block);
    if constexpr (R::random_bits != 0)
      choose_codes(book, x, codes, n, divisor, block, in_float, rounding);
  }

  /// The codes of numbers of one block of which some are larger than absmax.
  template <class R>
  void encode_beyond(const float* x, std::uint8_t* codes, std::size_t n, float absmax,
                     const R& rounding) const {
    const float divisor = is_zero(absmax) ? 1.0f : absmax;
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t k = book.one_part ? midpoints_below<codebook_quotient::short_midpoints>(
                                                book, x[i], static_cast<double>(divisor))
                                          : midpoints_below<codebook_quotient::long_midpoints>(
                                                book, x[i], static_cast<double>(divisor));
      codes[i] = book.code[k];
    }
    if constexpr (R::random_bits != 0)
      choose_codes(book, x, codes, n, &divisor, n, false, rounding);
  }

  /// The codes of up to part_elements numbers of one block whose largest finite magnitude has bits
  /// `largest`.
  template <class R>
  void encode_block(const float* x, std::uint8_t* codes, std::size_t n, std::uint32_t largest,
                    float absmax, const R& rounding) const {
    if (is_usual(largest, absmax))
      encode(x, codes, n, &absmax, 1, rounding);
    else
      encode_beyond(x, codes, n, absmax, rounding);
  }

  /// The same of numbers among which are Inf, the end of the code-book, or NaN, the upper end.
  template <class R>
  void encode_any(const float* x, std::uint8_t* codes, std::size_t n, std::uint32_t largest,
                  float absmax, const R& rounding) const {
    float finite[part_elements];
    for (std::size_t i = 0; i < n; ++i) finite[i] = is_finite(x[i]) ? x[i] : 0.0f;
    encode_block(finite, codes, n, largest, absmax, rounding);
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint32_t bits = bits_of_float(x[i]);
      if (!is_finite(x[i])) codes[i] = bits == (float_infinity | 0x80000000u) ? least : greatest;
    }
  }
};

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

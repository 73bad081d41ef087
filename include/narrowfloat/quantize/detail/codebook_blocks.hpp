// SPDX-License-Identifier: MIT
// The loops over the blocks of an array: the absmax of each, then its codes; both a part at a time, so that a block may
// have any length.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../../convert/detail/arrays.hpp"
#include "../../detail/array/bit_stream.hpp"
#include "../../detail/array/checks.hpp"
#include "../../detail/array/magnitude.hpp"
#include "../../detail/array/parts.hpp"
#include "../../detail/array/sources.hpp"
#include "../../detail/exact/sum.hpp"
#include "../codebooks.hpp"
#include "codebook_decode.hpp"
#include "codebook_parts.hpp"
#include "codebook_search.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

static_assert(part_elements % 8 == 0);  // every part of packed codes starts on a byte

/// Codes of a byte each, written in place.
struct byte_codes {
  std::uint8_t* to;
  NF_INLINE std::uint8_t* room(std::size_t) { return to; }
  NF_INLINE void take(std::size_t count) { to += count; }
  NF_INLINE void finish() {}
};

/// Exchanges the lower and the upper `Bits` of each 2 * Bits bits in n bytes.
template <int Bits>
NF_INLINE void swap_halves(std::uint8_t* bytes, std::size_t n) {
  constexpr std::uint64_t low = Bits == 4 ? 0x0f0f0f0f0f0f0f0fu : 0x00ff00ff00ff00ffu;
  const auto swap = [](std::uint8_t* at, std::size_t count) {
    std::uint64_t x = 0;
    __builtin_memcpy(&x, at, count);
    x = (x & low) << Bits | (x >> Bits & low);
    __builtin_memcpy(at, &x, count);
  };
  for (; n >= 8; n -= 8, bytes += 8) swap(bytes, 8);
  swap(bytes, n);
}

/// Unpacks `count` codes of 4 bits from the start of a byte, and one more where that is odd.
NF_INLINE void unpack_nibbles(const std::uint8_t* from, std::size_t count, NibbleOrder order,
                              std::uint8_t* codes) {
  count += count % 2;
  unpack_bits<4>(from, count, codes);
  if (order == NibbleOrder::high_first) swap_halves<8>(codes, count);
}

/// Codes of 4 bits, which gather until there are enough.
struct nibble_codes {
  std::uint8_t* to;
  NibbleOrder order;
  std::size_t held = 0;
  std::uint8_t codes[2 * part_elements];

  std::uint8_t* room(std::size_t) { return codes + held; }
  void take(std::size_t count) {
    held += count;
    if (held < part_elements) return;
    write(part_elements);
    held -= part_elements;
    __builtin_memcpy(codes, codes + part_elements, held);
  }
  void finish() { write(held); }

  void write(std::size_t count) {
    const std::size_t bytes = bit_stream_bytes(count, 4);
    pack_bits<4>(codes, count, to);
    if (order == NibbleOrder::high_first) swap_halves<4>(to, bytes);
    to += bytes;
  }
};

/// What n numbers in blocks are quantized by.
struct codebook_coder {
  const codebook_tables& book;
  std::size_t block;
  NonFinite non_finite;
  bool in_float;
  float end;  ///< what absmax is divided by; 1: nothing
  std::uint8_t zero, least, greatest;
  Isa isa;

  static codebook_coder of(const Codebook& book, std::size_t block,
                           const CodebookOptions& options) {
    codebook_coder coder{book.tables(),
                         block,
                         options.non_finite,
                         options.pipeline == CodebookPipeline::bitsandbytes,
                         1.0f,
                         book.nearest(0.0f),
                         book.nearest(-1.0f),
                         book.nearest(1.0f),
                         active_isa()};
    if (!options.headroom) return coder;
    const std::uint32_t least = bits_of_float(book.least()) & 0x7fffffffu;
    const std::uint32_t greatest = bits_of_float(book.greatest()) & 0x7fffffffu;
    const bool below = order<binary32>(bits_of_float(book.least())) < 0;
    const bool above = order<binary32>(bits_of_float(book.greatest())) > 0;
    coder.end = float_of_bits(below && above ? std::min(least, greatest)
                              : below        ? least
                                             : greatest);
    return coder;
  }

  /// The absmax of a block from its largest magnitude, by bits.
  float absmax(std::uint32_t bits) const {
    if (bits == 0 || bits_of_float(end) == bits_of_float(1.0f)) return float_of_bits(bits);
    const float room = float_quotient(float_of_bits(bits), end);
    return float_of_bits(std::min(bits_of_float(room), float_infinity - 1));
  }

  /// The codes of finite numbers in blocks, by an absmax each; 0 is that of zeros.
  void encode(const float* x, std::uint8_t* codes, std::size_t n, const float* absmax,
              std::size_t blocks) const {
    float divisor[part_elements];
    const std::uint32_t smallest = in_float ? bits_of_float(1e-38f) : 0;
    for (std::size_t i = 0; i < blocks; ++i) {
      const std::uint32_t bits = bits_of_float(absmax[i]);
      divisor[i] = bits == 0 ? 1.0f : float_of_bits(std::max(bits, smallest));
    }
    encode_codebook_kernels[isa](x, codes, n, book, divisor, block, in_float);
  }

  /// The codes of up to part_elements numbers of a block with Inf or NaN. Inf is the end of the code-book,
  /// NaN the upper end.
  void encode_any(const float* x, std::uint8_t* codes, std::size_t n, float absmax) const {
    float finite[part_elements];
    for (std::size_t i = 0; i < n; ++i) {
      const bool counts = (bits_of_float(x[i]) & 0x7fffffffu) < float_infinity;
      finite[i] = counts ? x[i] : 0.0f;
    }
    encode(finite, codes, n, &absmax, 1);
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint32_t bits = bits_of_float(x[i]);
      if ((bits & 0x7fffffffu) >= float_infinity)
        codes[i] = bits == (float_infinity | 0x80000000u) ? least : greatest;
    }
  }
};

/// Quantizes one block with Inf or NaN, or one longer than part_elements.
template <class T, class Codes>
void quantize_block(const codebook_coder& coder, const T* values, std::size_t n,
                    std::uint32_t largest, float& absmax, Codes& out) {
  float buffer[part_elements];
  const bool all_finite = largest < float_infinity;
  bool is_nan = false;
  if (!all_finite) {
    is_nan = coder.non_finite == NonFinite::nan_block ||
             (coder.non_finite == NonFinite::saturate && largest > float_infinity);
    largest = coder.non_finite == NonFinite::propagate ? largest_finite_magnitude(values, n)
                                                       : float_infinity - 1;
  }
  absmax = is_nan ? float_of_bits(binary32::nan_code) : coder.absmax(largest);
  for (std::size_t first = 0, count = 0; first < n; first += count) {
    count = std::min(part_elements, n - first);
    std::uint8_t* const codes = out.room(count);
    const float* const x = as_floats(values + first, count, buffer);
    if (is_nan)
      std::fill_n(codes, count, coder.zero);
    else if (all_finite)
      coder.encode(x, codes, count, &absmax, 1);
    else
      coder.encode_any(x, codes, count, absmax);
    out.take(count);
  }
}

/// Quantizes n numbers: an absmax a block, and the codes, which `out.room(count)` takes before they are
/// written and `out.take(count)` after.
template <class T, class Codes>
void quantize_by_codebook(const codebook_coder& coder, const T* values, std::size_t n,
                          float* absmax, Codes& out) {
  const float_environment environment(direction::nearest);
  const auto largest = largest_kernels<std::uint32_t>[coder.isa];
  const bool small = coder.block <= part_elements;
  const std::size_t run = small ? part_elements / coder.block * coder.block : coder.block;
  float buffer[part_elements];
  for (std::size_t first = 0, count = 0; first < n; first += count) {
    count = std::min(run, n - first);
    if (!small) {
      std::uint32_t bits = 0;
      for (std::size_t i = 0; i < count; i += part_elements) {
        const std::size_t part = std::min(part_elements, count - i);
        bits = std::max(bits, largest(as_floats(values + first + i, part, buffer), part));
      }
      quantize_block(coder, values + first, count, bits, *absmax++, out);
      continue;
    }
    const float* const x = as_floats(values + first, count, buffer);
    std::uint32_t bits[part_elements], most = 0;
    std::size_t blocks = 0;
    for (std::size_t i = 0; i < count; i += coder.block, ++blocks) {
      bits[blocks] = largest(x + i, std::min(coder.block, count - i));
      most = std::max(most, bits[blocks]);
    }
    if (most < float_infinity) {
      for (std::size_t k = 0; k < blocks; ++k) absmax[k] = coder.absmax(bits[k]);
      coder.encode(x, out.room(count), count, absmax, blocks);
      out.take(count);
    } else {
      for (std::size_t i = 0, k = 0; k < blocks; ++k, i += coder.block) {
        quantize_block(coder, x + i, std::min(coder.block, count - i), bits[k], absmax[k], out);
      }
    }
    absmax += blocks;
  }
  out.finish();
}

/// Writes the values of codes of a byte each times the absmax of their block; `before` elements of the first
/// block come before these.
template <class T>
void dequantize_codes(const codebook_tables& book, const std::uint8_t* codes, std::size_t n,
                      const float* absmax, std::size_t block, std::size_t before, bool stream,
                      T* out) {
  if constexpr (std::same_as<T, float>) {
    const float_environment environment(direction::nearest);
    decode_codebook_kernel_of(active_isa(), book.size)(codes, out, n, book, absmax, block, before,
                                                       stream);
  } else {
    double products[part_elements];
    for (std::size_t first = 0; first < n; first += part_elements) {
      const std::size_t count = std::min(part_elements, n - first);
      for (std::size_t i = 0; i < count; ++i) {
        products[i] = scaled_up(convert<double>(book.value[codes[first + i]]),
                                convert<double>(absmax[(before + first + i) / block]));
      }
      narrowfloat::convert(std::span<const double>(products, count), std::span(out + first, count));
    }
  }
}

/// The mean of floats that are positive or 0, exact and rounded once; NaN does not count.
inline float mean_of(std::span<const float> values) {
  exact_sum total;
  std::uint64_t count = 0;
  for (const float x : values) {
    const std::uint32_t bits = bits_of_float(x);
    if (bits >= float_infinity) continue;  // NaN
    ++count;
    if (bits != 0) total.add(binary_of(bits), {1, 0}, 0, false);
  }
  return nearest_float(
      count == 0 ? exact::zero(false) : quotient(total.value(), exact_integer(count)),
      {true, true});
}

/// The code-book of nested absmax.
inline const Codebook& absmax_codebook(CodebookPipeline pipeline) {
  static const Codebook exact_book = dynamic_codebook(),
                        bitsandbytes_book = bitsandbytes_dynamic_codebook();
  return pipeline == CodebookPipeline::exact ? exact_book : bitsandbytes_book;
}

inline void nest_absmax(codebook_parts& parts, std::vector<float> absmax) {
  parts.absmax_mean = mean_of(absmax);
  for (float& x : absmax) x = float_total(x, -parts.absmax_mean);
  const CodebookOptions second{.pipeline = parts.options.pipeline};
  byte_codes codes{parts.absmax_codes.data()};
  quantize_by_codebook(
      codebook_coder::of(absmax_codebook(parts.options.pipeline), nested_block, second),
      absmax.data(), absmax.size(), parts.absmax.data(), codes);
}

template <class T>
void quantize_to(here, codebook_parts& parts, const Codebook& book, std::span<const T> values) {
  if (values.size() != parts.size) {
    throw_invalid("the input has " + std::to_string(values.size()) +
                  " elements, the code-book tensor " + std::to_string(parts.size));
  }
  const auto coder = codebook_coder::of(book, parts.block_size, parts.options);
  std::vector<float> first_level(parts.absmax_codes.size());
  float* const absmax = parts.options.nested ? first_level.data() : parts.absmax.data();
  if (book.code_bits() == 8) {
    byte_codes codes{parts.codes.data()};
    quantize_by_codebook(coder, values.data(), values.size(), absmax, codes);
  } else {
    nibble_codes codes{parts.codes.data(), parts.options.nibbles, 0, {}};
    quantize_by_codebook(coder, values.data(), values.size(), absmax, codes);
  }
  if (parts.options.nested) nest_absmax(parts, std::move(first_level));
}

inline std::uint8_t zero_of_absmax(here, CodebookPipeline pipeline) {
  return absmax_codebook(pipeline).nearest(0.0f);
}

/// The absmax of every block, nested or not.
inline std::vector<float> every_absmax(here, const codebook_parts& parts) {
  if (!parts.options.nested) return parts.absmax;
  std::vector<float> all(parts.absmax_codes.size());
  dequantize_codes(absmax_codebook(parts.options.pipeline).tables(), parts.absmax_codes.data(),
                   all.size(), parts.absmax.data(), nested_block, 0, false, all.data());
  for (float& x : all) x = float_total(x, parts.absmax_mean);
  return all;
}

template <class T>
void dequantize_codebook(here, const codebook_parts& parts, const Codebook& book,
                         std::span<T> out) {
  const std::size_t n = parts.size;
  if (out.size() != n) {
    throw_invalid("the output has " + std::to_string(out.size()) +
                  " elements, the code-book tensor " + std::to_string(n));
  }
  std::vector<float> nested;
  if (parts.options.nested) nested = every_absmax(here{}, parts);
  const float* const absmax = parts.options.nested ? nested.data() : parts.absmax.data();
  const bool stream = leaves_caches(n * (sizeof(T) + 1));
  if (book.code_bits() == 8) {
    dequantize_codes(book.tables(), parts.codes.data(), n, absmax, parts.block_size, 0, stream,
                     out.data());
    return;
  }
  constexpr std::size_t part = 4 * part_elements;  // of bytes
  std::uint8_t codes[part];
  for (std::size_t first = 0; first < n; first += part) {
    const std::size_t count = std::min(part, n - first);
    unpack_nibbles(parts.codes.data() + first / 2, count, parts.options.nibbles, codes);
    dequantize_codes(book.tables(), codes, count, absmax + first / parts.block_size,
                     parts.block_size, first % parts.block_size, stream, out.data() + first);
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

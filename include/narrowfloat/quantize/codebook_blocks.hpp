// SPDX-License-Identifier: MIT
// private: include <narrowfloat/quantize/codebook_tensor.hpp>. The loops over the blocks of an array: the
// absmax of each, then its codes; both in pieces, so that a block may have any length.
#pragma once

#include "../block_quantize.hpp"
#include "../stats.hpp"
#include "codebook_codes.hpp"
#include "codebooks.hpp"

namespace narrowfloat {

/// How the code of x in a block with the largest magnitude absmax is found.
enum class CodebookPipeline {
  exact,  ///< the value nearest to the exact quotient x / absmax; a tie goes to the lower value
  /// the product x * (1 / max(absmax, 1e-38)), both rounded to float and the product limited to [-1, 1],
  /// against midpoints in float: the default backend of bitsandbytes
  bitsandbytes
};

/// How to quantize by a code-book.
///
/// Example   // as bitsandbytes keeps the weights of QLoRA
///           const CodebookOptions options{.pipeline = CodebookPipeline::bitsandbytes,
///                                         .nibbles = NibbleOrder::high_first,
///                                         .nested = true};
///           auto t = CodebookTensor::quantize(weights, nf4_codebook(), options);
struct CodebookOptions {
  /// Elements that share an absmax. 0: 64 for code-books of up to 16 values (QLoRA), 256 for others, as
  /// bitsandbytes has it since 0.44 (arXiv 2110.02861 has 2048).
  std::size_t block_size = 0;
  NonFinite non_finite = NonFinite::nan_block;
  /// Store and divide by absmax / m, m the smaller magnitude of the two ends of the code-book: then both
  /// absmax and -absmax are values. The dynamic book has no -1, and without this a block whose largest
  /// magnitude is negative shrinks by 0.7 % each time it is quantized again.
  bool headroom = false;
  CodebookPipeline pipeline = CodebookPipeline::exact;
  NibbleOrder nibbles = NibbleOrder::low_first;
  /// Quantize the absmax too (QLoRA's double quantization): less their mean, by the signed 8-bit dynamic
  /// code-book in blocks of 256.
  bool nested = false;
};

namespace detail {
inline namespace NF_BASELINE {

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
    float divisor[packed_chunk];
    const std::uint32_t smallest = in_float ? bits_of_float(1e-38f) : 0;
    for (std::size_t i = 0; i < blocks; ++i) {
      const std::uint32_t bits = bits_of_float(absmax[i]);
      divisor[i] = bits == 0 ? 1.0f : float_of_bits(std::max(bits, smallest));
    }
    encode_codebook_kernels[static_cast<std::size_t>(isa)](x, codes, n, book, divisor, block,
                                                           in_float);
  }

  /// The codes of up to packed_chunk numbers of a block with Inf or NaN. Inf is the end of the code-book,
  /// NaN the upper end.
  void encode_any(const float* x, std::uint8_t* codes, std::size_t n, float absmax) const {
    float finite[packed_chunk];
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

/// Quantizes one block with Inf or NaN, or one longer than packed_chunk.
template <class T, class Codes>
void quantize_block(const codebook_coder& coder, const T* values, std::size_t n,
                    std::uint32_t largest, float& absmax, Codes& out) {
  float buffer[packed_chunk];
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
    count = std::min(packed_chunk, n - first);
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
  const auto largest = largest_kernels<std::uint32_t>[static_cast<std::size_t>(coder.isa)];
  const bool small = coder.block <= packed_chunk;
  const std::size_t run = small ? packed_chunk / coder.block * coder.block : coder.block;
  float buffer[packed_chunk];
  for (std::size_t first = 0, count = 0; first < n; first += count) {
    count = std::min(run, n - first);
    if (!small) {
      std::uint32_t bits = 0;
      for (std::size_t i = 0; i < count; i += packed_chunk) {
        const std::size_t piece = std::min(packed_chunk, count - i);
        bits = std::max(bits, largest(as_floats(values + first + i, piece, buffer), piece));
      }
      quantize_block(coder, values + first, count, bits, *absmax++, out);
      continue;
    }
    const float* const x = as_floats(values + first, count, buffer);
    std::uint32_t bits[packed_chunk], most = 0;
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
    decode_codebook_kernel_of(static_cast<std::size_t>(active_isa()), book.size)(
        codes, out, n, book, absmax, block, before, stream);
  } else {
    double products[packed_chunk];
    for (std::size_t first = 0; first < n; first += packed_chunk) {
      const std::size_t count = std::min(packed_chunk, n - first);
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
  const exact sum = total.value();
  if (sum.what == exact::kind::zero) return 0;
  const wide_product_bits dividend = wide_product_bits{sum.significand} << 64;
  wide_product_bits whole = dividend / count;
  int exponent = sum.exponent - 64;
  bool rest = dividend % count != 0;
  for (; whole >> 63 != 0; whole >>= 1, ++exponent) rest = rest || (whole & 1) != 0;
  return round_to<float>(
      exact::finite(false, static_cast<std::uint64_t>(whole) | (rest ? 1u : 0u), exponent),
      nearest_even, Saturation::finite);
}

/// a + b, rounded once to a float, an overflow to the largest; NaN is the positive one.
inline float float_sum_of(float a, float b) {
  return round_to<float>(sum(exact_of(a), exact_of(b), false), nearest_even, Saturation::finite);
}

}  // namespace NF_BASELINE
}  // namespace detail
}  // namespace narrowfloat

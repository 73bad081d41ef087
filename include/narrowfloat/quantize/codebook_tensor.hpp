// SPDX-License-Identifier: MIT
// CodebookTensor: an array quantized block by block to the codes of a code-book, and back.
#pragma once

#include "codebook_blocks.hpp"

namespace narrowfloat {

namespace detail {

/// Everything a CodebookTensor holds beside its code-book. The same in every translation unit.
struct codebook_parts {
  std::size_t size = 0, block_size = 1;
  CodebookOptions options;
  std::vector<std::uint8_t> codes;
  std::vector<float> absmax;  ///< of each block; of each 256 blocks if nested
  std::vector<std::uint8_t> absmax_codes;
  float absmax_mean = 0;
};

inline namespace NF_BASELINE {

inline constexpr std::size_t nested_block = 256;

inline codebook_parts empty_codebook_parts(const Codebook& book, std::size_t n,
                                           const CodebookOptions& options) {
  codebook_parts parts;
  parts.size = n;
  parts.block_size = options.block_size != 0 ? options.block_size
                                             : std::size_t{book.code_bits() == 4 ? 64u : 256u};
  parts.options = options;
  parts.codes.resize(bit_stream_bytes(n, static_cast<std::size_t>(book.code_bits())));
  const std::size_t blocks = n / parts.block_size + (n % parts.block_size != 0 ? 1 : 0);
  parts.absmax.resize(options.nested ? (blocks + nested_block - 1) / nested_block : blocks);
  if (options.nested) parts.absmax_codes.resize(blocks);
  return parts;
}

/// The code-book of nested absmax.
inline const Codebook& absmax_codebook(CodebookPipeline pipeline) {
  static const Codebook exact_book = dynamic_codebook(),
                        bitsandbytes_book = bitsandbytes_dynamic_codebook();
  return pipeline == CodebookPipeline::exact ? exact_book : bitsandbytes_book;
}

inline void nest_absmax(codebook_parts& parts, std::vector<float> absmax) {
  parts.absmax_mean = mean_of(absmax);
  for (float& x : absmax) x = float_sum_of(x, -parts.absmax_mean);
  const CodebookOptions second{.pipeline = parts.options.pipeline};
  byte_codes codes{parts.absmax_codes.data()};
  quantize_by_codebook(
      codebook_coder::of(absmax_codebook(parts.options.pipeline), nested_block, second),
      absmax.data(), absmax.size(), parts.absmax.data(), codes);
}

template <class T>
void quantize_to(codebook_parts& parts, const Codebook& book, std::span<const T> values) {
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

/// The absmax of every block, nested or not.
inline std::vector<float> every_absmax(const codebook_parts& parts) {
  if (!parts.options.nested) return parts.absmax;
  std::vector<float> all(parts.absmax_codes.size());
  dequantize_codes(absmax_codebook(parts.options.pipeline).tables(), parts.absmax_codes.data(),
                   all.size(), parts.absmax.data(), nested_block, 0, false, all.data());
  for (float& x : all) x = float_sum_of(x, parts.absmax_mean);
  return all;
}

template <class T>
void dequantize_codebook(const codebook_parts& parts, const Codebook& book, std::span<T> out) {
  const std::size_t n = parts.size;
  if (out.size() != n) {
    throw_invalid("the output has " + std::to_string(out.size()) +
                  " elements, the code-book tensor " + std::to_string(n));
  }
  std::vector<float> nested;
  if (parts.options.nested) nested = every_absmax(parts);
  const float* const absmax = parts.options.nested ? nested.data() : parts.absmax.data();
  const bool stream = leaves_caches(n * (sizeof(T) + 1));
  if (book.code_bits() == 8) {
    dequantize_codes(book.tables(), parts.codes.data(), n, absmax, parts.block_size, 0, stream,
                     out.data());
    return;
  }
  constexpr std::size_t piece = 4096;
  std::uint8_t codes[piece];
  for (std::size_t first = 0; first < n; first += piece) {
    const std::size_t count = std::min(piece, n - first);
    unpack_nibbles(parts.codes.data() + first / 2, count, parts.options.nibbles, codes);
    dequantize_codes(book.tables(), codes, count, absmax + first / parts.block_size,
                     parts.block_size, first % parts.block_size, stream, out.data() + first);
  }
}

inline bool same_codebook_parts(const codebook_parts& a, const codebook_parts& b) {
  const auto same = [](const std::vector<float>& x, const std::vector<float>& y) {
    return x.size() == y.size() &&
           (x.empty() || __builtin_memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0);
  };
  return a.size == b.size && a.block_size == b.block_size &&
         a.options.nibbles == b.options.nibbles && a.options.nested == b.options.nested &&
         a.codes == b.codes && a.absmax_codes == b.absmax_codes && same(a.absmax, b.absmax) &&
         bits_of_float(a.absmax_mean) == bits_of_float(b.absmax_mean);
}

}  // namespace NF_BASELINE
}  // namespace detail

/// An array in blocks that share an absmax, a code of a code-book an element: the block-wise quantization
/// of 8-bit Optimizers (arXiv 2110.02861) and of QLoRA (arXiv 2305.14314). The
/// last block may be shorter.
///
/// Codes take a byte, or half a byte where the code-book has at most 16 values.
///
/// Example   auto m = CodebookTensor::quantize(momentum, dynamic_codebook(), {.headroom = true});
///           m.dequantize(momentum);
///           m.requantize(momentum);  // in the memory that m has
///           assert(m.size_bytes() < momentum.size() * 2);
class CodebookTensor {
 public:
  /// Quantizes an array.
  ///
  /// Result    the absmax of a block is its largest magnitude (see CodebookOptions::headroom); a code is
  ///           that of the value nearest to the exact quotient x / absmax, the lower of two. A block of
  ///           zeros has absmax 0 and the code of 0. With nested absmax the codes are those of the exact
  ///           ones.
  /// Special   a block with NaN or Inf by options.non_finite: absmax NaN and the codes of 0; under
  ///           saturate a block with Inf and without NaN has the largest float for absmax and Inf the
  ///           ends of the code-book; under propagate absmax is that of the finite elements, Inf the
  ///           ends, NaN the upper end. Nested, a NaN absmax is one for the 256 blocks that it shares a
  ///           second level with.
  /// Promises  the same bits on every instruction set and in every floating-point environment.
  /// Cost      two passes over the values, the second one in the cache.
  template <number_range In>
  requires lossless_to < detail::number_of<In>,
  float > static NF_INLINE CodebookTensor quantize(const In& values, const Codebook& book,
                                                   const CodebookOptions& options = {}) {
    CodebookTensor tensor = zeros(std::ranges::size(values), book, options);
    tensor.requantize(values);
    return tensor;
  }

  /// n zeros: every absmax 0, every code that of 0; how optimizer state begins.
  static NF_INLINE CodebookTensor zeros(std::size_t n, const Codebook& book,
                                        const CodebookOptions& options = {}) {
    CodebookTensor tensor(book, detail::empty_codebook_parts(book, n, options));
    const std::uint8_t zero = book.nearest(0.0f);
    const auto pair = static_cast<std::uint8_t>(book.code_bits() == 8 ? zero : zero * 17);
    std::fill(tensor.parts_.codes.begin(), tensor.parts_.codes.end(), pair);
    if (n % 2 != 0 && book.code_bits() == 4)
      tensor.parts_.codes.back() &= options.nibbles == NibbleOrder::low_first ? 0x0f : 0xf0;
    const std::uint8_t no_difference = detail::absmax_codebook(options.pipeline).nearest(0.0f);
    std::fill(tensor.parts_.absmax_codes.begin(), tensor.parts_.absmax_codes.end(), no_difference);
    return tensor;
  }

  /// A tensor of given codes, laid out as codes().bytes() gives them, and absmax.
  ///
  /// Special   numbers of codes and of absmax that do not fit n, a code beyond the code-book and
  ///           options.nested throw std::invalid_argument.
  static NF_INLINE CodebookTensor from_parts(std::span<const std::uint8_t> codes,
                                             std::span<const float> absmax, std::size_t n,
                                             const Codebook& book,
                                             const CodebookOptions& options = {}) {
    CodebookTensor tensor(book, detail::empty_codebook_parts(book, n, options));
    auto& parts = tensor.parts_;
    if (options.nested) detail::throw_invalid("nested absmax come from quantize() alone");
    if (codes.size() != parts.codes.size() || absmax.size() != parts.absmax.size()) {
      detail::throw_invalid(std::to_string(n) + " elements have " +
                            std::to_string(parts.codes.size()) + " bytes of codes and " +
                            std::to_string(parts.absmax.size()) + " absmax, not " +
                            std::to_string(codes.size()) + " and " + std::to_string(absmax.size()));
    }
    std::copy(codes.begin(), codes.end(), parts.codes.begin());
    std::copy(absmax.begin(), absmax.end(), parts.absmax.begin());
    const CodebookCodes all = tensor.codes();
    for (std::size_t i = 0; i < n; ++i) {
      if (all[i] >= book.size()) {
        detail::throw_invalid("code " + std::to_string(all[i]) + " of element " +
                              std::to_string(i) + " is beyond a code-book of " +
                              std::to_string(book.size()) + " values");
      }
    }
    return tensor;
  }

  /// Quantizes other values in place of these, as quantize() with the same code-book and options does.
  ///
  /// Special   a size that differs throws std::invalid_argument before anything is written.
  /// Promises  no allocation, unless absmax is nested or the values are no floats.
  template <number_range In>
  requires lossless_to < detail::number_of<In>,
  float > NF_INLINE void requantize(const In& values) {
    using T = detail::number_of<In>;
    detail::quantize_to(parts_, book_,
                        std::span<const T>(std::ranges::data(values), std::ranges::size(values)));
  }

  /// Writes the numbers.
  ///
  /// Result    value * absmax, rounded once, to nearest even, to the type of `out`.
  /// Special   a block whose absmax is NaN is NaN. A size that differs throws std::invalid_argument
  ///           before anything is written.
  /// Promises  as quantize(); no allocation unless absmax is nested.
  template <number_range Out>
  NF_INLINE void dequantize(Out&& out) const {
    detail::dequantize_codebook(
        parts_, book_,
        std::span<detail::number_of<Out>>(std::ranges::data(out), std::ranges::size(out)));
  }

  NF_INLINE const Codebook& codebook() const noexcept { return book_; }
  NF_INLINE const CodebookOptions& options() const noexcept { return parts_.options; }
  NF_INLINE std::size_t size() const noexcept { return parts_.size; }
  NF_INLINE bool empty() const noexcept { return size() == 0; }
  NF_INLINE std::size_t block_size() const noexcept { return parts_.block_size; }
  /// The number of blocks.
  NF_INLINE std::size_t blocks() const noexcept {
    return parts_.options.nested ? parts_.absmax_codes.size() : parts_.absmax.size();
  }
  NF_INLINE CodebookCodes codes() const noexcept {
    return {parts_.codes.data(), size(), book_.code_bits(), parts_.options.nibbles};
  }
  /// The absmax of each block, as dequantize() multiplies by them: nested ones from their codes, the
  /// value times the second absmax rounded to float, and so its sum with the mean.
  NF_INLINE std::vector<float> absmax() const { return detail::every_absmax(parts_); }
  /// What is kept of nested absmax: a code a block, an absmax each 256 blocks, the mean; else nothing.
  NF_INLINE std::span<const std::uint8_t> absmax_codes() const noexcept {
    return parts_.absmax_codes;
  }
  NF_INLINE std::span<const float> absmax_of_absmax() const noexcept {
    return parts_.options.nested ? std::span<const float>(parts_.absmax) : std::span<const float>();
  }
  NF_INLINE float absmax_mean() const noexcept { return parts_.absmax_mean; }

  /// Codes and absmax; the code-book, which tensors share, is not counted.
  NF_INLINE std::size_t size_bytes() const noexcept {
    return parts_.codes.size() + parts_.absmax.size() * sizeof(float) + parts_.absmax_codes.size() +
           (parts_.options.nested ? sizeof(float) : 0);
  }
  /// 0 for an empty array.
  NF_INLINE double bits_per_element() const noexcept {
    return empty() ? 0 : 8 * static_cast<double>(size_bytes()) / static_cast<double>(size());
  }

  /// The same code-book, block size and layout, the same codes and absmax.
  friend NF_INLINE bool operator==(const CodebookTensor& a, const CodebookTensor& b) noexcept {
    return a.book_ == b.book_ && detail::same_codebook_parts(a.parts_, b.parts_);
  }

 private:
  NF_INLINE CodebookTensor(const Codebook& book, detail::codebook_parts parts)
      : book_(book), parts_(std::move(parts)) {}

  Codebook book_;
  detail::codebook_parts parts_;
};

}  // namespace narrowfloat

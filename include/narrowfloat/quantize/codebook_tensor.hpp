// SPDX-License-Identifier: MIT
// CodebookTensor: an array quantized block by block to the codes of a code-book, and back.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../convert.hpp"
#include "../detail/array/checks.hpp"
#include "codebook_codes.hpp"
#include "codebooks.hpp"
#include "detail/codebook_parts.hpp"

namespace narrowfloat {

/// An array in blocks that share an absmax, a code of a code-book an element: the block-wise quantization
/// of 8-bit Optimizers (arXiv 2110.02861) and of QLoRA (arXiv 2305.14314). The last block may be shorter.
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
  template <float_source In>
  static NF_INLINE CodebookTensor quantize(const In& values, const Codebook& book,
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
    const std::uint8_t no_difference =
        detail::zero_of_absmax(detail::place_of<true>(), options.pipeline);
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
  template <float_source In>
  NF_INLINE void requantize(const In& values) {
    using T = detail::number_of<In>;
    detail::quantize_to<T>(
        detail::place_of<detail::is_compiled_codebook<T>, T>(), parts_, book_,
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
    using T = detail::number_of<Out>;
    detail::dequantize_codebook<T>(detail::place_of<detail::is_compiled_codebook<T>, T>(), parts_,
                                   book_,
                                   std::span<T>(std::ranges::data(out), std::ranges::size(out)));
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
  NF_INLINE std::vector<float> absmax() const {
    return detail::every_absmax(detail::place_of<true>(), parts_);
  }
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

#ifndef NARROWFLOAT_COMPILED
#include "detail/codebook_blocks.hpp"
#endif

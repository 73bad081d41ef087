// SPDX-License-Identifier: MIT
// CodebookTensor: an array quantized block by block to the codes of a code-book, and back. Long
// because it has every verb of a quantized tensor.
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
#include "../detail/array/tasks.hpp"
#include "../executor.hpp"
#include "codebook_codes.hpp"
#include "codebooks.hpp"
#include "detail/codebook_parts.hpp"
#include "detail/codebook_saved.hpp"

namespace narrowfloat {

/// The scales of a CodebookTensor as CodebookOptions::nested stores them: scale b is the float
/// nearest mean + y with y the float nearest book.value(codes[b]) * scales[b / 256].
struct NestedScales {
  std::span<const std::uint8_t> codes;  ///< a byte for each block
  std::span<const float> scales;        ///< one for each 256 blocks
  /// The mean of all scales, and the code-book of their codes.
  float mean;
  Codebook book;
};

/// An array in blocks that share a scale, the absmax, and a code of a code-book an element: the
/// block-wise quantization of 8-bit Optimizers (arXiv 2110.02861) and of QLoRA (arXiv 2305.14314).
/// The last block may be shorter. Codes take a byte, or half a byte where the code-book has at most
/// 16 values.
///
/// Example   // Adam's moments; v must not become 0
///           auto m = CodebookTensor::quantize(momentum, dynamic_codebook(), {.headroom = true});
///           const Codebook positive = dynamic_codebook(Signedness::is_unsigned).without_zero();
///           auto v = CodebookTensor::zeros(momentum.size(), positive);
///           m.dequantize(momentum);
///           m.assign(momentum);  // in the memory that m has
///           assert(m.size_bytes() + v.size_bytes() < momentum.size() * 3);
class CodebookTensor {
 public:
  /// Quantizes an array.
  ///
  /// Result    the scale of a block is its largest magnitude (see CodebookOptions::headroom), or
  ///           the largest float for which every value of the code-book comes back finite, if that
  ///           is less; a code is that of the value nearest to the exact quotient x / scale, on a
  ///           tie the lower. A block of zeros has the scale 0 and the code of 0. With nested
  ///           scales the codes are those of the exact ones, and a scale never comes back larger
  ///           than that float.
  /// Special   a block with NaN or Inf by options.non_finite: the scale NaN and the codes of 0;
  ///           under saturate a block with Inf and without NaN has the largest scale and Inf the
  ///           ends of the code-book; under propagate the scale is that of the finite elements, Inf
  ///           the ends, NaN the upper end. Nested, a NaN is one for the 256 blocks that share a
  ///           second level.
  /// Promises  the same bits on every instruction set, for every executor and in every
  ///           floating-point environment; no floating-point exception.
  /// Cost      two passes over the values, the second one in the cache.
  template <float_source In, task_executor E = SerialExecutor>
  [[nodiscard]] static NF_INLINE CodebookTensor quantize(const In& values, const Codebook& book,
                                                         const CodebookOptions& options = {},
                                                         E&& executor = {}) {
    CodebookTensor tensor =
        empty("CodebookTensor::quantize", std::ranges::size(values), book, options);
    tensor.write(0, values, detail::nearest_value{}, executor);
    return tensor;
  }

  /// The same with a stochastic choice of the codes: Stochastic, or StochasticA, B or C on a word
  /// an element.
  ///
  /// Result    a quotient between two neighbouring values a < b goes to b as StochasticVariant
  ///           says, with v = (x / scale - a) / (b - a), exact: on average it is kept. One of the
  ///           values, and what is beyond the ends, stays. Element i of the array draws the bits of
  ///           index offset + i. Nested scales are rounded to nearest.
  template <float_source In, rounding_policy R, task_executor E = SerialExecutor>
  requires(R::random_bits > 0)  //
      [[nodiscard]] static NF_INLINE CodebookTensor
      quantize(const In& values, const Codebook& book, const CodebookOptions& options, R rounding,
               E&& executor = {}) {
    require_bits("CodebookTensor::quantize", values, rounding);
    CodebookTensor tensor =
        empty("CodebookTensor::quantize", std::ranges::size(values), book, options);
    tensor.write(0, values, rounding, executor);
    return tensor;
  }

  /// n zeros: every scale 0, every code that of 0; how optimizer state begins.
  ///
  /// Special   more than fit in memory throw std::invalid_argument.
  [[nodiscard]] static NF_INLINE CodebookTensor zeros(std::size_t n, const Codebook& book,
                                                      const CodebookOptions& options = {}) {
    CodebookTensor tensor = empty("CodebookTensor::zeros", n, book, options);
    const std::uint8_t zero = book.tables().zero;
    const auto pair = static_cast<std::uint8_t>(book.code_bits() == 8 ? zero : zero * 17);
    std::fill(tensor.parts_.codes.begin(), tensor.parts_.codes.end(), pair);
    tensor.clear_padding();
    std::fill(tensor.parts_.absmax_codes.begin(), tensor.parts_.absmax_codes.end(),
              tensor.parts_.absmax_book.nearest(0.0f));
    return tensor;
  }

  /// A tensor of given codes, laid out as codes().bytes() gives them, and scales.
  ///
  /// Special   numbers of codes and of scales that do not fit n, a code beyond the code-book and
  ///           options.nested throw std::invalid_argument, before anything is allocated. A nibble
  ///           that pads becomes 0.
  [[nodiscard]] static NF_INLINE CodebookTensor from_parts(std::span<const std::uint8_t> codes,
                                                           std::span<const float> scales,
                                                           std::size_t n, const Codebook& book,
                                                           const CodebookOptions& options = {}) {
    constexpr const char* call = "CodebookTensor::from_parts";
    if (options.nested) detail::throw_invalid(call, "nested scales are NestedScales, not floats");
    const auto sizes = detail::codebook_sizes::of(call, book, n, options);
    detail::require_parts(call, n, sizes.codes, codes.size(), sizes.blocks, scales.size());
    detail::require_codes(call, CodebookCodes(codes.data(), n, book, options.nibbles), book);
    CodebookTensor tensor = empty(call, n, book, options);
    std::copy(codes.begin(), codes.end(), tensor.parts_.codes.begin());
    std::copy(scales.begin(), scales.end(), tensor.parts_.absmax.begin());
    tensor.clear_padding();
    return tensor;
  }

  /// The same with nested scales, as nested_scales() gives them; whatever options.nested says.
  ///
  /// Example   auto t = CodebookTensor::quantize(weights, nf4_codebook(), {.nested = true});
  ///           assert(t == CodebookTensor::from_parts(t.codes().bytes(), t.nested_scales(),
  ///                                                  t.size(), t.codebook(), t.options()));
  [[nodiscard]] static NF_INLINE CodebookTensor from_parts(std::span<const std::uint8_t> codes,
                                                           const NestedScales& scales,
                                                           std::size_t n, const Codebook& book,
                                                           CodebookOptions options = {}) {
    constexpr const char* call = "CodebookTensor::from_parts";
    options.nested = true;
    const auto sizes = detail::codebook_sizes::of(call, book, n, options);
    detail::require_parts(call, n, sizes.codes, codes.size(), sizes.blocks, scales.codes.size());
    detail::require_parts(call, n, sizes.blocks, scales.codes.size(), sizes.outer,
                          scales.scales.size());
    detail::require_codes(call, CodebookCodes(codes.data(), n, book, options.nibbles), book);
    detail::require_codes(call, scales.codes, scales.book);
    CodebookTensor tensor(detail::empty_codebook_parts(call, book, scales.book, n, options));
    std::copy(codes.begin(), codes.end(), tensor.parts_.codes.begin());
    std::copy(scales.codes.begin(), scales.codes.end(), tensor.parts_.absmax_codes.begin());
    std::copy(scales.scales.begin(), scales.scales.end(), tensor.parts_.absmax.begin());
    tensor.parts_.absmax_mean = scales.mean;
    tensor.clear_padding();
    return tensor;
  }

  /// Quantizes other values in place of these, as quantize() with the same code-book and options
  /// does.
  ///
  /// Special   a size that differs throws std::invalid_argument before anything is written.
  /// Promises  the same for every executor; no allocation, unless scales are nested.
  template <float_source In, task_executor E = SerialExecutor>
  NF_INLINE void assign(const In& values, E&& executor = {}) {
    require_size("CodebookTensor::assign", "the input", std::ranges::size(values));
    write(0, values, detail::nearest_value{}, executor);
  }
  template <float_source In, rounding_policy R, task_executor E = SerialExecutor>
  requires(R::random_bits > 0)  //
      NF_INLINE void assign(const In& values, R rounding, E&& executor = {}) {
    require_size("CodebookTensor::assign", "the input", std::ranges::size(values));
    require_bits("CodebookTensor::assign", values, rounding);
    write(0, values, rounding, executor);
  }

  /// Quantizes values in place of the elements from `first` on: as assign() of the whole array does
  /// with these. A key draws for element first + i; of given words value i takes word i.
  ///
  /// Special   elements that are not there, that do not start and end where blocks do (the end of
  ///           the array counts), or that share a byte with others, throw std::invalid_argument
  ///           with the numbers; so do nested scales, whose mean is one of all blocks.
  /// Promises  threads may write apart ranges of one tensor.
  template <float_source In, task_executor E = SerialExecutor>
  NF_INLINE void assign(std::size_t first, const In& values, E&& executor = {}) {
    require_writable(first, std::ranges::size(values));
    write(first, values, detail::nearest_value{}, executor);
  }
  template <float_source In, rounding_policy R, task_executor E = SerialExecutor>
  requires(R::random_bits > 0)  //
      NF_INLINE void assign(std::size_t first, const In& values, R rounding, E&& executor = {}) {
    require_writable(first, std::ranges::size(values));
    require_bits("CodebookTensor::assign", values, rounding);
    if constexpr (detail::is_keyed<R>)
      write(first, values, rounding.from(first), executor);
    else
      write(first, values, rounding, executor);
  }

  /// Writes the numbers.
  ///
  /// Result    value * scale, rounded once, to nearest even, to the type of `out`.
  /// Special   a block whose scale is NaN is NaN. A size that differs throws std::invalid_argument
  ///           before anything is written.
  /// Promises  as quantize(), for every executor too; no allocation unless scales are nested.
  template <number_range Out, task_executor E = SerialExecutor>
  NF_INLINE void dequantize(Out&& out, E&& executor = {}) const {
    require_size("CodebookTensor::dequantize", "the output", std::ranges::size(out));
    read(0, out, executor);
  }
  /// Writes `count` numbers from element `first` on, as dequantize() of the whole array does.
  ///
  /// Special   elements that are not there or that do not start and end where blocks do (the end of
  ///           the array counts), and an output of another size, throw std::invalid_argument.
  template <number_range Out, task_executor E = SerialExecutor>
  NF_INLINE void dequantize(std::size_t first, std::size_t count, Out&& out,
                            E&& executor = {}) const {
    constexpr const char* call = "CodebookTensor::dequantize";
    detail::require_blocks(call, parts_, first, count, false);
    detail::require_equal_sizes(call, count, std::ranges::size(out));
    read(first, out, executor);
  }

  /// The values of the codes, and the options that the tensor was made with.
  NF_INLINE const Codebook& codebook() const noexcept { return parts_.book; }
  NF_INLINE const CodebookOptions& options() const noexcept { return parts_.options; }
  /// How many elements there are, and whether there are none.
  NF_INLINE std::size_t size() const noexcept { return parts_.size; }
  NF_INLINE bool empty() const noexcept { return size() == 0; }
  /// Elements that share a scale.
  NF_INLINE std::size_t block_size() const noexcept { return parts_.block_size; }
  /// The number of blocks.
  NF_INLINE std::size_t blocks() const noexcept {
    return parts_.options.nested ? parts_.absmax_codes.size() : parts_.absmax.size();
  }
  /// The codes; convert() gives the values that they stand for.
  NF_INLINE CodebookCodes codes() const noexcept {
    return {parts_.codes.data(), size(), parts_.book, parts_.options.nibbles};
  }
  /// The scale of each block, the absmax, as dequantize() multiplies by it; see NestedScales.
  [[nodiscard]] NF_INLINE std::vector<float> scales() const {
    return detail::absmax_of_blocks(detail::place_of<true>(), parts_, 0, blocks());
  }
  /// The nested scales as they are stored; empty spans where the scales are not nested.
  [[nodiscard]] NF_INLINE NestedScales nested_scales() const {
    const bool nested = parts_.options.nested;
    return {parts_.absmax_codes,
            nested ? std::span<const float>(parts_.absmax) : std::span<const float>(),
            parts_.absmax_mean, parts_.absmax_book};
  }

  /// What is saved; a code beyond the code-book stands for 0.
  NF_INLINE std::vector<StatePart> parts() { return detail::state_of_codebook<StatePart>(parts_); }
  NF_INLINE std::vector<ConstStatePart> parts() const {
    return detail::state_of_codebook<ConstStatePart>(parts_);
  }

  /// The bytes of codes and scales; the code-books, which tensors share, are not counted.
  NF_INLINE std::size_t size_bytes() const noexcept {
    return parts_.codes.size() + parts_.absmax.size() * sizeof(float) + parts_.absmax_codes.size() +
           (parts_.options.nested ? sizeof(float) : 0);
  }
  /// Bits an element, scales included; 0 for an empty array.
  NF_INLINE double bits_per_element() const noexcept {
    return detail::share_of(8 * size_bytes(), size());
  }

  /// Whether code-books, block size, layout, codes and scales are the same.
  friend NF_INLINE bool operator==(const CodebookTensor& a, const CodebookTensor& b) noexcept {
    return detail::same_codebook_parts(a.parts_, b.parts_);
  }

 private:
  NF_INLINE explicit CodebookTensor(detail::codebook_parts parts) : parts_(std::move(parts)) {}

  static NF_INLINE CodebookTensor empty(const char* call, std::size_t n, const Codebook& book,
                                        const CodebookOptions& options) {
    const Codebook& absmax_book =
        options.nested ? detail::absmax_codebook(detail::place_of<true>(), options.pipeline) : book;
    return CodebookTensor(detail::empty_codebook_parts(call, book, absmax_book, n, options));
  }
  NF_INLINE void clear_padding() {
    if (size() % 2 != 0 && parts_.book.code_bits() == 4)
      parts_.codes.back() &= parts_.options.nibbles == NibbleOrder::low_first ? 0x0f : 0xf0;
  }
  NF_INLINE void require_size(const char* call, const char* what, std::size_t have) const {
    if (have != size())
      detail::throw_invalid(call, std::string(what) + " has " + std::to_string(have) +
                                      " elements, the tensor " + std::to_string(size()));
  }
  template <class In, class R>
  static NF_INLINE void require_bits(const char* call, const In& values, const R& rounding) {
    if constexpr (requires { rounding.size(); })
      detail::require_words(call, rounding.size(), std::ranges::size(values));
  }
  NF_INLINE void require_writable(std::size_t first, std::size_t count) const {
    constexpr const char* call = "CodebookTensor::assign";
    if (parts_.options.nested)
      detail::throw_invalid(call, "nested scales are written together, not from element " +
                                      std::to_string(first) + " on");
    detail::require_blocks(call, parts_, first, count, true);
  }
  template <class In, class R, class E>
  NF_INLINE void write(std::size_t first, const In& values, const R& rounding, E& executor) {
    using T = detail::number_of<In>;
    detail::quantize_to<T, R>(
        detail::place_of<detail::is_compiled_codebook<T, R>, T, R>(), parts_, first,
        std::span<const T>(std::ranges::data(values), std::ranges::size(values)), rounding,
        detail::executor_ref::of(executor));
  }
  template <class Out, class E>
  NF_INLINE void read(std::size_t first, Out& out, E& executor) const {
    using T = detail::number_of<Out>;
    detail::dequantize_codebook<T>(detail::place_of<std::is_same_v<T, float>, T>(), parts_, first,
                                   std::span<T>(std::ranges::data(out), std::ranges::size(out)),
                                   detail::executor_ref::of(executor));
  }

  detail::codebook_parts parts_;
};

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/codebook_blocks.hpp"
#endif

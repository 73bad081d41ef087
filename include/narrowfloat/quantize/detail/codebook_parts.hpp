// SPDX-License-Identifier: MIT
// What a CodebookTensor holds, and what it calls: the loops stand in codebook_blocks.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "../../detail/array/checks.hpp"
#include "../../detail/array/tasks.hpp"
#include "../../detail/codec/bit_stream.hpp"
#include "../../detail/exact/binary.hpp"
#include "../../rounding.hpp"
#include "../codebook.hpp"
#include "../codebook_options.hpp"

namespace narrowfloat::detail {

/// Everything a CodebookTensor holds. The same in every translation unit.
struct codebook_parts {
  Codebook book, absmax_book;  ///< the second one is that of nested absmax
  std::size_t size, block_size;
  CodebookOptions options;
  std::vector<std::uint8_t> codes;
  std::vector<float> absmax;  ///< of each block; of each 256 blocks if nested
  std::vector<std::uint8_t> absmax_codes;
  float absmax_mean = 0;
};

/// The rounding of quantizations that name none: to the nearest value, the lower of two.
struct nearest_value {
  static constexpr int random_bits = 0;
};

// Quantizes values to the elements from `first` on, which starts a block and a byte.
template <class T, class R>
void quantize_to(in_library, codebook_parts& parts, std::size_t first, std::span<const T> values,
                 const R& rounding, const executor_ref& executor);
// Writes the elements from `first` on, which starts a block.
template <class T>
void dequantize_codebook(in_library, const codebook_parts& parts, std::size_t first,
                         std::span<T> out, const executor_ref& executor);
// The absmax of `count` blocks from `first` on, nested or not.
std::vector<float> absmax_of_blocks(in_library, const codebook_parts& parts, std::size_t first,
                                    std::size_t count);
// The code-book of nested absmax.
const Codebook& absmax_codebook(in_library, CodebookPipeline pipeline);

inline namespace NF_BASELINE {

template <class T, class R>
void quantize_to(here, codebook_parts& parts, std::size_t first, std::span<const T> values,
                 const R& rounding, const executor_ref& executor);
template <class T>
void dequantize_codebook(here, const codebook_parts& parts, std::size_t first, std::span<T> out,
                         const executor_ref& executor);
std::vector<float> absmax_of_blocks(here, const codebook_parts& parts, std::size_t first,
                                    std::size_t count);
const Codebook& absmax_codebook(here, CodebookPipeline pipeline);

/// Whether the library quantizes numbers of type T by code-books.
template <class T, class R>
inline constexpr bool is_compiled_codebook = std::is_same_v<T, float> &&
                                             (std::is_same_v<R, nearest_value> ||
                                              std::is_same_v<R, Stochastic<>>);

inline constexpr std::size_t nested_block = 256;

/// How many bytes and numbers a tensor of n elements has.
struct codebook_sizes {
  std::size_t block, codes, blocks, outer;  ///< `outer`: blocks of nested absmax

  /// Special   a number of elements that does not fit in memory throws std::invalid_argument.
  static codebook_sizes of(const char* call, const Codebook& book, std::size_t n,
                           const CodebookOptions& options) {
    require_matrix(call, 1, n);
    const std::size_t usual = book.code_bits() == 4 ? 64 : 256;
    const std::size_t block = options.block_size != 0 ? options.block_size : usual;
    const std::size_t blocks = ceil_divided(n, block);
    return {block, bit_stream_bytes(n, static_cast<std::size_t>(book.code_bits())), blocks,
            options.nested ? ceil_divided(blocks, nested_block) : 0};
  }
};

inline codebook_parts empty_codebook_parts(const char* call, const Codebook& book,
                                           const Codebook& absmax_book, std::size_t n,
                                           const CodebookOptions& options) {
  const codebook_sizes sizes = codebook_sizes::of(call, book, n, options);
  codebook_parts parts{book, absmax_book, n, sizes.block, options, {}, {}, {}, 0};
  parts.codes.resize(sizes.codes);
  parts.absmax.resize(options.nested ? sizes.outer : sizes.blocks);
  if (options.nested) parts.absmax_codes.resize(sizes.blocks);
  return parts;
}

/// Special   a range that is not there, or that does not begin and end where blocks do (and bytes,
///           for one that is written), throws std::invalid_argument with the numbers.
inline void require_blocks(const char* call, const codebook_parts& parts, std::size_t first,
                           std::size_t count, bool written) {
  const auto fits = [&](std::size_t i) {
    return i == parts.size ||
           (i % parts.block_size == 0 && (!written || parts.book.code_bits() == 8 || i % 2 == 0));
  };
  if (first <= parts.size && count <= parts.size - first && fits(first) && fits(first + count))
    return;
  throw_invalid(call, "elements " + std::to_string(first) + " to " + std::to_string(first) + " + " +
                          std::to_string(count) + " of " + std::to_string(parts.size) +
                          " are no whole blocks of " + std::to_string(parts.block_size) +
                          (written && parts.book.code_bits() == 4 ? " in whole bytes" : ""));
}

inline void require_parts(const char* call, std::size_t n, std::size_t codes,
                          std::size_t have_codes, std::size_t scales, std::size_t have_scales) {
  if (have_codes == codes && have_scales == scales) return;
  throw_invalid(call, std::to_string(n) + " elements have " + std::to_string(codes) +
                          " bytes of codes and " + std::to_string(scales) + " scales, not " +
                          std::to_string(have_codes) + " and " + std::to_string(have_scales));
}

/// What is said of the first code that is beyond the code-book; nothing where none is.
template <class Codes>
std::string first_beyond(const Codes& codes, const Codebook& book) {
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] >= book.size())
      return "code " + std::to_string(codes[i]) + " of element " + std::to_string(i) +
             " is beyond a code-book of " + std::to_string(book.size()) + " values";
  }
  return {};
}
template <class Codes>
void require_codes(const char* call, const Codes& codes, const Codebook& book) {
  const std::string beyond = first_beyond(codes, book);
  if (!beyond.empty()) throw_invalid(call, beyond);
}

inline bool same_codebook_parts(const codebook_parts& a, const codebook_parts& b) {
  const auto same = [](const std::vector<float>& x, const std::vector<float>& y) {
    return x.size() == y.size() &&
           (x.empty() || __builtin_memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0);
  };
  return a.size == b.size && a.block_size == b.block_size &&
         (a.book.code_bits() == 8 || a.options.nibbles == b.options.nibbles) &&
         a.options.nested == b.options.nested && a.book == b.book &&
         (!a.options.nested || a.absmax_book == b.absmax_book) && a.codes == b.codes &&
         a.absmax_codes == b.absmax_codes && same(a.absmax, b.absmax) &&
         bits_of_float(a.absmax_mean) == bits_of_float(b.absmax_mean);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

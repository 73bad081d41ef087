// SPDX-License-Identifier: MIT
// What a CodebookTensor holds, and what it calls: the loops stand in codebook_blocks.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "../../detail/codec/bit_stream.hpp"
#include "../../detail/exact/binary.hpp"
#include "../codebook.hpp"
#include "../codebook_options.hpp"

namespace narrowfloat::detail {

/// Everything a CodebookTensor holds beside its code-book. The same in every translation unit.
struct codebook_parts {
  std::size_t size = 0, block_size = 1;
  CodebookOptions options;
  std::vector<std::uint8_t> codes;
  std::vector<float> absmax;  ///< of each block; of each 256 blocks if nested
  std::vector<std::uint8_t> absmax_codes;
  float absmax_mean = 0;
};

// Quantizes as many values as the parts have; checks that.
template <class T>
void quantize_to(in_library, codebook_parts& parts, const Codebook& book,
                 std::span<const T> values);
template <class T>
void dequantize_codebook(in_library, const codebook_parts& parts, const Codebook& book,
                         std::span<T> out);
// The absmax of every block, nested or not.
std::vector<float> every_absmax(in_library, const codebook_parts& parts);
// The code of 0 in the code-book of nested absmax.
std::uint8_t zero_of_absmax(in_library, CodebookPipeline pipeline);

inline namespace NF_BASELINE {

template <class T>
void quantize_to(here, codebook_parts& parts, const Codebook& book, std::span<const T> values);
template <class T>
void dequantize_codebook(here, const codebook_parts& parts, const Codebook& book, std::span<T> out);
std::vector<float> every_absmax(here, const codebook_parts& parts);
std::uint8_t zero_of_absmax(here, CodebookPipeline pipeline);

/// Whether the library quantizes numbers of type T by code-books.
template <class T>
inline constexpr bool is_compiled_codebook = std::is_same_v<T, float>;

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
}  // namespace narrowfloat::detail

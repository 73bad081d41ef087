// SPDX-License-Identifier: MIT
// How others lay out block formats in memory: ggml's blocks, and the scales of Blackwell's matrix
// units. An executor, the last argument, shares the work among threads; the bits are the same.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "../block.hpp"
#include "../detail/array/tasks.hpp"
#include "../executor.hpp"
#include "../packed.hpp"

namespace narrowfloat {
namespace detail {
inline namespace NF_BASELINE {

/// A struct of ggml: the scales of `blocks` neighbours in a row, then their codes, in the low
/// nibbles the first half of each block's and in the high ones the second.
template <class Format>
struct ggml_struct {
  static constexpr std::size_t blocks = Format::block_size == 16 ? 4 : 1;
  static constexpr std::size_t block_bytes = Format::block_size / 2;
  static constexpr std::size_t elements = blocks * Format::block_size;
  static constexpr std::size_t bytes = blocks * (1 + block_bytes);
};

template <class Format>
void require_ggml_shape(const char* call, std::size_t rows, std::size_t cols, int axis) {
  require_matrix(call, rows, cols);
  constexpr std::size_t elements = ggml_struct<Format>::elements;
  if (axis == 1 && cols % elements == 0) return;
  throw_invalid(call, "ggml blocks are " + std::to_string(elements) +
                          " elements of a row: a matrix of " + std::to_string(rows) + " x " +
                          std::to_string(cols) + " blocked along axis " + std::to_string(axis) +
                          " has no such");
}

inline void require_parts(const char* call, const char* parts, std::size_t have, std::size_t need,
                          std::size_t rows, std::size_t cols) {
  if (have == need) return;
  throw_invalid(call, std::to_string(rows) + " x " + std::to_string(cols) + " " + parts + " take " +
                          std::to_string(need) + ", not " + std::to_string(have));
}

template <class Format>
std::vector<std::uint8_t> to_ggml(const char* call, const BlockTensor<Format>& tensor,
                                  const executor_ref& executor) {
  using layout = ggml_struct<Format>;
  require_ggml_shape<Format>(call, tensor.rows(), tensor.cols(), tensor.axis());
  std::vector<std::uint8_t> bytes(tensor.scales().size() / layout::blocks * layout::bytes);
  const task_cuts cuts{bytes.size() / layout::bytes, units_of_task(layout::elements)};
  run_cuts(executor, cuts, [&](std::size_t first, std::size_t count) {
    const std::uint8_t* from = tensor.codes().bytes().data() + first * layout::elements / 2;
    const auto* scale = tensor.scales().data() + first * layout::blocks;
    std::uint8_t* to = bytes.data() + first * layout::bytes;
    for (std::uint8_t* const end = to + count * layout::bytes; to != end;) {
      for (std::size_t i = 0; i < layout::blocks; ++i) *to++ = (scale++)->bits();
      for (std::size_t i = 0; i < layout::blocks; ++i, from += layout::block_bytes)
        for (std::size_t j = 0; j < layout::block_bytes; ++j)
          *to++ = static_cast<std::uint8_t>(get_bits<4>(from, j) |
                                            get_bits<4>(from, j + layout::block_bytes) << 4);
    }
  });
  return bytes;
}

template <class Format>
BlockTensor<Format> from_ggml(const char* call, std::span<const std::uint8_t> bytes,
                              std::size_t rows, std::size_t cols, float tensor_scale,
                              const executor_ref& executor) {
  using layout = ggml_struct<Format>;
  require_ggml_shape<Format>(call, rows, cols, 1);
  const std::size_t structs = rows * (cols / layout::elements);
  require_parts(call, "elements in bytes", bytes.size(), structs * layout::bytes, rows, cols);
  std::vector<typename Format::scale> scales(structs * layout::blocks);
  std::vector<std::uint8_t> codes(structs * layout::elements / 2);
  const task_cuts cuts{structs, units_of_task(layout::elements)};
  run_cuts(executor, cuts, [&](std::size_t first, std::size_t count) {
    const std::uint8_t* from = bytes.data() + first * layout::bytes;
    std::uint8_t* to = codes.data() + first * layout::elements / 2;
    auto* scale = scales.data() + first * layout::blocks;
    for (auto* const end = scale + count * layout::blocks; scale != end;) {
      for (std::size_t i = 0; i < layout::blocks; ++i) *scale++ = Format::scale::from_bits(*from++);
      for (std::size_t i = 0; i < layout::blocks; ++i, from += layout::block_bytes) {
        for (std::size_t j = 0; j < layout::block_bytes; ++j) {
          const int shift = j < layout::block_bytes / 2 ? 0 : 4;  // where codes 2j and 2j + 1 are
          const std::uint8_t* const pair = from + 2 * j % layout::block_bytes;
          *to++ = static_cast<std::uint8_t>((pair[0] >> shift & 15) | (pair[1] >> shift & 15) << 4);
        }
      }
    }
  });
  return BlockTensor<Format>::from_parts(codes, scales, rows, cols, 1, tensor_scale);
}

/// The place of scale (row, col) among `cols` columns of them, swizzled.
constexpr NF_FN std::size_t swizzled_place(std::size_t row, std::size_t col, std::size_t cols) {
  const std::size_t tile = row / 128 * ceil_divided(cols, 4) + col / 4;
  return tile * 512 + row % 32 * 16 + row % 128 / 32 * 4 + col % 4;
}

/// Calls f(i, place) for scale i of a matrix of them; a task has whole tiles, which lie one
/// after the other.
template <class F>
void for_each_swizzled(const executor_ref& executor, std::size_t rows, std::size_t cols,
                       const F& f) {
  if (cols == 0) return;
  const task_cuts cuts{ceil_divided(rows, 128), units_of_task(128 * cols)};
  run_cuts(executor, cuts, [&](std::size_t first, std::size_t count) {
    for (std::size_t row = 128 * first; row < std::min(rows, 128 * (first + count)); ++row)
      for (std::size_t col = 0; col < cols; ++col)
        f(row * cols + col, swizzled_place(row, col, cols));
  });
}

/// The number of scales, padding included, of a matrix of them, swizzled.
inline std::size_t swizzled_size(const char* call, std::size_t rows, std::size_t cols) {
  require_matrix(call, rows, cols);
  const std::size_t down = ceil_divided(rows, 128), across = ceil_divided(cols, 4);
  if (!fits_in_memory(down, across) || !fits_in_memory(down * across, 512))
    throw_invalid(call, "a matrix of " + std::to_string(rows) + " x " + std::to_string(cols) +
                            " scales does not fit in memory with its padding");
  return down * across * 512;
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The blocks of a matrix as ggml keeps block_mxfp4: for each 32 elements of a row the scale byte
/// and 16 bytes in the layout SplitNibbles.
///
/// Special   a matrix blocked along axis 0, and rows that are no whole blocks, throw
///           std::invalid_argument. ggml reads the NaN of E8M0 as 2^128 and the code of -0 as +0.
/// Example   const auto t = BlockTensor<mxfp4_e2m1>::quantize(weights, rows, cols);
///           // the data of a GGUF tensor of type MXFP4
///           const std::vector<std::uint8_t> blocks = to_ggml_mxfp4(t);
///           assert(blocks.size() == t.size_bytes() && from_ggml_mxfp4(blocks, rows, cols) == t);
template <class Format, task_executor E = SerialExecutor>
requires std::same_as<Format, BlockFormat<float4_e2m1fn, float8_e8m0fnu, 32>>
[[nodiscard]] NF_INLINE std::vector<std::uint8_t> to_ggml_mxfp4(const BlockTensor<Format>& tensor,
                                                                E&& executor = {}) {
  return detail::to_ggml("to_ggml_mxfp4", tensor, detail::executor_ref::of(executor));
}

/// The inverse of to_ggml_mxfp4().
///
/// Special   as there; a number of bytes that is not that of rows x cols as well.
template <class Format = BlockFormat<float4_e2m1fn, float8_e8m0fnu, 32>,
          task_executor E = SerialExecutor>
[[nodiscard]] NF_INLINE BlockTensor<Format> from_ggml_mxfp4(std::span<const std::uint8_t> bytes,
                                                            std::size_t rows, std::size_t cols,
                                                            E&& executor = {}) {
  return detail::from_ggml<Format>("from_ggml_mxfp4", bytes, rows, cols, 1,
                                   detail::executor_ref::of(executor));
}

/// The blocks of a matrix as ggml keeps block_nvfp4: for each 64 elements of a row four scale
/// bytes, then 8 bytes a block of 16, whose byte j has code j in its low and code j + 8 in its high
/// nibble. The tensor scale is not among them.
///
/// Special   as to_ggml_mxfp4(). ggml ignores the sign of a scale and reads its NaN, the code 0x7f,
///           as 0.
template <class Format, task_executor E = SerialExecutor>
requires std::same_as<Format, BlockFormat<float4_e2m1fn, float8_e4m3fn, 16>>
[[nodiscard]] NF_INLINE std::vector<std::uint8_t> to_ggml_nvfp4(const BlockTensor<Format>& tensor,
                                                                E&& executor = {}) {
  return detail::to_ggml("to_ggml_nvfp4", tensor, detail::executor_ref::of(executor));
}

/// The inverse of to_ggml_nvfp4(), with the tensor scale.
///
/// Special   as from_ggml_mxfp4().
template <class Format = BlockFormat<float4_e2m1fn, float8_e4m3fn, 16>,
          task_executor E = SerialExecutor>
[[nodiscard]] NF_INLINE BlockTensor<Format> from_ggml_nvfp4(std::span<const std::uint8_t> bytes,
                                                            std::size_t rows, std::size_t cols,
                                                            float tensor_scale = 1,
                                                            E&& executor = {}) {
  return detail::from_ggml<Format>("from_ggml_nvfp4", bytes, rows, cols, tensor_scale,
                                   detail::executor_ref::of(executor));
}

/// A matrix of scales in the order that Blackwell's block-scaled matrix units read: tiles of 128 x
/// 4 in row-major order, the scale (r, c) of a tile at (r mod 32) * 16 + (r div 32) * 4 + c. Rows
/// are padded to 128 and columns to 4 with code 0.
///
/// Special   a number of scales other than rows * cols throws std::invalid_argument.
/// Example   const auto t = BlockTensor<mxfp8_e4m3>::quantize(weights, rows, cols);
///           const std::span<const float8_e8m0fnu> scales(t.scales());
///           const auto tiles = swizzle_scales(scales, rows, cols / 32);  // for cuBLASLt
///           // the first scale of the second row
///           assert(tiles.size() == 2 * 128 * 4 && tiles[16] == scales[cols / 32]);
template <class Scale, task_executor E = SerialExecutor>
[[nodiscard]] NF_INLINE std::vector<Scale> swizzle_scales(std::span<const Scale> scales,
                                                          std::size_t rows, std::size_t cols,
                                                          E&& executor = {}) {
  const std::size_t size = detail::swizzled_size("swizzle_scales", rows, cols);
  detail::require_parts("swizzle_scales", "scales", scales.size(), rows * cols, rows, cols);
  std::vector<Scale> swizzled(size);
  detail::for_each_swizzled(detail::executor_ref::of(executor), rows, cols,
                            [&](std::size_t i, std::size_t place)
                                NF_INLINED { swizzled[place] = scales[i]; });
  return swizzled;
}

/// The inverse of swizzle_scales(): a row-major matrix, without the padding.
///
/// Special   a number of scales that is not that of the padded matrix throws std::invalid_argument.
template <class Scale, task_executor E = SerialExecutor>
[[nodiscard]] NF_INLINE std::vector<Scale> unswizzle_scales(std::span<const Scale> swizzled,
                                                            std::size_t rows, std::size_t cols,
                                                            E&& executor = {}) {
  const std::size_t size = detail::swizzled_size("unswizzle_scales", rows, cols);
  detail::require_parts("unswizzle_scales", "swizzled scales", swizzled.size(), size, rows, cols);
  std::vector<Scale> scales(rows * cols);
  detail::for_each_swizzled(detail::executor_ref::of(executor), rows, cols,
                            [&](std::size_t i, std::size_t place)
                                NF_INLINED { scales[i] = swizzled[place]; });
  return scales;
}

}  // namespace narrowfloat

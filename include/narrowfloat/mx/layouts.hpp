// SPDX-License-Identifier: MIT
// How others lay out block formats in memory: ggml's blocks, and the scales of Blackwell's matrix units.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "../block.hpp"
#include "../packed.hpp"

namespace narrowfloat {
namespace detail {
inline namespace NF_BASELINE {

inline constexpr std::size_t ggml_mxfp4_bytes = 17;  // the scale, then 16 bytes of nibbles

inline void require_ggml_shape(const char* call, std::size_t rows, std::size_t cols, int axis) {
  require_matrix(call, rows, cols);
  if (axis == 1 && cols % 32 == 0) return;
  throw_invalid(call, "ggml blocks are 32 elements of a row: a matrix of " + std::to_string(rows) +
                          " x " + std::to_string(cols) + " blocked along axis " +
                          std::to_string(axis) + " has no such");
}

/// The place of scale (row, col) among `cols` columns of them, swizzled.
constexpr NF_FN std::size_t swizzled_place(std::size_t row, std::size_t col, std::size_t cols) {
  const std::size_t tile = row / 128 * ((cols + 3) / 4) + col / 4;
  return tile * 512 + row % 32 * 16 + row % 128 / 32 * 4 + col % 4;
}

/// The number of scales, padding included, of a matrix of them, swizzled.
inline std::size_t swizzled_size(const char* call, std::size_t rows, std::size_t cols) {
  require_matrix(call, rows, cols);
  const std::size_t down = rows / 128 + (rows % 128 != 0 ? 1 : 0),
                    across = cols / 4 + (cols % 4 != 0 ? 1 : 0);
  if (!fits_in_memory(down, across) || !fits_in_memory(down * across, 512))
    throw_invalid(call, "a matrix of " + std::to_string(rows) + " x " + std::to_string(cols) +
                            " scales does not fit in memory with its padding");
  return down * across * 512;
}

inline void require_parts(const char* call, const char* parts, std::size_t have, std::size_t need,
                          std::size_t rows, std::size_t cols) {
  if (have == need) return;
  throw_invalid(call, std::to_string(rows) + " x " + std::to_string(cols) + " " + parts + " take " +
                          std::to_string(need) + ", not " + std::to_string(have));
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The blocks of a matrix as ggml keeps block_mxfp4: for each 32 elements of a row the scale byte and 16
/// bytes in the layout SplitNibbles.
///
/// Special   a matrix blocked along axis 0, and rows that are no whole blocks, throw
///           std::invalid_argument.
template <class Format>
requires std::same_as<Format, BlockFormat<float4_e2m1fn, float8_e8m0fnu, 32>>
[[nodiscard]] inline std::vector<std::uint8_t> to_ggml_mxfp4(const BlockTensor<Format>& tensor) {
  detail::require_ggml_shape("to_ggml_mxfp4", tensor.rows(), tensor.cols(), tensor.axis());
  std::vector<std::uint8_t> bytes(tensor.scales().size() * detail::ggml_mxfp4_bytes);
  for (std::size_t block = 0; block < tensor.scales().size(); ++block) {
    std::uint8_t* const to = bytes.data() + block * detail::ggml_mxfp4_bytes;
    const auto row = tensor.codes().row(block / tensor.block_cols());
    to[0] = tensor.scales()[block].bits();
    convert(row.subspan(block % tensor.block_cols() * 32, 32),
            PackedSpan<float4_e2m1fn, SplitNibbles>(to + 1, 32));
  }
  return bytes;
}

/// The inverse of to_ggml_mxfp4().
///
/// Special   as there; a number of bytes that is not that of rows x cols as well.
template <class Format = BlockFormat<float4_e2m1fn, float8_e8m0fnu, 32>>
[[nodiscard]] inline BlockTensor<Format> from_ggml_mxfp4(std::span<const std::uint8_t> bytes,
                                                         std::size_t rows, std::size_t cols) {
  detail::require_ggml_shape("from_ggml_mxfp4", rows, cols, 1);
  const std::size_t blocks = rows * (cols / 32);
  detail::require_parts("from_ggml_mxfp4", "elements in bytes", bytes.size(),
                        blocks * detail::ggml_mxfp4_bytes, rows, cols);
  std::vector<float8_e8m0fnu> scales(blocks);
  std::vector<std::uint8_t> codes(blocks * 16);
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::uint8_t* const from = bytes.data() + block * detail::ggml_mxfp4_bytes;
    scales[block] = float8_e8m0fnu::from_bits(from[0]);
    convert(PackedSpan<const float4_e2m1fn, SplitNibbles>(from + 1, 32),
            PackedSpan<float4_e2m1fn>(codes.data() + block * 16, 32));
  }
  return BlockTensor<Format>::from_parts(codes, scales, rows, cols);
}

/// A matrix of scales in the order that Blackwell's block-scaled matrix units read: tiles of 128 x 4 in
/// row-major order, the scale (r, c) of a tile at (r mod 32) * 16 + (r div 32) * 4 + c. Rows are padded to
/// 128 and columns to 4 with code 0.
///
/// Special   a number of scales other than rows * cols throws std::invalid_argument.
template <class Scale>
[[nodiscard]] std::vector<Scale> swizzle_scales(std::span<const Scale> scales, std::size_t rows,
                                                std::size_t cols) {
  const std::size_t size = detail::swizzled_size("swizzle_scales", rows, cols);
  detail::require_parts("swizzle_scales", "scales", scales.size(), rows * cols, rows, cols);
  std::vector<Scale> swizzled(size);
  for (std::size_t i = 0; i < scales.size(); ++i)
    swizzled[detail::swizzled_place(i / cols, i % cols, cols)] = scales[i];
  return swizzled;
}

/// The inverse of swizzle_scales(): a row-major matrix, without the padding.
///
/// Special   a number of scales that is not that of the padded matrix throws std::invalid_argument.
template <class Scale>
[[nodiscard]] std::vector<Scale> unswizzle_scales(std::span<const Scale> swizzled, std::size_t rows,
                                                  std::size_t cols) {
  const std::size_t size = detail::swizzled_size("unswizzle_scales", rows, cols);
  detail::require_parts("unswizzle_scales", "swizzled scales", swizzled.size(), size, rows, cols);
  std::vector<Scale> scales(rows * cols);
  for (std::size_t i = 0; i < scales.size(); ++i)
    scales[i] = swizzled[detail::swizzled_place(i / cols, i % cols, cols)];
  return scales;
}

}  // namespace narrowfloat

// SPDX-License-Identifier: MIT
// Block tensors (MX, NVFP4 and the like) in safetensors files: codes, scales and how they were made.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "../mx.hpp"
#include "safetensors.hpp"

namespace narrowfloat::safetensors {

using narrowfloat::scale_rule_names;

namespace detail {

/// The dtype of a block format's codes: that of their bit stream; I8 for fixed-point numbers of 8
/// bits, whose integers it holds.
template <class E>
constexpr std::optional<Dtype> code_dtype() {
  if constexpr (narrowfloat::detail::is_fixed_point<E>) {
    return E::width == 8 ? std::optional(Dtype::i8) : std::nullopt;
  } else {
    return packed_dtype_of<E>();
  }
}

inline void fail(std::string_view tensor, const std::string& reason) {
  throw Error(place_of(tensor) + ": " + reason);
}

inline std::string text_of(const std::vector<std::size_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < std::min<std::size_t>(shape.size(), 16); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + (shape.size() > 16 ? ", ...]" : "]");
}

}  // namespace detail

/// A block format whose codes and scales have dtypes: the MX formats and NVFP4 among them.
template <class Format>
concept storable_blocks = block_format<Format> &&
                          (detail::code_dtype<typename Format::element>() != std::nullopt) &&
                          (dtype_of<typename Format::scale>() != std::nullopt);

/// Result  the name in narrowfloat, as "mxfp4_e2m1"; for other formats the dtypes, as
///         "F4 by F8_E8M0".
template <storable_blocks Format>
std::string block_format_name() {
  if constexpr (constexpr std::string_view name = narrowfloat::detail::name_of<Format>;
                !name.empty())
    return std::string(name);
  return std::string(dtype_name(*detail::code_dtype<typename Format::element>())) + " by " +
         std::string(dtype_name(*dtype_of<typename Format::scale>()));
}

namespace detail {

// The number of elements of a block, and of lines where there are several: "32", "16x16".
template <class Format>
std::string block_size_text() {
  return std::to_string(Format::block_size) +
         (Format::block_rows == 1 ? "" : "x" + std::to_string(Format::block_rows));
}

/// The blocks of a tensor whose last extent counts the columns of a matrix, the others its rows.
///
/// Requires  a shape whose elements can be counted, as check_size() finds.
template <class Format>
narrowfloat::detail::block_grid grid_of(std::string_view name,
                                        const std::vector<std::size_t>& shape, int axis) {
  if (shape.empty()) fail(name, "a scalar has no blocks");
  if (shape.size() != 2 && (axis == 0 || Format::block_rows != 1))
    fail(name, "shape " + text_of(shape) + ": blocks that span rows are those of a matrix");
  // Blocks without elements may have any number of rows, each of which takes its time.
  if (std::ranges::find(shape, std::size_t{0}) != shape.end())
    fail(name, "shape " + text_of(shape) + " has no elements");
  std::size_t rows = 1;
  for (const std::size_t extent : std::span(shape).first(shape.size() - 1)) rows *= extent;
  return narrowfloat::detail::grid_of<Format>("safetensors", rows, shape.back(), axis);
}

inline std::vector<std::size_t> scale_shape(std::vector<std::size_t> shape,
                                            const narrowfloat::detail::block_grid& grid) {
  if (grid.height != 1) shape.front() = grid.down();
  shape.back() = grid.across();
  return shape;
}

inline void check_tensor(const Tensor& tensor, Dtype dtype, const std::vector<std::size_t>& shape) {
  if (tensor.dtype != dtype)
    fail(tensor.name,
         "is " + std::string(dtype_name(tensor.dtype)) + ", not " + std::string(dtype_name(dtype)));
  if (tensor.shape != shape)
    fail(tensor.name, "has the shape " + text_of(tensor.shape) + ", not " + text_of(shape));
  try {
    check_size({tensor.name, std::string(dtype_name(dtype)), shape, 0, tensor.data.size()},
               dtype_bits(dtype));
  } catch (const Malformed& malformed) {
    throw Error(malformed.what());
  }
}

inline const Tensor& require_tensor(const File& file, const std::string& name) {
  const Tensor* const found = file.find(name);
  if (found == nullptr) fail(name, "is not in the file");
  return *found;
}

/// The value under the key NAME.`what`; `expected` where there is none.
inline std::string described(const File& file, const std::string& name, const std::string& what,
                             const std::string& expected) {
  const auto found = file.metadata.find(name + "." + what);
  return found == file.metadata.end() ? expected : found->second;
}

inline void check_described(const File& file, const std::string& name, const std::string& what,
                            const std::string& expected) {
  const std::string got = described(file, name, what, expected);
  if (got != expected)
    fail(name, "its " + what + " is " + quote(got) + " by the metadata, not " + quote(expected));
}

/// The codes in rows that start on a byte, from those without padding between the rows; or back.
template <class E>
std::vector<std::uint8_t> rows_apart(std::span<const std::uint8_t> dense, std::size_t rows,
                                     std::size_t cols) {
  const PackedSpan<const E> from(dense.data(), rows * cols);
  std::vector<std::uint8_t> bytes(rows * narrowfloat::detail::bit_stream_bytes(cols, E::width));
  const PackedMatrix<E> to(bytes.data(), rows, cols);
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = from[i];
  return bytes;
}
template <class E>
std::vector<std::uint8_t> rows_together(const PackedMatrix<const E>& from) {
  PackedVector<E> to(from.size());
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = from[i];
  return {to.bytes().begin(), to.bytes().end()};
}

inline float checked_tensor_scale(const Tensor& tensor) {
  check_tensor(tensor, Dtype::f32,
               tensor.shape.size() == 1 ? std::vector<std::size_t>{1} : std::vector<std::size_t>{});
  const float scale = tensor.as<float>().front();
  const std::uint32_t bits = narrowfloat::detail::bits_of_float(scale);
  if (bits == 0 || bits >= narrowfloat::detail::float_infinity)
    fail(tensor.name, "a tensor scale is positive and finite");
  return scale;
}

template <class Scale>
std::span<const Scale> checked_scales(const Tensor& tensor, const std::vector<std::size_t>& shape) {
  constexpr bool power = narrowfloat::detail::power_of_two_scale<Scale>;
  check_tensor(tensor, power && tensor.dtype == Dtype::u8 ? Dtype::u8 : *dtype_of<Scale>(), shape);
  static_assert(std::is_trivially_copyable_v<Scale>);
  const std::span scales(reinterpret_cast<const Scale*>(tensor.data.data()),
                         tensor.data.size() / sizeof(Scale));
  if constexpr (!power) {
    constexpr auto top = static_cast<std::byte>(0x80);  // of the last byte, the numbers' highest
    for (std::size_t i = 0; i < scales.size(); ++i)
      if ((tensor.data[(i + 1) * sizeof(Scale) - 1] & top) != std::byte{})
        fail(tensor.name, "scale " + std::to_string(i) + " is negative");
  }
  return scales;
}

}  // namespace detail

/// Adds a block tensor to a file, as the tensors
///
///   NAME          the codes: F4, F6_E2M3, F6_E3M2, F8_E4M3, F8_E5M2 or I8 (MXINT8), in the shape of
///                 the numbers, a bit stream without padding
///   NAME_scale    a scale a block: F8_E8M0, or F8_E4M3 for NVFP4; the shape has the number of blocks
///                 in place of the blocked extent
///   NAME_scale_2  only where the format has a tensor scale: an F32 scalar, which is multiplied
///
/// and in the metadata NAME.format (block_format_name), NAME.block_size ("32", "16x16"), NAME.axis
/// ("-1": along the last extent, "-2": along the one before) and NAME.rule.
///
/// These are the tensors of NVIDIA ModelOpt's checkpoints (weight, weight_scale, weight_scale_2), which
/// vLLM and TensorRT-LLM read, since of today's conventions only that one keeps the name of what
/// it replaces, has a place for the tensor scale and stores it as the factor, not its reciprocal. It
/// differs in that the codes have their own dtype and logical shape where ModelOpt writes U8 pairs;
/// read_blocks() takes both.
///
/// Result    two or three tensors at the end of file.tensors.
/// Special   throws Error, and leaves the file as it was, unless `shape` is that of the blocks: the
///           columns are the last extent, the rows all others; a matrix, where blocks span rows; and
///           unless there are codes and they fill whole bytes. That names are unique is for write() to find.
template <storable_blocks Format>
void add_blocks(File& file, const std::string& name, std::vector<std::size_t> shape,
                const BlockTensor<Format>& blocks, std::string_view rule = {}) {
  using E = typename Format::element;
  Tensor codes{name, *detail::code_dtype<E>(), std::move(shape), {}};
  const auto rows_of_codes = blocks.codes();
  const bool whole = blocks.cols() * E::width % 8 == 0;
  const std::vector<std::uint8_t> dense =
      whole ? std::vector<std::uint8_t>(rows_of_codes.bytes().begin(), rows_of_codes.bytes().end())
            : detail::rows_together<E>(rows_of_codes);
  const auto bytes = std::as_bytes(std::span(dense));
  codes.data.assign(bytes.begin(), bytes.end());
  detail::check_tensor(codes, codes.dtype, codes.shape);
  const auto grid = detail::grid_of<Format>(name, codes.shape, blocks.axis());
  if (grid.rows != blocks.rows() || grid.cols != blocks.cols())
    detail::fail(name, "shape " + detail::text_of(codes.shape) + " is not that of blocks of " +
                           std::to_string(blocks.rows()) + " x " + std::to_string(blocks.cols()));
  Tensor scales =
      make_tensor(name + "_scale", detail::scale_shape(codes.shape, grid), blocks.scales());

  file.tensors.push_back(std::move(codes));
  file.tensors.push_back(std::move(scales));
  if constexpr (Format::tensor_scale != TensorScale::none)
    file.tensors.push_back(make_tensor(name + "_scale_2", {}, std::array{blocks.tensor_scale()}));
  file.metadata[name + ".format"] = block_format_name<Format>();
  file.metadata[name + ".block_size"] = detail::block_size_text<Format>();
  file.metadata[name + ".axis"] = blocks.axis() == 1 ? "-1" : "-2";
  if (!rule.empty()) file.metadata[name + ".rule"] = rule;
}

/// The inverse of add_blocks().
///
/// Result    the block tensor of that name. Where the metadata are absent, blocks run along the last
///           extent. F4 codes may be U8 pairs, the first in the low bits, whose last extent counts
///           bytes, and E8M0 scales may be U8.
/// Special   throws Error with the tensor and the reason where a tensor is absent, has another dtype,
///           shape or size, or no elements, where the metadata name another format, a block scale is negative, a
///           tensor scale is not positive and finite, or there is one that the format has not.
template <storable_blocks Format>
BlockTensor<Format> read_blocks(const File& file, const std::string& name) {
  using E = typename Format::element;
  using Scale = typename Format::scale;
  const Tensor& codes = detail::require_tensor(file, name);
  const Tensor& scales = detail::require_tensor(file, name + "_scale");
  detail::check_described(file, name, "format", block_format_name<Format>());
  detail::check_described(file, name, "block_size", detail::block_size_text<Format>());
  const std::string axis_text = detail::described(file, name, "axis", "-1");
  if (axis_text != "-1" && axis_text != "-2")
    detail::fail(name, "its axis is " + detail::quote(axis_text) + ", neither \"-1\" nor \"-2\"");
  const int axis = axis_text == "-1" ? 1 : 0;

  const bool pairs = E::width == 4 && codes.dtype == Dtype::u8;
  detail::check_tensor(codes, pairs ? Dtype::u8 : *detail::code_dtype<E>(), codes.shape);
  std::vector<std::size_t> shape = codes.shape;
  if (pairs && !shape.empty()) shape.back() *= 2;  // its bits could be counted, so it does not wrap
  const auto grid = detail::grid_of<Format>(name, shape, axis);
  const auto checked = detail::checked_scales<Scale>(scales, detail::scale_shape(shape, grid));

  float tensor_scale = 1;
  if constexpr (Format::tensor_scale != TensorScale::none) {
    tensor_scale = detail::checked_tensor_scale(detail::require_tensor(file, name + "_scale_2"));
  } else if (file.find(name + "_scale_2") != nullptr) {
    detail::fail(name + "_scale_2", block_format_name<Format>() + " has no tensor scale");
  }
  const std::span dense(reinterpret_cast<const std::uint8_t*>(codes.data.data()),
                        codes.data.size());
  if (grid.cols * E::width % 8 == 0)
    return BlockTensor<Format>::from_parts(dense, checked, grid.rows, grid.cols, axis,
                                           tensor_scale);
  return BlockTensor<Format>::from_parts(detail::rows_apart<E>(dense, grid.rows, grid.cols),
                                         checked, grid.rows, grid.cols, axis, tensor_scale);
}

}  // namespace narrowfloat::safetensors

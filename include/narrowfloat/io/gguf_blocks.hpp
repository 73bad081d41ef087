// SPDX-License-Identifier: MIT
// Block tensors in GGUF files: MXFP4 and NVFP4, as ggml has them.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../mx.hpp"
#include "gguf.hpp"

namespace narrowfloat::gguf {

/// A block format that ggml has.
template <class Format>
concept storable_blocks = std::same_as<Format, mxfp4_e2m1> || std::same_as<Format, nvfp4>;

/// The key that a file with quantized tensors must have, and its value today.
inline constexpr std::string_view quantization_version_key = "general.quantization_version";
inline constexpr std::uint32_t quantization_version = 2;

namespace detail {

[[noreturn]] inline void fail(std::string_view tensor, const std::string& reason) {
  throw Error(place_of(tensor) + ": " + reason);
}

template <class Format>
constexpr Type type_of_blocks = std::same_as<Format, nvfp4> ? Type::nvfp4 : Type::mxfp4;

/// The tensor that the scale of a tensor of that name is in: blk.0.ffn_up.scale for
/// blk.0.ffn_up.weight.
inline std::string scale_name(std::string_view name) {
  constexpr std::string_view weight = ".weight";
  if (name.ends_with(weight)) name.remove_suffix(weight.size());
  return std::string(name) + ".scale";
}

/// Throws Error unless ggml takes the scale for the same number: it has no NaN, and NVFP4's have no
/// sign.
template <class Scale>
void check_scales(std::string_view name, std::span<const Scale> scales) {
  constexpr std::uint8_t nan = std::same_as<Scale, float8_e8m0fnu> ? 0xff : 0x7f;
  for (std::size_t i = 0; i < scales.size(); ++i)
    if (scales[i].bits() >= nan)
      fail(name, "scale " + std::to_string(i) + " has the code " +
                     std::to_string(scales[i].bits()) + ", larger than " + std::to_string(nan - 1) +
                     ": NaN or negative, and another number in ggml");
}

inline bool is_scale(float scale) {
  return narrowfloat::detail::bits_of_float(scale) < narrowfloat::detail::float_infinity;
}

/// Throws Error unless the tensor can have blocks of the format.
///
/// Result  the number of its rows, all extents but the last.
template <class Format>
std::size_t check_shape(const std::string& name, const std::vector<std::size_t>& shape,
                        std::optional<std::size_t> bytes) {
  Entry entry{name, type_of_blocks<Format>, shape, 0, 0};
  try {
    entry.bytes = size_of_data(entry);
  } catch (const Malformed& malformed) {
    fail(name, malformed.what());
  }
  if (const std::string why = why_no_data(entry, bytes.value_or(entry.bytes)); !why.empty())
    fail(name, why);
  if (entry.bytes == 0) fail(name, "shape " + shape_text(shape) + " has no elements");
  return entry.bytes / narrowfloat::detail::ggml_struct<Format>::bytes /
         (shape.back() / narrowfloat::detail::ggml_struct<Format>::elements);
}

/// Rows of a tensor whose data are those of its shape.
template <class Format>
BlockTensor<Format> read_rows(const Tensor& tensor, std::size_t first, std::size_t rows,
                              float tensor_scale) {
  using layout = narrowfloat::detail::ggml_struct<Format>;
  const std::size_t cols = tensor.shape.back(), row = cols / layout::elements * layout::bytes;
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(tensor.data.data()),
                        tensor.data.size());
  const auto blocks = narrowfloat::detail::from_ggml<Format>(
      "read_blocks", bytes.subspan(first * row, rows * row), rows, cols, tensor_scale,
      narrowfloat::detail::executor_ref::serial());
  check_scales(tensor.name, blocks.scales());
  return blocks;
}

template <class Format>
const Tensor& require_blocks(const File& file, const std::string& name) {
  const Tensor* const found = file.find(name);
  if (found == nullptr) fail(name, "is not in the file");
  if (found->type != type_of_blocks<Format>)
    fail(name, "is " + name_of(found->type) + ", not " + name_of(type_of_blocks<Format>));
  return *found;
}

inline std::size_t matrices_of(const std::vector<std::size_t>& shape) {
  return shape.size() < 3 ? 1 : shape.front();
}

/// The scales of a tensor, one or as many as it has matrices; none where the file has none.
template <class Format>
std::span<const float> read_scales(const File& file, const Tensor& blocks) {
  const Tensor* const tensor = file.find(scale_name(blocks.name));
  if (tensor == nullptr) return {};
  if (Format::tensor_scale == TensorScale::none)
    fail(tensor->name, "blocks of " + name_of(type_of_blocks<Format>) + " have no tensor scale");
  const std::span<const float> scales = tensor->as<float>();
  if (scales.empty() || tensor->shape.size() > 1 ||
      scales.size() * sizeof(float) != tensor->data.size() ||
      scales.size() != (tensor->shape.empty() ? 1 : tensor->shape.front()))
    fail(tensor->name, "shape " + shape_text(tensor->shape) + " with " +
                           std::to_string(tensor->data.size()) + " bytes is no row of scales");
  for (std::size_t i = 0; i < scales.size(); ++i)
    if (!is_scale(scales[i]))
      fail(tensor->name, "tensor scale " + std::to_string(i) + " is negative, Inf or NaN");
  const std::size_t matrices = matrices_of(blocks.shape);
  if (scales.size() != 1 && scales.size() != matrices)
    fail(blocks.name, "has " + std::to_string(scales.size()) + " tensor scales for " +
                          std::to_string(matrices) + (matrices == 1 ? " matrix" : " matrices"));
  return scales;
}

}  // namespace detail

/// Adds the blocks of a matrix, or of an array whose last extent counts the columns, as the tensors
///
///   NAME    ggml's blocks: the type MXFP4 or NVFP4, the shape that of the numbers
///   SCALE   the tensor scale of NVFP4 where it is not 1: F32 of shape [1], which is multiplied;
///           SCALE is NAME with .scale in place of .weight at its end, or after it
///
/// and the key general.quantization_version where there is none. These are the tensors that
/// llama.cpp's converter writes, and its loader looks for; its input_scale, of activations, is the
/// user's to add.
///
/// Result    one or two tensors at the end of file.tensors.
/// Special   throws Error, and leaves the file as it was, unless `shape` is that of the blocks,
///           along rows; rows are multiples of 32 for MXFP4 and 64 for NVFP4, and there are some;
///           no scale is NaN or negative: ggml takes E8M0's NaN for 2^128, E4M3's for 0, and
///           ignores the sign. That names are unique is for write() to find.
/// Example   gguf::File file;
///           const auto t = BlockTensor<nvfp4>::quantize(weights, rows, cols);
///           gguf::add_blocks(file, "blk.0.ffn_up.weight", {rows, cols}, t);
///           assert(file.find("blk.0.ffn_up.scale")->as<float>()[0] == t.tensor_scale());
///           assert(gguf::read_blocks<nvfp4>(file, "blk.0.ffn_up.weight") == t);
template <storable_blocks Format>
void add_blocks(File& file, const std::string& name, std::vector<std::size_t> shape,
                const BlockTensor<Format>& blocks) {
  add_blocks(file, name, std::move(shape), std::span(&blocks, 1));
}

/// The same for a range of matrices, the experts of a layer: `shape` is [matrices, rows, columns],
/// and SCALE has a scale for each matrix.
template <std::ranges::contiguous_range Matrices,
          storable_blocks Format = typename std::ranges::range_value_t<Matrices>::block_format>
void add_blocks(File& file, const std::string& name, std::vector<std::size_t> shape,
                const Matrices& matrices) {
  const std::size_t n = std::ranges::size(matrices);
  const std::size_t rows = detail::check_shape<Format>(name, shape, std::nullopt);
  if (n != 1 && (shape.size() != 3 || shape.front() != n))
    detail::fail(name, "shape " + detail::shape_text(shape) + " is not that of " +
                           std::to_string(n) + " matrices");
  std::vector<float> scales;
  Tensor tensor{name, detail::type_of_blocks<Format>, std::move(shape), {}};
  for (const BlockTensor<Format>& blocks : matrices) {
    if (blocks.axis() != 1 || blocks.rows() != rows / n || blocks.cols() != tensor.shape.back())
      detail::fail(name, "shape " + detail::shape_text(tensor.shape) +
                             " is not that of blocks of " + std::to_string(blocks.rows()) + " x " +
                             std::to_string(blocks.cols()) + " along axis " +
                             std::to_string(blocks.axis()));
    detail::check_scales(name, blocks.scales());
    if (!detail::is_scale(blocks.tensor_scale()))
      detail::fail(name, "a tensor scale is negative, Inf or NaN");
    scales.push_back(blocks.tensor_scale());
    const auto bytes = narrowfloat::detail::to_ggml("add_blocks", blocks,
                                                    narrowfloat::detail::executor_ref::serial());
    const auto data = std::as_bytes(std::span(bytes));
    tensor.data.insert(tensor.data.end(), data.begin(), data.end());
  }
  file.tensors.push_back(std::move(tensor));
  if (std::ranges::any_of(scales, [](float scale) { return scale != 1; }))
    file.tensors.push_back(make_tensor(detail::scale_name(name), {scales.size()}, scales));
  if (file.find_value(quantization_version_key) == nullptr)
    file.metadata.push_back({std::string(quantization_version_key), quantization_version});
}

/// The inverse of add_blocks().
///
/// Result    the blocks of that name: the columns are the last extent, the rows all others; the
///           tensor scale is 1 where there is none. Its numbers are those of ggml's dequantization,
///           to the bit, but for the code of -0, which ggml reads as +0.
/// Special   throws Error with the tensor and the reason where it is absent, has another type,
///           size, no elements or a scale for each matrix, where a scale is NaN or negative, a
///           tensor scale Inf as well, or the format has none.
template <storable_blocks Format>
BlockTensor<Format> read_blocks(const File& file, const std::string& name) {
  const Tensor& tensor = detail::require_blocks<Format>(file, name);
  const std::size_t rows = detail::check_shape<Format>(name, tensor.shape, tensor.data.size());
  const auto scales = detail::read_scales<Format>(file, tensor);
  if (scales.size() > 1)
    detail::fail(name, "has " + std::to_string(scales.size()) +
                           " tensor scales: it is a stack, which is read matrix by matrix");
  return detail::read_rows<Format>(tensor, 0, rows, scales.empty() ? 1 : scales.front());
}

/// One matrix of a stack: that of index `matrix` along the first of three extents or more.
///
/// Special   throws Error as the call above does, and also where the stack has no such matrix, or
///           where there is neither one tensor scale nor one for each matrix.
template <storable_blocks Format>
BlockTensor<Format> read_blocks(const File& file, const std::string& name, std::size_t matrix) {
  const Tensor& tensor = detail::require_blocks<Format>(file, name);
  const std::size_t rows = detail::check_shape<Format>(name, tensor.shape, tensor.data.size());
  const std::size_t matrices = detail::matrices_of(tensor.shape);
  if (matrix >= matrices)
    detail::fail(name, "shape " + detail::shape_text(tensor.shape) + " has no matrix " +
                           std::to_string(matrix));
  const auto scales = detail::read_scales<Format>(file, tensor);
  const std::size_t each = rows / matrices;
  return detail::read_rows<Format>(tensor, matrix * each, each,
                                   scales.empty() ? 1 : scales[scales.size() == 1 ? 0 : matrix]);
}

}  // namespace narrowfloat::gguf

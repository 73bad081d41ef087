// SPDX-License-Identifier: MIT
// Block tensors (MX, NVFP4 and the like) in safetensors files: codes, scales and how they were
// made.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../mx.hpp"
#include "detail/safetensors_blocks.hpp"
#include "safetensors.hpp"
#include "safetensors_names.hpp"

namespace narrowfloat::safetensors {

using narrowfloat::scale_rule_names;

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

/// The tensors that blocks of numbers of a shape become, before there are any numbers: what a
/// Writer is made with.
///
/// Result    the codes, the scales and, where the format has one, the tensor scale: names, dtypes
///           and shapes.
/// Special   throws Error where add_blocks() would, whatever the numbers.
///
/// Example   for (const st::Entry& e :
///                st::block_entries<nvfp4>("w", {64, 96}, 1, st::compressed_tensors))
///             // w_packed U8, w_scale F8_E4M3 ...
///             std::cout << e.name << ' ' << st::dtype_name(e.dtype) << '\n';
template <storable_blocks Format>
std::vector<Entry> block_entries(const std::string& name, const std::vector<std::size_t>& shape,
                                 int axis = 1, const BlockNames& names = {}) {
  using Scale = typename Format::scale;
  const Entry whole{detail::joined(name, names.codes),
                    *detail::code_dtype<typename Format::element>(), shape};
  whole.size_bytes();  // can be counted
  const auto grid = detail::grid_of<Format>(whole.name, shape, axis);
  if (axis != 1 && !names.describes)
    detail::fail_at(whole.name,
                    "blocks down the columns need metadata, which these names have not");
  const bool power = narrowfloat::detail::power_of_two_scale<Scale>;
  std::vector<Entry> entries{detail::entry_of_codes<Format>(whole.name, shape, names.layout),
                             {detail::joined(name, names.scales),
                              names.scale_bytes && power ? Dtype::u8 : *dtype_of<Scale>(),
                              detail::scale_shape(shape, grid)}};
  if constexpr (Format::tensor_scale != TensorScale::none) {
    if (names.tensor_scale.empty())
      detail::fail_at(whole.name, "these names have no tensor scale, which " +
                                      block_format_name<Format>() + " has");
    entries.push_back({detail::joined(name, names.tensor_scale), Dtype::f32,
                       std::vector<std::size_t>(names.is_list ? 1 : 0, 1)});
  }
  return entries;
}

/// Adds a block tensor to a file, as the tensors
///
///   NAME          the codes: F4, F6_E2M3, F6_E3M2, F8_E4M3, F8_E5M2 or I8 (MXINT8), in the
///                 shape of the numbers, a bit stream without padding
///   NAME_scale    a scale a block: F8_E8M0, or F8_E4M3 for NVFP4; the shape has the number of
///                 blocks in place of the blocked extent
///   NAME_scale_2  only where the format has a tensor scale: an F32 scalar, which is multiplied
///
/// and in the metadata NAME.format (block_format_name), NAME.block_size ("32", "16x16"), NAME.axis
/// ("-1": along the last extent, "-2": along the one before) and NAME.rule. Under the names of
/// others (gpt_oss, compressed_tensors, model_opt, deepseek, mxfp8_u8 ...) as those say.
///
/// The names are those of NVIDIA ModelOpt's checkpoints (weight, weight_scale, weight_scale_2),
/// which vLLM and TensorRT-LLM read, since of today's conventions only that one keeps the name of
/// what it replaces, has a place for the tensor scale and stores it as the factor, not its
/// reciprocal. What differs is that the codes have their own dtype and logical shape where ModelOpt
/// writes U8 pairs.
///
/// Result    two or three tensors at the end of file.tensors.
/// Special   throws Error, and leaves the file as it was, unless `shape` is that of the blocks: the
///           columns are the last extent, the rows all others; a matrix, or matrices whose blocks
///           are apart, where blocks span rows; and unless there are codes and they fill whole
///           bytes, and the tensor scale is one that read_blocks() takes. A divisor is 1 over the
///           tensor scale, which has to be names.stored() of itself: else the blocks would come
///           back with another one. That names are unique is for write() to find.
template <storable_blocks Format>
void add_blocks(File& file, const std::string& name, std::vector<std::size_t> shape,
                const BlockTensor<Format>& blocks, std::string_view rule = {},
                const BlockNames& names = {}) {
  using E = typename Format::element;
  const std::vector<Entry> entries = block_entries<Format>(name, shape, blocks.axis(), names);
  const std::size_t rows = blocks.rows(), cols = blocks.cols();
  if (shape.back() != cols || detail::rows_of(shape) != rows)
    detail::fail_at(entries[0].name, "shape " + detail::shape_text(shape) +
                                         " is not that of blocks of " + std::to_string(rows) +
                                         " x " + std::to_string(cols));
  std::vector<Tensor> made;
  const auto make = [&](const auto& values) {
    const Entry& entry = entries[made.size()];
    const auto bytes = std::as_bytes(std::span(values));
    made.push_back({entry.name, entry.dtype, entry.shape, {bytes.begin(), bytes.end()}});
  };
  if (cols * E::width % 8 == 0)
    make(blocks.codes().bytes());
  else
    make(detail::rows_together<E>(blocks.codes()));
  make(blocks.scales());
  if constexpr (Format::tensor_scale != TensorScale::none)
    make(std::array{detail::written_tensor_scale(entries[2].name, blocks.tensor_scale(), names)});

  for (Tensor& tensor : made) file.tensors.push_back(std::move(tensor));
  if (!names.describes) return;
  file.metadata[name + ".format"] = block_format_name<Format>();
  file.metadata[name + ".block_size"] = detail::block_size_text<Format>();
  file.metadata[name + ".axis"] = blocks.axis() == 1 ? "-1" : "-2";
  if (!rule.empty()) file.metadata[name + ".rule"] = rule;
}
template <storable_blocks Format>
void add_blocks(File& file, const std::string& name, std::vector<std::size_t> shape,
                const BlockTensor<Format>& blocks, const BlockNames& names) {
  add_blocks(file, name, std::move(shape), blocks, {}, names);
}

/// The inverse of add_blocks().
///
/// Result    the block tensor of that name. Where the metadata are absent, blocks run along the
///           last extent. F4 codes may be U8 pairs, the first in the low bits, whose last extent
///           counts bytes, and E8M0 scales may be U8. A divisor d becomes the tensor scale 1 / d,
///           rounded to float: numbers are then within 2^-22 of themselves of code * (scale / d). A
///           format without a tensor scale whose scales are float reads scales of 8 bits too, times
///           the tensor scale or over the divisor, each rounded to float: what compressed-tensors
///           and ModelOpt multiply codes by, so that it gives their numbers bit for bit.
/// Special   throws Error with the tensor and the reason where a tensor is absent, has another
///           dtype, shape or size, or no elements, where the metadata name another format, a block
///           scale is negative, a tensor scale is not positive and finite (a tensor scale of 0 is
///           read under names that say so), or there is one that the format has not.
///
/// Example   st::File file;
///           const auto t = BlockTensor<mxfp4_e2m1>::quantize(weights, rows, cols);
///           st::add_blocks(file, "mlp.experts.down_proj", {2, rows / 2, cols}, t, st::gpt_oss);
///           // the experts, one below the other: experts * outputs rows of inputs
///           auto w = st::read_blocks<mxfp4_e2m1>(file, "mlp.experts.down_proj", st::gpt_oss);
///           assert(w == t);
template <storable_blocks Format>
BlockTensor<Format> read_blocks(const File& file, const std::string& name,
                                const BlockNames& names = {}) {
  using E = typename Format::element;
  using Scale = typename Format::scale;
  constexpr bool two_levels = Format::tensor_scale != TensorScale::none;
  const Tensor& codes = detail::require_tensor(file, detail::joined(name, names.codes));
  const Tensor& scales = detail::require_scales(file, name, names);
  detail::check_described(file, name, "format", block_format_name<Format>());
  detail::check_described(file, name, "block_size", detail::block_size_text<Format>());
  const std::string axis_text = detail::described(file, name, "axis", "-1");
  if (axis_text != "-1" && axis_text != "-2")
    detail::fail_at(name,
                    "its axis is " + detail::quote(axis_text) + ", neither \"-1\" nor \"-2\"");
  const int axis = axis_text == "-1" ? 1 : 0;

  const std::vector<std::size_t> shape = detail::shape_of_numbers<Format>(codes, names.layout);
  const auto grid = detail::grid_of<Format>(codes.name, shape, axis);
  const auto shape_of_scales = detail::scale_shape(shape, grid);
  const std::string tensor_scale_name = detail::joined(name, names.tensor_scale);
  const Tensor* const found = names.tensor_scale.empty() ? nullptr : file.find(tensor_scale_name);
  const bool folds = detail::folds<Format>(scales);
  if (found != nullptr && !two_levels && !folds)
    detail::fail_at(tensor_scale_name, block_format_name<Format>() + " has no tensor scale");
  float tensor_scale = 1;
  if constexpr (two_levels)
    tensor_scale = detail::tensor_scale_of(detail::require_tensor(file, tensor_scale_name), names);

  const std::span dense(reinterpret_cast<const std::uint8_t*>(codes.data.data()),
                        codes.data.size());
  const bool whole = grid.cols * E::width % 8 == 0;
  const std::vector<std::uint8_t> apart =
      whole ? std::vector<std::uint8_t>() : detail::rows_apart<E>(dense, grid.rows, grid.cols);
  const auto blocks_of = [&](std::span<const Scale> checked) {
    return BlockTensor<Format>::from_parts(whole ? dense : std::span(apart), checked, grid.rows,
                                           grid.cols, axis, tensor_scale);
  };
  if constexpr (std::same_as<Scale, float>)
    if (folds) return blocks_of(detail::folded_scales(scales, shape_of_scales, found, names));
  return blocks_of(detail::checked_scales<Scale>(scales, shape_of_scales));
}

}  // namespace narrowfloat::safetensors

// SPDX-License-Identifier: MIT
// The tensors that block tensors are in a safetensors file, as gpt-oss, compressed-tensors,
// ModelOpt and DeepSeek name them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "../mx.hpp"

namespace narrowfloat::safetensors {

/// How the codes of 4 bits lie in a file. Others have their own dtype and the shape of the numbers,
/// whatever is said here.
enum class CodeLayout {
  elements,  ///< F4, in the shape of the numbers
  pairs,     ///< U8, two codes a byte, the first in the low bits: the last extent is half as large
  blocks     ///< U8, as pairs; the last extent is two: the blocks, and the bytes of one
};

/// The tensors that a block tensor NAME is in a file: what follows NAME in the name of each, and
/// how they lie. The default is what add_blocks() describes; those of a stack that is not here are
/// a line:
///
///   constexpr st::BlockNames original_gpt_oss{
///       .codes = ".blocks", .scales = ".scales", .tensor_scale = "", .layout =
///       st::CodeLayout::blocks, .scale_bytes = true, .describes = false};
struct BlockNames {
  /// What follows NAME in the names of the codes and of the scales.
  std::string_view codes = "";
  std::string_view scales = "_scale";
  std::string_view other_scales = "";  ///< read where `scales` is not in the file; "": no other
  std::string_view tensor_scale = "_scale_2";  ///< "": formats that have a tensor scale are refused
  /// How codes of 4 bits lie.
  CodeLayout layout = CodeLayout::elements;
  bool scale_bytes = false;  ///< E8M0 scales are written as U8; both are read
  bool divides = false;      ///< the tensor scale is a divisor: value = code * scale / it
  bool is_list = false;  ///< the tensor scale is written in the shape [1], not []; both are read
  bool may_be_zero = false;  ///< the tensor scale of zeros is 0, whatever their codes are
  bool describes = true;     ///< the metadata say format, block size, axis and rule

  /// Result    the tensor scale that comes back from a file: the number itself; of a divisor, which
  ///           the file holds in its place, 1 / (1 / it), each rounded to float. That comes back
  ///           from itself, so add_blocks() takes it.
  /// Special   where one of the two quotients is beyond the floats, the nearest tensor scale of
  ///           which both are floats: 2^-128 + 2^-149 of smaller numbers, and of 0; 2^128 - 2^107
  ///           of larger ones.
  /// Requires  a number that is not NaN nor negative.
  float stored(float value) const {
    using namespace narrowfloat::detail;
    if (!divides) return value;
    // Each of the two is 1 over the other, rounded.
    constexpr std::uint32_t least = bits_of_float(0x1.000008p-128f),
                            most = bits_of_float(0x1.fffffp127f);
    const float usable = float_of_bits(std::clamp(bits_of_float(value), least, most));
    return float_quotient(1.0f, float_quotient(1.0f, usable));
  }
};

/// The experts of gpt-oss (mxfp4_e2m1): X_blocks [..., rows, cols / 32, 16] and X_scales [...,
/// rows, cols / 32], both U8. A row is an output of the layer, so that it multiplies as rows . x;
/// transformers hands out the transpose.
inline constexpr BlockNames gpt_oss{.codes = "_blocks",
                                    .scales = "_scales",
                                    .tensor_scale = "",
                                    .layout = CodeLayout::blocks,
                                    .scale_bytes = true,
                                    .describes = false};

/// vLLM's compressed-tensors: for nvfp4 (nvfp4-pack-quantized) X_packed U8 [rows, cols / 2],
/// X_scale F8_E4M3 and X_global_scale F32 [1], a divisor; for mxfp4_e2m1 (mxfp4-pack-quantized)
/// X_packed and X_scale, U8.
///
/// Example   st::File file;  // the tensors that vLLM loads: w_packed, w_scale, w_global_scale
///           const auto t = BlockTensor<nvfp4>::quantize(weights, rows, cols);
///           st::add_blocks(file, "w", {rows, cols}, t, st::compressed_tensors);
///           assert(file.tensors.size() == 3 && file.find("w_packed")->dtype == st::Dtype::u8);
inline constexpr BlockNames compressed_tensors{.codes = "_packed",
                                               .tensor_scale = "_global_scale",
                                               .layout = CodeLayout::pairs,
                                               .scale_bytes = true,
                                               .divides = true,
                                               .is_list = true,
                                               .describes = false};

/// NVIDIA ModelOpt: for nvfp4 X U8 [rows, cols / 2], X_scale F8_E4M3 and X_scale_2, an F32 scalar,
/// which is 0 for a tensor of zeros, whatever the codes and scales; for mxfp4_e2m1 and mxfp8_e4m3 X
/// and X_scale, U8.
inline constexpr BlockNames model_opt{
    .layout = CodeLayout::pairs, .scale_bytes = true, .may_be_zero = true, .describes = false};

/// DeepSeek-V3 (BlockFormat<float8_e4m3fn, float, 128, 128>): X F8_E4M3, and X_scale_inv F32
/// [ceil(rows / 128), ceil(cols / 128)], by which codes are multiplied.
inline constexpr BlockNames deepseek{
    .scales = "_scale_inv", .tensor_scale = "", .describes = false};

/// MXFP8 checkpoints (mxfp8_e4m3): X F8_E4M3, and X_scale or X_scale_inv, the E8M0 bytes as U8. The
/// first is written, either is read.
inline constexpr BlockNames mxfp8_u8{
    .other_scales = "_scale_inv", .tensor_scale = "", .scale_bytes = true, .describes = false};

}  // namespace narrowfloat::safetensors

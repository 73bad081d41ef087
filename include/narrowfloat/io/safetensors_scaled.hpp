// SPDX-License-Identifier: MIT
// Tensors of codes with one scale (ScaledTensor) in safetensors files.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "../scaling/scaled_tensor.hpp"
#include "safetensors.hpp"

namespace narrowfloat::safetensors {

/// Adds a scaled tensor to a file, as the tensors
///
///   NAME             the codes: F8_E4M3, F8_E5M2, ... in the shape of the numbers
///   NAME_scale_inv   an F32 scalar: value = code * scale_inv; the name that DeepSeek-V3's
///                    checkpoints have
///
/// and in the metadata NAME.scale, what values are multiplied by: the inverse as the recipe had it,
/// before it was rounded.
///
/// Result    two tensors at the end of file.tensors.
/// Special   throws Error, and leaves the file as it was, unless the shape has as many elements as
///           the tensor.
/// Example   DelayedScaling<float8_e4m3fn> scaling;
///           st::File file;  // DeepSeek's names: w, w_scale_inv
///           const auto t = ScaledTensor<float8_e4m3fn>::quantize(weights, scaling);
///           st::add_scaled(file, "w", {rows, cols}, t);
///           assert(file.find("w_scale_inv")->as<float>()[0] == 1 / t.scale());
///           assert(st::read_scaled<float8_e4m3fn>(file, "w").codes()[5] == t.codes()[5]);
template <narrow_float F>
requires(dtype_of<F>() != std::nullopt)  //
    void add_scaled(File& file, const std::string& name, std::vector<std::size_t> shape,
                    const ScaledTensor<F>& tensor) {
  Tensor codes = make_tensor(name, std::move(shape), tensor.codes());
  try {
    detail::check_size(
        {name, std::string(dtype_name(codes.dtype)), codes.shape, 0, codes.data.size()},
        dtype_bits(codes.dtype));
  } catch (const detail::Malformed& malformed) {
    throw Error(malformed.what());
  }
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, tensor.scale()).ptr;
  file.tensors.push_back(std::move(codes));
  file.tensors.push_back(make_tensor(name + "_scale_inv", {}, tensor.scales()));
  file.metadata[name + ".scale"] = std::string(text, end);
}

/// The inverse of add_scaled().
///
/// Result    the tensor of that name. Where the metadata have no scale, it is 1 / scale_inv,
///           rounded. The inverse scale may have the shape [1].
/// Special   throws Error with the tensor and the reason where one is absent, has another dtype or
///           number of elements, or a scale is no positive number.
template <narrow_float F>
requires(dtype_of<F>() != std::nullopt)  //
    ScaledTensor<F> read_scaled(const File& file, const std::string& name) {
  const Tensor* const codes = file.find(name);
  const Tensor* const scales = file.find(name + "_scale_inv");
  if (codes == nullptr) detail::fail_at(name, "is not in the file");
  if (scales == nullptr) detail::fail_at(name + "_scale_inv", "is not in the file");
  const std::span<const F> values = codes->as<F>();
  const std::span<const float> inverse = scales->as<float>();
  if (inverse.size() != 1)
    detail::fail_at(scales->name, "has " + std::to_string(inverse.size()) + " elements, not 1");
  try {
    const std::vector<F> copy(values.begin(), values.end());
    const auto found = file.metadata.find(name + ".scale");
    if (found == file.metadata.end()) return ScaledTensor<F>::from_parts(copy, inverse[0]);
    float scale = 0;
    const std::string& text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), scale);
    if (error != std::errc() || end != text.data() + text.size())
      detail::fail_at(name, "its scale is " + detail::quote(text) + ", no number");
    return ScaledTensor<F>::from_parts(copy, inverse[0], scale);
  } catch (const std::invalid_argument& invalid) {
    detail::fail_at(name, invalid.what());
  }
}

}  // namespace narrowfloat::safetensors

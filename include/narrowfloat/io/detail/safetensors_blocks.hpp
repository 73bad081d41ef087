// SPDX-License-Identifier: MIT
// How codes and scales of blocks lie in the tensors of a safetensors file, and what is refused
// there.
#pragma once

#include <algorithm>
#include <charconv>
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

#include "../../mx.hpp"
#include "../safetensors.hpp"
#include "../safetensors_names.hpp"

namespace narrowfloat::safetensors::detail {

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

inline std::string text_of(float number) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

inline std::string joined(const std::string& name, std::string_view suffix) {
  return name + std::string(suffix);
}

// The number of elements of a block, and of lines where there are several: "32", "16x16".
template <class Format>
std::string block_size_text() {
  return std::to_string(Format::block_size) +
         (Format::block_rows == 1 ? "" : "x" + std::to_string(Format::block_rows));
}

/// The rows of a matrix whose columns the last extent counts.
inline std::size_t rows_of(const std::vector<std::size_t>& shape) {
  std::size_t rows = 1;
  for (const std::size_t extent : std::span(shape).first(shape.size() - 1)) rows *= extent;
  return rows;
}

/// The blocks of a tensor whose last extent counts the columns of a matrix, the others its rows.
///
/// Requires  a shape whose elements can be counted, as check_size() finds.
template <class Format>
narrowfloat::detail::block_grid grid_of(std::string_view name,
                                        const std::vector<std::size_t>& shape, int axis) {
  constexpr std::size_t lines = Format::block_rows;
  if (shape.empty()) fail_at(name, "a scalar has no blocks");
  // Those of several matrices are those of one below the other where no block has rows of two.
  const bool matrices = shape.size() > 2 && axis == 1 && shape.end()[-2] % lines == 0;
  if (shape.size() != 2 && (axis == 0 || lines != 1) && !matrices)
    fail_at(name, "shape " + shape_text(shape) + ": blocks that span rows are those of a matrix");
  // Blocks without elements may have any number of rows, each of which takes its time.
  if (std::ranges::find(shape, std::size_t{0}) != shape.end())
    fail_at(name, "shape " + shape_text(shape) + " has no elements");
  return narrowfloat::detail::grid_of<Format>("safetensors", rows_of(shape), shape.back(), axis);
}

inline std::vector<std::size_t> scale_shape(std::vector<std::size_t> shape,
                                            const narrowfloat::detail::block_grid& grid) {
  if (shape.size() == 2) shape.front() = grid.down();
  if (shape.size() > 2) shape.end()[-2] /= grid.height;
  shape.back() = grid.across();
  return shape;
}

inline void check_tensor(const Tensor& tensor, Dtype dtype, const std::vector<std::size_t>& shape) {
  if (tensor.dtype != dtype)
    fail_at(tensor.name, "is " + std::string(dtype_name(tensor.dtype)) + ", not " +
                             std::string(dtype_name(dtype)));
  if (tensor.shape != shape)
    fail_at(tensor.name,
            "has the shape " + shape_text(tensor.shape) + ", not " + shape_text(shape));
  with_prefix("", [&] {
    check_size({tensor.name, std::string(dtype_name(dtype)), shape, 0, tensor.data.size()},
               dtype_bits(dtype));
  });
}

inline const Tensor& require_tensor(const File& file, const std::string& name) {
  const Tensor* const found = file.find(name);
  if (found == nullptr) fail_at(name, "is not in the file");
  return *found;
}

/// The tensor of the scales, under either of its names.
inline const Tensor& require_scales(const File& file, const std::string& name,
                                    const BlockNames& names) {
  const std::string usual = joined(name, names.scales);
  if (names.other_scales.empty()) return require_tensor(file, usual);
  const std::string other = joined(name, names.other_scales);
  const Tensor* const found = file.find(usual);
  const Tensor* const instead = file.find(other);
  if (found == nullptr && instead == nullptr)
    fail_at(usual, "is not in the file, nor is " + quote(other));
  if (found != nullptr && instead != nullptr)
    fail_at(usual, "is in the file, and so is " + quote(other));
  return found != nullptr ? *found : *instead;
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
    fail_at(name, "its " + what + " is " + quote(got) + " by the metadata, not " + quote(expected));
}

/// Throws Error where the codes of a format cannot lie as the names say.
template <class Format>
void check_layout(const std::string& name, CodeLayout layout) {
  if (layout == CodeLayout::blocks && (Format::element::width != 4 || Format::block_size % 2 != 0))
    fail_at(name, "these names are for blocks of codes of 4 bits that fill bytes");
}

/// The tensor of the codes of numbers of that shape.
template <class Format>
Entry entry_of_codes(const std::string& name, std::vector<std::size_t> shape, CodeLayout layout) {
  using E = typename Format::element;
  constexpr std::size_t block = Format::block_size;
  check_layout<Format>(name, layout);
  Entry codes{name, *code_dtype<E>(), std::move(shape)};
  if (layout == CodeLayout::elements || E::width != 4) return codes;
  const std::size_t cols = codes.shape.back(), whole = layout == CodeLayout::pairs ? 2 : block;
  if (cols % whole != 0)
    fail_at(name, "shape " + shape_text(codes.shape) + ": rows of " + std::to_string(cols) +
                      " codes are no whole " + (whole == 2 ? "bytes" : "blocks"));
  codes.dtype = Dtype::u8;
  codes.shape.back() /= whole;
  if (layout == CodeLayout::blocks) codes.shape.push_back(block / 2);
  return codes;
}

/// The inverse: the shape of the numbers whose codes a tensor holds. F4 and pairs are taken for
/// each other.
template <class Format>
std::vector<std::size_t> shape_of_numbers(const Tensor& codes, CodeLayout layout) {
  using E = typename Format::element;
  check_layout<Format>(codes.name, layout);
  const bool pairs = layout == CodeLayout::blocks || (E::width == 4 && codes.dtype == Dtype::u8);
  check_tensor(codes, pairs ? Dtype::u8 : *code_dtype<E>(), codes.shape);
  std::vector<std::size_t> shape = codes.shape;
  if (layout == CodeLayout::blocks) {
    if (shape.size() < 2 || shape.back() != Format::block_size / 2)
      fail_at(codes.name, "has the shape " + shape_text(shape) + ", not [..., blocks, " +
                              std::to_string(Format::block_size / 2) + "]");
    shape.pop_back();
    shape.back() *= Format::block_size;  // its bits could be counted, so it does not wrap
  } else if (pairs && !shape.empty()) {
    shape.back() *= 2;
  }
  return shape;
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

inline void check_tensor_scale(const std::string& name, float scale, bool may_be_zero) {
  const std::uint32_t bits = narrowfloat::detail::bits_of_float(scale);
  if ((bits == 0 && !may_be_zero) || bits >= narrowfloat::detail::float_infinity)
    fail_at(name, "a tensor scale is positive and finite, not " + text_of(scale));
}

/// The number in a file that stands for a tensor scale.
inline float written_tensor_scale(const std::string& name, float scale, const BlockNames& names) {
  check_tensor_scale(name, scale, names.may_be_zero);
  if (!names.divides) return scale;
  const float back = names.stored(scale);
  if (narrowfloat::detail::bits_of_float(back) != narrowfloat::detail::bits_of_float(scale))
    fail_at(name, "the tensor scale " + text_of(scale) +
                      " is 1 over no float: quantize with tensor_scale = stored(it), which is " +
                      text_of(back));
  return narrowfloat::detail::float_quotient(1.0f, scale);
}

/// The number in a file that stands for a tensor scale, a divisor perhaps.
inline float checked_tensor_scale(const Tensor& tensor, const BlockNames& names) {
  check_tensor(tensor, Dtype::f32,
               tensor.shape.size() == 1 ? std::vector<std::size_t>{1} : std::vector<std::size_t>{});
  const float scale = tensor.as<float>().front();
  check_tensor_scale(tensor.name, scale, names.may_be_zero);
  return scale;
}

/// The tensor scale that it stands for.
inline float tensor_scale_of(const Tensor& tensor, const BlockNames& names) {
  const float scale = checked_tensor_scale(tensor, names);
  if (!names.divides) return scale;
  const float inverse = narrowfloat::detail::float_quotient(1.0f, scale);
  if (!narrowfloat::detail::is_finite(inverse))
    fail_at(tensor.name, "1 / " + text_of(scale) + " is beyond the floats");
  return inverse;
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
        fail_at(tensor.name, "scale " + std::to_string(i) + " is negative");
  }
  return scales;
}

/// Whether the scales of a file of 8 bits, and its tensor scale, become float scales.
template <class Format>
bool folds(const Tensor& scales) {
  return std::same_as<typename Format::scale, float> && Format::tensor_scale == TensorScale::none &&
         dtype_bits(scales.dtype) == 8;
}

/// Scales of 8 bits times the tensor scale, or over it, each rounded to float.
inline std::vector<float> folded_scales(const Tensor& tensor, const std::vector<std::size_t>& shape,
                                        const Tensor* tensor_scale, const BlockNames& names) {
  const auto fold = [&](const auto& scales) {
    const float factor = tensor_scale == nullptr ? 1 : checked_tensor_scale(*tensor_scale, names);
    std::vector<float> folded;
    folded.reserve(scales.size());
    for (const auto scale : scales) {
      const auto number = static_cast<float>(scale);
      folded.push_back(names.divides ? narrowfloat::detail::float_quotient(number, factor)
                                     : narrowfloat::detail::float_product(number, factor));
    }
    return folded;
  };
  if (tensor.dtype == Dtype::f8_e4m3) return fold(checked_scales<float8_e4m3fn>(tensor, shape));
  return fold(checked_scales<float8_e8m0fnu>(tensor, shape));
}

}  // namespace narrowfloat::safetensors::detail

// SPDX-License-Identifier: MIT
// What other libraries call the number types: their ids and names for a type, and the type for one
// of theirs.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "../formats.hpp"
#include "gguf_types.hpp"
#include "safetensors_dtype.hpp"

/// `ids::onnx<T>()` is what ONNX calls T, and none if it has no such type: known at compile time.
/// `ids::visit_onnx(id, f)` is the way back, at run time: it calls f.template operator()<T>() with
/// the type of the id, and says whether there is one; otherwise f is not called. So for every
/// library below.
///
/// Where several types have one id, visit takes the first of the table: the signed one. A library
/// that has a number for a type may still lay out codes of less than a byte in its own way
/// (docs/interchange.md).
///
/// Example   static_assert(ids::onnx<float8_e4m3fn>() == 17);
///           std::size_t size = 0;  // of the elements of an ONNX tensor, by its data_type
///           const bool is_known = ids::visit_onnx(17, [&]<class T>() { size = sizeof(T); });
///           assert(is_known && size == 1);
namespace narrowfloat::ids {

/// A type as DLPack describes it (DLDataType, with one lane).
struct DlpackType {
  std::uint8_t code, bits;  ///< as DLDataType has them
  friend constexpr bool operator==(const DlpackType&, const DlpackType&) = default;
};

namespace detail {
inline namespace NF_BASELINE {

using number = std::optional<int>;
using text = std::optional<std::string_view>;

/// What the libraries call T. safetensors and ggml have their lists where their files are read.
template <class T>
struct row {
  text numpy;
  number dlpack, onnx, torch;
  text torch_name;
  number xla, cuda;
};
template <class... T>
struct table : row<T>... {
  /// Calls f with the first type whose id it is; f need not compile for types without one.
  template <class Column, class Id, class Function>
  constexpr bool visit(Column, const Id& id, Function& f) const {
    return (visit_row<T, Column>(id, f) || ...);
  }

 private:
  template <class U, class Column, class Id, class Function>
  static constexpr bool visit_row(const Id& id, Function& f) {
    if constexpr (constexpr auto own = Column{}.template operator()<U>(); own.has_value()) {
      if (*own == id) return f.template operator()<U>(), true;
    }
    return false;
  }
};
template <class... T>
table(row<T>...) -> table<T...>;

inline constexpr std::nullopt_t none = std::nullopt;

// NumPy's name; the numbers of DLPack, ONNX and torch; torch's name; the numbers of XLA and CUDA.
// clang-format off
inline constexpr table types{
    row<float>             {"float32",             2,  1,    6, "float32",            11,    0},
    row<double>            {"float64",             2, 11,    7, "float64",            12,    1},
    row<float16>           {"float16",             2, 10,    5, "float16",            10,    2},
    row<bfloat16>          {"bfloat16",            4, 16,   15, "bfloat16",           16,   14},
    row<float8_e4m3fn>     {"float8_e4m3fn",      10, 17,   24, "float8_e4m3fn",      20,   28},
    row<float8_e5m2>       {"float8_e5m2",        12, 19,   23, "float8_e5m2",        19,   29},
    row<float8_e4m3>       {"float8_e4m3",         8, none, none, none,               28,   none},
    row<float8_e3m4>       {"float8_e3m4",         7, none, none, none,               29,   none},
    row<float8_e4m3fnuz>   {"float8_e4m3fnuz",    11, 18,   26, "float8_e4m3fnuz",    25,   none},
    row<float8_e5m2fnuz>   {"float8_e5m2fnuz",    13, 20,   25, "float8_e5m2fnuz",    24,   none},
    row<float8_e4m3b11fnuz>{"float8_e4m3b11fnuz",  9, none, none, none,               23,   none},
    row<float8_e8m0fnu>    {"float8_e8m0fnu",     14, 24,   44, "float8_e8m0fnu",     33,   30},
    row<float8_ue4m3>      {none,               none, none, none, none,               none, 28},
    row<float6_e2m3fn>     {"float6_e2m3fn",      15, 27,   none, none,               none, 31},
    row<float6_e3m2fn>     {"float6_e3m2fn",      16, 28,   none, none,               none, 32},
    row<float4_e2m1fn>     {"float4_e2m1fn",      17, 23,   45, "float4_e2m1fn_x2",   32,   33},
    row<std::int8_t>       {"int8",                0,  3,    1, "int8",                2,    3},
    row<std::int16_t>      {"int16",               0,  5,    2, "int16",               3,   20},
    row<std::int32_t>      {"int32",               0,  6,    3, "int32",               4,   10},
    row<std::int64_t>      {"int64",               0,  7,    4, "int64",               5,   24},
    row<std::uint8_t>      {"uint8",               1,  2,    0, "uint8",               6,    8},
    row<std::uint16_t>     {"uint16",              1,  4,   27, "uint16",              7,   22},
    row<std::uint32_t>     {"uint32",              1, 12,   28, "uint32",              8,   12},
    row<std::uint64_t>     {"uint64",              1, 13,   29, "uint64",              9,   26}};
// clang-format on

template <class T>
constexpr row<T> row_of() {
  if constexpr (requires { static_cast<const row<T>&>(types); }) {
    return static_cast<const row<T>&>(types);
  } else {
    return {};
  }
}
template <class T>
constexpr std::uint8_t bits_of() {
  if constexpr (requires { T::width; }) {
    return T::width;
  } else {
    return 8 * sizeof(T);
  }
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The names of the types in NumPy: numpy.dtype(name), those of ml_dtypes 0.6.0 included; jax.numpy
/// has the same.
template <class T>
NF_INLINE constexpr std::optional<std::string_view> numpy() {
  return detail::row_of<T>().numpy;
}
template <class Function>
NF_INLINE constexpr bool visit_numpy(std::string_view name, Function f) {
  return detail::types.visit([]<class T>() { return numpy<T>(); }, name, f);
}

/// The codes of DLPack with their bits: DLDataTypeCode of dlpack.h, version 1.1 (those of the
/// formats of 8, 6 and 4 bits are from there on; the others are older).
template <class T>
NF_INLINE constexpr std::optional<DlpackType> dlpack() {
  const auto code = detail::row_of<T>().dlpack;
  if (!code) return std::nullopt;
  return DlpackType{static_cast<std::uint8_t>(*code), detail::bits_of<T>()};
}
template <class Function>
NF_INLINE constexpr bool visit_dlpack(DlpackType type, Function f) {
  return detail::types.visit([]<class T>() { return dlpack<T>(); }, type, f);
}

/// The numbers of ONNX: TensorProto.DataType of onnx.proto, as of onnx 1.23. Of FLOAT4E2M1 a tensor
/// has two codes a byte.
template <class T>
NF_INLINE constexpr std::optional<int> onnx() {
  return detail::row_of<T>().onnx;
}
template <class Function>
NF_INLINE constexpr bool visit_onnx(int id, Function f) {
  return detail::types.visit([]<class T>() { return onnx<T>(); }, id, f);
}

/// The numbers of PyTorch: c10::ScalarType of c10/core/ScalarType.h, as of torch 2.15; these are
/// what torch::Tensor::scalar_type() gives. An element of Float4_e2m1fn_x2 is a byte with two
/// codes, the first in the low bits.
template <class T>
NF_INLINE constexpr std::optional<int> torch() {
  return detail::row_of<T>().torch;
}
template <class Function>
NF_INLINE constexpr bool visit_torch(int id, Function f) {
  return detail::types.visit([]<class T>() { return torch<T>(); }, id, f);
}
/// The names of the same types in Python: torch.float8_e4m3fn is "float8_e4m3fn".
template <class T>
NF_INLINE constexpr std::optional<std::string_view> torch_name() {
  return detail::row_of<T>().torch_name;
}
template <class Function>
NF_INLINE constexpr bool visit_torch(std::string_view name, Function f) {
  return detail::types.visit([]<class T>() { return torch_name<T>(); }, name, f);
}

/// The numbers of XLA: PrimitiveType of xla/xla_data.proto, as of jaxlib 0.10.2.
template <class T>
NF_INLINE constexpr std::optional<int> xla() {
  return detail::row_of<T>().xla;
}
template <class Function>
NF_INLINE constexpr bool visit_xla(int id, Function f) {
  return detail::types.visit([]<class T>() { return xla<T>(); }, id, f);
}

/// The numbers of CUDA's libraries (cuBLAS, cuDNN's frontends): cudaDataType of library_types.h,
/// CUDA 13.0. float8_ue4m3 has that of float8_e4m3fn: its codes are those without a sign.
template <class T>
NF_INLINE constexpr std::optional<int> cuda() {
  return detail::row_of<T>().cuda;
}
template <class Function>
NF_INLINE constexpr bool visit_cuda(int id, Function f) {
  return detail::types.visit([]<class T>() { return cuda<T>(); }, id, f);
}

/// The names in safetensors files, those of 4 and 6 bits included: safetensors 0.8.0, and
/// safetensors::packed_dtype_of (io/safetensors_dtype.hpp), which has the list.
template <class T>
NF_INLINE constexpr std::optional<std::string_view> safetensors() {
  const auto dtype = narrowfloat::safetensors::packed_dtype_of<T>();
  if (!dtype) return std::nullopt;
  return narrowfloat::safetensors::dtype_name(*dtype);
}
template <class Function>
NF_INLINE constexpr bool visit_safetensors(std::string_view name, Function f) {
  return detail::types.visit([]<class T>() { return safetensors<T>(); }, name, f);
}

/// The numbers of ggml, in GGUF files too: enum ggml_type of ggml.h, and gguf::type_of
/// (io/gguf_types.hpp), which has the list. Types of blocks, such as MXFP4, are no types of
/// numbers: see io/gguf_blocks.hpp.
template <class T>
NF_INLINE constexpr std::optional<int> ggml() {
  const auto type = gguf::type_of<T>();
  if (!type) return std::nullopt;
  return static_cast<int>(*type);
}
template <class Function>
NF_INLINE constexpr bool visit_ggml(int id, Function f) {
  return detail::types.visit([]<class T>() { return ggml<T>(); }, id, f);
}

}  // namespace narrowfloat::ids

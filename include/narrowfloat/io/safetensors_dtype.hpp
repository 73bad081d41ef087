// SPDX-License-Identifier: MIT
// The element types of the safetensors file format, and the C++ types that have one.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>

#include "../formats.hpp"
#include "../packed/vector.hpp"

namespace narrowfloat::safetensors {

/// The element types of the format. Those with a C++ type (see dtype_of, packed_dtype_of) can be
/// viewed; the others are kept as bytes.
enum class Dtype {
  boolean,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64
};

namespace detail {
struct DtypeInfo {
  std::string_view name;
  std::size_t bits;
};
// In the order of Dtype.
inline constexpr std::array<DtypeInfo, 22> dtypes{
    {{"BOOL", 8},        {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
     {"I8", 8},          {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
     {"F8_E5M2FNUZ", 8}, {"I16", 16},    {"U16", 16},    {"F16", 16},    {"BF16", 16},
     {"I32", 32},        {"U32", 32},    {"F32", 32},    {"C64", 64},    {"F64", 64},
     {"I64", 64},        {"U64", 64}}};
static_assert(dtypes[static_cast<std::size_t>(Dtype::u64)].name == "U64");
}  // namespace detail

/// Result  the name in the file, as "F8_E4M3".
constexpr std::string_view dtype_name(Dtype dtype) {
  return detail::dtypes[static_cast<std::size_t>(dtype)].name;
}

/// Result  the size of one element; 4 and 6 bits are stored without padding.
constexpr std::size_t dtype_bits(Dtype dtype) {
  return detail::dtypes[static_cast<std::size_t>(dtype)].bits;
}

/// Result  the dtype that stores T as it is; none if there is none.
/// Example   static_assert(st::dtype_of<float8_e4m3fn>() == st::Dtype::f8_e4m3 &&
///                         !st::dtype_of<float8_e3m4>());
///           static_assert(st::dtype_name(st::Dtype::f6_e2m3) == "F6_E2M3" &&
///                         st::dtype_bits(st::Dtype::f6_e2m3) == 6);
template <class T>
constexpr std::optional<Dtype> dtype_of() {
  if (std::is_integral_v<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, char> &&
      !std::is_same_v<T, wchar_t> && !std::is_same_v<T, char8_t> && !std::is_same_v<T, char16_t> &&
      !std::is_same_v<T, char32_t>) {
    constexpr bool s = std::is_signed_v<T>;
    if (sizeof(T) == 1) return s ? Dtype::i8 : Dtype::u8;
    if (sizeof(T) == 2) return s ? Dtype::i16 : Dtype::u16;
    if (sizeof(T) == 4) return s ? Dtype::i32 : Dtype::u32;
    if (sizeof(T) == 8) return s ? Dtype::i64 : Dtype::u64;
  }
  if (std::is_same_v<T, double>) return Dtype::f64;
  if (std::is_same_v<T, float>) return Dtype::f32;
  if (std::is_same_v<T, float16>) return Dtype::f16;
  if (std::is_same_v<T, bfloat16>) return Dtype::bf16;
  if (std::is_same_v<T, float8_e4m3fn>) return Dtype::f8_e4m3;
  if (std::is_same_v<T, float8_e5m2>) return Dtype::f8_e5m2;
  if (std::is_same_v<T, float8_e8m0fnu>) return Dtype::f8_e8m0;
  if (std::is_same_v<T, float8_e4m3fnuz>) return Dtype::f8_e4m3fnuz;
  if (std::is_same_v<T, float8_e5m2fnuz>) return Dtype::f8_e5m2fnuz;
  return std::nullopt;
}

/// Result  the dtype whose data are the codes of F as a little-endian bit stream: those of 4 and 6
///         bits, and dtype_of<F>() for the formats that fill their bytes; none if there is none.
template <class F>
constexpr std::optional<Dtype> packed_dtype_of() {
  if (std::is_same_v<F, float4_e2m1fn>) return Dtype::f4;
  if (std::is_same_v<F, float6_e2m3fn>) return Dtype::f6_e2m3;
  if (std::is_same_v<F, float6_e3m2fn>) return Dtype::f6_e3m2;
  return dtype_of<F>();
}

/// A C++ type with a dtype of its own.
template <class T>
concept storable = (dtype_of<T>() != std::nullopt);

/// A format whose codes a file holds without padding between them.
template <class F>
concept storable_packed = packable<F, BitStream> &&(packed_dtype_of<F>() != std::nullopt);

}  // namespace narrowfloat::safetensors

// SPDX-License-Identifier: MIT
// The types of the GGUF file format: those of tensors' elements, by ggml's numbers, and those of
// metadata's values.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "../formats.hpp"

namespace narrowfloat::gguf {

/// The element types, by their numbers in a file. Those with a C++ type (see type_of) can be
/// viewed, MXFP4 and NVFP4 are read by read_blocks() (io/gguf_blocks.hpp); the others are kept as
/// bytes. A number that is not here is refused: it says nothing of how many bytes a tensor has.
enum class Type : std::uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q4_1 = 3,
  q5_0 = 6,
  q5_1 = 7,
  q8_0 = 8,
  q8_1 = 9,
  q2_k = 10,
  q3_k = 11,
  q4_k = 12,
  q5_k = 13,
  q6_k = 14,
  q8_k = 15,
  iq2_xxs = 16,
  iq2_xs = 17,
  iq3_xxs = 18,
  iq1_s = 19,
  iq4_nl = 20,
  iq3_s = 21,
  iq2_s = 22,
  iq4_xs = 23,
  i8 = 24,
  i16 = 25,
  i32 = 26,
  i64 = 27,
  f64 = 28,
  iq1_m = 29,
  bf16 = 30,
  tq1_0 = 34,
  tq2_0 = 35,
  mxfp4 = 39,
  nvfp4 = 40,
  q1_0 = 41,
  q2_0 = 42
};

/// What a type is called, and how its elements lie: `block` neighbours of a row fill `bytes`.
struct TypeInfo {
  /// The type, and its name in ggml.
  Type type;
  std::string_view name;
  /// Elements of a block, and the bytes that they fill.
  std::size_t block;
  std::size_t bytes;
};

namespace detail {
inline constexpr std::array<TypeInfo, 35> types{{{Type::f32, "F32", 1, 4},
                                                 {Type::f16, "F16", 1, 2},
                                                 {Type::q4_0, "Q4_0", 32, 18},
                                                 {Type::q4_1, "Q4_1", 32, 20},
                                                 {Type::q5_0, "Q5_0", 32, 22},
                                                 {Type::q5_1, "Q5_1", 32, 24},
                                                 {Type::q8_0, "Q8_0", 32, 34},
                                                 {Type::q8_1, "Q8_1", 32, 36},
                                                 {Type::q2_k, "Q2_K", 256, 84},
                                                 {Type::q3_k, "Q3_K", 256, 110},
                                                 {Type::q4_k, "Q4_K", 256, 144},
                                                 {Type::q5_k, "Q5_K", 256, 176},
                                                 {Type::q6_k, "Q6_K", 256, 210},
                                                 {Type::q8_k, "Q8_K", 256, 292},
                                                 {Type::iq2_xxs, "IQ2_XXS", 256, 66},
                                                 {Type::iq2_xs, "IQ2_XS", 256, 74},
                                                 {Type::iq3_xxs, "IQ3_XXS", 256, 98},
                                                 {Type::iq1_s, "IQ1_S", 256, 50},
                                                 {Type::iq4_nl, "IQ4_NL", 32, 18},
                                                 {Type::iq3_s, "IQ3_S", 256, 110},
                                                 {Type::iq2_s, "IQ2_S", 256, 82},
                                                 {Type::iq4_xs, "IQ4_XS", 256, 136},
                                                 {Type::i8, "I8", 1, 1},
                                                 {Type::i16, "I16", 1, 2},
                                                 {Type::i32, "I32", 1, 4},
                                                 {Type::i64, "I64", 1, 8},
                                                 {Type::f64, "F64", 1, 8},
                                                 {Type::iq1_m, "IQ1_M", 256, 56},
                                                 {Type::bf16, "BF16", 1, 2},
                                                 {Type::tq1_0, "TQ1_0", 256, 54},
                                                 {Type::tq2_0, "TQ2_0", 256, 66},
                                                 {Type::mxfp4, "MXFP4", 32, 17},
                                                 {Type::nvfp4, "NVFP4", 64, 36},
                                                 {Type::q1_0, "Q1_0", 128, 18},
                                                 {Type::q2_0, "Q2_0", 64, 18}}};
}  // namespace detail

/// Result  what is known of a type; nothing for a number that is no type.
/// Example   const auto info = gguf::type_info(gguf::Type::mxfp4);
///           // 4.25 bits an element
///           assert(info->name == "MXFP4" && info->bytes == 17 && info->block == 32);
///           assert(gguf::type_of<bfloat16>() == gguf::Type::bf16);
constexpr std::optional<TypeInfo> type_info(Type type) {
  const auto found = std::ranges::find(detail::types, type, &TypeInfo::type);
  return found == detail::types.end() ? std::nullopt : std::optional(*found);
}

/// Result  the type that stores T as it is; none if there is none.
template <class T>
constexpr std::optional<Type> type_of() {
  if (std::is_same_v<T, float>) return Type::f32;
  if (std::is_same_v<T, float16>) return Type::f16;
  if (std::is_same_v<T, bfloat16>) return Type::bf16;
  if (std::is_same_v<T, double>) return Type::f64;
  if (std::is_same_v<T, std::int8_t>) return Type::i8;
  if (std::is_same_v<T, std::int16_t>) return Type::i16;
  if (std::is_same_v<T, std::int32_t>) return Type::i32;
  if (std::is_same_v<T, std::int64_t>) return Type::i64;
  return std::nullopt;
}

/// A C++ type with a type of its own.
template <class T>
concept storable = (type_of<T>() != std::nullopt);

struct Array;

/// A value of the metadata. The types stand in the order of their numbers in a file: value.index()
/// is that number.
using Value = std::variant<std::uint8_t, std::int8_t, std::uint16_t, std::int16_t, std::uint32_t,
                           std::int32_t, float, bool, std::string, Array, std::uint64_t,
                           std::int64_t, double>;

/// Values of one type, which an empty array has as well; arrays may hold arrays. values.index() is
/// the type's number.
struct Array {
  /// The values.
  std::variant<std::vector<std::uint8_t>, std::vector<std::int8_t>, std::vector<std::uint16_t>,
               std::vector<std::int16_t>, std::vector<std::uint32_t>, std::vector<std::int32_t>,
               std::vector<float>, std::vector<bool>, std::vector<std::string>, std::vector<Array>,
               std::vector<std::uint64_t>, std::vector<std::int64_t>, std::vector<double>>
      values;
};

/// An entry of the metadata.
struct KeyValue {
  /// The name, and the value.
  std::string key;
  Value value;
};

}  // namespace narrowfloat::gguf

// SPDX-License-Identifier: MIT
// StatePart: a piece of memory of an object that is saved and loaded, with a name and a type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config.hpp"
#include "formats.hpp"

namespace narrowfloat {

/// A part of the state of an optimizer, a tensor or a recipe: what is saved of it, and where it lies.
///
/// Example   AdamW<CodebookState, CodebookState> adam({.lr = 1e-3f}, weights.size());
///           std::size_t bytes = 0;
///           for (const StatePart& part : adam.parts()) bytes += part.bytes.size();
///           assert(adam.parts()[0].name == "steps" && adam.parts()[0].type == "uint64" && bytes > 8);
template <class Byte>
struct BasicStatePart {
  std::string name;
  std::string_view
      type;  ///< of its numbers: uint8, int32, uint64, float32, float64, or one of the formats' names
  std::span<Byte> bytes;
};
/// A part that may be written to.
using StatePart = BasicStatePart<std::byte>;
/// A part to read.
using ConstStatePart = BasicStatePart<const std::byte>;

namespace detail {
inline namespace NF_BASELINE {

template <class T>
consteval std::string_view state_type() {
  if constexpr (std::is_same_v<T, float>) {
    return "float32";
  } else if constexpr (std::is_same_v<T, double>) {
    return "float64";
  } else if constexpr (std::is_same_v<T, std::int32_t>) {
    return "int32";
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return "int64";
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    return "uint64";
  } else if constexpr (is_named<T>) {
    return name_of<T>;
  } else if constexpr (sizeof(T) == 1) {
    return "uint8";
  } else if constexpr (sizeof(T) == 2) {
    return "uint16";
  } else {
    static_assert(sizeof(T) == 4);
    return "uint32";
  }
}

template <class T>
using part_byte = std::conditional_t<std::is_const_v<T>, const std::byte, std::byte>;

/// The part that some numbers are.
template <class T>
NF_INLINE auto state_part(std::string name, std::span<T> values) {
  using byte = part_byte<T>;
  return BasicStatePart<byte>{std::move(name),
                              state_type<std::remove_const_t<T>>(),
                              {reinterpret_cast<byte*>(values.data()), values.size_bytes()}};
}
template <class T>
NF_INLINE auto state_part(std::string name, T& value) {
  return state_part(std::move(name), std::span<T>(&value, 1));
}

}  // namespace NF_BASELINE
}  // namespace detail

}  // namespace narrowfloat

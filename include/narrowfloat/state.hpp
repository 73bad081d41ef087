// SPDX-License-Identifier: MIT
// StatePart: a piece of memory of an object that is saved and loaded, with a name and a type.
#pragma once

#include <concepts>
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

/// A part of the state of an optimizer, a tensor or a recipe: what is saved of it, and where it
/// lies. An object of one's own whose parts() give a vector of them, and const one of
/// ConstStatePart, is saved as those here are (st::add_state).
///
/// Example   AdamW<CodebookState, CodebookState> adam({.lr = 1e-3f}, weights.size());
///           std::size_t bytes = 0;
///           for (const StatePart& part : adam.parts()) bytes += part.bytes.size();
///           assert(adam.parts()[0].name == "steps" && adam.parts()[0].type == "uint64" &&
///                  bytes > 8);
template <class Byte>
struct BasicStatePart {
  /// The name of the part.
  std::string name;
  std::string_view
      /// of its numbers: uint8, int32, uint64, float32, float64, or one of the formats' names
      type;
  /// Its bytes, little-endian.
  std::span<Byte> bytes;
  /// How the numbers are read, where the type does not say it: the code-book of codes. What is
  /// loaded must have the same.
  std::string layout = {};
  /// Why bytes that are loaded cannot be these: "code 255 of element 3 is ..."; empty where they
  /// can. Gets `owner`.
  std::string (*refusal)(const void* owner, std::span<const std::byte> bytes) = nullptr;
  /// What `refusal` gets.
  const void* owner = nullptr;
};
/// A part that may be written to.
using StatePart = BasicStatePart<std::byte>;
/// A part to read.
using ConstStatePart = BasicStatePart<const std::byte>;

/// An object whose state is data: optimizers, their storages, forms of weights, code-book tensors,
/// the states of scaling/, Linear, and what a user gives parts().
template <class T>
concept has_state = requires(T& object, const T& saved) {
  { object.parts() } -> std::convertible_to<std::vector<StatePart>>;
  { saved.parts() } -> std::convertible_to<std::vector<ConstStatePart>>;
};

namespace detail {
inline namespace NF_BASELINE {

template <class T>
consteval std::string_view state_type() {
  if constexpr (std::is_same_v<T, float>) {
    return "float32";
  } else if constexpr (std::is_same_v<T, double>) {
    return "float64";
  } else if constexpr (std::is_integral_v<T> && sizeof(T) >= 4) {
    constexpr bool is_long = sizeof(T) == 8;
    if (std::is_signed_v<T>) return is_long ? "int64" : "int32";
    return is_long ? "uint64" : "uint32";
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

}  // namespace NF_BASELINE
}  // namespace detail

/// Makes a part of a range of numbers, or of one number: for the parts() of an object of your own.
///
/// Result    its type is that of the numbers: "float32", "uint64", "bfloat16" ...; of a format
///           without a name that of its codes. It is read only where they are const.
///
/// Example   std::uint64_t steps = 7;
///           std::vector<float> m(10);
///           const std::vector<StatePart> parts{state_part("steps", steps),
///                                              state_part("m", std::span(m))};
///           assert(parts[0].type == "uint64" && parts[1].bytes.size() == 40);
template <class T, std::size_t N>
NF_INLINE auto state_part(std::string name, std::span<T, N> values) {
  using byte = detail::part_byte<T>;
  return BasicStatePart<byte>{std::move(name),
                              detail::state_type<std::remove_const_t<T>>(),
                              {reinterpret_cast<byte*>(values.data()), values.size_bytes()}};
}
template <class T>
NF_INLINE auto state_part(std::string name, T& value) {
  return state_part(std::move(name), std::span<T>(&value, 1));
}

namespace detail {
inline namespace NF_BASELINE {

/// Appends the parts of an object, if it has any, with "prefix." before their names.
template <class Part, class Object>
NF_INLINE void append_parts(std::vector<Part>& all, std::string_view prefix, Object& object) {
  if constexpr (requires { object.parts(); }) {
    for (Part& part : object.parts()) {
      part.name = std::string(prefix) + "." + part.name;
      all.push_back(std::move(part));
    }
  }
}

}  // namespace NF_BASELINE
}  // namespace detail

}  // namespace narrowfloat

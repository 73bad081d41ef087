// SPDX-License-Identifier: MIT
// What the states of scaling are saved as, and what is not loaded into them.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../../state.hpp"
#include "scales.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class T>
T loaded_number(std::span<const std::byte> bytes) {
  T x{};
  std::memcpy(&x, bytes.data(), sizeof x);
  return x;
}

/// The part that a scale is: with its inverse a positive float.
template <class S>
auto scale_part(const char* name, S& scale) {
  auto part = state_part(name, scale);
  part.refusal = [](const void*, std::span<const std::byte> bytes) {
    const auto x = loaded_number<float>(bytes);
    return is_scale_of_state(x) ? std::string() : shown_scale(x);
  };
  return part;
}
/// The part that an integer within limits is.
template <int Least, int Most, class I>
auto limited_part(const char* name, I& number) {
  auto part = state_part(name, number);
  part.refusal = [](const void*, std::span<const std::byte> bytes) {
    const auto x = loaded_number<std::remove_const_t<I>>(bytes);
    return x >= Least && x <= Most ? std::string()
                                   : "is " + std::to_string(x) + ", outside [" +
                                         std::to_string(Least) + ", " + std::to_string(Most) + "]";
  };
  return part;
}
/// The part that a factor is: a double from 2^-126 to 2^127.
template <class D>
auto factor_part(const char* name, D& factor) {
  auto part = state_part(name, factor);
  part.refusal = [](const void*, std::span<const std::byte> bytes) {
    using traits = number_traits<double>;
    const auto x = loaded_number<double>(bytes);
    const bool fits = traits::to_code(x) >= traits::to_code(0x1p-126) &&
                      traits::to_code(x) <= traits::to_code(0x1p127);
    return fits ? std::string() : "is " + shown(x) + ", outside [2^-126, 2^127]";
  };
  return part;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

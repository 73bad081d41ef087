// SPDX-License-Identifier: MIT
// The floats of codes by the kernel, or the table, that is the fastest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "look_up.hpp"
#include "sources.hpp"
#include "widen.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Whether widen() serves: a code of another format, every value of which is a float.
template <class From, class To>
inline constexpr bool widens = [] {
  if constexpr (std::is_same_v<From, binary32> || std::is_same_v<From, binary64>)
    return false;
  else
    return std::is_same_v<To, binary32> && exact_in<From, std::uint32_t>;
}();

/// The floats of the codes of a format of at most 8 bits.
template <class From>
inline constexpr code_table float_table = make_code_table<From, binary32, rule::half_even>({});

/// Writes the floats of n codes; the arrays are apart, or the same where their elements have the
/// same size.
template <class From>
void widen(Isa isa, const void* in, void* out, std::size_t n, bool stream) {
  if constexpr (has_table<From, binary32>()) {
    if (const look_up_kernel kernel = look_up_kernel_of<4>(isa); kernel != nullptr) {
      kernel(in, out, n, float_table<From>, stream);
      return;
    }
  }
  const float_environment environment(direction::nearest);
  widen_kernels<From>[isa](in, out, n, stream);
}

/// The same times a factor, a number that is not 0, each product rounded to nearest.
template <class From>
void widen_scaled(Isa isa, const void* in, void* out, std::size_t n, float factor, bool stream) {
  const float_environment environment(direction::nearest);
#if defined(__x86_64__)
  if constexpr (has_table<From, binary32>()) {
    if (has_vbmi(isa)) {
      avx512_vbmi::look_up_scaled<>(in, out, n, float_table<From>, factor, stream);
      return;
    }
  }
#endif
  scaled_widen_kernels<From>[isa](in, out, n, factor, stream);
}

template <class T>
void widen_part(here, const T* values, std::size_t n, float* out) {
  widen<layout_of<T>>(active_isa(), values, out, n, false);
}
template <class T>
void widen_scaled_part(here, Isa isa, const T* values, std::size_t n, float factor, float* out,
                       bool stream) {
  widen_scaled<layout_of<T>>(isa, values, out, n, factor, stream);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

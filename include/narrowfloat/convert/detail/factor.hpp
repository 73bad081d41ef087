// SPDX-License-Identifier: MIT
// Which loops multiply by a factor as they convert, and which take a float for another number.
#pragma once

#include <type_traits>

#include "../../detail/codec/transcode.hpp"
#include "../../detail/simd/environment.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Whether the loop of AVX-512, which rounds products to nearest in any environment, multiplies
/// floats by a factor as it converts them.
template <class From, class To, class R>
constexpr bool multiplies() {
  if constexpr (!std::is_same_v<From, binary32> || std::is_same_v<To, binary64>) {
    return false;
  } else {
    return To::width <= 16 && float_environment::is_known &&
           fits_32_bits<From, To, R::random_bits>();
  }
}

/// Whether a rounding to codes of Layout by R does with a float that is rounded to odd as with the
/// number itself.
template <class Layout, class R>
inline constexpr bool odd_float_suffices =
    Layout::mantissa_bits + R::random_bits <= 21 && Layout::quantum - R::random_bits >= -147 &&
    Layout::max_exponent <= (R::random_bits == 0 && Layout::mantissa_bits > 0 ? 127 : 126);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

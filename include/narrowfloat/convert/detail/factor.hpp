// SPDX-License-Identifier: MIT
// Which loops multiply by a factor as they convert.
#pragma once

#include <type_traits>

#include "../../detail/codec/transcode.hpp"
#include "../../detail/simd/environment.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Whether the loop of AVX-512, which rounds products to nearest in any environment, multiplies floats by a factor as it
/// converts them.
template <class From, class To, class R>
constexpr bool multiplies() {
  if constexpr (!std::is_same_v<From, binary32> || std::is_same_v<To, binary64>) {
    return false;
  } else {
    return To::width <= 16 && float_environment::is_known &&
           fits_32_bits<From, To, R::random_bits>();
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

// SPDX-License-Identifier: MIT
// Conversions that count as they go.
#pragma once

#include <cstddef>

#include "../../convert/detail/convert.hpp"
#include "calls.hpp"

#define NF_LOOP "../../stats/detail/count_conversion.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class To, class R>
void count_conversion(here, const float* in, To* out, std::size_t n, const R& rounding,
                      Saturation saturation, bool stream, float factor, error_counts& counts) {
#if defined(__x86_64__)
  const float_environment environment(direction_of(R::rule));
  avx512::count_conversion<layout_of<To>>(in, out, n, rounding, saturates_in(saturation), stream,
                                          factor, counts);
#endif
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

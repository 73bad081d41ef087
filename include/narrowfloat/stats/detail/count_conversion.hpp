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

template <class R>
using count_conversion_kernel = void (*)(const float*, void*, std::size_t, const R&, saturates,
                                         bool, float, error_counts&);
template <class To, class R>
inline constexpr isa_table<count_conversion_kernel<R>> count_conversion_kernels
    NF_EACH_ISA(count_conversion<To, R>);

template <class To, class R>
void count_conversion(here, Isa isa, const float* in, To* out, std::size_t n, const R& rounding,
                      Saturation saturation, bool stream, float factor, error_counts& counts) {
  const float_environment environment(direction_of(R::rule));
  count_conversion_kernels<layout_of<To>, R>[isa](in, out, n, rounding, saturates_in(saturation),
                                                  stream, factor, counts);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

// SPDX-License-Identifier: MIT
// The loops of forms of weights and states.
#pragma once

#include <span>

#include "../../detail/simd/loops.hpp"
#include "form_calls.hpp"

#define NF_LOOP "../../optim/detail/form_loop.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using split_halves_kernel = void (*)(const float*, void*, void*, std::size_t);
using join_halves_kernel = void (*)(const void*, const void*, float*, std::size_t);
using sum_floats_kernel = void (*)(const float*, const float*, float*, std::size_t);
using power_floats_kernel = void (*)(const float*, float*, std::size_t, const power_map&);
using axpy_floats_kernel = void (*)(float, const float*, const float*, double*, std::size_t);
inline constexpr isa_table<split_halves_kernel> split_halves_kernels
    NF_EACH_ISA(forms::split_array);
inline constexpr isa_table<join_halves_kernel> join_halves_kernels NF_EACH_ISA(forms::join_array);
inline constexpr isa_table<sum_floats_kernel> sum_floats_kernels NF_EACH_ISA(forms::sum_array);
inline constexpr isa_table<sum_floats_kernel> rest_of_floats_kernels NF_EACH_ISA(forms::rest_array);
inline constexpr isa_table<power_floats_kernel> power_floats_kernels
    NF_EACH_ISA(forms::power_array);
inline constexpr isa_table<axpy_floats_kernel> axpy_floats_kernels NF_EACH_ISA(forms::axpy_array);

inline void split_floats(here, Isa isa, const float* in, void* high, void* low, std::size_t n) {
  split_halves_kernels[isa](in, high, low, n);
}
inline void join_floats(here, Isa isa, const void* high, const void* low, float* out,
                        std::size_t n) {
  join_halves_kernels[isa](high, low, out, n);
}
inline void sum_floats(here, Isa isa, const float* a, const float* b, float* out, std::size_t n) {
  const float_environment environment(direction::nearest);
  sum_floats_kernels[isa](a, b, out, n);
}
inline void rest_of_floats(here, Isa isa, const float* x, const float* kept, float* out,
                           std::size_t n) {
  const float_environment environment(direction::nearest);
  rest_of_floats_kernels[isa](x, kept, out, n);
}
inline void power_floats(here, Isa isa, const float* in, float* out, std::size_t n,
                         const power_map& map) {
  const float_environment environment(direction::nearest);
  power_floats_kernels[isa](in, out, n, map);
}
inline void axpy_floats(here, Isa isa, float factor, const float* x, const float* y, double* out,
                        std::size_t n) {
  const float_environment environment(direction::nearest);
  axpy_floats_kernels[isa](factor, x, y, out, n);
}
template <class F, class R>
void round_doubles(here, Isa, const double* in, F* out, std::size_t n, const R& rounding) {
  convert(std::span(in, n), std::span(out, n), rounding);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

// SPDX-License-Identifier: MIT
// How the library narrowfloat::compiled makes loops: header-only, at the baseline of its own
// compiler flags, under the tag by which programs that link it call them.
#pragma once

#include <narrowfloat/convert.hpp>
#include <narrowfloat/detail/array/widen_part.hpp>
#include <narrowfloat/formats.hpp>
#include <narrowfloat/stats.hpp>

namespace narrowfloat::detail {

template <class From, class To, class R>
void convert_part(in_library, Isa isa, const From* in, To* out, std::size_t n, const R& rounding,
                  Saturation saturation, Subnormals subnormals, bool stream, float factor) {
  convert_part(here{}, isa, in, out, n, rounding, saturation, subnormals, stream, factor);
}

template <class To, class R>
void count_conversion(in_library, Isa isa, const float* in, To* out, std::size_t n,
                      const R& rounding, Saturation saturation, bool stream, float factor,
                      error_counts& counts) {
  count_conversion(here{}, isa, in, out, n, rounding, saturation, stream, factor, counts);
}

template <class T>
void widen_part(in_library, const T* values, std::size_t n, float* out) {
  widen_part(here{}, values, n, out);
}
template <class T>
void widen_scaled_part(in_library, Isa isa, const T* values, std::size_t n, float factor,
                       float* out, bool stream) {
  widen_scaled_part(here{}, isa, values, n, factor, out, stream);
}

}  // namespace narrowfloat::detail

// From float in one rounding.
#define NF_FROM_FLOAT(To, R)                                                                      \
  template void narrowfloat::detail::convert_part(                                                \
      narrowfloat::detail::in_library, narrowfloat::Isa, const float*, narrowfloat::To*,          \
      std::size_t, const narrowfloat::R&, narrowfloat::Saturation, narrowfloat::Subnormals, bool, \
      float);

// The same, counted.
#define NF_COUNTED(To, R)                                                                \
  template void narrowfloat::detail::count_conversion(                                   \
      narrowfloat::detail::in_library, narrowfloat::Isa, const float*, narrowfloat::To*, \
      std::size_t, const narrowfloat::R&, narrowfloat::Saturation, bool, float,          \
      narrowfloat::detail::error_counts&);

// To nearest, between C++ types.
#define NF_FROM(From, To)                                                                      \
  template void narrowfloat::detail::convert_part(                                             \
      narrowfloat::detail::in_library, narrowfloat::Isa, const From*, To*, std::size_t,        \
      const narrowfloat::NearestEven&, narrowfloat::Saturation, narrowfloat::Subnormals, bool, \
      float);

// To float, and to itself.
#define NF_TO_FLOAT(From)                                                                          \
  template void narrowfloat::detail::convert_part(                                                 \
      narrowfloat::detail::in_library, narrowfloat::Isa, const narrowfloat::From*, float*,         \
      std::size_t, const narrowfloat::NearestEven&, narrowfloat::Saturation,                       \
      narrowfloat::Subnormals, bool, float);                                                       \
  template void narrowfloat::detail::convert_part(                                                 \
      narrowfloat::detail::in_library, narrowfloat::Isa, const narrowfloat::From*,                 \
      narrowfloat::From*, std::size_t, const narrowfloat::NearestEven&, narrowfloat::Saturation,   \
      narrowfloat::Subnormals, bool, float);                                                       \
  template void narrowfloat::detail::widen_part(narrowfloat::detail::in_library,                   \
                                                const narrowfloat::From*, std::size_t, float*);    \
  template void narrowfloat::detail::widen_scaled_part(narrowfloat::detail::in_library,            \
                                                       narrowfloat::Isa, const narrowfloat::From*, \
                                                       std::size_t, float, float*, bool);

#define NF_ALL_ROUNDINGS(To)        \
  NF_FROM_FLOAT(To, NearestEven)    \
  NF_FROM_FLOAT(To, NearestAway)    \
  NF_FROM_FLOAT(To, TowardZero)     \
  NF_FROM_FLOAT(To, TowardPositive) \
  NF_FROM_FLOAT(To, TowardNegative) \
  NF_FROM_FLOAT(To, ToOdd)          \
  NF_FROM_FLOAT(To, Stochastic<>)   \
  NF_TO_FLOAT(To)

#define NF_ALL_ROUNDINGS_COUNTED(To) \
  NF_ALL_ROUNDINGS(To)               \
  NF_COUNTED(To, NearestEven)        \
  NF_COUNTED(To, Stochastic<>)

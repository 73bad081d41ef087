// SPDX-License-Identifier: MIT
// The casts of the headers of GPUs' toolkits: CUDA and HIP.
#pragma once

#include "detail/nan.hpp"
#include "preset.hpp"

namespace narrowfloat::compat {

/// NVIDIA's headers cuda_fp8.h, cuda_fp6.h, cuda_fp4.h, cuda_fp16.h and cuda_bf16.h (measured: CUDA
/// 13.0, on the host): with __NV_SATFINITE, which the constructors of the types take; without it,
/// __NV_NOSAT.
///
/// Result    nearest even; to E8M0 the magnitude, to the power above (cudaRoundPosInf).
/// Special   NaN is 7f, 7fff, or the largest value; of a double it keeps its sign, and in E5M2 two
///           bits of its payload.
/// Example   assert(convert<float8_e4m3fn>(1e6f, compat::cuda) == 448.0f);  // __NV_SATFINITE
///           // __NV_NOSAT: NaN
///           assert(convert<float8_e4m3fn>(1e6f, compat::cuda_nosat).bits() == 0x7f);
///           assert(convert<float4_e2m1fn>(NAN, compat::cuda) == 6.0f);
template <Saturation S>
struct Cuda : Preset {
  /// What convert() asks a preset for: see Preset.
  template <class T>
  static constexpr bool is_wide = detail::is_one_of<T, float16, bfloat16, float, double>;
  template <class T>
  static constexpr bool is_narrow = detail::is_one_of<T, float8_e4m3fn, float8_e5m2, float8_e8m0fnu,
                                                      float6_e2m3fn, float6_e3m2fn, float4_e2m1fn>;
  template <class To, class From>
  static constexpr NF_FN detail::stack_cast cast() {
    constexpr bool both_wide =
        is_wide<To> && is_wide<From> && !detail::is_one_of<To, double>;  // of float16, bfloat16 too
    constexpr bool to_float_of_double =
        detail::is_one_of<To, float> && detail::is_one_of<From, double>;  // is the compiler's
    return {(is_narrow<To> && is_wide<From>) || (is_wide<To> && is_narrow<From>) ||
                (both_wide && !to_float_of_double),
            is_narrow<To> ? S : Saturation::none, false, detail::scale_cast::up_magnitude};
  }
  template <class To, class From>
  static constexpr NF_FN detail::code_of<To> nan(From x) {
    const bool negative = detail::is_one_of<From, double> && detail::has_sign(x);
    if constexpr (detail::is_one_of<To, float6_e2m3fn, float6_e3m2fn, float4_e2m1fn>)
      return detail::layout_of<To>::max_code;
    else if constexpr (detail::is_one_of<To, float8_e5m2> && detail::is_one_of<From, double>)
      return detail::quiet_nan<To>(x);
    else if constexpr (detail::is_one_of<To, float> && detail::is_one_of<From, bfloat16>)
      return detail::moved_nan<To>(x);
    else if constexpr (detail::is_one_of<To, float> && detail::is_one_of<From, float8_e8m0fnu>)
      return nan<float>(bfloat16::from_bits(nan<bfloat16>(x)));
    else if constexpr (detail::is_one_of<To, double> && is_narrow<From>)
      return detail::quiet_nan<double>(__builtin_bit_cast(float, nan<float>(x)));
    else
      return detail::all_ones_nan<To>(negative && is_narrow<To>);
  }
};
/// convert(x, y, compat::cuda): the conversions of CUDA's headers, saturating or not.
inline constexpr Cuda<Saturation::finite> cuda{};
inline constexpr Cuda<Saturation::none> cuda_nosat{};

/// AMD's header hip_fp8.h (measured: ROCm 7, its software conversion), with __HIP_SATFINITE, which
/// the constructors of the types take.
///
/// Result    nearest even; too large is the largest value. Inf stays Inf in E5M2 and is NaN in the
///           other formats.
/// Special   NaN keeps its sign, and is 7f or ff in E5M2; read back it is 7f800001, or 7c01 in
///           float16.
struct Hip : Preset {
  /// What convert() asks a preset for: see Preset.
  template <class T>
  static constexpr bool is_narrow =
      detail::is_one_of<T, float8_e4m3fn, float8_e5m2, float8_e4m3fnuz, float8_e5m2fnuz>;
  template <class T>
  static constexpr bool is_wide = detail::is_one_of<T, float16, float, double>;
  template <class To, class From>
  static constexpr NF_FN detail::stack_cast cast() {
    return {(is_narrow<To> && is_wide<From>) || (is_wide<To> && is_narrow<From>),
            is_narrow<To> ? Saturation::propagate : Saturation::none};
  }
  template <class To, class From>
  static constexpr NF_FN detail::code_of<To> nan(From x) {
    if constexpr (detail::is_one_of<To, float8_e4m3fn, float8_e5m2>)
      return detail::all_ones_nan<To>(detail::has_sign(x));
    else if constexpr (is_narrow<To>)
      return detail::canonical_nan<To>(false);
    else
      return detail::least_nan<To>();
  }
};
/// convert(x, y, compat::hip): the conversions of HIP's header.
inline constexpr Hip hip{};

}  // namespace narrowfloat::compat

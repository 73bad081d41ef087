// SPDX-License-Identifier: MIT
// The casts of the Python libraries: PyTorch, ml_dtypes and NumPy, JAX.
#pragma once

#include "detail/nan.hpp"
#include "preset.hpp"

namespace narrowfloat::compat {

/// PyTorch 2 (measured: 2.15, x86-64): x.to(dtype) on a CPU.
///
/// Result    nearest even; too large, Inf too, is 448 in float8_e4m3fn, Inf or NaN elsewhere. A
///           double is rounded to float first. float8_e8m0fnu takes the magnitude.
/// Special   NaN is 7f in E5M2, ffff in bfloat16 from float and double, and keeps its payload in
///           float16, float and double.
/// Example   std::vector<bfloat16> codes(x.size());
///           convert(x, codes, compat::torch_2);  // the bits of x.to(torch.bfloat16)
///           assert(convert<bfloat16>(NAN, compat::torch_2).bits() == 0xffff);
///           assert(convert<bfloat16>(NAN, compat::jax).bits() == 0x7fc0);
struct Torch2 : Preset {
  /// What convert() asks a preset for: see Preset.
  template <class T>
  static constexpr bool has =
      detail::is_one_of<T, float8_e4m3fn, float8_e5m2, float8_e4m3fnuz, float8_e5m2fnuz,
                        float8_e8m0fnu, float16, bfloat16, float, double>;
  template <class To, class From>
  static constexpr NF_FN detail::stack_cast cast() {
    const bool clips = detail::is_one_of<To, float8_e4m3fn>;
    return {has<To> && has<From>, clips ? Saturation::finite : Saturation::none,
            detail::is_one_of<From, double>, detail::scale_cast::nearest_magnitude};
  }
  template <class To, class From>
  static constexpr NF_FN detail::code_of<To> nan(From x) {
    if constexpr (!detail::is_one_of<From, float, double> && !detail::is_one_of<To, float>) {
      const bool is_bfloat = detail::is_one_of<To, bfloat16>;
      return is_bfloat ? detail::canonical_nan<To>(false)
                       : nan<To>(detail::number_traits<float>::from_code(nan<float>(x)));
    } else if constexpr (detail::is_one_of<To, bfloat16, float8_e5m2>) {
      return detail::all_ones_nan<To>(detail::is_one_of<To, bfloat16> || detail::has_sign(x));
    } else if constexpr (!detail::is_one_of<To, float16, float, double>) {
      return detail::canonical_nan<To>(detail::has_sign(x));
    } else if constexpr (detail::is_one_of<From, bfloat16>) {
      return detail::moved_nan<To>(x);
    } else if constexpr (detail::is_one_of<From, float, double, float16, float8_e5m2>) {
      return detail::quiet_nan<To>(x);
    } else {
      return detail::is_one_of<From, float8_e4m3fn>
                 ? 0x7ff00000u | (detail::has_sign(x) ? 0x80000000u : 0u)
                 : 0x7f800001u;
    }
  }
};
/// convert(x, y, compat::torch_2): the casts of PyTorch.
inline constexpr Torch2 torch_2{};

/// ml_dtypes 0.6 with NumPy 2.4: x.astype(dtype), the types of ml_dtypes and NumPy's own.
///
/// Result    nearest even; too large is Inf, else NaN, else the largest value. float8_e8m0fnu
///           rounds halves up, and has NaN for zero and negative values.
/// Special   NaN keeps its sign, which that of a fnuz format has set. In the formats of 6 and 4
///           bits, which have no NaN, it is the zero of the other sign. In float16 NumPy keeps the
///           payload, of a signaling NaN too.
struct MlDtypes : Preset {
  /// What convert() asks a preset for: see Preset.
  template <class T>
  static constexpr bool has =
      detail::is_one_of<T, float8_e3m4, float8_e4m3, float8_e4m3b11fnuz, float8_e4m3fn,
                        float8_e4m3fnuz, float8_e5m2, float8_e5m2fnuz, float8_e8m0fnu,
                        float6_e2m3fn, float6_e3m2fn, float4_e2m1fn, bfloat16, float16, float,
                        double>;
  /// What has casts to and from float8_e8m0fnu.
  template <class T>
  static constexpr bool has_scale =
      detail::is_one_of<T, float8_e8m0fnu, bfloat16, float16, float, double>;
  /// What convert() asks a preset for: see Preset.
  template <class To, class From>
  static constexpr NF_FN detail::stack_cast cast() {
    const bool of_scale =
        detail::is_one_of<To, float8_e8m0fnu> || detail::is_one_of<From, float8_e8m0fnu>;
    return {has<To> && has<From> && (!of_scale || (has_scale<To> && has_scale<From>)),
            Saturation::none, detail::is_one_of<From, double> && !detail::is_one_of<To, float16>,
            detail::scale_cast::nearest};
  }
  template <class To, class From>
  static constexpr NF_FN detail::code_of<To> nan(From x) {
    const bool negative = detail::has_sign(x);
    if constexpr (detail::is_one_of<To, float6_e2m3fn, float6_e3m2fn, float4_e2m1fn>) {
      return static_cast<detail::code_of<To>>(negative ? 0 : 1 << (To::width - 1));
    } else if constexpr (detail::is_one_of<To, float16> && detail::is_one_of<From, float, double>) {
      const auto code = detail::moved_nan<To>(x);
      return (code & 0x3ff) != 0 ? code : static_cast<detail::code_of<To>>(code | 1);
    } else if constexpr ((detail::is_one_of<To, float, double> &&
                          detail::is_one_of<From, float16>) ||
                         (detail::is_one_of<To, float> && detail::is_one_of<From, bfloat16>)) {
      return detail::moved_nan<To>(x);
    } else if constexpr (detail::is_one_of<To, float, double> &&
                         detail::is_one_of<From, float, double, bfloat16>) {
      return detail::quiet_nan<To>(x);
    } else {
      return detail::canonical_nan<To>(negative);
    }
  }
};
/// convert(x, y, compat::ml_dtypes): the casts of ml_dtypes and NumPy.
inline constexpr MlDtypes ml_dtypes{};

/// JAX 0.10 on a CPU: x.astype(dtype) of its arrays, under jit and outside it.
///
/// Result    as ml_dtypes, but a double is rounded once to 8 and 4 bits (through float to float16);
///           no formats of 6 bits.
/// Special   NaN keeps its sign, which that of a fnuz format has not; in E5M2 it is 7e or fe from
///           float and double, 7f from others. It keeps its payload from float and bfloat16 to
///           float16, and to float and double. In float4_e2m1fn it is -0.
struct Jax : Preset {
  /// What convert() asks a preset for: see Preset.
  template <class T>
  static constexpr bool has =
      MlDtypes::has<T> && !detail::is_one_of<T, float6_e2m3fn, float6_e3m2fn>;
  template <class To, class From>
  static constexpr NF_FN detail::stack_cast cast() {
    const bool from_double = detail::is_one_of<From, double>;
    const bool flushes =
        (from_double && detail::is_one_of<To, float, bfloat16>) ||
        (detail::is_one_of<To, double> && detail::is_one_of<From, float, bfloat16>);
    return {
        has<To> && has<From> && !flushes && !(from_double && detail::is_one_of<To, float8_e8m0fnu>),
        Saturation::none, from_double && detail::is_one_of<To, float16, bfloat16>,
        detail::scale_cast::nearest};
  }
  template <class To, class From>
  static constexpr NF_FN detail::code_of<To> nan(From x) {
    constexpr bool is_wide = detail::is_one_of<From, float, double>;
    if constexpr (detail::is_one_of<To, float4_e2m1fn>) {
      return 8;
    } else if constexpr (detail::is_one_of<To, float8_e5m2> && !is_wide) {
      return 0x7f;
    } else if constexpr ((detail::is_one_of<To, float16> &&
                          detail::is_one_of<From, float, bfloat16>) ||
                         (detail::is_one_of<To, float, double> &&
                          detail::is_one_of<From, float, double, float16>) ||
                         (detail::is_one_of<To, double> && detail::is_one_of<From, bfloat16>)) {
      return detail::quiet_nan<To>(x);
    } else if constexpr (detail::is_one_of<To, float> && detail::is_one_of<From, bfloat16>) {
      return detail::moved_nan<To>(x);
    } else {
      return detail::canonical_nan<To>(detail::has_sign(x) &&
                                       detail::layout_of<From>::has_signed_zero);
    }
  }
};
/// convert(x, y, compat::jax): the casts of JAX.
inline constexpr Jax jax{};

}  // namespace narrowfloat::compat

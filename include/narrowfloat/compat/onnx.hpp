// SPDX-License-Identifier: MIT
// The casts of ONNX: its reference, and ONNX Runtime.
#pragma once

#include "python.hpp"

namespace narrowfloat::compat {

/// ONNX's Cast (opset 24; measured: the reference evaluator of onnx 1.23), with saturate = 1 and
/// saturate = 0.
///
/// Result    as ml_dtypes; with saturate = 1 too large, Inf too, is the largest value of the
///           formats of 8 bits.
/// Special   NaN as ml_dtypes. The reference of float8_e8m0fnu is not ONNX's text, and does not
///           compile.
/// Example   // Cast to FLOAT8E4M3FN with saturate = 1 and with saturate = 0
///           assert(convert<float8_e4m3fn>(500.0f, compat::onnx_saturate) == 448.0f);
///           assert(convert<float8_e4m3fn>(500.0f, compat::onnx_wrap).bits() == 0x7f);
template <Saturation S>
struct Onnx : Preset {
  /// What convert() asks a preset for: see Preset.
  template <class T>
  static constexpr bool is_narrow =
      detail::is_one_of<T, float8_e4m3fn, float8_e5m2, float8_e4m3fnuz, float8_e5m2fnuz>;
  template <class T>
  static constexpr bool has =
      is_narrow<T> || detail::is_one_of<T, float4_e2m1fn, bfloat16, float16, float, double>;
  template <class To, class From>
  static constexpr NF_FN detail::stack_cast cast() {
    const detail::stack_cast same = MlDtypes::cast<To, From>();
    return {has<To> && has<From>, is_narrow<To> ? S : Saturation::none, same.through_float};
  }
  template <class To, class From>
  static constexpr NF_FN detail::code_of<To> nan(From x) {
    return MlDtypes::nan<To>(x);
  }
};
/// convert(x, y, compat::onnx_saturate): the Cast of ONNX, by its attribute saturate.
inline constexpr Onnx<Saturation::finite> onnx_saturate{};
inline constexpr Onnx<Saturation::none> onnx_wrap{};

/// ONNX Runtime 1.32, its provider for CPUs: Cast, with saturate = 1.
///
/// Result    as compat::onnx_saturate; float8_e8m0fnu rounds toward positive. With saturate = 0 it
///           is not ONNX's Cast in E4M3 and E5M2: docs/policies.md.
/// Special   NaN keeps its sign, and is 7f or ff in E5M2.
struct OnnxRuntime : Preset {
  /// What convert() asks a preset for: see Preset.
  template <class T>
  static constexpr bool is_narrow =
      detail::is_one_of<T, float8_e4m3fn, float8_e5m2, float8_e4m3fnuz, float8_e5m2fnuz,
                        float8_e8m0fnu>;
  template <class T>
  static constexpr bool has =
      is_narrow<T> || detail::is_one_of<T, bfloat16, float16, float, double>;
  template <class To, class From>
  static constexpr NF_FN detail::stack_cast cast() {
    return {has<To> && has<From>, is_narrow<To> ? Saturation::finite : Saturation::none,
            detail::is_one_of<From, double>};
  }
  template <class To, class From>
  static constexpr NF_FN detail::code_of<To> nan(From x) {
    if constexpr (detail::is_one_of<To, float8_e4m3fn, float8_e5m2>)
      return detail::all_ones_nan<To>(detail::has_sign(x));
    else if constexpr (detail::is_one_of<From, bfloat16> && detail::is_one_of<To, float>)
      return detail::moved_nan<To>(x);
    else if constexpr ((detail::is_one_of<From, float> && detail::is_one_of<To, float16>) ||
                       (detail::is_one_of<To, float, double> &&
                        detail::is_one_of<From, float, double, float16, bfloat16>))
      return detail::quiet_nan<To>(x);
    else
      return detail::canonical_nan<To>(detail::has_sign(x));
  }
};
/// convert(x, y, compat::onnxruntime): the Cast of ONNX Runtime on a CPU.
inline constexpr OnnxRuntime onnxruntime{};

}  // namespace narrowfloat::compat

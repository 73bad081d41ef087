// SPDX-License-Identifier: MIT
// std::numeric_limits and std::hash for every Float.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>

#include "float.hpp"

/// Answers for every instantiation, with the meanings of the C++ standard.
///
/// Special   infinity() is what an overflow gives without saturation, 1 / 0: Inf, else NaN, else
///           the largest finite value, so that -infinity() is a start for a maximum, or fails it
///           visibly. quiet_NaN() and signaling_NaN() are what a NaN becomes: the quiet NaN, else
///           the positive largest finite value. has_infinity and has_quiet_NaN tell. epsilon() is
///           2^-M rounded to the format (a format may not hold it, nor 1).
/// Example   using limits = std::numeric_limits<float8_e4m3fn>;
///           assert(limits::max() == 448 && limits::lowest() == -448 && limits::digits == 4);
///           assert(!limits::has_infinity && isnan(limits::infinity()));
///           auto most = -std::numeric_limits<float4_e2m1fn>::infinity();  // -6
///           for (const float y : {-4.0f, -2.0f}) most = std::max(most, float4_e2m1fn(y));
///           assert(most == -2);
template <int E, int M, int Bias, narrowfloat::Specials S, narrowfloat::Signedness Sign>
class std::numeric_limits<narrowfloat::Float<E, M, Bias, S, Sign>> {
  using type = narrowfloat::Float<E, M, Bias, S, Sign>;
  using layout = narrowfloat::detail::layout_of<type>;
  using storage = typename type::Storage;
  // floor(n * log10(2)), exact for |n| < 2000: 1233 / 4096 = 0.301025 < log10(2) = 0.3010299...
  static constexpr NF_HD int decimal(int n) { return (n * 1233 - (n < 0 ? 4095 : 0)) / 4096; }
  static constexpr NF_HD type code(std::uint32_t bits) {
    return type::from_bits(static_cast<storage>(bits));
  }

 public:
  /// As the C++ standard defines them.
  static constexpr bool is_specialized = true;
  static constexpr bool is_signed = layout::is_signed;
  static constexpr bool is_integer = false;
  static constexpr bool is_exact = false;
  static constexpr bool has_infinity = layout::has_infinity;
  static constexpr bool has_quiet_NaN = layout::has_nan;
  static constexpr bool has_signaling_NaN = false;
// C++23 deprecates the next two and the type of the first; who asks for them is still answered.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  /// As the C++ standard defines them.
  static constexpr std::float_denorm_style has_denorm =
      layout::has_subnormals ? std::denorm_present : std::denorm_absent;
  static constexpr bool has_denorm_loss = false;
#pragma GCC diagnostic pop
  /// As the C++ standard defines them.
  static constexpr std::float_round_style round_style = std::round_to_nearest;
  static constexpr bool is_iec559 = S == narrowfloat::Specials::ieee && layout::is_signed &&
                                    layout::has_subnormals && layout::has_nan;
  static constexpr bool is_bounded = true;
  static constexpr bool is_modulo = false;
  static constexpr bool traps = false;
  static constexpr bool tinyness_before = false;
  static constexpr int radix = 2;
  static constexpr int digits = layout::significant_bits + 1;
  static constexpr int digits10 = decimal(digits - 1);
  static constexpr int max_digits10 = decimal(digits) + 2;
  static constexpr int min_exponent = layout::min_exponent + 1;
  static constexpr int max_exponent = layout::max_exponent + 1;
  static constexpr int min_exponent10 = -decimal(-layout::min_exponent);
  static constexpr int max_exponent10 = [] {
    int n = decimal(max_exponent);  // 10^n < 2^max_exponent, which max() may still not reach
    double power = 1;
    for (int i = 0; i < n; ++i) power *= 10;
    for (int i = 0; i > n; --i) power /= 10;
    return power <= static_cast<double>(code(layout::max_code)) ? n : n - 1;
  }();

  /// The smallest positive normal value; the smallest positive value where there are no subnormals.
  static constexpr NF_HD type min() noexcept {
    if constexpr (layout::has_subnormals) return code(1u << M);
    return denorm_min();
  }
  /// The largest finite value.
  static constexpr NF_HD type max() noexcept { return code(layout::max_code); }
  /// The most negative finite value; the smallest value of an unsigned format.
  static constexpr NF_HD type lowest() noexcept {
    return code(layout::is_signed ? layout::max_code | layout::sign_mask : 0);
  }
  /// The smallest positive value.
  static constexpr NF_HD type denorm_min() noexcept { return code(layout::is_scale ? 0 : 1); }
  /// 2^-M, the step above 1, rounded to the format.
  static constexpr NF_HD type epsilon() noexcept { return type(1.0 / (1 << M)); }
  /// Half a unit in the last place.
  static constexpr NF_HD type round_error() noexcept { return type(0.5); }
  /// Inf, else what quiet_NaN() gives.
  static constexpr NF_HD type infinity() noexcept {
    return layout::has_infinity ? code(layout::infinity_code) : quiet_NaN();
  }
  /// The canonical NaN, else the largest finite value.
  static constexpr NF_HD type quiet_NaN() noexcept {
    return code(layout::has_nan ? layout::nan_code : layout::max_code);
  }
  /// quiet_NaN(): no format has signaling NaNs.
  static constexpr NF_HD type signaling_NaN() noexcept { return quiet_NaN(); }
};

/// Equal values hash alike: both zeros are one.
template <int E, int M, int Bias, narrowfloat::Specials S, narrowfloat::Signedness Sign>
struct std::hash<narrowfloat::Float<E, M, Bias, S, Sign>> {
  /// The hash of the value.
  std::size_t operator()(narrowfloat::Float<E, M, Bias, S, Sign> x) const noexcept {
    const bool zero = x == narrowfloat::Float<E, M, Bias, S, Sign>::from_bits(0);
    return std::hash<std::uint32_t>{}(zero ? 0u : x.bits());
  }
};

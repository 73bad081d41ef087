// SPDX-License-Identifier: MIT
// The named formats of the field (the names of MLIR, ml_dtypes and PyTorch), each with its limits
// proved.
#pragma once

#include <string_view>
#include <type_traits>

#include "detail/exact/binary.hpp"
#include "float.hpp"

namespace narrowfloat {

// 8 bits
using float8_e4m3fn = Float<4, 3, 7, Specials::fn>;          ///< OCP OFP8 E4M3
using float8_e5m2 = Float<5, 2>;                             ///< OCP OFP8 E5M2
using float8_e4m3 = Float<4, 3>;                             ///< IEEE-style E4M3
using float8_e3m4 = Float<3, 4>;                             ///< IEEE-style E3M4
using float8_e4m3fnuz = Float<4, 3, 8, Specials::fnuz>;      ///< AMD MI300, Graphcore
using float8_e5m2fnuz = Float<5, 2, 16, Specials::fnuz>;     ///< AMD MI300, Graphcore
using float8_e4m3b11fnuz = Float<4, 3, 11, Specials::fnuz>;  ///< Google TPU variant of HFP8's 1-4-3
using float8_e4m3b11 =
    Float<4, 3, 11, Specials::finite>;  ///< HFP8 forward, 1-4-3 (Sun et al., NeurIPS 2019)
using float8_e8m0fnu =
    Float<8, 0, 127, Specials::scale, Signedness::is_unsigned>;  ///< OCP MX scale
using float8_ue4m3 =
    Float<4, 3, 7, Specials::fn, Signedness::is_unsigned>;  ///< NVFP4 scale; 7 bits
using float8_ue5m3 =
    Float<5, 3, 15, Specials::fn, Signedness::is_unsigned>;  ///< NVIDIA UE5M3 scale

/// An element of OCP MX, in 6 or 4 bits: every code is a number.
using float6_e2m3fn = Float<2, 3, 1, Specials::finite>;
using float6_e3m2fn = Float<3, 2, 3, Specials::finite>;
using float4_e2m1fn = Float<2, 1, 1, Specials::finite>;

// 12 bits and more
using float16 = Float<5, 10>;   ///< IEEE 754 binary16
using bfloat16 = Float<8, 7>;   ///< the upper half of binary32
using tfloat32 = Float<8, 10>;  ///< NVIDIA TF32, 19 bits
// IBM's hardware has no subnormals in 1-6-9 and 1-4-3, whose lowest exponent is one more binade of
// normal values, and one code for Inf and NaN together: float16_e6m9 and float8_e4m3b11 differ from
// it there, and nowhere else.
using float16_e6m9 = Float<6, 9>;  ///< IBM 1-6-9 (Wang et al., NeurIPS 2018)
using float12_e6m5 = Float<6, 5>;  ///< the accumulator of SR-MAC

namespace detail {

/// A format and its name; a list of them, to which others may be added elsewhere, as in mx.hpp.
template <class Format>
struct named {
  std::string_view name;
};
template <class... Formats>
struct registry : named<Formats>... {
  template <class T>
  static constexpr bool has = (std::is_same_v<T, Formats> || ...);
  template <class T>
  constexpr NF_INLINE std::string_view name_of() const {
    return static_cast<const named<T>&>(*this).name;
  }
  template <class Function>
  constexpr NF_INLINE void for_each(Function f) const {
    (f.template operator()<Formats>(name_of<Formats>()), ...);
  }
};
template <class... Formats>
registry(named<Formats>...) -> registry<Formats...>;

inline constexpr registry named_formats{named<float8_e4m3fn>{"float8_e4m3fn"},
                                        named<float8_e5m2>{"float8_e5m2"},
                                        named<float8_e4m3>{"float8_e4m3"},
                                        named<float8_e3m4>{"float8_e3m4"},
                                        named<float8_e4m3fnuz>{"float8_e4m3fnuz"},
                                        named<float8_e5m2fnuz>{"float8_e5m2fnuz"},
                                        named<float8_e4m3b11fnuz>{"float8_e4m3b11fnuz"},
                                        named<float8_e4m3b11>{"float8_e4m3b11"},
                                        named<float8_e8m0fnu>{"float8_e8m0fnu"},
                                        named<float8_ue4m3>{"float8_ue4m3"},
                                        named<float8_ue5m3>{"float8_ue5m3"},
                                        named<float6_e2m3fn>{"float6_e2m3fn"},
                                        named<float6_e3m2fn>{"float6_e3m2fn"},
                                        named<float4_e2m1fn>{"float4_e2m1fn"},
                                        named<float16>{"float16"},
                                        named<bfloat16>{"bfloat16"},
                                        named<tfloat32>{"tfloat32"},
                                        named<float16_e6m9>{"float16_e6m9"},
                                        named<float12_e6m5>{"float12_e6m5"}};

// A concept, not a requires-clause: nvcc 13.0 takes two specializations that differ by their
// clauses for one.
template <class F>
concept in_named_formats = decltype(named_formats)::template has<F>;

template <class Format>
inline constexpr std::string_view name_of = {};
template <in_named_formats F>
inline constexpr std::string_view name_of<F> = named_formats.name_of<F>();

template <in_named_formats F>
inline constexpr bool is_named<F> = true;

}  // namespace detail

/// The name of a format that has one here, or in mx.hpp: format_name<float8_e4m3fn>() is
/// "float8_e4m3fn".
template <class Format>
constexpr NF_INLINE std::string_view format_name() noexcept {
  static_assert(!detail::name_of<Format>.empty(), "narrowfloat::format_name: the format has none");
  return detail::name_of<Format>;
}

/// Calls f.template operator()<F>(name) for each format above, in their order:
/// for_each_format([]<class F>(auto name) { std::cout << name << ' ' << F::width << '\n'; }).
///
/// Example   int bytes = 0;
///           for_each_format([&]<class F>(std::string_view) { bytes += F::width == 8 ? 1 : 0; });
///           assert(bytes == 10 && format_name<bfloat16>() == "bfloat16");
template <class Function>
constexpr NF_INLINE void for_each_format(Function f) {
  detail::named_formats.for_each(f);
}

namespace detail {

template <class F>
constexpr double value_of_code(unsigned code) {
  return static_cast<double>(F::from_bits(static_cast<typename F::Storage>(code)));
}

// Each row: the largest finite value with its derivation, then the smallest normal and positive
// values.

// 1.75 * 2^(15-7): all ones is NaN, so the top mantissa is 110
static_assert(value_of_code<float8_e4m3fn>(0x7e) == 448 &&
              value_of_code<float8_e4m3fn>(0x08) == power_of_two<double>(-6) &&
              value_of_code<float8_e4m3fn>(0x01) == power_of_two<double>(-9));
// 1.75 * 2^(30-15): the top exponent is Inf and NaN
static_assert(value_of_code<float8_e5m2>(0x7b) == 57344 &&
              value_of_code<float8_e5m2>(0x04) == power_of_two<double>(-14) &&
              value_of_code<float8_e5m2>(0x01) == power_of_two<double>(-16));
// 1.875 * 2^(14-7)
static_assert(value_of_code<float8_e4m3>(0x77) == 240 &&
              value_of_code<float8_e4m3>(0x08) == power_of_two<double>(-6) &&
              value_of_code<float8_e4m3>(0x01) == power_of_two<double>(-9));
// 1.9375 * 2^(6-3)
static_assert(value_of_code<float8_e3m4>(0x6f) == 15.5 &&
              value_of_code<float8_e3m4>(0x10) == power_of_two<double>(-2) &&
              value_of_code<float8_e3m4>(0x01) == power_of_two<double>(-6));
// 1.875 * 2^(15-8): no code is lost at the top
static_assert(value_of_code<float8_e4m3fnuz>(0x7f) == 240 &&
              value_of_code<float8_e4m3fnuz>(0x08) == power_of_two<double>(-7) &&
              value_of_code<float8_e4m3fnuz>(0x01) == power_of_two<double>(-10));
// 1.75 * 2^(31-16)
static_assert(value_of_code<float8_e5m2fnuz>(0x7f) == 57344 &&
              value_of_code<float8_e5m2fnuz>(0x04) == power_of_two<double>(-15) &&
              value_of_code<float8_e5m2fnuz>(0x01) == power_of_two<double>(-17));
// 1.875 * 2^(15-11)
static_assert(value_of_code<float8_e4m3b11fnuz>(0x7f) == 30 &&
              value_of_code<float8_e4m3b11fnuz>(0x08) == power_of_two<double>(-10) &&
              value_of_code<float8_e4m3b11fnuz>(0x01) == power_of_two<double>(-13));
// 1.875 * 2^(15-11), every code a number
static_assert(value_of_code<float8_e4m3b11>(0x7f) == 30 &&
              value_of_code<float8_e4m3b11>(0x01) == power_of_two<double>(-13));
// 2^(254-127); code 0 is 2^-127
static_assert(value_of_code<float8_e8m0fnu>(0xfe) == power_of_two<double>(127) &&
              value_of_code<float8_e8m0fnu>(0x00) == power_of_two<double>(-127));
// as the signed E4M3, without its sign bit
static_assert(float8_ue4m3::width == 7 && value_of_code<float8_ue4m3>(0x7e) == 448);
// 1.75 * 2^(31-15)
static_assert(value_of_code<float8_ue5m3>(0xfe) == 114688 &&
              value_of_code<float8_ue5m3>(0x01) == power_of_two<double>(-17));
// 1.875 * 2^(3-1), 1.75 * 2^(7-3), 1.5 * 2^(3-1)
static_assert(value_of_code<float6_e2m3fn>(0x1f) == 7.5 &&
              value_of_code<float6_e2m3fn>(0x01) == 0.125);
static_assert(value_of_code<float6_e3m2fn>(0x1f) == 28 &&
              value_of_code<float6_e3m2fn>(0x01) == 0.0625);
static_assert(value_of_code<float4_e2m1fn>(0x7) == 6 && value_of_code<float4_e2m1fn>(0x1) == 0.5);
// (2 - 2^-10) * 2^(30-15), (2 - 2^-7) * 2^(254-127), (2 - 2^-10) * 2^(254-127)
static_assert(value_of_code<float16>(0x7bff) == 65504 &&
              value_of_code<float16>(0x0001) == power_of_two<double>(-24));
static_assert(value_of_code<bfloat16>(0x7f7f) ==
                  (2 - power_of_two<double>(-7)) * power_of_two<double>(127) &&
              value_of_code<bfloat16>(0x0001) == power_of_two<double>(-133));
static_assert(tfloat32::width == 19 &&
              value_of_code<tfloat32>(0x3fbff) ==
                  (2 - power_of_two<double>(-10)) * power_of_two<double>(127) &&
              value_of_code<tfloat32>(0x00001) == power_of_two<double>(-136));
// (2 - 2^-9) * 2^(62-31), (2 - 2^-5) * 2^(62-31)
static_assert(value_of_code<float16_e6m9>(0x7dff) ==
                  (2 - power_of_two<double>(-9)) * power_of_two<double>(31) &&
              value_of_code<float16_e6m9>(0x0001) == power_of_two<double>(-39));
static_assert(float12_e6m5::width == 12 &&
              value_of_code<float12_e6m5>(0x7df) ==
                  (2 - power_of_two<double>(-5)) * power_of_two<double>(31) &&
              value_of_code<float12_e6m5>(0x001) == power_of_two<double>(-35));

}  // namespace detail
}  // namespace narrowfloat

// SPDX-License-Identifier: MIT
// The formats that the tests run over, and how the oracle sees each of them.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include <narrowfloat/formats.hpp>
#include <narrowfloat/rounding.hpp>

#include "support/oracle.hpp"

namespace test {

namespace nf = narrowfloat;

template <class F>
constexpr oracle::Format oracle_format() {
  constexpr oracle::Special specials[] = {oracle::Special::ieee,  oracle::Special::fn,
                                          oracle::Special::fnuz,  oracle::Special::finite,
                                          oracle::Special::scale, oracle::Special::p3109};
  return {F::exponent_bits, F::mantissa_bits, F::bias, specials[static_cast<int>(F::specials)],
          F::is_signed};
}

/// A number type's name in reports: widths, bias, specials and sign.
template <class F>
std::string name_of() {
  if constexpr (std::is_floating_point_v<F>) {
    return sizeof(F) == sizeof(float) ? "float" : "double";
  } else {
    const char* const specials[] = {"ieee", "fn", "fnuz", "finite", "scale", "p3109"};
    return "e" + std::to_string(F::exponent_bits) + "m" + std::to_string(F::mantissa_bits) + "b" +
           std::to_string(F::bias) + " " + specials[static_cast<int>(F::specials)] +
           (F::is_signed ? "" : " unsigned");
  }
}

using named_formats =
    std::tuple<nf::float8_e4m3fn, nf::float8_e5m2, nf::float8_e4m3, nf::float8_e3m4,
               nf::float8_e4m3fnuz, nf::float8_e5m2fnuz, nf::float8_e4m3b11fnuz, nf::float8_e4m3b11,
               nf::float8_e8m0fnu, nf::float8_ue4m3, nf::float8_ue5m3, nf::float6_e2m3fn,
               nf::float6_e3m2fn, nf::float4_e2m1fn, nf::float16, nf::bfloat16, nf::tfloat32,
               nf::float16_e6m9, nf::float12_e6m5>;

using nf::Float, nf::Specials, nf::Signedness;

/// Odd biases, E = 0, M = 0, unsigned, P3109, and widths of 2 to 32 bits.
using custom_formats = std::tuple<
    Float<0, 3, 1, Specials::finite>, Float<0, 7, 1, Specials::finite>,
    Float<0, 4, -3, Specials::fn>, Float<0, 5, 140, Specials::fnuz>,
    Float<0, 6, 2, Specials::finite, Signedness::is_unsigned>, Float<3, 0, 3, Specials::finite>,
    Float<4, 0, 7>, Float<5, 0, 20, Specials::fn>, Float<6, 0, 31, Specials::fnuz>,
    Float<7, 0, 64, Specials::p3109>, Float<8, 0, 100, Specials::scale, Signedness::is_unsigned>,
    Float<4, 0, 30, Specials::scale, Signedness::is_unsigned>, Float<4, 3, 8, Specials::p3109>,
    Float<5, 2, 16, Specials::p3109>, Float<5, 3, 16, Specials::p3109, Signedness::is_unsigned>,
    Float<3, 1, 3, Specials::finite>, Float<1, 2, 0, Specials::ieee>,
    Float<1, 1, 1, Specials::finite>, Float<3, 3, 3, Specials::fn>, Float<4, 4, 9, Specials::ieee>,
    Float<5, 6, 15>, Float<8, 3, 127>, Float<8, 3, 130>, Float<8, 3, 120, Specials::fn>,
    Float<8, 2, -20, Specials::finite>, Float<8, 7, 150>, Float<8, 7, 60, Specials::finite>,
    Float<5, 3, 300, Specials::fnuz>, Float<4, 11, 7>, Float<8, 15, 127, Specials::fn>,
    Float<8, 23, 127>, Float<8, 23, 140, Specials::finite>,
    Float<7, 22, 63, Specials::ieee, Signedness::is_unsigned>>;

/// The custom formats whose formulas differ: fixed point, M = 0, scale, unsigned, normalized
/// subnormal sources, subnormal decoded values, the 64-bit word, codes of 2 and 4 bytes.
using distinct_formats =
    std::tuple<Float<0, 7, 1, Specials::finite>, Float<6, 0, 31, Specials::fnuz>,
               Float<8, 0, 100, Specials::scale, Signedness::is_unsigned>,
               Float<5, 3, 16, Specials::p3109, Signedness::is_unsigned>,
               Float<3, 1, 3, Specials::finite>, Float<8, 3, 130>, Float<8, 7, 150>,
               Float<4, 11, 7>, Float<8, 23, 140, Specials::finite>>;

/// Calls f.template operator()<F>() for every format of a list.
template <class List, class Function>
void for_each_format(Function f) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (f.template operator()<std::tuple_element_t<I, List>>(), ...);
  }
  (std::make_index_sequence<std::tuple_size_v<List>>{});
}

/// Every deterministic policy beside the oracle's mode: f(policy, mode).
template <class Function>
void for_each_mode(Function f) {
  f(nf::nearest_even, oracle::Mode::nearest_even);
  f(nf::nearest_away, oracle::Mode::nearest_away);
  f(nf::toward_zero, oracle::Mode::toward_zero);
  f(nf::toward_positive, oracle::Mode::toward_positive);
  f(nf::toward_negative, oracle::Mode::toward_negative);
  f(nf::to_odd, oracle::Mode::to_odd);
}

inline constexpr nf::Saturation saturations[] = {nf::Saturation::finite, nf::Saturation::propagate,
                                                 nf::Saturation::none};
constexpr oracle::Saturation oracle_saturation(nf::Saturation s) {
  return static_cast<oracle::Saturation>(static_cast<int>(s));
}

template <class F>
constexpr std::uint32_t code_count() {
  return F::width < 32 ? 1u << (F::width & 31) : 0;
}

template <class F>
constexpr F from_code(std::uint32_t code) {
  return F::from_bits(static_cast<typename F::Storage>(code));
}

/// The inputs that decide a conversion to a format, as doubles: every code (a sample above 12
/// bits), every midpoint between neighbours, and their neighbours; values beyond the largest;
/// specials.
std::vector<double> deciding_doubles(double (*value_of)(std::uint32_t), int width, bool is_signed);
/// The floats on both sides of each of them.
std::vector<float> deciding_floats(const std::vector<double>& doubles);

template <class F>
double value_of_code(std::uint32_t code) {
  return static_cast<double>(from_code<F>(code));
}
template <class F>
std::vector<double> deciding_doubles() {
  return deciding_doubles(&value_of_code<F>, F::width, F::is_signed);
}
template <class F>
std::vector<float> deciding_floats() {
  return deciding_floats(deciding_doubles<F>());
}

inline std::uint64_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }
inline std::uint64_t bits_of(double x) { return std::bit_cast<std::uint64_t>(x); }
template <nf::narrow_float F>
std::uint64_t bits_of(F x) {
  return x.bits();
}
inline oracle::Exact exact_of(float x) {
  return oracle::from_f32_bits(std::bit_cast<std::uint32_t>(x));
}
inline oracle::Exact exact_of(double x) {
  return oracle::from_f64_bits(std::bit_cast<std::uint64_t>(x));
}

}  // namespace test

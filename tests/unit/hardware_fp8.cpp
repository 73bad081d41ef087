// SPDX-License-Identifier: MIT
// The FP8 conversions of AVX10.2 (its specification, sections 3.2 and 5.1) and of AArch64 (the
// architecture's "Summary of FP8 instruction behaviors") as models in plain C++, in the place of
// the instructions: what the edges of NARROWFLOAT_HARDWARE_FP8 make of them has the bits of the
// library. And where the instructions alone have not.
#include <narrowfloat/convert.hpp>
#include <narrowfloat/loops.hpp>

#include <cmath>
#include <cstring>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"
#include "support/stratified.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {
namespace generic {
#include <narrowfloat/detail/simd/fp8.inl>
}  // namespace generic
}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

using namespace test;

namespace {

namespace simd = nf::detail::generic;
using nf::detail::layout_of;

/// The bits of a float cut to binary16: a finite overflow becomes the largest number, NaN quiet.
std::uint16_t half_toward_zero(std::uint32_t bits) {
  const std::uint32_t sign = bits >> 16 & 0x8000, value = bits & 0x7fffffff;
  if (value > 0x7f800000) return static_cast<std::uint16_t>(sign | 0x7e00 | (value >> 13 & 0x3ff));
  if (value == 0x7f800000) return static_cast<std::uint16_t>(sign | 0x7c00);
  const double x = std::bit_cast<float>(value);
  if (x >= 65504) return static_cast<std::uint16_t>(sign | 0x7bff);
  if (x < 0x1p-14) return static_cast<std::uint16_t>(sign | static_cast<std::uint32_t>(x * 0x1p24));
  return static_cast<std::uint16_t>(sign | ((value >> 13) - (112 << 10)));
}

double half_magnitude(std::uint16_t half) {
  const int field = half >> 10 & 31, fraction = half & 0x3ff;
  return field == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, field - 25);
}

/// A finite magnitude to the nearest number of a format, ties to even, as if its exponents went on:
/// its code, or one above all.
template <int MantissaBits, int MinExponent>
std::uint32_t nearest_code(double x) {
  int exponent = MinExponent;
  if (x >= std::ldexp(1.0, MinExponent)) exponent = std::ilogb(x);
  double steps = std::ldexp(x, MantissaBits - exponent);
  const double rest = steps - std::floor(steps);
  steps = std::floor(steps);
  if (rest > 0.5 || (rest == 0.5 && std::fmod(steps, 2.0) != 0)) ++steps;
  return static_cast<std::uint32_t>(steps) +
         (static_cast<std::uint32_t>(exponent - MinExponent) << MantissaBits);
}

/// What becomes of a magnitude that is no NaN; Inf is an overflow like any other.
template <bool IsE4M3>
std::uint32_t converted(double x, bool saturates) {
  constexpr std::uint32_t largest = IsE4M3 ? 0x7e : 0x7b;
  std::uint32_t code = largest + 1;
  if (x < 0x1p20) code = IsE4M3 ? nearest_code<3, -6>(x) : nearest_code<2, -14>(x);
  return code <= largest ? code : saturates ? largest : largest + 1;
}

/// VCVT2PS2PHX toward zero, and VCVT2PH2HF8 or VCVT2PH2HF8S.
struct avx10_2_model {
  static simd::halves to_half(const simd::words& first, const simd::words& last) {
    std::uint16_t half[8];
    for (std::size_t k = 0; k < 4; ++k) {
      half[k] = half_toward_zero(first.lanes[k]);
      half[k + 4] = half_toward_zero(last.lanes[k]);
    }
    return simd::halves::load(half);
  }
  static std::uint8_t code(std::uint16_t half, bool saturates) {
    const std::uint32_t sign = half >> 8 & 0x80, value = half & 0x7fff;
    if (value > 0x7c00) return static_cast<std::uint8_t>(sign | 0x7f);
    const double x = value == 0x7c00 ? INFINITY : half_magnitude(half);
    return static_cast<std::uint8_t>(sign | converted<true>(x, saturates));
  }
  static simd::bytes e4m3(const simd::halves& first, const simd::halves& last, bool saturates) {
    std::uint8_t codes[16];
    for (std::size_t k = 0; k < 8; ++k) {
      codes[k] = code(first.lanes[k], saturates);
      codes[k + 8] = code(last.lanes[k], saturates);
    }
    return simd::bytes::load(codes);
  }
};

/// FCVTN and FCVTN2 from single precision: NaN becomes the default one, which is positive.
struct arm_model {
  template <bool IsE4M3>
  static simd::bytes codes(const simd::words (&x)[4], bool saturates) {
    std::uint8_t found[16];
    for (std::size_t k = 0; k < 16; ++k) {
      const std::uint32_t bits = x[k / 4].lanes[k % 4], value = bits & 0x7fffffff;
      const std::uint32_t number = bits >> 24 & 0x80,
                          code = converted<IsE4M3>(std::bit_cast<float>(value), saturates);
      const bool is_nan = value > 0x7f800000;
      found[k] = static_cast<std::uint8_t>(is_nan ? (IsE4M3 ? 0x7f : 0x7e) : number | code);
    }
    return simd::bytes::load(found);
  }
};

/// Runs the step of the array loop with a model and compares with the scalar.
template <class To, class Edge, class From>
void check(const std::vector<From>& in, Mismatches& bad) {
  using from = layout_of<From>;
  using to = layout_of<To>;
  STATIC_REQUIRE(simd::has_fp8_codes<from, to, nf::NearestEven, Edge>);
  for (const bool saturates : {true, false}) {
    std::vector<std::uint8_t> out(in.size());
    const simd::fp8_conversion<from, to, simd::plain_source<from>, Edge> step{{}, saturates};
    simd::run_groups(step, reinterpret_cast<const unsigned char*>(in.data()), out.data(), in.size(),
                     nullptr, false);
    for (std::size_t i = 0; i < in.size(); ++i) {
      const auto saturation = saturates ? nf::Saturation::finite : nf::Saturation::none;
      const To expected = nf::convert<To>(in[i], nf::nearest_even, saturation);
      bad.expect_equal([&] { return name_of<To>() + (saturates ? " saturating" : ""); },
                       bits_of(in[i]), bits_of(expected), out[i]);
    }
  }
}

template <class F>
std::vector<F> all_codes() {
  std::vector<F> codes;
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits)
    codes.push_back(F::from_bits(static_cast<std::uint16_t>(bits)));
  return codes;
}

template <class To, class Edge>
void check_sources() {
  Mismatches bad;
  check<To, Edge>(all_codes<nf::float16>(), bad);
  check<To, Edge>(all_codes<nf::bfloat16>(), bad);
  check<To, Edge>(stratified_floats(18), bad);
  CHECK(bad.report() == "");
}

}  // namespace

TEST_CASE("hardware FP8: the edge of AVX10.2 has the codes of E4M3", "[unit]") {
  check_sources<nf::float8_e4m3fn, simd::fp8_of_halves<avx10_2_model>>();
}

TEST_CASE("hardware FP8: the edge of AArch64 has the codes of E4M3 and E5M2", "[unit]") {
  check_sources<nf::float8_e4m3fn, simd::fp8_of_floats<arm_model>>();
  check_sources<nf::float8_e5m2, simd::fp8_of_floats<arm_model>>();
}

TEST_CASE("hardware FP8: instructions that no edge uses differ in NaN alone", "[unit]") {
  std::size_t nans = 0;
  Mismatches bad;
  // VCVT2PH2BF8 keeps the upper payload of a NaN
  for (const nf::float16 x : all_codes<nf::float16>()) {
    const std::uint32_t bits = x.bits(), value = bits & 0x7fff;
    const std::uint32_t code =
        value > 0x7c00 ? (bits >> 8) | 2 : (bits + 0x7f + (bits >> 8 & 1)) >> 8;
    const std::uint32_t expected =
        nf::convert<nf::float8_e5m2>(x, nf::nearest_even, nf::Saturation::none).bits();
    nans += code != expected;
    bad.expect(
        code == expected || value > 0x7c00, [] { return std::string("to bf8"); }, bits, expected,
        code);
  }
  CHECK(nans != 0);
  CHECK(bad.report() == "");
}

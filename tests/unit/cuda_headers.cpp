// SPDX-License-Identifier: MIT
// compat::cuda gives the codes of NVIDIA's headers, run on the host: every code decoded, and floats
// to every format of 8 bits and fewer, to float16 and bfloat16. The exhaustive test runs it again
// with all 2^32 floats.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp4.h>
#include <cuda_fp6.h>
#include <cuda_fp8.h>
#include <narrowfloat/compat.hpp>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"
#include "support/stratified.hpp"

using namespace test;

namespace {

constexpr auto cuda = nf::compat::cuda;
constexpr auto nosat = nf::compat::cuda_nosat;

/// Calls check(floats) with the stratified floats, or with all 2^32 in parts.
template <class Check>
void for_floats(Check check) {
  constexpr std::size_t part = std::size_t{1} << 20;
  if (log2_inputs() < 32) {
    check(stratified_floats(log2_inputs()));
    return;
  }
  std::vector<float> floats(part);
  for (std::uint64_t first = 0; first < std::uint64_t{1} << 32; first += part) {
    for (std::size_t i = 0; i < part; ++i)
      floats[i] = std::bit_cast<float>(static_cast<std::uint32_t>(first + i));
    check(floats);
  }
}

/// Arrays of floats, and doubles one by one, beside theirs(x), a code.
template <class To, class P, class Theirs>
void check_encode(P preset, Theirs theirs) {
  Mismatches bad;
  const auto where = [] { return name_of<To>(); };
  std::vector<To> codes;
  for_floats([&](const std::vector<float>& floats) {
    codes.resize(floats.size());
    nf::convert(floats, codes, preset);
    for (std::size_t i = 0; i < floats.size(); ++i)
      bad.expect_equal(where, bits_of(floats[i]), theirs(floats[i]), codes[i].bits());
  });
  for (const float x : stratified_floats(16)) {
    for (int step = -1; step <= 1; ++step) {  // beside ties of the format
      const auto y =
          std::bit_cast<double>(bits_of(static_cast<double>(x)) + static_cast<std::uint64_t>(step));
      bad.expect_equal(where, bits_of(y), theirs(y), nf::convert<To>(y, preset).bits());
    }
  }
  CHECK(bad.report() == "");
}

template <class To, class P>
void check_fp8(P preset, __nv_saturation_t saturation, __nv_fp8_interpretation_t kind) {
  check_encode<To>(preset, [&](auto x) -> unsigned {
    if constexpr (std::is_same_v<decltype(x), double>)
      return __nv_cvt_double_to_fp8(x, saturation, kind);
    else
      return __nv_cvt_float_to_fp8(x, saturation, kind);
  });
  Mismatches bad;
  for (std::uint32_t code = 0; code < 65536; ++code) {
    const auto binary16 = from_code<nf::float16>(code);
    const auto bfloat = from_code<nf::bfloat16>(code);
    const __half_raw half_raw{static_cast<unsigned short>(code)};
    const __nv_bfloat16_raw bfloat_raw{static_cast<unsigned short>(code)};
    const auto where = [] { return "16 bits to " + name_of<To>(); };
    bad.expect_equal(where, code, __nv_cvt_halfraw_to_fp8(half_raw, saturation, kind),
                     nf::convert<To>(binary16, preset).bits());
    bad.expect_equal(where, code, __nv_cvt_bfloat16raw_to_fp8(bfloat_raw, saturation, kind),
                     nf::convert<To>(bfloat, preset).bits());
  }
  CHECK(bad.report() == "");
}

template <class P>
void check_scales(P preset, __nv_saturation_t saturation) {
  check_encode<nf::float8_e8m0fnu>(preset, [&](auto x) -> unsigned {
    if constexpr (std::is_same_v<decltype(x), double>)
      return __nv_cvt_double_to_e8m0(x, saturation, cudaRoundPosInf);
    else
      return __nv_cvt_float_to_e8m0(x, saturation, cudaRoundPosInf);
  });
}

/// Every code of their type, as their operators have it in the wider types.
template <class Type, class F>
void check_operators() {
  Mismatches bad;
  for (std::uint32_t code = 0; code < code_count<F>(); ++code) {
    Type theirs;
    theirs.__x = static_cast<decltype(theirs.__x)>(code);
    const F x = from_code<F>(code);
    const auto where = [] { return name_of<F>() + " by operators"; };
    bad.expect_equal(where, code, bits_of(static_cast<float>(theirs)),
                     bits_of(nf::convert<float>(x, cuda)));
    bad.expect_equal(where, code, bits_of(static_cast<double>(theirs)),
                     bits_of(nf::convert<double>(x, cuda)));
    bad.expect_equal(where, code, __half_raw(static_cast<__half>(theirs)).x,
                     nf::convert<nf::float16>(x, cuda).bits());
    bad.expect_equal(where, code, __nv_bfloat16_raw(static_cast<__nv_bfloat16>(theirs)).x,
                     nf::convert<nf::bfloat16>(x, cuda).bits());
  }
  CHECK(bad.report() == "");
}

/// Every code as float16, and as the float of that.
template <class F, class Theirs>
void check_decode(Theirs theirs) {
  Mismatches bad;
  const auto where = [] { return name_of<F>(); };
  for (std::uint32_t code = 0; code < code_count<F>(); ++code) {
    const __half_raw float_16 = theirs(code);
    const F x = from_code<F>(code);
    bad.expect_equal(where, code, float_16.x, nf::convert<nf::float16>(x, cuda).bits());
    bad.expect_equal(where, code, bits_of(__half2float(__half(float_16))),
                     bits_of(nf::convert<float>(x, cuda)));
  }
  CHECK(bad.report() == "");
}

}  // namespace

TEST_CASE("cuda: floats, doubles, halves and bfloats to FP8", "[compat]") {
  check_fp8<nf::float8_e4m3fn>(cuda, __NV_SATFINITE, __NV_E4M3);
  check_fp8<nf::float8_e4m3fn>(nosat, __NV_NOSAT, __NV_E4M3);
  check_fp8<nf::float8_e5m2>(cuda, __NV_SATFINITE, __NV_E5M2);
  check_fp8<nf::float8_e5m2>(nosat, __NV_NOSAT, __NV_E5M2);
  check_scales(cuda, __NV_SATFINITE);
  check_scales(nosat, __NV_NOSAT);
}

TEST_CASE("cuda: floats and doubles to FP6, FP4 and 16 bits", "[compat]") {
  const auto fp6 = [](auto kind) {
    return [kind](auto x) -> unsigned {
      if constexpr (std::is_same_v<decltype(x), double>)
        return __nv_cvt_double_to_fp6(x, kind, cudaRoundNearest);
      else
        return __nv_cvt_float_to_fp6(x, kind, cudaRoundNearest);
    };
  };
  check_encode<nf::float6_e2m3fn>(cuda, fp6(__NV_E2M3));
  check_encode<nf::float6_e3m2fn>(cuda, fp6(__NV_E3M2));
  check_encode<nf::float4_e2m1fn>(cuda, [](auto x) -> unsigned {
    if constexpr (std::is_same_v<decltype(x), double>)
      return __nv_cvt_double_to_fp4(x, __NV_E2M1, cudaRoundNearest);
    else
      return __nv_cvt_float_to_fp4(x, __NV_E2M1, cudaRoundNearest);
  });
  check_encode<nf::float16>(cuda, [](auto x) -> unsigned {
    if constexpr (std::is_same_v<decltype(x), double>)
      return __half_raw(__double2half(x)).x;
    else
      return __half_raw(__float2half(x)).x;
  });
  check_encode<nf::bfloat16>(cuda, [](auto x) -> unsigned {
    if constexpr (std::is_same_v<decltype(x), double>)
      return __nv_bfloat16_raw(__double2bfloat16(x)).x;
    else
      return __nv_bfloat16_raw(__float2bfloat16(x)).x;
  });
}

TEST_CASE("cuda: every code decoded", "[compat]") {
  const auto byte = [](std::uint32_t code) { return static_cast<unsigned char>(code); };
  check_decode<nf::float8_e4m3fn>(
      [&](auto c) { return __nv_cvt_fp8_to_halfraw(byte(c), __NV_E4M3); });
  check_decode<nf::float8_e5m2>(
      [&](auto c) { return __nv_cvt_fp8_to_halfraw(byte(c), __NV_E5M2); });
  check_decode<nf::float6_e2m3fn>(
      [&](auto c) { return __nv_cvt_fp6_to_halfraw(byte(c), __NV_E2M3); });
  check_decode<nf::float6_e3m2fn>(
      [&](auto c) { return __nv_cvt_fp6_to_halfraw(byte(c), __NV_E3M2); });
  check_decode<nf::float4_e2m1fn>(
      [&](auto c) { return __nv_cvt_fp4_to_halfraw(byte(c), __NV_E2M1); });
  check_operators<__nv_fp8_e4m3, nf::float8_e4m3fn>();
  check_operators<__nv_fp8_e5m2, nf::float8_e5m2>();
  check_operators<__nv_fp8_e8m0, nf::float8_e8m0fnu>();
  check_operators<__nv_fp6_e2m3, nf::float6_e2m3fn>();
  check_operators<__nv_fp6_e3m2, nf::float6_e3m2fn>();
  check_operators<__nv_fp4_e2m1, nf::float4_e2m1fn>();
  Mismatches bad;
  for (std::uint32_t code = 0; code < 65536; ++code) {
    const auto where = [] { return std::string("16 bits and E8M0"); };
    const auto binary16 = from_code<nf::float16>(code);
    const auto bfloat = from_code<nf::bfloat16>(code);
    const auto bits = static_cast<unsigned short>(code);
    bad.expect_equal(where, code, bits_of(__half2float(__half(__half_raw{bits}))),
                     bits_of(nf::convert<float>(binary16, cuda)));
    bad.expect_equal(where, code, bits_of(__bfloat162float(__nv_bfloat16(__nv_bfloat16_raw{bits}))),
                     bits_of(nf::convert<float>(bfloat, cuda)));
    if (code > 255) continue;
    bad.expect_equal(where, code, __nv_cvt_e8m0_to_bf16raw(byte(code)).x,
                     nf::convert<nf::bfloat16>(from_code<nf::float8_e8m0fnu>(code), cuda).bits());
  }
  CHECK(bad.report() == "");
}

// SPDX-License-Identifier: MIT
// The OCP microscaling formats (MX v1.0) and NVFP4, their dot products and foreign layouts.
#pragma once

#include "block.hpp"
#include "block/detail/element_traits.hpp"
#include "mx/layouts.hpp"

namespace narrowfloat {

/// OCP MX v1.0: 32 elements share a scale of E8M0, a power of two. The elements are FP8, FP6, FP4
/// and fixed-point numbers of 8 bits.
///
/// Example   const auto t =
///               BlockTensor<mxfp4_e2m1>::quantize(x, rows, cols, {.rule = ScaleRule::rceil});
///           std::vector<float> back(x.size());
///           t.dequantize(back);
///           assert(t.bits_per_element() == 4.25 && t.size_bytes() == x.size() * 17 / 32);
using mxfp8_e4m3 = BlockFormat<float8_e4m3fn, float8_e8m0fnu, 32>;
using mxfp8_e5m2 = BlockFormat<float8_e5m2, float8_e8m0fnu, 32>;
using mxfp6_e2m3 = BlockFormat<float6_e2m3fn, float8_e8m0fnu, 32>;
using mxfp6_e3m2 = BlockFormat<float6_e3m2fn, float8_e8m0fnu, 32>;
using mxfp4_e2m1 = BlockFormat<float4_e2m1fn, float8_e8m0fnu, 32>;
using mxint8 = BlockFormat<FixedPoint<8, 6>, float8_e8m0fnu, 32>;

/// NVIDIA's: 16 elements share an E4M3 scale, and all blocks a float, RN(amax / (448 * 6)).
using nvfp4 = BlockFormat<float4_e2m1fn, float8_e4m3fn, 16>;
/// With blocks of 16 x 16, so that a matrix and its transpose have the same codes.
using nvfp4_2d = BlockFormat<float4_e2m1fn, float8_e4m3fn, 16, 16>;

namespace detail {

inline constexpr registry named_blocks{
    named<mxfp8_e4m3>{"mxfp8_e4m3"}, named<mxfp8_e5m2>{"mxfp8_e5m2"},
    named<mxfp6_e2m3>{"mxfp6_e2m3"}, named<mxfp6_e3m2>{"mxfp6_e3m2"},
    named<mxfp4_e2m1>{"mxfp4_e2m1"}, named<mxint8>{"mxint8"},
    named<nvfp4>{"nvfp4"},           named<nvfp4_2d>{"nvfp4_2d"}};

template <class Format>
concept in_named_blocks = decltype(named_blocks)::template has<Format>;

template <in_named_blocks Format>
inline constexpr std::string_view name_of<Format> = named_blocks.name_of<Format>();
template <in_named_blocks Format>
inline constexpr bool is_named_blocks<Format> = true;

// emax of OCP MX v1.0: 448 = 1.75 * 2^8, 57344 = 1.75 * 2^15, 7.5 = 1.875 * 2^2, 28 = 1.75 * 2^4,
// 6 = 1.5 * 2^2, 127 / 64 = 1.984375 * 2^0
static_assert(largest_exponent<float8_e4m3fn> == 8 && largest_exponent<float8_e5m2> == 15 &&
              largest_exponent<float6_e2m3fn> == 2 && largest_exponent<float6_e3m2fn> == 4 &&
              largest_exponent<float4_e2m1fn> == 2 && largest_exponent<FixedPoint<8, 6>> == 0);
static_assert(FixedPoint<8, 6>::from_bits(0x81) == -127.0f / 64 &&
              FixedPoint<8, 6>::from_bits(0x80) == -2.0f);
static_assert(nvfp4::tensor_scale == TensorScale::float32);
}  // namespace detail

}  // namespace narrowfloat

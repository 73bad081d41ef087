// SPDX-License-Identifier: MIT
// Compiled with -O3 -ffast-math, which lets the compiler rewrite the float operations of the kernels: arrays are
// converted as the scalar, which has none, does it.
#include "support/check_stratified.hpp"

using namespace test;

TEST_CASE("arrays: built with -ffast-math, stratified floats in every rounding", "[isa]") {
  check_stratified_roundings<std::tuple<nf::float8_e4m3fn, nf::float8_e8m0fnu, nf::float4_e2m1fn,
                                        nf::bfloat16, nf::float16, nf::tfloat32>>();
}

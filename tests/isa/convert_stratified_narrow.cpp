// SPDX-License-Identifier: MIT
// Stratified floats in every rounding and saturation, as the scalar converts them: formats of 6
// bits and fewer, and custom ones of few bits.
#include "support/check_stratified.hpp"

using namespace test;

TEST_CASE(
    "arrays: stratified floats, every rounding, formats of 6 bits and fewer, and custom ones of few bits",
    "[isa]") {
  check_stratified_roundings<std::tuple<
      nf::float6_e2m3fn, nf::float6_e3m2fn, nf::float4_e2m1fn, Float<0, 7, 1, Specials::finite>,
      Float<6, 0, 31, Specials::fnuz>, Float<3, 1, 3, Specials::finite>>>();
}

// SPDX-License-Identifier: MIT
// Stratified floats in every rounding and saturation, as the scalar converts them: formats of 12 to
// 19 bits.
#include "support/check_stratified.hpp"

using namespace test;

TEST_CASE("arrays: stratified floats, every rounding, formats of 12 to 19 bits", "[isa]") {
  check_stratified_roundings<
      std::tuple<nf::float16, nf::bfloat16, nf::tfloat32, nf::float16_e6m9, nf::float12_e6m5>>();
}

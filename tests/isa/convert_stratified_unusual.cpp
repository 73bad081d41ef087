// SPDX-License-Identifier: MIT
// Stratified floats in every rounding and saturation, as the scalar converts them: unsigned
// formats, scales and unusual biases.
#include "support/check_stratified.hpp"

using namespace test;

TEST_CASE("arrays: stratified floats, every rounding, unsigned formats, scales and unusual biases",
          "[isa]") {
  check_stratified_roundings<std::tuple<nf::float8_e4m3b11fnuz, nf::float8_e4m3b11,
                                        nf::float8_e8m0fnu, nf::float8_ue4m3, nf::float8_ue5m3>>();
}

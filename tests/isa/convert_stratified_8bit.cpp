// SPDX-License-Identifier: MIT
// Stratified floats in every rounding and saturation, as the scalar converts them: formats of 8
// bits with the usual biases.
#include "support/check_stratified.hpp"

using namespace test;

TEST_CASE("arrays: stratified floats, every rounding, formats of 8 bits with the usual biases",
          "[isa]") {
  check_stratified_roundings<
      std::tuple<nf::float8_e4m3fn, nf::float8_e5m2, nf::float8_e4m3, nf::float8_e3m4,
                 nf::float8_e4m3fnuz, nf::float8_e5m2fnuz>>();
}

// SPDX-License-Identifier: MIT
// Stratified floats in every rounding and saturation, as the scalar converts them: custom formats
// that need care.
#include "support/check_stratified.hpp"

using namespace test;

TEST_CASE("arrays: stratified floats, every rounding, custom formats that need care", "[isa]") {
  check_stratified_roundings<
      std::tuple<Float<8, 0, 100, Specials::scale, Signedness::is_unsigned>,
                 Float<5, 3, 16, Specials::p3109, Signedness::is_unsigned>, Float<8, 3, 130>,
                 Float<8, 7, 150>, Float<4, 11, 7>, Float<8, 23, 140, Specials::finite>>>();
}

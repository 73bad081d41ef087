// SPDX-License-Identifier: MIT
// Another unit of the program that includes the single header.
#include "narrowfloat.hpp"

unsigned char code_of_other_unit(float x);
unsigned char code_of_other_unit(float x) {
  return narrowfloat::convert<narrowfloat::float8_e4m3fn>(x).bits();
}

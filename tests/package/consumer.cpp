// SPDX-License-Identifier: MIT
// The smallest program that uses the library: one value that survives its narrowing.
#include <narrowfloat/narrowfloat.hpp>

int main() {
  const auto narrow = narrowfloat::convert<narrowfloat::float8_e4m3fn>(1.5f);
  return static_cast<float>(narrow) == 1.5f ? 0 : 1;
}

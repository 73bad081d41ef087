// SPDX-License-Identifier: MIT
// The smallest program that uses the library: one value that survives its narrowing.
#include <narrowfloat/narrowfloat.hpp>

// What a package says of its version, its headers say too.
constexpr int package[] = {PACKAGE_VERSION};
static_assert(package[0] == NARROWFLOAT_VERSION_MAJOR && package[1] == NARROWFLOAT_VERSION_MINOR &&
              package[2] == NARROWFLOAT_VERSION_PATCH);

int main() {
  const auto narrow = narrowfloat::convert<narrowfloat::float8_e4m3fn>(1.5f);
  return static_cast<float>(narrow) == 1.5f ? 0 : 1;
}

// SPDX-License-Identifier: MIT
// recommend_exmy() and range_use() at their edges: the last bit of a float, its smallest number,
// sums that round up to a power of two, the widest exponent, and the number of exponents that are
// tried.
#include <narrowfloat/quantize/exmy.hpp>

#include <cmath>

#include "support/catch.hpp"

namespace nf = narrowfloat;

TEST_CASE("the last bit of a float is an error where a format has a bit less", "[quantize][exmy]") {
  const std::vector<float> x{1 + 0x1p-23f};
  CHECK(nf::recommend_exmy(x, 24).squared_error == 0x1p-46);
  CHECK(nf::recommend_exmy(x, 25).squared_error == 0);
}

TEST_CASE("the smallest float counts", "[quantize][exmy]") {
  CHECK(nf::recommend_exmy(std::vector{1.0f, 0x1p-149f}, 4).squared_error == 0x1p-298);
}

TEST_CASE("a sum that rounds up to a power of two", "[quantize][exmy]") {
  std::vector<float> x{1};
  for (int k = 0; k < 27; ++k) x.insert(x.end(), 3, std::ldexp(1.0f, k - 100));
  // 3 (1 + 4 + ... + 4^26) / 4^100 = (2^54 - 1) / 2^200: a bit more than a double has
  CHECK(nf::recommend_exmy(x, 2).squared_error == 0x1p-146);
}

TEST_CASE("no format has more than 8 exponent bits", "[quantize][exmy]") {
  const nf::ExmyChoice choice = nf::recommend_exmy(std::vector{0x1p127f, 0x1p-149f}, 10);
  CHECK(choice.format.exponent_bits <= 8);
  CHECK(choice.format.width() == 10);
}

TEST_CASE("as many exponents are tried as the search says", "[quantize][exmy]") {
  std::vector<float> x(100, 0.5f);
  x[7] = 1;
  // 0, 1: every 0.5 becomes 0; or 0, 0.5: the 1 is clipped
  CHECK(nf::recommend_exmy(x, 2, {.exponents = 1}).squared_error == 99 * 0.25);
  CHECK(nf::recommend_exmy(x, 2, {.exponents = 2}).squared_error == 0.25);
}

TEST_CASE("parts are of all four counts", "[quantize][exmy]") {
  const nf::RangeUse use{1, 2, 3, 2};
  CHECK(use.part(use.normal) == 0.125);
  CHECK(use.part(use.clipped) == 0.25);
}

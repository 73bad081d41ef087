// SPDX-License-Identifier: MIT
// Rounding to odd beyond the largest finite value: Inf in a P3109 format, the largest finite value
// elsewhere.
#include <narrowfloat/math.hpp>
#include <narrowfloat/narrowfloat.hpp>

#include <array>

#include "support/catch.hpp"

namespace nf = narrowfloat;
using nf::Saturation, nf::Specials;

namespace {

using signed_p3109 = nf::Float<4, 3, 8, Specials::p3109>;
using unsigned_p3109 = nf::Float<5, 3, 16, Specials::p3109, nf::Signedness::is_unsigned>;

template <class F>
unsigned odd(double x, Saturation saturation) {
  const std::array<double, 1> doubles{x};
  const std::array<float, 1> floats{static_cast<float>(x)};
  std::array<F, 1> from_doubles{}, from_floats{};
  nf::convert(doubles, from_doubles, nf::to_odd, saturation);
  nf::convert(floats, from_floats, nf::to_odd, saturation);
  const F scalar = nf::convert<F>(x, nf::to_odd, saturation);
  CHECK(from_doubles[0].bits() == scalar.bits());
  CHECK(from_floats[0].bits() == scalar.bits());
  CHECK(nf::convert<F>(floats[0], nf::to_odd, saturation).bits() == scalar.bits());
  return scalar.bits();
}

}  // namespace

TEST_CASE("to odd: the overflow of a P3109 format is Inf without saturation", "[rounding]") {
  // 224 is the largest value, its code 0x7e even: what lies above is nearest to the odd code, that
  // of Inf
  CHECK(odd<signed_p3109>(224, Saturation::none) == 0x7e);
  CHECK(odd<signed_p3109>(224.1, Saturation::none) == 0x7f);
  CHECK(odd<signed_p3109>(-224.1, Saturation::none) == 0xff);
  CHECK(odd<signed_p3109>(1e6, Saturation::none) == 0x7f);
  CHECK(odd<signed_p3109>(224.1, Saturation::propagate) == 0x7e);
  CHECK(odd<signed_p3109>(-1e6, Saturation::finite) == 0xfe);
  // the largest value has an odd code here, which is that of everything up to the next step
  CHECK(odd<unsigned_p3109>(53249, Saturation::none) == 0xfd);
  CHECK(odd<unsigned_p3109>(57343, Saturation::none) == 0xfd);
  CHECK(odd<unsigned_p3109>(57344, Saturation::none) == 0xfe);
  CHECK(odd<unsigned_p3109>(57344, Saturation::finite) == 0xfd);
}

TEST_CASE("to odd: arithmetic overflows as a conversion does", "[rounding]") {
  const auto largest = signed_p3109::from_bits(0x7e);
  CHECK(nf::add(largest, largest, nf::to_odd).bits() == 0x7f);
  CHECK(nf::mul(largest, -largest, nf::to_odd).bits() == 0xff);
  CHECK(nf::mul(largest, largest, nf::to_odd, Saturation::finite).bits() == 0x7e);
}

TEST_CASE("to odd: elsewhere a finite overflow is the largest finite value", "[rounding]") {
  CHECK(odd<nf::float8_e4m3fn>(1e6, Saturation::none) == 0x7e);
  CHECK(odd<nf::float8_e5m2>(-1e6, Saturation::none) == 0xfb);
}

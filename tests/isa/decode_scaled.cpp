// SPDX-License-Identifier: MIT
// Codes times a scale, and divided by one, are rounded once to the type that they are decoded to.
#include "support/check_factor.hpp"

using namespace test;

namespace {

template <class F>
std::vector<F> every_code() {
  std::vector<F> codes;
  const std::uint32_t step = F::width <= 8 ? 1 : 211;
  for (std::uint32_t code = 0; code < code_count<F>(); code += step)
    codes.push_back(from_code<F>(code));
  return codes;
}

template <class To, class From, class R>
void check(R rounding, oracle::Mode mode, nf::Saturation saturation, nf::Subnormals subnormals) {
  Mismatches bad;
  const std::vector<From> in = every_code<From>();
  for (const float factor : divisors()) {
    check_factor<To>(in, nf::Scale{factor}, rounding, mode, saturation, subnormals, bad);
    check_factor<To>(in, nf::Divide{factor}, rounding, mode, saturation, subnormals, bad);
  }
  CHECK(bad.report() == "");
}

template <class To, class From>
void check_nearest() {
  for (const nf::Subnormals subnormals : {nf::Subnormals::keep, nf::Subnormals::flush}) {
    check<To, From>(nf::nearest_even, oracle::Mode::nearest_even, nf::Saturation::none, subnormals);
  }
}

template <class From>
void check_source() {
  check_nearest<float, From>();
  check_nearest<double, From>();
  check_nearest<nf::bfloat16, From>();
}

}  // namespace

TEST_CASE("decoding with a factor: every code to float, double and bfloat16", "[isa]") {
  check_source<nf::float8_e4m3fn>();
  check_source<nf::float8_e5m2>();
  check_source<nf::float8_e4m3fnuz>();
  check_source<nf::float4_e2m1fn>();
  check_source<nf::float8_e8m0fnu>();
  check_source<nf::bfloat16>();
  check_source<Float<8, 7, 150>>();  // beyond the range of float
}

TEST_CASE("decoding with a factor: to narrow formats, other roundings and saturations", "[isa]") {
  check_nearest<nf::float16, nf::float8_e4m3fn>();
  check_nearest<nf::float8_e4m3fn, nf::float8_e5m2>();
  check_nearest<nf::tfloat32, nf::float8_e5m2>();
  for (const nf::Saturation saturation : saturations) {
    check<nf::float16, nf::float8_e5m2>(nf::to_odd, oracle::Mode::to_odd, saturation,
                                        nf::Subnormals::keep);
    check<float, nf::float8_e5m2>(nf::nearest_even, oracle::Mode::nearest_even, saturation,
                                  nf::Subnormals::keep);
  }
}

TEST_CASE("decoding with a factor: to double in every rounding", "[isa]") {
  for_each_mode([](auto rounding, oracle::Mode mode) {
    for (const nf::Saturation saturation : saturations) {
      check<double, Float<8, 7, -20>>(rounding, mode, saturation, nf::Subnormals::keep);
    }
    check<double, nf::float8_e5m2>(rounding, mode, nf::Saturation::none, nf::Subnormals::flush);
  });
}

TEST_CASE("decoding with a scale is one rounding, not two", "[isa]") {
  // 1.375 * 0x1.745d18p-1 is just below 1 + 2^-8, which a float product is
  constexpr auto x = nf::float8_e4m3fn(1.375f);
  constexpr float s = 0x1.765d1ap-1f;
  const auto y = nf::convert<nf::bfloat16>(x, nf::Scale{s});
  const double exact = 1.375 * static_cast<double>(s);
  CHECK(y.bits() == nf::convert<nf::bfloat16>(exact).bits());
}

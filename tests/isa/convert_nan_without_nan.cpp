// SPDX-License-Identifier: MIT
// A NaN of either sign is the positive largest value in a format without NaN: scalars and arrays.
#include <narrowfloat/convert.hpp>

#include <limits>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

using few_formats = std::tuple<nf::float4_e2m1fn, Float<5, 9, 15, Specials::finite>>;
using formats_without_nan =
    std::tuple<nf::float4_e2m1fn, nf::float6_e2m3fn, nf::float6_e3m2fn, nf::float8_e4m3b11,
               Float<4, 0, 7>, Float<0, 7, 1, Specials::finite>, Float<5, 9, 15, Specials::finite>,
               Float<8, 23, 140, Specials::finite>,
               Float<4, 4, 7, Specials::finite, Signedness::is_unsigned>>;

template <class T>
std::vector<T> nans() {
  if constexpr (std::is_same_v<T, float>) {
    return {std::bit_cast<float>(0x7fc00000u), std::bit_cast<float>(0xffc00000u),
            std::bit_cast<float>(0xff800001u), std::bit_cast<float>(0xffffffffu),
            std::bit_cast<float>(0x7f800001u)};
  } else if constexpr (std::is_same_v<T, double>) {
    return {std::bit_cast<double>(std::uint64_t{0x7ff8} << 48),
            std::bit_cast<double>(std::uint64_t{0xfff8} << 48),
            std::bit_cast<double>((std::uint64_t{0xfff} << 52) + 1)};
  } else {
    std::vector<T> all;
    for (std::uint32_t code = 0; code < code_count<T>(); ++code) {
      if (oracle::is_nan(oracle_format<T>(), code)) all.push_back(from_code<T>(code));
    }
    return all;
  }
}

template <class From, class Formats = few_formats>
void check_source() {
  // the arrays have lengths that whole vectors and their rests both see
  const std::vector<From> some = nans<From>();
  std::vector<From> in(67);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = some[i % some.size()];
  for_each_format<Formats>([&]<class F>() {
    const std::uint64_t largest = oracle::largest_finite_code(oracle_format<F>(), false);
    Mismatches bad;
    const auto where = [](const char* what) {
      return [what] { return name_of<From>() + " to " + name_of<F>() + what; };
    };
    const auto check = [&](auto rounding, nf::Saturation saturation, nf::Subnormals subnormals) {
      std::vector<F> out(in.size());
      nf::convert(in, out, rounding, saturation, subnormals);
      for (std::size_t i = 0; i < in.size(); ++i) {
        bad.expect_equal(where(""), bits_of(in[i]), largest,
                         nf::convert<F>(in[i], rounding, saturation, subnormals).bits());
        bad.expect_equal(where(", arrays"), bits_of(in[i]), largest, out[i].bits());
      }
    };
    for (const nf::Saturation saturation : saturations) {
      check(nf::nearest_even, saturation, nf::Subnormals::keep);
      check(nf::nearest_even, saturation, nf::Subnormals::flush);
      if constexpr (std::is_same_v<From, float>)
        check(nf::toward_negative, saturation, nf::Subnormals::keep);
      check(nf::Stochastic<>{.seed = 3}, saturation, nf::Subnormals::keep);
    }
    CHECK(bad.report() == "");
  });
}

}  // namespace

TEST_CASE("a NaN of either sign in a format without NaN: the positive largest", "[isa]") {
  CHECK(nf::convert<nf::float4_e2m1fn>(-std::numeric_limits<float>::quiet_NaN()).bits() == 0x7);
  check_source<float, formats_without_nan>();
  check_source<double>();
  check_source<nf::float16>();
  check_source<nf::bfloat16>();
  check_source<nf::float8_e5m2>();
  check_source<nf::float8_e4m3fn>();
  check_source<nf::float8_e4m3fnuz>();
  check_source<nf::float8_e8m0fnu>();
}

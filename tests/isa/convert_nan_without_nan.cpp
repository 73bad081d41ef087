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

/// Compares what scalars and arrays give with the one code wanted; one text for all types.
void compare(const std::string& name, const std::vector<std::uint64_t>& in, std::uint64_t wanted,
             const std::vector<std::uint64_t>& scalars, const std::vector<std::uint64_t>& arrays,
             Mismatches& bad) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    bad.expect_equal([&] { return name; }, in[i], wanted, scalars[i]);
    bad.expect_equal([&] { return name + ", arrays"; }, in[i], wanted, arrays[i]);
  }
}

template <class T>
[[gnu::noinline]] std::vector<std::uint64_t> bits_in(const std::vector<T>& numbers) {
  std::vector<std::uint64_t> bits;
  for (const T x : numbers) bits.push_back(bits_of(x));
  return bits;
}

template <class F, class From, class R>
void check(const std::vector<From>& in, R rounding, nf::Saturation saturation,
           nf::Subnormals subnormals, Mismatches& bad) {
  std::vector<F> out(in.size()), scalars;
  nf::convert(in, out, rounding, saturation, subnormals);
  for (const From x : in) scalars.push_back(nf::convert<F>(x, rounding, saturation, subnormals));
  compare(name_of<From>() + " to " + name_of<F>(), bits_in(in),
          oracle::largest_finite_code(oracle_format<F>(), false), bits_in(scalars), bits_in(out),
          bad);
}

template <class From, class Formats = few_formats>
void check_source() {
  // the arrays have lengths that whole vectors and their rests both see
  const std::vector<From> some = nans<From>();
  std::vector<From> in(67);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = some[i % some.size()];
  for_each_format<Formats>([&]<class F>() {
    Mismatches bad;
    for (const nf::Saturation saturation : saturations) {
      check<F>(in, nf::nearest_even, saturation, nf::Subnormals::keep, bad);
      check<F>(in, nf::nearest_even, saturation, nf::Subnormals::flush, bad);
      if constexpr (std::is_same_v<From, float>)
        check<F>(in, nf::toward_negative, saturation, nf::Subnormals::keep, bad);
      check<F>(in, nf::Stochastic<>{.seed = 3}, saturation, nf::Subnormals::keep, bad);
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

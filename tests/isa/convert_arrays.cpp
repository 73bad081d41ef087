// SPDX-License-Identifier: MIT
// The active instruction set converts arrays as the scalar convert() does: every format, both ways,
// all policies, on the inputs that decide a rounding.
#include <narrowfloat/convert.hpp>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

/// The inputs' bits, those expected and those got; one text for all types.
void compare(const std::string& to, const std::vector<std::uint64_t>& in,
             const std::vector<std::uint64_t>& expected, const std::vector<std::uint64_t>& got,
             Mismatches& bad) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    bad.expect_equal([&] { return "to " + to + ", element " + std::to_string(i); }, in[i],
                     expected[i], got[i]);
  }
}

template <class T>
[[gnu::noinline]] std::vector<std::uint64_t> bits_in(const std::vector<T>& numbers) {
  std::vector<std::uint64_t> bits;
  for (const T x : numbers) bits.push_back(bits_of(x));
  return bits;
}

template <class To, class From, class R>
void check(const std::vector<From>& in, R rounding, nf::Saturation saturation,
           nf::Subnormals subnormals, Mismatches& bad) {
  std::vector<To> out(in.size()), expected(in.size());
  nf::convert(in, out, rounding, saturation, subnormals);
  for (std::size_t i = 0; i < in.size(); ++i) {
    expected[i] = nf::convert<To>(in[i], rounding, saturation, subnormals);
    if constexpr (R::random_bits != 0) ++rounding.offset;
  }
  compare(name_of<To>(), bits_in(in), bits_in(expected), bits_in(out), bad);
}

template <class F, class From>
void check_encode(const std::vector<From>& in) {
  Mismatches bad;
  for (const nf::Saturation saturation : saturations) {
    for (const nf::Subnormals subnormals : {nf::Subnormals::keep, nf::Subnormals::flush}) {
      check<F>(in, nf::nearest_even, saturation, subnormals, bad);
    }
  }
  CHECK(bad.report() == "");
}

template <class F>
std::vector<F> every_code() {
  std::vector<F> codes;
  const std::uint64_t count = std::uint64_t{1} << F::width;
  const std::uint64_t step = F::width <= 16 ? 1 : (count >> 16) + 1;
  for (std::uint64_t code = 0; code < count; code += step)
    codes.push_back(from_code<F>(static_cast<std::uint32_t>(code)));
  return codes;
}

using rounded_formats =
    std::tuple<nf::float8_e4m3fn, nf::float8_e5m2fnuz, nf::float8_e8m0fnu, nf::float4_e2m1fn,
               nf::bfloat16, Float<5, 3, 16, Specials::p3109, Signedness::is_unsigned>>;

}  // namespace

TEST_CASE("arrays: encoding named formats to nearest, all saturations, as the scalar does",
          "[isa]") {
  for_each_format<named_formats>([]<class F>() { check_encode<F>(deciding_floats<F>()); });
}

TEST_CASE("arrays: encoding custom formats to nearest, all saturations, as the scalar does",
          "[isa]") {
  for_each_format<distinct_formats>([]<class F>() { check_encode<F>(deciding_floats<F>()); });
}

TEST_CASE("arrays: every rounding, as the scalar does", "[isa]") {
  for_each_format<rounded_formats>([]<class F>() {
    Mismatches bad;
    const auto in = deciding_floats<F>();
    for_each_mode([&](auto policy, oracle::Mode) {
      check<F>(in, policy, nf::Saturation::none, nf::Subnormals::keep, bad);
    });
    check<F>(in, nf::Stochastic<>{.seed = 5, .stream = 7, .offset = 3}, nf::Saturation::none,
             nf::Subnormals::keep, bad);
    check<F>(in,
             nf::Stochastic<24, nf::StochasticVariant::p3109_a>{
                 .seed = 5, .stream = 7, .offset = ~std::uint64_t{0} - 2},
             nf::Saturation::none, nf::Subnormals::keep, bad);
    CHECK(bad.report() == "");
  });
}

TEST_CASE("arrays: decoding every code, as the scalar does", "[isa]") {
  const auto decode = []<class F>() {
    Mismatches bad;
    check<float>(every_code<F>(), nf::nearest_even, nf::Saturation::none, nf::Subnormals::keep,
                 bad);
    check<float>(every_code<F>(), nf::nearest_even, nf::Saturation::finite, nf::Subnormals::flush,
                 bad);
    CHECK(bad.report() == "");
  };
  for_each_format<named_formats>(decode);
  for_each_format<distinct_formats>(decode);
}

TEST_CASE("arrays: every half-word to narrower formats, as the scalar does", "[isa]") {
  Mismatches bad;
  const auto check_target = [&]<class To, class R>(R rounding) {
    for (const nf::Saturation saturation : saturations) {
      check<To>(every_code<nf::float16>(), rounding, saturation, nf::Subnormals::keep, bad);
      check<To>(every_code<nf::bfloat16>(), rounding, saturation, nf::Subnormals::keep, bad);
    }
  };
  check_target.operator()<nf::float8_e5m2>(nf::nearest_even);
  check_target.operator()<nf::float8_e4m3fnuz>(nf::toward_positive);
  check_target.operator()<nf::float8_ue5m3>(nf::to_odd);
  check_target.operator()<nf::float6_e2m3fn>(nf::nearest_away);
  CHECK(bad.report() == "");
}

TEST_CASE("arrays: doubles to narrower formats, as the scalar does", "[isa]") {
  Mismatches bad;
  const auto check_target = [&]<class To, class R>(R rounding) {
    for (const nf::Saturation saturation : saturations)
      check<To>(deciding_doubles<To>(), rounding, saturation, nf::Subnormals::keep, bad);
  };
  check_target.operator()<nf::float8_e5m2>(nf::nearest_even);
  check_target.operator()<nf::float8_ue5m3>(nf::toward_zero);
  check_target.operator()<nf::float4_e2m1fn>(nf::to_odd);
  check_target.operator()<nf::float16>(nf::toward_negative);
  check_target.operator()<nf::bfloat16>(nf::nearest_even);
  check_target.operator()<nf::bfloat16>(nf::nearest_away);
  check_target.operator()<nf::bfloat16>(nf::Stochastic<8>{.seed = 4});
  // Of 19 mantissa bits the float between has four more, of 20 three.
  const auto check_ties = [&]<int M>() {
    std::vector<double> ties;
    for (int k = 0; k < 64; ++k)
      for (const double beyond : {0.0, 0x1p-45, -0x1p-45})
        ties.push_back(1 + std::ldexp(k, -M - 2) + beyond);
    check<Float<5, M, 15>>(ties, nf::nearest_even, nf::Saturation::none, nf::Subnormals::keep, bad);
  };
  check_ties.operator()<19>();
  check_ties.operator()<20>();
  check_ties.operator()<21>();
  CHECK(bad.report() == "");
}

TEST_CASE("arrays: between formats and from double, as the scalar does", "[isa]") {
  Mismatches bad;
  const auto none = nf::Saturation::none;
  check<nf::float8_e4m3fn>(every_code<nf::float16>(), nf::nearest_even, none, nf::Subnormals::keep,
                           bad);
  check<nf::float16>(every_code<nf::bfloat16>(), nf::nearest_even, none, nf::Subnormals::flush,
                     bad);
  check<nf::bfloat16>(every_code<nf::float8_e5m2fnuz>(), nf::nearest_even, none,
                      nf::Subnormals::keep, bad);
  check<nf::float8_e5m2>(every_code<nf::float8_e5m2>(), nf::nearest_even, nf::Saturation::finite,
                         nf::Subnormals::flush, bad);
  check<nf::float8_e4m3fn>(deciding_doubles<nf::float8_e4m3fn>(), nf::nearest_even, none,
                           nf::Subnormals::keep, bad);
  check<float>(deciding_doubles<nf::float16>(), nf::nearest_even, none, nf::Subnormals::keep, bad);
  check<float>(deciding_doubles<nf::bfloat16>(), nf::toward_positive, none, nf::Subnormals::keep,
               bad);
  check<double>(every_code<nf::float16>(), nf::nearest_even, none, nf::Subnormals::keep, bad);
  CHECK(bad.report() == "");
}

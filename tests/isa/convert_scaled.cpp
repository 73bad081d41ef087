// SPDX-License-Identifier: MIT
// A conversion with a Scale is the conversion of the product, rounded to nearest whatever the
// policy; arrays do as the scalar does, and both as the product in a float does.
#include <narrowfloat/convert.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"
#include "support/stratified.hpp"

using namespace test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

std::vector<float> factors() {
  return {1.0f, 2.0f,      0x1p-20f, 0x1p100f,  0x1p-149f,
          0.0f, -1.5f,     3e38f,    1e-40f,    -1e-40f,
          0.1f, 0x1.8p23f, infinity, -infinity, std::numeric_limits<float>::quiet_NaN()};
}

std::string hex(float x) {
  char text[40];
  std::snprintf(text, sizeof text, "%a", static_cast<double>(x));
  return text;
}

/// Inputs with every exponent; 2^14, since there are many factors and policies.
const std::vector<float>& inputs() {
  static const std::vector<float> in = stratified_floats(14);
  return in;
}

/// What the documentation promises, by the processor's product: flush acts on the factors and on
/// the product, a NaN x keeps its sign, every other NaN is positive.
float product(float x, float factor, nf::Subnormals subnormals) {
  const auto flushed = [&](float y) {
    const bool flush = subnormals == nf::Subnormals::flush;
    return flush && std::fabs(y) < 0x1p-126f ? std::copysign(0.0f, y) : y;
  };
  x = flushed(x);
  if (std::isnan(x)) return x;
  const float exact = x * factor;
  return std::isnan(exact) ? std::numeric_limits<float>::quiet_NaN() : exact;
}

template <class To, class R>
void check_policy(R rounding, nf::Saturation saturation, nf::Subnormals subnormals,
                  Mismatches& bad) {
  std::vector<To> out(inputs().size());
  for (const float factor : factors()) {
    nf::convert(inputs(), out, nf::Scale{factor}, rounding, saturation, subnormals);
    R here = rounding;
    for (std::size_t i = 0; i < out.size(); ++i) {
      const float x = inputs()[i];
      if constexpr (nf::detail::is_keyed<R>) here.offset = rounding.offset + i;
      const auto where = [&](const char* what) {
        return [&, what] {
          return name_of<To>() + " times " + hex(factor) + what + ", rule " +
                 std::to_string(static_cast<int>(R::rule));
        };
      };
      const To scalar = nf::convert<To>(x, nf::Scale{factor}, here, saturation, subnormals);
      bad.expect_equal(where(""), bits_of(x), bits_of(scalar), bits_of(out[i]));
      const To of_product =
          nf::convert<To>(product(x, factor, subnormals), here, saturation, subnormals);
      bad.expect_equal(where(", the scalar"), bits_of(x), bits_of(of_product), bits_of(scalar));
    }
  }
}

template <class To>
void check_format() {
  Mismatches bad;
  for_each_mode([&](auto rounding, oracle::Mode) {
    check_policy<To>(rounding, nf::Saturation::none, nf::Subnormals::keep, bad);
  });
  for (const nf::Saturation saturation : saturations) {
    check_policy<To>(nf::nearest_even, saturation, nf::Subnormals::flush, bad);
    check_policy<To>(nf::nearest_even, saturation, nf::Subnormals::keep, bad);
  }
  check_policy<To>(nf::Stochastic<>{.seed = 1, .stream = 2, .offset = 3},
                   nf::default_saturation<To>, nf::Subnormals::keep, bad);
  CHECK(bad.report() == "");
}

}  // namespace

TEST_CASE("scaled arrays: the product rounded to nearest, then converted", "[isa]") {
  check_format<nf::float8_e4m3fn>();
  check_format<nf::bfloat16>();
  check_format<nf::float16>();
  check_format<nf::tfloat32>();
}

TEST_CASE("scaled arrays: to float the product itself", "[isa]") {
  Mismatches bad;
  check_policy<float>(nf::nearest_even, nf::Saturation::none, nf::Subnormals::keep, bad);
  check_policy<float>(nf::toward_negative, nf::Saturation::none, nf::Subnormals::keep, bad);
  CHECK(bad.report() == "");
}

TEST_CASE("scaled arrays: explicit words stay with their elements", "[isa]") {
  const std::vector<float>& in = inputs();
  std::vector<std::uint32_t> words(in.size());
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = static_cast<std::uint32_t>(i) * 40503u;
  std::vector<nf::float8_e5m2> out(in.size());
  nf::convert(in, out, nf::Scale{0.1f}, nf::StochasticA<16>{words});
  Mismatches bad;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const auto expected =
        nf::convert<nf::float8_e5m2>(in[i], nf::Scale{0.1f}, nf::StochasticA<16>{words[i]});
    bad.expect_equal([] { return std::string("explicit"); }, i, expected.bits(), out[i].bits());
  }
  CHECK(bad.report() == "");
}

TEST_CASE("scaled arrays: in place where the elements have the same size", "[isa]") {
  std::vector<float> in = inputs();
  nf::convert(in, in, nf::Scale{0.1f});
  Mismatches bad;
  for (std::size_t i = 0; i < in.size(); ++i) {
    bad.expect_equal([] { return std::string("in place"); }, bits_of(inputs()[i]),
                     bits_of(nf::convert<float>(inputs()[i], nf::Scale{0.1f})), bits_of(in[i]));
  }
  CHECK(bad.report() == "");
}

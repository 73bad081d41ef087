// SPDX-License-Identifier: MIT
// RuntimeFormat: its values are those of the compile-time formats where the bias is an integer,
// bias and largest value belong together, channels have their own range, and what is refused.
#include <narrowfloat/quantize/fake_quantize.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/check_grid.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

template <class F>
void check_values() {
  const auto format = nf::RuntimeFormat::from_bias(F::exponent_bits, F::mantissa_bits, F::bias);
  CHECK(format.bias() == F::bias);
  CHECK(format.width() == F::width);
  Mismatches bad;
  for (std::uint32_t code = 0; code < 1u << F::width; ++code) {
    const auto expected = static_cast<float>(F::from_bits(static_cast<typename F::Storage>(code)));
    bad.expect_equal([] { return name_of<F>(); }, code, bits_of(expected),
                     bits_of(format.decode(code)));
  }
  const std::vector<float> in = stratified_floats(12);
  std::vector<float> out(in.size());
  nf::fake_quantize(in, out, format);
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (std::isnan(in[i])) continue;
    const auto expected =
        static_cast<float>(nf::convert<F>(in[i], nf::nearest_even, nf::Saturation::finite));
    bad.expect_equal([] { return name_of<F>(); }, bits_of(in[i]), bits_of(expected),
                     bits_of(out[i]));
  }
  CHECK(bad.report() == "");
}

}  // namespace

TEST_CASE("runtime format: an integer bias gives the values of the compile-time format",
          "[quantize][runtime]") {
  check_values<Float<4, 3, 8, Specials::finite>>();
  check_values<Float<5, 2, 16, Specials::finite>>();
  check_values<Float<2, 5, 2, Specials::finite>>();
  check_values<Float<3, 4, -5, Specials::finite>>();
  check_values<Float<1, 6, 1, Specials::finite>>();
  check_values<Float<4, 3, 130, Specials::finite>>();
  check_values<nf::float4_e2m1fn>();
  check_values<nf::float6_e3m2fn>();
  check_values<Float<6, 9, 31, Specials::finite>>();
}

TEST_CASE("runtime format: every value of a real range by the oracle", "[quantize][runtime]") {
  Mismatches bad;
  for (const nf::RuntimeFormat& format : grid_formats()) {
    if (format.width() > 16) continue;
    for (std::uint32_t code = 0; code < 1u << format.width(); ++code) {
      bad.expect_equal([] { return std::string("value"); }, code, bits_of(grid_value(code, format)),
                       bits_of(format.decode(code)));
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("runtime format: bias and largest value belong together", "[quantize][runtime]") {
  // b = 2^E - log2(c) + log2(2 - 2^-M) - 1
  const nf::RuntimeFormat format{.exponent_bits = 4, .mantissa_bits = 3, .max_value = 100};
  CHECK(std::fabs(format.bias() - (16 - std::log2(100.0) + std::log2(1.875) - 1)) < 1e-12);
  CHECK(nf::RuntimeFormat::from_bias(4, 3, format.bias()).max_value == 100);
  CHECK(nf::RuntimeFormat::from_bias(4, 3, 8.5).max_value ==
        static_cast<float>(240 / std::sqrt(2.0)));
  CHECK(nf::RuntimeFormat::from_bias(4, 4, 8, false).width() == 8);
}

TEST_CASE("fake quantization: Inf is clipped, NaN stays, negative zero too",
          "[quantize][runtime]") {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> in{inf, -inf, std::bit_cast<float>(0xffc12345u), -0.0f, -1e-30f, 0.0f};
  std::vector<float> out(6);
  nf::fake_quantize(in, out, {4, 3, 11.3f});
  CHECK(out[0] == 11.3f);
  CHECK(out[1] == -11.3f);
  CHECK(bits_of(out[2]) == 0x7fc00000u);
  CHECK(bits_of(out[3]) == 0x80000000u);
  CHECK(bits_of(out[4]) == 0x80000000u);
  CHECK(bits_of(out[5]) == 0);
  nf::fake_quantize(in, out, {4, 4, 11.3f, false});
  CHECK(out[0] == 11.3f);
  CHECK(bits_of(out[1]) == 0);
  CHECK(bits_of(out[2]) == 0x7fc00000u);
  CHECK(bits_of(out[3]) == 0);
}

TEST_CASE("fake quantization: each channel has its range", "[quantize][runtime]") {
  const std::vector<float> largest{0.5f, 3, 1e-20f};
  std::vector<float> in(3 * 37), out(in.size()), expected(in.size());
  for (std::size_t i = 0; i < in.size(); ++i)
    in[i] = largest[i / 37] * (static_cast<float>((i * 7919) % 1009) / 400 - 1.2f);
  nf::fake_quantize(in, largest, out, 3, 37, {3, 4});
  for (std::size_t i = 0; i < in.size(); ++i) expected[i] = on_grid(in[i], {3, 4, largest[i / 37]});
  CHECK((out == expected));
  // the first 20 columns of a wider matrix, the others stay
  std::vector<float> some(in.size(), 7);
  nf::fake_quantize(nf::MatrixView(in, 3, 20, 37), largest, nf::MatrixView(some, 3, 20, 37),
                    {3, 4});
  for (std::size_t i = 0; i < in.size(); ++i) expected[i] = i % 37 < 20 ? expected[i] : 7;
  CHECK((some == expected));
}

TEST_CASE("fake quantization: the gradients of the straight-through estimator",
          "[quantize][runtime]") {
  const std::vector<float> in{1, 3.5f, -0.7f, 9, -9, 7.5f, -7.5f};
  const std::vector<float> slopes{1, 2, 4, 8, 16, 32, 64};
  std::vector<float> out(7);
  const nf::RuntimeFormat format{.exponent_bits = 2, .mantissa_bits = 1, .max_value = 7.5f};
  // values 7.5 / 12 * {0, 1, 2, 3, 4, 6, 8, 12}: 0.625, 1.25, 1.875, 2.5, 3.75, 5, 7.5
  const double range = nf::fake_quantize_gradient(in, slopes, out, format).max_value;
  const double expected =
      ((1.25 - 1) * 1 + (3.75 - 3.5) * 2 + (-0.625 + static_cast<double>(0.7f)) * 4) / 7.5 + 8 - 16;
  CHECK(std::fabs(range - expected) < 1e-6);
  CHECK(out == std::vector<float>{1, 2, 4, 0, 0, 32, 64});

  const nf::RuntimeFormat positive{
      .exponent_bits = 2, .mantissa_bits = 1, .max_value = 7.5f, .is_signed = false};
  CHECK(std::fabs(nf::fake_quantize_gradient(in, slopes, out, positive).max_value -
                  ((1.25 - 1) * 1 + (3.75 - 3.5) * 2) / 7.5 - 8) < 1e-6);
  CHECK(out == std::vector<float>{1, 2, 0, 0, 0, 32, 0});

  const std::vector<float> bad{1, std::nanf("")}, ones{1, 1};
  std::vector<float> two(2);
  CHECK(std::isnan(nf::fake_quantize_gradient(bad, ones, two, format).max_value));
  CHECK(two == std::vector<float>{1, 0});
}

TEST_CASE("fake quantization: gradients in the memory of the inputs, or of the gradients",
          "[quantize][runtime]") {
  const nf::RuntimeFormat format{3, 2, 6.5f};
  std::vector<float> in(77), slopes(77), expected(77);
  for (std::size_t i = 0; i < in.size(); ++i) {
    in[i] = static_cast<float>((i * 7919) % 1009) / 60 - 8;
    slopes[i] = static_cast<float>((i * 104729) % 1013) / 7 - 70;
  }
  const auto by = nf::fake_quantize_gradient(in, slopes, expected, format);
  std::vector<float> again = in;
  CHECK(nf::fake_quantize_gradient(again, slopes, again, format).max_value == by.max_value);
  CHECK(again == expected);
  CHECK(nf::fake_quantize_gradient(in, slopes, slopes, format).mantissa_bits == by.mantissa_bits);
  CHECK(slopes == expected);
}

TEST_CASE("fake quantization: the gradient of the mantissa bits is that of the step",
          "[quantize][runtime]") {
  // arXiv 2208.09225: q = s round(x / s), s = 2^(p - M - b), b = 2^E - log2(c) + log2(2 - 2^-M) -
  // 1, E = 7 - M; p, and the rounding, count as constants of M
  const double c = 4.3;
  const auto step = [&](double p, double mantissa) {
    const double bias =
        std::exp2(7 - mantissa) - std::log2(c) + std::log2(2 - std::exp2(-mantissa)) - 1;
    return std::exp2(p - mantissa - bias);
  };
  const std::vector<float> in{1.01f, -0.37f, 0.003f, 9, -9, 3.9f, 0},
      slopes{1, 2, 4, 8, 16, 32, 64};
  std::vector<float> out(in.size()), q(in.size());
  for (const int M : {1, 3, 5, 6}) {
    const nf::RuntimeFormat format{7 - M, M, static_cast<float>(c)};
    nf::fake_quantize(in, q, format);
    double expected = 0;
    for (std::size_t i = 0; i < in.size(); ++i) {
      const double x = in[i];
      if (x == 0 || std::fabs(x) > c) continue;
      const double p = std::max(1.0, std::floor(std::log2(std::fabs(x)) + format.bias()));
      const double slope = (step(p, M + 1e-5) - step(p, M - 1e-5)) / 2e-5;
      expected +=
          static_cast<double>(slopes[i]) * slope * (static_cast<double>(q[i]) - x) / step(p, M);
    }
    CHECK(nf::fake_quantize_gradient(in, slopes, out, format).mantissa_bits ==
          Approx(expected).epsilon(1e-4));
  }
  CHECK(nf::fake_quantize_gradient(in, slopes, out, {0, 7, 4.3f}).mantissa_bits == 0);
}

TEST_CASE("runtime format: what is no format is refused before anything is written",
          "[quantize][runtime]") {
  const std::vector<float> in(4, 1.0f);
  std::vector<float> out(4, 5.0f), three(3);
  CHECK_THROWS_WITH(
      nf::fake_quantize(in, out, {0, 12, 1}),
      "narrowfloat::fake_quantize: a format has 1 to 8 exponent and 1 to 10 mantissa bits, or none "
      "and 1 to 11, not 0 and 12");
  CHECK_THROWS_AS(nf::fake_quantize(in, out, {9, 3, 1}), std::invalid_argument);
  CHECK_THROWS_AS(nf::fake_quantize(in, out, {4, 11, 1}), std::invalid_argument);
  CHECK_THROWS_WITH(
      nf::fake_quantize(in, out, {4, 3, -1}),
      "narrowfloat::fake_quantize: the largest value of a format is positive and finite, not -1.000000");
  CHECK_THROWS_AS(nf::fake_quantize(in, out, {4, 3, 0}), std::invalid_argument);
  CHECK_THROWS_AS(nf::fake_quantize(in, out, {4, 3, std::nanf("")}), std::invalid_argument);
  CHECK_THROWS_AS(nf::fake_quantize(in, three, {4, 3, 1}), std::invalid_argument);
  CHECK_THROWS_WITH(nf::fake_quantize(in, three, out, 2, 2, {4, 3}),
                    "narrowfloat::fake_quantize: 2 channels have 3 largest values");
  CHECK_THROWS_AS(nf::fake_quantize(in, std::vector<float>{1, 0}, out, 2, 2, {4, 3}),
                  std::invalid_argument);
  CHECK_THROWS_AS(nf::fake_quantize_gradient(in, three, out, {4, 3, 1}), std::invalid_argument);
  CHECK_THROWS_AS(nf::RuntimeFormat::from_bias(4, 3, -1000), std::invalid_argument);
  CHECK_THROWS_WITH((void)(nf::RuntimeFormat{4, 3, 1}).decode(256),
                    "narrowfloat::RuntimeFormat::decode: a format of 8 bits has no code 256");
  CHECK(out == std::vector<float>(4, 5.0f));
}

// SPDX-License-Identifier: MIT
// dequantize_product(): bit by bit the chain of double products that it states, and close to the
// exact value.
#include <narrowfloat/quantize/integer.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/check_int8.hpp"
#include "support/guarded_pages.hpp"

using namespace test;

TEST_CASE("int8 products: the stated chain, every length, nothing outside is touched", "[isa]") {
  constexpr std::size_t longest = 4 * 16 + 3;
  std::uint32_t state = 3;
  const auto next = [&] { return state = state * 1664525u + 1013904223u; };
  Mismatches bad;
  GuardedPages sums_pages(longest * 4), out_pages(longest * 4), scale_pages(longest * 4),
      bias_pages(longest * 4);
  for (std::size_t n = 0; n <= longest; ++n) {
    for (int way = 0; way < 4; ++way) {
      auto* const sums = reinterpret_cast<std::int32_t*>(sums_pages.end() - 4 * n);
      auto* const out = reinterpret_cast<float*>(out_pages.end() - 4 * n);
      auto* const scales = reinterpret_cast<float*>(scale_pages.end() - 4 * n);
      auto* const bias = reinterpret_cast<float*>(bias_pages.end() - 4 * n);
      const float a = n % 8 == 7 ? -0.0f : std::bit_cast<float>(next() % 0x7f800000u);
      for (std::size_t i = 0; i < n; ++i) {
        sums[i] = static_cast<std::int32_t>(next()) >> (next() >> 27);
        scales[i] = std::bit_cast<float>(0x10000000u + next() % 0x60000000u);
        bias[i] = std::bit_cast<float>(next() & 0xbfffffffu);
      }
      const bool has_bias = way & 1, one_scale = way & 2;
      const std::span<const float> all(scales, n), biases(bias, has_bias ? n : 0);
      if (one_scale && n == 0) continue;
      nf::dequantize_product(std::span<const std::int32_t>(sums, n), std::span(&a, 1),
                             one_scale ? all.first(1) : all, std::span<float>(out, n), 1, n,
                             biases);
      for (std::size_t i = 0; i < n; ++i) {
        float y = expected_product(sums[i], a, scales[one_scale ? 0 : i]);
        if (has_bias) y += bias[i];
        if (std::isnan(y)) y = std::bit_cast<float>(0x7fc00000u);
        bad.expect_equal(
            [&] { return "length " + std::to_string(n) + " way " + std::to_string(way); },
            static_cast<std::uint32_t>(sums[i]), bits_of(y), bits_of(out[i]));
      }
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("int8 products: the factor is 1 / 16129, not 6.200124e-05", "[isa]") {
  // The double nearest 1 / 16129, in integers: |16129 m - 2^(52 + 14)| is least for this m.
  const std::uint64_t m = 0x1040c2050c1c41ull;
  const oracle::Wide power = oracle::Wide{1} << 66, product = oracle::Wide{m} * 16129;
  const oracle::Wide away = product > power ? product - power : power - product;
  CHECK(away <= 16129 / 2);
  // 127 * 127 * 1000 products of full scale are exactly 1000; the literal of a known reference
  // gives 1000.018
  const std::vector<std::int32_t> sums{16129000};
  std::vector<float> y(1);
  nf::dequantize_product(sums, std::vector<float>{1}, std::vector<float>{1}, y, 1, 1);
  CHECK(y[0] == 1000);
  CHECK(static_cast<float>(16129000 * 6.200124e-05) != y[0]);
}

TEST_CASE("int8 products: Inf, NaN and what is not a number of theirs", "[isa]") {
  const float inf = std::numeric_limits<float>::infinity();
  const std::uint32_t nan = 0x7fc00000u;
  const std::vector<std::int32_t> sums{0, 1, -1, std::numeric_limits<std::int32_t>::min()};
  const std::vector<float> one{1}, infinite{inf}, negative_nan{std::bit_cast<float>(0xffc12345u)},
      largest{std::numeric_limits<float>::max()}, bias{0, -inf, 1, 0};
  std::vector<float> y(4);
  nf::dequantize_product(sums, one, infinite, y, 1, 4);
  CHECK(bits_of(y[0]) == nan);
  CHECK(y[1] == inf);
  CHECK(y[2] == -inf);
  nf::dequantize_product(sums, one, infinite, y, 1, 4, bias);
  CHECK(bits_of(y[1]) == nan);
  nf::dequantize_product(sums, negative_nan, one, y, 1, 4);
  for (const float x : y) CHECK(bits_of(x) == nan);
  nf::dequantize_product(sums, largest, largest, y, 1, 4);
  CHECK(y[1] == inf);
  CHECK(y[0] == 0);
}

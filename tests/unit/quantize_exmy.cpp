// SPDX-License-Identifier: MIT
// eXmY: the exponents of groups, beside those that block tensors choose and the oracle's rounding;
// the split of a number of bits, beside a search in integers.
#include <narrowfloat/quantize/exmy.hpp>

#include <cfenv>
#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr nf::BiasGuard guards[] = {nf::BiasGuard::carry, nf::BiasGuard::saturate};

/// Numbers of different sizes, 2^-q their last place.
std::vector<float> numbers(std::size_t n, std::uint32_t seed, int q) {
  std::vector<float> values(n);
  for (float& x : values) {
    seed = seed * 1664525u + 1013904223u;
    const auto whole = static_cast<float>(static_cast<std::int32_t>(seed) >> (12 + seed / 16 % 16));
    x = std::ldexp(whole, -q);
  }
  return values;
}

/// floor(log2 x), one more where the oracle rounds x up to the next power of two, ties up.
int exponent_by_oracle(float x, int fraction_bits, nf::BiasGuard guard) {
  const int exponent = std::ilogb(static_cast<double>(x));
  if (guard == nf::BiasGuard::saturate) return exponent;
  const oracle::Format format{8, fraction_bits, 127, oracle::Special::finite, true};
  const double mantissa = std::ldexp(static_cast<double>(x), -exponent);
  const std::uint32_t code = oracle::round(format, exact_of(mantissa), {oracle::Mode::nearest_away},
                                           oracle::Saturation::finite);
  return exponent + (code >> fraction_bits == 128 ? 1 : 0);
}

template <int E, int M, int K, int Rows>
void check_container(const std::vector<float>& values, std::size_t rows, std::size_t cols, int axis,
                     nf::BlockShape shape) {
  using Format = nf::exmy<E, M, K, Rows>;
  for (const nf::BiasGuard guard : guards) {
    const auto t = nf::BlockTensor<Format>::quantize(
        values, rows, cols,
        {.rule = nf::scale_rule(guard), .axis = axis, .non_finite = nf::NonFinite::propagate});
    const auto exponents = nf::block_exponents(values, rows, cols, shape, {E, M}, guard);
    REQUIRE(t.scales().size() == exponents.size());
    for (std::size_t i = 0; i < exponents.size(); ++i)
      REQUIRE(t.scales()[i].exponent() == std::max(exponents[i], -127));
  }
}

template <int E, int M>
void check_containers() {
  CAPTURE(E, M);
  constexpr std::size_t rows = 13, cols = 50;
  std::vector<float> values = numbers(rows * cols, 40 * E + M, 10);
  values[3] = infinity;
  values[77] = not_a_number;
  std::fill_n(values.begin() + 5 * cols, cols, 0.0f);
  constexpr int whole = nf::whole;
  check_container<E, M, whole, whole>(values, rows, cols, 1, {whole, whole});
  check_container<E, M, whole, 1>(values, rows, cols, 1, {1, whole});
  check_container<E, M, whole, 1>(values, rows, cols, 0, {whole, 1});
  check_container<E, M, 16, 1>(values, rows, cols, 1, {1, 16});
  check_container<E, M, 8, 4>(values, rows, cols, 1, {4, 8});
}

/// The squared error of a format in units of 2^-2q, of which values and codes are multiples.
__extension__ typedef unsigned __int128 wide;
wide error_by_oracle(const std::vector<float>& values, const nf::ExmyFormat& f, int q) {
  const oracle::Format format{f.exponent_bits, f.mantissa_bits, f.bias, oracle::Special::finite,
                              true};
  wide sum = 0;
  for (const float x : values) {
    if (!std::isfinite(x)) continue;
    const std::uint32_t code = oracle::round(format, exact_of(x), {}, oracle::Saturation::finite);
    const oracle::Exact image = oracle::decode(format, code);
    const double y = std::ldexp(static_cast<double>(image.significand), image.exponent + q);
    const double d = std::ldexp(std::fabs(static_cast<double>(x)), q) - y;
    REQUIRE(d == std::floor(d));
    sum += static_cast<wide>(std::fabs(d)) * static_cast<wide>(std::fabs(d));
  }
  return sum;
}

nf::ExmyChoice choice_by_oracle(const std::vector<float>& values, int bits, int amax_exponent,
                                int q, int exponents) {
  nf::ExmyChoice best{};
  wide least = 0;
  bool found = false;
  for (int e = 0; e <= std::min(8, bits - 1); ++e) {
    for (int top = amax_exponent; top > amax_exponent - exponents; --top) {
      const nf::ExmyFormat format{e, bits - 1 - e, (1 << e) - 1 - top};
      const wide error = error_by_oracle(values, format, q);
      if (found && error >= least) continue;
      found = true;
      least = error;
      best = {format, std::ldexp(static_cast<double>(error), -2 * q)};
    }
  }
  return best;
}

}  // namespace

TEST_CASE("the exponent of a block, with and without the guard", "[quantize][exmy]") {
  for (const nf::BiasGuard guard : guards) {
    for (const int m : {0, 1, 3, 7, 22, 23}) {
      for (int e = -149; e <= 126; ++e) {
        for (const float fraction : {1.0f, 1.4375f, 1.5f, 1.75f, 1.875f, 1.96875f, 2 - 0x1p-23f}) {
          const float x = std::ldexp(fraction, e);
          REQUIRE(nf::block_exponent(x, {3, m}, guard) == exponent_by_oracle(x, m, guard));
          REQUIRE(nf::block_exponent(-x, {0, m + 1 < 24 ? m + 1 : 23}, guard) ==
                  exponent_by_oracle(x, m < 23 ? m : 22, guard));
        }
      }
    }
  }
  CHECK(nf::block_exponent(0, {3, 1}) == -149);
  CHECK(nf::block_exponent(infinity, {3, 1}, nf::BiasGuard::saturate) == 127);
  CHECK(nf::block_exponent(not_a_number, {3, 1}) == 128);
  CHECK_THROWS_AS(nf::block_exponent(1, {9, 1}), std::invalid_argument);
}

TEST_CASE("block tensors are the container of the exponents", "[quantize][exmy]") {
  check_containers<3, 1>();
  check_containers<2, 3>();
  check_containers<0, 6>();
  check_containers<4, 0>();
}

TEST_CASE("a bias puts the largest magnitude into the top binade", "[quantize][exmy]") {
  for (int e = 0; e <= 8; ++e) {
    for (const float amax : {0.011f, 1.0f, 23.9f, 3e7f}) {
      const nf::ExmyFormat f = nf::exmy_format(amax, e, 3);
      CHECK(f.top() == nf::block_exponent(amax, {e, 3}));
      CHECK(f.width() == 4 + e);
    }
  }
}

TEST_CASE("blocks that do not fit are refused", "[quantize][exmy]") {
  const std::vector<float> six(6);
  CHECK_THROWS_WITH(nf::block_exponents(six, 2, 2, {}, {3, 1}),
                    "narrowfloat::block_exponents: the input has 6 elements, the matrix 2 x 2");
  CHECK_THROWS_AS(nf::block_exponents(six, 2, 3, {.rows = 0}, {3, 1}), std::invalid_argument);
  CHECK_THROWS_AS(nf::block_exponents(six, 2, 3, {}, {0, 0}), std::invalid_argument);
  CHECK(nf::block_exponents(std::vector<float>{}, 0, 5, {1, nf::whole}, {3, 1}).empty());
  CHECK(nf::block_exponents(six, 2, 3, {nf::whole, nf::whole}, {3, 1}) == std::vector{-149});
}

TEST_CASE("the split of the bits with the least squared error", "[quantize][exmy]") {
  constexpr int q = 12;
  for (std::uint32_t seed = 1; seed <= 6; ++seed) {
    std::vector<float> values = numbers(200, seed, q);
    const float amax = *std::max_element(
        values.begin(), values.end(), [](float a, float b) { return std::fabs(a) < std::fabs(b); });
    values.push_back(infinity);
    values.push_back(not_a_number);
    for (int bits = 2; bits <= 10; ++bits) {
      CAPTURE(seed, bits);
      // with the guard `saturate` the exponent is the same for all splits; 4 cover what `carry`
      // adds
      const nf::ExmyChoice got =
          nf::recommend_exmy(values, bits, {.guard = nf::BiasGuard::saturate, .exponents = 4});
      // steps of 2^-40: finer ones than all values have no errors below
      const nf::ExmyChoice expected =
          choice_by_oracle(values, bits, std::ilogb(std::fabs(amax)), q + 12, 4);
      CHECK(got.format == expected.format);
      CHECK(got.squared_error == Approx(expected.squared_error).epsilon(1e-14));
    }
  }
}

TEST_CASE("the guard, and clipping, where they lose less", "[quantize][exmy]") {
  // 1.9375 rounds to 2 in a mantissa of 3 bits
  const std::vector<float> carried{1.9375f};
  CHECK(nf::recommend_exmy(carried, 5, {.exponents = 1}).format.top() == 1);
  CHECK(nf::recommend_exmy(carried, 5, {.guard = nf::BiasGuard::saturate, .exponents = 1})
            .format.top() == 0);
  std::vector<float> outlier = numbers(3000, 5, 20);
  outlier[7] = 3;
  CHECK(nf::recommend_exmy(outlier, 4, {.exponents = 6}).squared_error <=
        nf::recommend_exmy(outlier, 4, {.exponents = 1}).squared_error);
  const std::vector<float> clipped{1.0f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f};
  // two bits: e0m1 is 0 and one number
  const nf::ExmyChoice two = nf::recommend_exmy(clipped, 2);
  CHECK(two.format.exponent_bits == 0);
  CHECK(two.format.top() == -1);
  CHECK(two.squared_error == 0.25);
}

TEST_CASE("of equals the fewest exponent bits, then the smallest bias", "[quantize][exmy]") {
  CHECK(nf::recommend_exmy(std::vector{1.0f}, 6).format == nf::ExmyFormat{0, 5, 0});
  CHECK(nf::recommend_exmy(std::vector{-0x1p-149f}, 6).format == nf::ExmyFormat{0, 5, 149});
  CHECK(nf::recommend_exmy(std::vector{0x1.fffffep127f}, 25).format == nf::ExmyFormat{1, 23, -126});
  CHECK(nf::recommend_exmy(std::vector{0x1.fffffep127f, 0x1p-149f}, 32).squared_error <= 0x1p-298);
  for (const auto& none : {std::vector<float>{}, {0.0f, -0.0f}, {infinity, not_a_number}}) {
    CHECK(nf::recommend_exmy(none, 6).format == nf::ExmyFormat{0, 5, 1});
    CHECK(nf::recommend_exmy(none, 32).format == nf::ExmyFormat{8, 23, 1});
    CHECK(nf::recommend_exmy(none, 6).squared_error == 0);
  }
  CHECK_THROWS_WITH(
      nf::recommend_exmy(std::vector{1.0f}, 33),
      "narrowfloat::recommend_exmy: no search for formats of 33 bits with 3 exponents");
  CHECK_THROWS_AS(nf::recommend_exmy(std::vector{1.0f}, 1), std::invalid_argument);
  CHECK_THROWS_AS(nf::recommend_exmy(std::vector{1.0f}, 8, {.exponents = 0}),
                  std::invalid_argument);
}

TEST_CASE("narrow tensors are searched as their floats", "[quantize][exmy]") {
  const std::vector<float> values = numbers(500, 9, 12);
  std::vector<nf::bfloat16> narrow(values.size());
  nf::convert(values, narrow);
  std::vector<float> back(values.size());
  nf::convert(narrow, back);
  CHECK(nf::recommend_exmy(narrow, 6).format == nf::recommend_exmy(back, 6).format);
  CHECK(nf::recommend_exmy(narrow, 6).squared_error == nf::recommend_exmy(back, 6).squared_error);
}

TEST_CASE("no rounding mode moves an exponent or a choice", "[quantize][exmy]") {
  const std::vector<float> values = numbers(500, 3, 12);
  const auto expected = nf::recommend_exmy(values, 5);
  const auto exponents = nf::block_exponents(values, 5, 100, {1, nf::whole}, {3, 1});
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    std::fesetround(mode);
    const auto got = nf::recommend_exmy(values, 5);
    const auto same = nf::block_exponents(values, 5, 100, {1, nf::whole}, {3, 1});
    std::fesetround(FE_TONEAREST);
    CHECK(got.format == expected.format);
    CHECK(got.squared_error == expected.squared_error);
    CHECK(same == exponents);
  }
}

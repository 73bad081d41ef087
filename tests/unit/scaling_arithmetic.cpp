// SPDX-License-Identifier: MIT
// The arithmetic that scales are made of rounds like the processor's: products, quotients, roots
// and sums of doubles of every exponent, subnormal results, ties and overflows among them.
#include <narrowfloat/scaling.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

/// Doubles and floats of which some have few bits, so that products and sums lie in the middle of
/// two.
struct Numbers {
  std::uint64_t state = 1;
  std::uint64_t word() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state ^ state >> 29;
  }
  double next() {
    const std::uint64_t bits = word() & 0x7fffffffffffffffu;
    const std::uint64_t kept = ~std::uint64_t{0} << word() % 53;
    return std::bit_cast<double>(bits & kept);
  }
  /// Within 2^+-30 of 1.
  double moderate() {
    constexpr std::uint64_t mantissa = (std::uint64_t{1} << 52) - 1,
                            one = std::uint64_t{1023} << 52;
    const double x = std::bit_cast<double>((bits_of(next()) & mantissa) | one);
    return std::ldexp(x, static_cast<int>(word() % 61) - 30);
  }
};

std::uint64_t same_nan(double x) { return std::isnan(x) ? 0x7ff8u : bits_of(x); }

}  // namespace

TEST_CASE("scale arithmetic: doubles as the processor rounds them", "[scaling]") {
  Numbers numbers;
  Mismatches bad;
  for (int i = 0; i < 400000; ++i) {
    const double a = i % 2 == 0 ? numbers.next() : numbers.moderate();
    const double b = i % 2 == 0 ? numbers.next() : numbers.moderate();
    const auto x = nf::detail::exact_of(a), y = nf::detail::exact_of(b);
    const auto expect = [&](const char* what, double wanted, const nf::detail::exact& got) {
      bad.expect_equal([&] { return std::string(what) + " and " + std::to_string(b); }, bits_of(a),
                       same_nan(wanted), same_nan(nf::detail::nearest_double(got)));
    };
    expect("itself", a, x);
    expect("times", a * b, nf::detail::product(x, y));
    expect("minus times", -a * b, nf::detail::product(nf::detail::negated(x), y));
    expect("over", a / b, nf::detail::quotient(x, y));
    expect("root", std::sqrt(a), nf::detail::root(x));
    expect("plus", a + b, nf::detail::sum(x, y));
    expect("minus", a - b, nf::detail::sum(x, nf::detail::negated(y)));
  }
  CHECK(bad.report() == "");
}

TEST_CASE("scale arithmetic: floats as the processor rounds them", "[scaling]") {
  Numbers numbers;
  Mismatches bad;
  for (int i = 0; i < 200000; ++i) {
    const auto a = std::bit_cast<float>(static_cast<std::uint32_t>(numbers.word() >> 33));
    const auto b = std::bit_cast<float>(static_cast<std::uint32_t>(numbers.word() >> 33));
    if (std::isnan(a) || std::isnan(b)) continue;
    const auto x = nf::detail::exact_of(a), y = nf::detail::exact_of(b);
    const auto got = [](const nf::detail::exact& z) {
      return same_nan(nf::detail::nearest_float(z));
    };
    const auto where = [&] { return "over " + std::to_string(bits_of(b)); };
    bad.expect_equal(where, bits_of(a), same_nan(a / b), got(nf::detail::quotient(x, y)));
    bad.expect_equal(where, bits_of(a), same_nan(a * b), got(nf::detail::product(x, y)));
    bad.expect_equal(where, bits_of(a), same_nan(1 / a),
                     same_nan(static_cast<double>(nf::detail::float_quotient(1.0f, a))));
    if (!std::isfinite(a) || !std::isfinite(b) || a == 0 || b == 0) continue;
    const double quotient = static_cast<double>(a) / static_cast<double>(b);  // of 24 bits: as near
    bad.expect_equal(where, bits_of(a), static_cast<std::uint32_t>(std::ilogb(quotient)),
                     static_cast<std::uint32_t>(nf::detail::floor_log2_quotient(x, y)));
  }
  CHECK(bad.report() == "");
}

TEST_CASE("scale arithmetic: roots of every degree", "[scaling]") {
  Numbers numbers;
  for (int n = 1; n < 12; ++n) {
    for (int i = 0; i < 200; ++i) {
      const double a = numbers.moderate();
      const double root =
          nf::detail::nearest_double(nf::detail::nth_root(nf::detail::exact_of(a), n));
      REQUIRE(std::fabs(root / std::pow(a, 1.0 / n) - 1) < 1e-14);
      const double whole = std::floor(std::ldexp(a, -16)) + 1;
      if (whole < 50) {
        double power = 1;
        for (int k = 0; k < n; ++k) power *= whole;
        if (power < 0x1p53)
          REQUIRE(nf::detail::nearest_double(
                      nf::detail::nth_root(nf::detail::exact_of(power), n)) == whole);
      }
    }
  }
  for (int e = -126; e <= 127; ++e) {
    REQUIRE(nf::detail::power_of_two<float>(e) == std::ldexp(1.0f, e));
  }
  CHECK(nf::detail::power_of_two<float>(-149) == 0x1p-149f);
  CHECK(nf::detail::power_of_two<float>(-127) == 0x1p-127f);
}

// SPDX-License-Identifier: MIT
// pow and atan2 of every pair of codes of the formats of 12 and 16 bits: where double's function
// comes within 2^13 units of its last place of a tie, the result is GNU MPFR's rounded once by the
// oracle; elsewhere no library's error matters.
#include "support/mpfr.hpp"

#include <narrowfloat/math.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

/// Whether a double lies within 2^13 units of its last place of a tie of the format.
template <class F>
bool is_near_tie(double x) {
  using layout = nf::detail::layout_of<F>;
  constexpr std::uint64_t leading = std::uint64_t{1} << 52, near = 1 << 13;
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(std::fabs(x));
  const int exponent = static_cast<int>(bits >> 52) - 1023;
  if (exponent > layout::max_exponent + 1) return false;  // Inf and NaN too
  const int step = std::max(exponent - layout::mantissa_bits, layout::quantum);
  const int half = step - 1 - (exponent - 52);  // the bit of the significand
  if (half > 53) return false;
  const std::uint64_t tie = std::uint64_t{1} << half;
  const std::uint64_t rest = (bits % leading + leading) & (2 * tie - 1);
  return (rest > tie ? rest - tie : tie - rest) < near;
}

using Multiprecision = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t);

/// All pairs of a positive a and any b: other signs of a give the same magnitudes. `f` is double's
/// function, `tested` the library's.
template <class F, class Double, class Tested>
void check(Mismatches& bad, Double f, Tested tested, Multiprecision expected) {
  constexpr auto format = oracle_format<F>();
  constexpr std::uint32_t count = nf::detail::layout_of<F>::max_code;
  std::vector<double> values;
  for (std::uint32_t code = 1; code <= count; ++code) values.push_back(value_of_code<F>(code));
  Real y;
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t j = 0; j < 2 * count; ++j) {
      const double b = values[j % count];
      if (!is_near_tie<F>(f(values[i], j < count ? b : -b))) continue;
      const std::uint32_t sign = j < count ? 0 : nf::detail::layout_of<F>::sign_mask;
      const std::uint32_t first = i + 1, second = (j % count + 1) | sign;
      const bool inexact = expected(y, Real(oracle::decode(format, first)),
                                    Real(oracle::decode(format, second)), MPFR_RNDZ) != 0;
      bad.expect_equal([] { return name_of<F>(); }, std::uint64_t{first} << 32 | second,
                       oracle::round(format, y.exact(inexact), {}, oracle::Saturation::none),
                       tested(from_code<F>(first), from_code<F>(second)).bits());
    }
  }
}

using formats = std::tuple<nf::float12_e6m5, nf::float16, nf::bfloat16, nf::float16_e6m9>;

}  // namespace

TEST_CASE("pow is rounded once for every pair", "[math]") {
  limit_exponents();
  Mismatches bad;
  for_each_format<formats>([&]<class F>() {
    check<F>(
        bad, [](double a, double b) { return std::pow(a, b); }, [](F a, F b) { return pow(a, b); },
        mpfr_pow);
  });
  CHECK(bad.report() == "");
}

TEST_CASE("atan2 is rounded once for every pair", "[math]") {
  limit_exponents();
  Mismatches bad;
  for_each_format<formats>([&]<class F>() {
    check<F>(
        bad, [](double a, double b) { return std::atan2(a, b); },
        [](F a, F b) { return atan2(a, b); }, mpfr_atan2);
  });
  CHECK(bad.report() == "");
}

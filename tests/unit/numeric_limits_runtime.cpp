// SPDX-License-Identifier: MIT
// std::hash agrees with ==, and std::numeric_limits with a search through all codes.
#include <narrowfloat/limits.hpp>

#include <cmath>
#include <set>
#include <unordered_set>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

template <class F>
constexpr bool is_small = F::width <= 16;

template <class F>
void check_hash(Mismatches& bad) {
  std::unordered_set<F> hashed;
  std::set<double> values;
  std::set<std::size_t> hashes;
  const std::size_t of_zero = std::hash<F>{}(F(0));
  for (std::uint32_t code = 0; code < code_count<F>(); ++code) {
    const F x = from_code<F>(code);
    if (x != x) continue;
    hashed.insert(x);
    values.insert(static_cast<double>(x));
    hashes.insert(std::hash<F>{}(x));
    if (static_cast<double>(x) == 0) {
      bad.expect_equal(name_of<F>, code, of_zero, std::hash<F>{}(x));
    }
  }
  bad.expect_equal(name_of<F>, 0, values.size(), hashed.size());
  bad.expect(hashes.size() * 2 > values.size(), name_of<F>, 1, values.size(), hashes.size());
}

template <class F>
void check_limits(Mismatches& bad) {
  double largest = -HUGE_VAL, least = HUGE_VAL, smallest = HUGE_VAL;
  bool nan = false, infinity = false;
  for (std::uint32_t code = 0; code < code_count<F>(); ++code) {
    const double x = static_cast<double>(from_code<F>(code));
    nan |= std::isnan(x);
    infinity |= std::isinf(x);
    if (!std::isfinite(x)) continue;
    largest = std::max(largest, x);
    least = std::min(least, x);
    if (x > 0) smallest = std::min(smallest, x);
  }
  using limits = std::numeric_limits<F>;
  const auto expect = [&](double expected, F got) {
    bad.expect_equal(name_of<F>, got.bits(), bits_of(expected), bits_of(static_cast<double>(got)));
  };
  expect(largest, limits::max());
  expect(least, limits::lowest());
  expect(smallest, limits::denorm_min());
  const double no_infinity = nan ? static_cast<double>(limits::quiet_NaN()) : largest;
  expect(infinity ? HUGE_VAL : no_infinity, limits::infinity());
  bad.expect(nan == limits::has_quiet_NaN, name_of<F>, 2, nan, limits::has_quiet_NaN);
  bad.expect(nan == std::isnan(static_cast<double>(limits::quiet_NaN())), name_of<F>, 3, nan, 0);
}

template <class List>
std::string check_all() {
  Mismatches bad;
  for_each_format<List>([&]<class F>() {
    if constexpr (is_small<F>) {
      check_hash<F>(bad);
      check_limits<F>(bad);
    }
  });
  return bad.report();
}

}  // namespace

TEST_CASE("named formats: limits and hash agree with all codes", "[limits]") {
  CHECK(check_all<named_formats>() == "");
}

TEST_CASE("custom formats: limits and hash agree with all codes", "[limits]") {
  CHECK(check_all<custom_formats>() == "");
}

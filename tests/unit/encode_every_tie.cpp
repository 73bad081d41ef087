// SPDX-License-Identifier: MIT
// Every code, midpoint and their neighbours of every format, in every saturation and subnormal
// policy, against the oracle: from float in every mode, from double and for all custom formats in
// some.
#include <narrowfloat/convert.hpp>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

/// Not inlined: the loops below would be unrolled around six copies of it.
template <class F, class Source, class R>
[[gnu::noinline]] std::uint32_t code_of(Source x, R policy, nf::Saturation saturation,
                                        nf::Subnormals subnormals) {
  return nf::convert<F>(x, policy, saturation, subnormals).bits();
}

template <class F, class Source, class R>
void check_mode(const std::vector<Source>& inputs, R policy, oracle::Mode mode, Mismatches& bad) {
  constexpr oracle::Format format = oracle_format<F>();
  for (const Source x : inputs) {
    const oracle::Exact exact = exact_of(x);
    for (const nf::Saturation saturation : saturations) {
      for (const nf::Subnormals subnormals : {nf::Subnormals::keep, nf::Subnormals::flush}) {
        const bool flush = subnormals == nf::Subnormals::flush;
        const std::uint32_t expected =
            oracle::round(format, exact, {mode}, oracle_saturation(saturation), flush);
        const std::uint32_t got = code_of<F>(x, policy, saturation, subnormals);
        const auto where = [&] {
          return name_of<F>() + " mode " + std::to_string(static_cast<int>(mode)) + " saturation " +
                 std::to_string(static_cast<int>(saturation)) + (flush ? " flush" : "");
        };
        // float's own format under another name copies a NaN's bits.
        const bool copied = std::is_same_v<F, nf::Float<8, 23>> && exact.is_nan();
        const bool same = copied ? oracle::is_nan(format, got) : got == expected;
        bad.expect(same, where, bits_of(x), expected, got);
      }
    }
  }
}

template <class List>
void check_every_mode() {
  for_each_format<List>([]<class F>() {
    Mismatches bad;
    const auto inputs = deciding_floats<F>();
    for_each_mode(
        [&](auto policy, oracle::Mode mode) { check_mode<F>(inputs, policy, mode, bad); });
    CHECK(bad.report() == "");
  });
}

template <class List>
void check_from_double() {
  for_each_format<List>([]<class F>() {
    Mismatches bad;
    const auto inputs = deciding_doubles<F>();
    check_mode<F>(inputs, nf::nearest_even, oracle::Mode::nearest_even, bad);
    check_mode<F>(inputs, nf::toward_negative, oracle::Mode::toward_negative, bad);
    CHECK(bad.report() == "");
  });
}

}  // namespace

TEST_CASE("from float in every mode, named formats", "[encode]") {
  check_every_mode<named_formats>();
}
TEST_CASE("from float in every mode, custom formats that differ in their formulas", "[encode]") {
  check_every_mode<distinct_formats>();
}
TEST_CASE("from float to nearest, every custom format", "[encode]") {
  for_each_format<custom_formats>([]<class F>() {
    Mismatches bad;
    check_mode<F>(deciding_floats<F>(), nf::nearest_even, oracle::Mode::nearest_even, bad);
    CHECK(bad.report() == "");
  });
}
TEST_CASE("from double, rounded once", "[encode]") {
  check_from_double<named_formats>();
  check_from_double<distinct_formats>();
}

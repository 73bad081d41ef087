// SPDX-License-Identifier: MIT
// Every code, midpoint and their neighbours of every format, in every mode, saturation and
// subnormal policy, from float and from double, against the oracle.
#include <narrowfloat/convert.hpp>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

template <class F, class Source>
void check_all(const std::vector<Source>& inputs, Mismatches& bad) {
  constexpr oracle::Format format = oracle_format<F>();
  for (const Source x : inputs) {
    const oracle::Exact exact = exact_of(x);
    for_each_mode([&](auto policy, oracle::Mode mode) {
      for (const nf::Saturation saturation : saturations) {
        for (const nf::Subnormals subnormals : {nf::Subnormals::keep, nf::Subnormals::flush}) {
          const bool flush = subnormals == nf::Subnormals::flush;
          const std::uint32_t expected =
              oracle::round(format, exact, {mode}, oracle_saturation(saturation), flush);
          const auto got = nf::convert<F>(x, policy, saturation, subnormals).bits();
          const auto where = [&] {
            return name_of<F>() + " mode " + std::to_string(static_cast<int>(mode)) +
                   " saturation " + std::to_string(static_cast<int>(saturation)) +
                   (flush ? " flush" : "");
          };
          // float's own format under another name copies a NaN's bits.
          const bool copied = std::is_same_v<F, nf::Float<8, 23>> && exact.is_nan();
          const bool same = copied ? oracle::is_nan(format, got) : got == expected;
          bad.expect(same, where, bits_of(x), expected, got);
        }
      }
    });
  }
}

template <class List>
void check_list() {
  for_each_format<List>([]<class F>() {
    Mismatches from_float, from_double;
    check_all<F>(deciding_floats<F>(), from_float);
    check_all<F>(deciding_doubles<F>(), from_double);
    CHECK(from_float.report() == "");
    CHECK(from_double.report() == "");
  });
}

}  // namespace

TEST_CASE("named formats: every tie and its neighbours round as the oracle says", "[encode]") {
  check_list<named_formats>();
}

TEST_CASE("custom formats: every tie and its neighbours round as the oracle says", "[encode]") {
  check_list<custom_formats>();
}

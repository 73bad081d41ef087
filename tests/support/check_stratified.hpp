// SPDX-License-Identifier: MIT
// What the files isa/convert_stratified_*.cpp do for their formats; several, so that each compiles
// in time.
#pragma once

#include <narrowfloat/convert.hpp>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"
#include "support/stratified.hpp"

namespace test {

/// The array kernel of the active instruction set against the scalar convert.
template <class To, class R>
void check_stratified(const std::vector<float>& in, R rounding, nf::Subnormals subnormals,
                      Mismatches& bad) {
  std::vector<To> out(in.size());
  for (const nf::Saturation saturation : saturations) {
    nf::convert(in, out, rounding, saturation, subnormals);
    for (std::size_t i = 0; i < in.size(); ++i) {
      const To expected = nf::convert<To>(in[i], rounding, saturation, subnormals);
      bad.expect_equal(
          [&] {
            return "to " + name_of<To>() + ", rule " + std::to_string(static_cast<int>(R::rule)) +
                   ", saturation " + std::to_string(static_cast<int>(saturation)) +
                   (subnormals == nf::Subnormals::flush ? ", flush" : "");
          },
          bits_of(in[i]), bits_of(expected), bits_of(out[i]));
    }
  }
}

template <class Formats>
void check_stratified_roundings() {
  const std::vector<float> in = stratified_floats(log2_inputs());
  for_each_format<Formats>([&]<class F>() {
    Mismatches bad;
    for_each_mode([&](auto rounding, oracle::Mode) {
      check_stratified<F>(in, rounding, nf::Subnormals::keep, bad);
    });
    check_stratified<F>(in, nf::nearest_even, nf::Subnormals::flush, bad);
    CHECK(bad.report() == "");
  });
}

}  // namespace test

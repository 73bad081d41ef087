// SPDX-License-Identifier: MIT
// Compiled with -O3 -ffast-math, which lets the compiler rewrite the float operations of the kernels: arrays are
// converted as the scalar, which has none, does it, and transformed as plain loops without -ffast-math do it.
#include "support/check_hadamard.hpp"
#include "support/check_stratified.hpp"

using namespace test;

TEST_CASE("arrays: built with -ffast-math, stratified floats in every rounding", "[isa]") {
  check_stratified_roundings<std::tuple<nf::float8_e4m3fn, nf::float8_e8m0fnu, nf::float4_e2m1fn,
                                        nf::bfloat16, nf::float16, nf::tfloat32>>();
}

TEST_CASE("hadamard: built with -ffast-math, bit by bit the plain loops", "[isa]") {
  Mismatches bad;
  for_each_transform({1, 2}, {1, 5, 64, 83}, [&](const Transform& transform) {
    const std::vector<float> in = hadamard_inputs(transform, true);
    std::vector<float> out(in.size());
    transform_by_library(in, out, transform);
    compare_transformed(in, out, transform, bad);
  });
  CHECK(bad.report() == "");
}

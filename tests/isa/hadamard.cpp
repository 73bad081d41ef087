// SPDX-License-Identifier: MIT
// hadamard() and its inverse are the pinned operations in the pinned order, on every instruction
// set, for every shape; and they are multiplications by the matrix that the documentation names.
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include "support/catch.hpp"
#include "support/check_hadamard.hpp"
#include "support/guarded_pages.hpp"

using namespace test;

namespace {

std::vector<float> small_integers(std::size_t n) {
  std::vector<float> x(n);
  std::uint32_t state = 5;
  for (float& value : x) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(static_cast<int>(state >> 24) - 128);
  }
  return x;
}

std::vector<double> matrix_product(const std::vector<float>& a, const std::vector<float>& b,
                                   std::size_t rows, std::size_t inner, std::size_t cols) {
  std::vector<double> product(rows * cols);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < cols; ++j) {
      for (std::size_t k = 0; k < inner; ++k)
        product[i * cols + j] += static_cast<double>(a[i * inner + k]) * b[k * cols + j];
    }
  }
  return product;
}

}  // namespace

TEST_CASE("hadamard: bit by bit the plain loops, for every shape", "[isa]") {
  Mismatches bad;
  for_each_transform({1, 2, 3}, {1, 2, 5, 16, 37, 64, 83, 131}, [&](const Transform& transform) {
    for (const bool specials : {false, true}) {
      const std::vector<float> in = hadamard_inputs(transform, specials);
      std::vector<float> out(in.size());
      transform_by_library(in, out, transform);
      compare_transformed(in, out, transform, bad);
    }
  });
  CHECK(bad.report() == "");
}

TEST_CASE("hadamard: one Inf or NaN, wherever it is", "[isa]") {
  Mismatches bad;
  for_each_transform({1}, {20}, [&](const Transform& transform) {
    for (const std::uint32_t special : {0x7f800000u, 0xff800000u, 0xffc00123u, 0x7f800001u}) {
      for (std::size_t i = 0; i < transform.rows * transform.cols; i += 13) {
        std::vector<float> in = small_integers(transform.rows * transform.cols);
        in[i] = std::bit_cast<float>(special);
        std::vector<float> out(in.size());
        transform_by_library(in, out, transform);
        compare_transformed(in, out, transform, bad);
      }
    }
  });
  CHECK(bad.report() == "");
}

TEST_CASE("hadamard: sums that overflow, and the NaN of their difference", "[isa]") {
  Mismatches bad;
  for_each_transform({1}, {18}, [&](const Transform& transform) {
    const std::size_t half = transform.group / 2;
    for (std::size_t stride = 1; stride < half; stride *= 2) {
      for (std::size_t i = 0; i < transform.group; i += 7) {
        std::vector<float> in(transform.rows * transform.cols);
        for (const std::size_t at : {i, i ^ stride, i ^ half, i ^ half ^ stride}) {
          const float sign = transform.inverse || transform.signs[at] > 0 ? 1.0f : -1.0f;
          in[transform.place(i % 18, at)] = std::copysign(std::numeric_limits<float>::max(), sign);
        }
        std::vector<float> out(in.size());
        transform_by_library(in, out, transform);
        compare_transformed(in, out, transform, bad);
        bool has_nan = false;
        for (std::size_t j = 0; j < transform.group; ++j)
          has_nan |= std::isnan(out[transform.place(i % 18, j)]);
        CHECK(has_nan);
      }
    }
  });
  CHECK(bad.report() == "");
}

TEST_CASE("hadamard: the products of integers with the dense matrix", "[isa]") {
  Mismatches bad;
  for_each_transform({1, 2}, {3, 21}, [&](const Transform& transform) {
    const std::vector<float> in = small_integers(transform.rows * transform.cols);
    std::vector<float> out(in.size());
    transform_by_library(in, out, transform);
    const std::vector<double> sums = dense_products(in, transform);
    const float norm = transform.group == 16   ? 0.25f
                       : transform.group == 32 ? 0.17677669529663688110f
                       : transform.group == 64 ? 0.125f
                                               : 0.08838834764831844055f;
    for (std::size_t i = 0; i < in.size(); ++i) {
      // as numbers: a sum that is zero may have either sign
      const float expected = static_cast<float>(sums[i]) * norm;
      bad.expect(
          expected == out[i], [&] { return describe(transform); }, i, bits_of(expected),
          bits_of(out[i]));
    }
  });
  CHECK(bad.report() == "");
}

TEST_CASE("hadamard: the roundings of one transform and of there and back are few", "[isa]") {
  for_each_transform({2}, {3, 21}, [&](Transform transform) {
    if (transform.inverse) return;
    std::vector<float> in = small_integers(transform.rows * transform.cols);
    for (std::size_t i = 0; i < in.size(); ++i) in[i] = std::sin(in[i] + static_cast<float>(i));
    std::vector<float> out(in.size()), back(in.size());
    transform_by_library(in, out, transform);
    const std::vector<double> sums = dense_products(in, transform);
    const double root = std::sqrt(static_cast<double>(transform.group));
    transform.inverse = true;
    transform_by_library(out, back, transform);
    // log2(group) additions, one factor and its product, each within 2^-24 of the sum of the
    // magnitudes, which is at most group; there and back the errors of a group add up.
    const double steps = std::log2(root * root) + 2, bound = steps * 0x1p-24 * root;
    double largest = 0, largest_back = 0;
    for (std::size_t i = 0; i < in.size(); ++i) {
      largest = std::max(largest, std::fabs(sums[i] / root - static_cast<double>(out[i])));
      largest_back = std::max(largest_back, std::fabs(static_cast<double>(in[i]) - back[i]));
    }
    CHECK(largest > 0);
    CHECK(largest <= bound);
    CHECK(largest_back <= 2 * bound * root);
  });
}

TEST_CASE("hadamard: groups of 16 and 64 there and back lose nothing of integers", "[isa]") {
  for_each_transform({1, 3}, {1, 21}, [&](Transform transform) {
    if (transform.inverse || (transform.group != 16 && transform.group != 64)) return;
    const std::vector<float> in = small_integers(transform.rows * transform.cols);
    std::vector<float> out(in.size());
    transform_by_library(in, out, transform);
    transform.inverse = true;
    transform_by_library(out, out, transform);
    CHECK(out == in);
  });
}

TEST_CASE("hadamard: the product of two matrices stays", "[isa]") {
  constexpr std::size_t rows = 5, inner = 128, cols = 19;
  const std::vector<float> a = small_integers(rows * inner), b = small_integers(inner * cols);
  for (const std::size_t group : {std::size_t{16}, std::size_t{64}}) {
    const nf::HadamardSigns signs = nf::HadamardSigns::random(group);
    std::vector<float> a_rotated(a.size()), b_rotated(b.size());
    nf::hadamard(a, a_rotated, rows, inner, {.group = group, .axis = -1, .signs = signs});
    nf::hadamard(b, b_rotated, inner, cols, {.group = group, .axis = -2, .signs = signs});
    CHECK(a_rotated != a);
    CHECK(matrix_product(a_rotated, b_rotated, rows, inner, cols) ==
          matrix_product(a, b, rows, inner, cols));
  }
}

TEST_CASE("hadamard: in place", "[isa]") {
  Mismatches bad;
  for_each_transform({1, 2}, {1, 3, 70}, [&](const Transform& transform) {
    const std::vector<float> in = hadamard_inputs(transform, true);
    std::vector<float> values = in;
    transform_by_library(values, values, transform);
    compare_transformed(in, values, transform, bad);
  });
  CHECK(bad.report() == "");
}

TEST_CASE("hadamard: no access outside the arrays", "[isa]") {
  Mismatches bad;
  for_each_transform({1, 2}, {1, 3, 16, 35}, [&](const Transform& transform) {
    const std::vector<float> in = hadamard_inputs(transform, true);
    const std::size_t bytes = in.size() * sizeof(float);
    GuardedPages source(bytes), target(bytes);
    for (const bool at_end : {true, false}) {
      auto* const from = at_end ? source.end() - bytes : source.begin();
      auto* const to = at_end ? target.end() - bytes : target.begin();
      std::memcpy(from, in.data(), bytes);
      const std::span<const float> x(reinterpret_cast<const float*>(from), in.size());
      const std::span<float> y(reinterpret_cast<float*>(to), in.size());
      transform_by_library(x, y, transform);
      compare_transformed(in, y, transform, bad);
    }
  });
  CHECK(bad.report() == "");
}

TEST_CASE("hadamard: arrays larger than the last cache, wherever they start", "[isa]") {
  constexpr std::size_t cols = 1024;
  const std::size_t bytes_of_row = 2 * cols * sizeof(float);
  const std::size_t rows =
      (nf::detail::find_cpu_features().last_level_cache / bytes_of_row / 128 + 1) * 128;
  REQUIRE(nf::detail::leaves_caches(rows * bytes_of_row));
  Mismatches bad;
  for (const bool within_rows : {true, false}) {
    const std::size_t group = within_rows ? 64 : 128;
    const Transform transform{rows, cols, group, within_rows, random_signs(group, 1)};
    const std::vector<float> in = hadamard_inputs(transform, true);
    for (const std::size_t place : {std::size_t{0}, std::size_t{3}}) {
      constexpr std::size_t line = 16;
      std::vector<float> memory(in.size() + 3 * line);
      void* start = memory.data();
      std::size_t space = memory.size() * sizeof(float);
      REQUIRE(std::align(line * sizeof(float), 4, start, space) != nullptr);
      const std::span<float> out(static_cast<float*>(start) + place, in.size());
      transform_by_library(in, out, transform);
      compare_transformed(in, out, transform, bad);
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("hadamard: a named instruction set gives the same", "[isa]") {
  const Transform transform{6, 128, 32, true, random_signs(32, 9)};
  const std::vector<float> in = hadamard_inputs(transform, true);
  Mismatches bad;
  for (const nf::Isa isa : nf::all_isas) {
    std::vector<float> out(in.size());
    if (!nf::isa_available(isa)) {
      CHECK_THROWS_AS(nf::ScopedIsa(isa), std::invalid_argument);
      continue;
    }
    const nf::ScopedIsa scope(isa);
    nf::hadamard(in, out, 6, 128, options_of(transform));
    compare_transformed(in, out, transform, bad);
    Transform inverse = transform;
    inverse.inverse = true;
    nf::inverse_hadamard(in, out, 6, 128, options_of(transform));
    compare_transformed(in, out, inverse, bad);
  }
  CHECK(bad.report() == "");
}

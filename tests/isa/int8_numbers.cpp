// SPDX-License-Identifier: MIT
// dequantize_int8(): every code times scales of every kind is exact and rounded once, by the
// oracle, in integers; in arrays of every length, beyond the caches too, and nothing outside of
// them is touched.
#include <narrowfloat/quantize/integer.hpp>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "support/catch.hpp"
#include "support/check_int8.hpp"
#include "support/guarded_pages.hpp"

using namespace test;

namespace {

/// Scales in the order of their exponents, as bits: what is no number, and of each exponent zeros,
/// the least and the largest significand, multiples of 127 and their neighbours, and any. Only
/// those from 2^-90 on, neighbours of numbers alike, are split into two floats.
std::vector<float> all_scales() {
  std::vector<float> scales;
  std::uint32_t state = 1;
  const auto add = [&](std::uint32_t code) {
    state = state * 1664525u + 1013904223u;
    scales.push_back(std::bit_cast<float>(code | (state >> 30 == 0 ? 0x80000000u : 0)));
  };
  for (const std::uint32_t code : {0x7f800000u, 0x7fc00000u, 0x7f800001u, 0x7fffffffu}) add(code);
  for (std::uint32_t exponent = 0; exponent < 255; ++exponent) {
    const std::uint32_t binade = exponent << 23, first = exponent == 0 ? 0 : 0x800000u;
    const auto any = [&] { return (state = state * 1664525u + 1013904223u) >> 9; };
    add(0);
    for (const std::uint32_t fraction : {0u, 1u, 0x7fffffu, any(), any(), any(), any()})
      add(binade | fraction);
    for (int i = 0; i < 2; ++i) {
      const std::uint32_t multiple = (first + any()) / 127 * 127;
      if (multiple <= first) continue;
      for (const std::uint32_t code : {multiple - 1, multiple, multiple + 1})
        add(binade | (code & 0x7fffffu));
    }
    if (exponent == 0) add(any() % 256);
  }
  return scales;
}

const std::vector<std::int8_t>& all_codes() {
  static const std::vector<std::int8_t> codes = [] {
    std::vector<std::int8_t> all(256);
    std::iota(all.begin(), all.end(), std::int8_t{-128});
    return all;
  }();
  return codes;
}

/// Codes of every kind, and scales in any order.
struct AnyMatrix {
  std::size_t rows, cols;
  nf::BlockShape shape;
  std::vector<std::int8_t> codes;
  std::vector<float> scales;
};
AnyMatrix any_matrix(std::size_t rows, std::size_t cols, nf::BlockShape shape) {
  AnyMatrix q{rows, cols, shape, std::vector<std::int8_t>(rows * cols),
              std::vector<float>(scales_of(shape, rows, cols))};
  for (std::size_t i = 0; i < q.codes.size(); ++i)
    q.codes[i] = static_cast<std::int8_t>(i * 7919 >> 3);
  for (std::size_t i = 0; i < q.scales.size(); ++i)
    q.scales[i] = static_cast<float>((i * 7919) % 10007 + 1) * 0x1p-20f;
  return q;
}

}  // namespace

TEST_CASE("int8: every code times scales of every kind", "[isa]") {
  const std::vector<float> scales = all_scales();
  const std::vector<std::int8_t>& codes = all_codes();
  const std::size_t n = scales.size();
  std::vector<std::int8_t> of_rows(256 * n), of_columns(256 * n);
  for (std::size_t code = 0; code < 256; ++code) {
    for (std::size_t scale = 0; scale < n; ++scale)
      of_rows[scale * 256 + code] = of_columns[code * n + scale] = codes[code];
  }
  std::vector<float> rows(256 * n), columns(256 * n), tensor(256);
  nf::dequantize_int8(of_rows, scales, rows, n, 256);
  nf::dequantize_int8(of_columns, scales, columns, 256, n, by_column);
  Mismatches bad;
  for (std::size_t scale = 0; scale < n; ++scale) {
    nf::dequantize_int8(codes, std::span(scales).subspan(scale, 1), tensor, 1, 256, by_tensor);
    for (std::size_t code = 0; code < 256; ++code) {
      const std::uint32_t expected = expected_number(codes[code], float_bits(scales[scale]));
      const auto check = [&](const char* what, float got) {
        bad.expect_equal(
            [&] { return std::string(what) + ", code " + std::to_string(codes[code]); },
            float_bits(scales[scale]), expected, float_bits(got));
      };
      check("row", rows[scale * 256 + code]);
      check("column", columns[code * n + scale]);
      check("tensor", tensor[code]);
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("int8: numbers of every length, from every place, and nothing outside", "[isa]") {
  Mismatches bad;
  GuardedPages in(1024), out(4 * 1024);
  for (const nf::BlockShape shape : all_shapes) {
    for (std::size_t cols = 0; cols <= 300; ++cols) {
      const std::size_t rows = cols > 150 ? 1 : 2, n = rows * cols;
      const AnyMatrix q = any_matrix(rows, cols, shape);
      // both arrays end at the page that cannot be accessed
      auto* const codes = reinterpret_cast<std::int8_t*>(in.end()) - n;
      auto* const numbers = reinterpret_cast<float*>(out.end()) - n;
      std::ranges::copy(q.codes, codes);
      std::memset(out.begin(), 0x5a, static_cast<std::size_t>(out.end() - out.begin()));
      nf::dequantize_int8(std::span(codes, n), q.scales, std::span(numbers, n), rows, cols, shape);
      const auto where = [&] { return std::to_string(rows) + " x " + std::to_string(cols); };
      for (std::size_t i = 0; i < n; ++i) {
        const float scale = q.scales[scale_at(shape, i / cols, i % cols)];
        bad.expect_equal(where, i, expected_number(q.codes[i], float_bits(scale)),
                         float_bits(numbers[i]));
      }
      std::uint32_t before = 0;
      std::memcpy(&before, reinterpret_cast<unsigned char*>(numbers) - 4, 4);
      bad.expect_equal(where, 0, 0x5a5a5a5au, before);
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("int8: matrices beyond the caches come back as their rows", "[isa]") {
  constexpr std::size_t cols = 1501, places = 32;
  const std::size_t rows =
      nf::detail::find_cpu_features().last_level_cache / (1 + sizeof(float)) / cols + 1;
  for (const nf::BlockShape shape : all_shapes) {
    AnyMatrix q = any_matrix(rows, cols, shape);
    if (shape == by_row) q.scales[rows / 2] = 0x1p-140f;
    REQUIRE(nf::detail::leaves_caches(q.codes.size() * (1 + sizeof(float))));
    std::vector<float> expected(q.codes.size()), out(q.codes.size() + 2 * places);
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t first = scale_at(shape, row, 0), count = shape == by_column ? cols : 1;
      nf::dequantize_int8(std::span(q.codes).subspan(row * cols, cols),
                          std::span(q.scales).subspan(first, count),
                          std::span(expected).subspan(row * cols, cols), 1, cols, shape);
    }
    for (const std::size_t place : {std::size_t{0}, std::size_t{3}, std::size_t{16}}) {
      std::ranges::fill(out, -1234.5f);
      nf::dequantize_int8(q.codes, q.scales, std::span(out).subspan(place, expected.size()), rows,
                          cols, shape);
      Mismatches bad;
      for (std::size_t i = 0; i < out.size(); ++i) {
        const bool inside = i >= place && i - place < expected.size();
        bad.expect_equal([&] { return "place " + std::to_string(place); }, i,
                         float_bits(inside ? expected[i - place] : -1234.5f), float_bits(out[i]));
      }
      CHECK(bad.report() == "");
    }
  }
}

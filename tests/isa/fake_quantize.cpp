// SPDX-License-Identifier: MIT
// fake_quantize(): the exact quotient rounded once on the grid and the value's nearest float, by
// the oracle in integers, for every kind of float, every length and every environment; the errors
// and gradients are those of plain loops.
#include <narrowfloat/quantize/format_search.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "support/catch.hpp"
#include "support/check_grid.hpp"
#include "support/environments.hpp"
#include "support/guarded_pages.hpp"

using namespace test;

TEST_CASE("fake quantization: every kind of float in every shape of format", "[isa]") {
  const std::vector<float> in = stratified_floats(13);
  Mismatches bad;
  for (const nf::RuntimeFormat& format : grid_formats()) check_grid(in, format, bad);
  CHECK(bad.report() == "");
}

TEST_CASE("codes: every kind of float, ties, in every shape of format", "[isa]") {
  const std::vector<float> in = stratified_floats(11);
  Mismatches bad;
  for (const nf::RuntimeFormat& format : grid_formats()) {
    check_codes<std::uint32_t>(in, format, bad);
    if (format.width() <= 8) check_codes<std::uint8_t>(grid_ties(format), format, bad);
    if (format.width() <= 16) check_codes<std::uint16_t>(grid_ties(format), format, bad);
  }
  CHECK(bad.report() == "");
}

TEST_CASE("codes, errors and gradients: every length, and nothing outside is touched", "[isa]") {
  constexpr std::size_t longest = 4 * 16 * 4 + 3;
  const nf::RuntimeFormat format{4, 3, 11.3f};
  std::vector<float> all(longest);
  for (std::size_t i = 0; i < longest; ++i)
    all[i] = static_cast<float>((i * 7919) % 1009) / 40 - 12;
  GuardedPages in_pages(4 * longest), slope_pages(4 * longest), out_pages(4 * longest),
      code_pages(longest);
  Mismatches bad;
  for (std::size_t n = 0; n <= longest; ++n) {
    const std::vector<float> values(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n));
    check_codes<std::uint8_t>(values, format, bad);
    const auto at_end = [n](GuardedPages& pages) {
      return std::span(reinterpret_cast<float*>(pages.end() - 4 * n), n);
    };
    const std::span in = at_end(in_pages), slopes = at_end(slope_pages), out = at_end(out_pages);
    const std::span<std::uint8_t> codes(code_pages.end() - n, n);
    std::ranges::copy(values, in.begin());
    std::ranges::copy(values, slopes.begin());
    if (n != 0 && n != longest) codes.data()[-1] = 77;
    format.encode(in, codes);
    format.decode(codes, out);
    const bool stays = n == 0 || n == longest || codes.data()[-1] == 77;
    std::vector<float> expected(n), gradients(n);
    nf::fake_quantize(values, expected, format);
    bad.expect(
        stays && std::ranges::equal(out, expected), [] { return std::string("codes"); }, n, 0, 0);
    nf::fake_quantize_gradient(in, slopes, out, format);
    nf::fake_quantize_gradient(values, values, gradients, format);
    bad.expect(
        std::ranges::equal(out, gradients), [] { return std::string("gradients"); }, n, 0, 0);
    bad.expect(
        nf::fake_quantize_error(in, format) == nf::fake_quantize_error(values, format),
        [] { return std::string("errors"); }, n, 0, 0);
  }
  CHECK(bad.report() == "");
}

TEST_CASE("fake quantization: ties and their neighbours", "[isa]") {
  Mismatches bad;
  for (const nf::RuntimeFormat& format : grid_formats()) check_grid(grid_ties(format), format, bad);
  CHECK(bad.report() == "");
}

TEST_CASE("fake quantization: every length, in place or not, and nothing outside is touched",
          "[isa]") {
  constexpr std::size_t longest = 4 * 16 * 4 + 3;
  const nf::RuntimeFormat format{4, 3, 11.3f};
  std::vector<float> in(longest), expected(longest);
  for (std::size_t i = 0; i < longest; ++i) {
    in[i] = static_cast<float>((i * 7919) % 1009) / 40 - 12;
    expected[i] = on_grid(in[i], format);
  }
  GuardedPages in_pages(longest * 4), out_pages(longest * 4);
  Mismatches bad;
  for (std::size_t n = 0; n <= longest; ++n) {
    for (const bool in_place : {false, true}) {
      auto* const out = reinterpret_cast<float*>(out_pages.end() - 4 * n);
      float* const source = in_place ? out : reinterpret_cast<float*>(in_pages.end() - 4 * n);
      std::memcpy(source, in.data(), 4 * n);
      if (n != 0) out[-1] = 5;
      nf::fake_quantize(std::span<const float>(source, n), std::span<float>(out, n), format);
      bad.expect(
          std::memcmp(out, expected.data(), 4 * n) == 0 && (n == 0 || out[-1] == 5),
          [&] { return "length " + std::to_string(n); }, n, 0, 0);
    }
  }
  CHECK(bad.report() == "");
}

namespace {

void expect_mask(std::span<const float> in, std::span<const std::uint8_t> mask,
                 const nf::RuntimeFormat& format, Mismatches& bad) {
  for (std::size_t i = 0; i < 8 * mask.size(); ++i)
    bad.expect_equal([&] { return grid_name(format) + " bit"; }, i,
                     i < in.size() && is_within(in[i], format) ? 1 : 0, mask[i / 8] >> i % 8 & 1);
}

}  // namespace

TEST_CASE("fake quantization: a mask has the gradients that pass, bit by bit", "[isa]") {
  const std::vector<float> in = stratified_floats(11), ones(in.size(), 1.0f);
  std::vector<float> out(in.size()), expected(in.size());
  std::vector<std::uint8_t> mask((in.size() + 7) / 8, 0xff);
  Mismatches bad;
  for (const nf::RuntimeFormat& format : grid_formats()) {
    nf::fake_quantize(in, out, mask, format);
    nf::fake_quantize(in, expected, format);
    expect_mask(in, mask, format, bad);
    CHECK(std::memcmp(out.data(), expected.data(), 4 * in.size()) == 0);
    nf::fake_quantize_gradient(in, ones, out, format);
    for (std::size_t i = 0; i < in.size(); ++i)
      bad.expect_equal([] { return std::string("gradient"); }, i, bits_of(out[i]),
                       (mask[i / 8] >> i % 8 & 1) != 0 ? bits_of(1.0f) : 0);
  }
  CHECK(bad.report() == "");
}

TEST_CASE("fake quantization: masks of every length, in place, and of channels", "[isa]") {
  constexpr std::size_t longest = 1024 + 4 * 16 * 4 + 3;
  const nf::RuntimeFormat format{4, 3, 7.3f};
  std::vector<float> all(longest);
  for (std::size_t i = 0; i < longest; ++i)
    all[i] = static_cast<float>((i * 7919) % 1009) / 40 - 12;
  GuardedPages pages(longest);
  Mismatches bad;
  for (std::size_t n = 0; n <= longest; n += n == 300 ? 700 : 1) {
    std::vector<float> values(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n));
    const std::vector<float> in = values;
    const std::span mask(pages.end() - (n + 7) / 8, (n + 7) / 8);
    std::ranges::fill(mask, std::uint8_t{0xff});
    nf::fake_quantize(values, values, mask, format);
    expect_mask(in, mask, format, bad);
  }
  const std::vector<float> largest{3, 5, 0.7f};
  std::vector<float> out(3 * 37);
  std::vector<std::uint8_t> mask(14, 0xff), narrow(3);
  nf::fake_quantize(std::span(all).first(111), largest, out, mask, 3, 37, format);
  nf::fake_quantize(nf::MatrixView(std::span(all).first(111), 3, 7, 37), largest,
                    nf::MatrixView(out, 3, 7, 37), narrow, format);
  for (std::size_t i = 0; i < 111; ++i) {
    const bool bit = (mask[i / 8] >> i % 8 & 1) != 0;
    const std::size_t at = i / 37 * 7 + i % 37;
    bad.expect_equal([] { return std::string("channel"); }, i,
                     is_within(all[i], {4, 3, largest[i / 37]}) ? 1 : 0, bit ? 1 : 0);
    if (i % 37 < 7)
      bad.expect_equal([] { return std::string("column"); }, i, bit ? 1 : 0,
                       narrow[at / 8] >> at % 8 & 1);
  }
  CHECK(mask[13] >> 7 == 0);
  CHECK_THROWS_WITH(nf::fake_quantize(all, all, mask, format),
                    "narrowfloat::fake_quantize: the mask has 14 bytes, 1283 elements take 161");
  CHECK(bad.report() == "");
}

TEST_CASE("fake quantization: errors and gradients are sums of sixteen in turns", "[isa]") {
  Mismatches bad;
  for (const nf::RuntimeFormat& format :
       {nf::RuntimeFormat{4, 3, 11.3f}, nf::RuntimeFormat{2, 5, 3, false}}) {
    for (std::size_t n = 0; n <= 4 * 16 * 2 + 3; ++n) {
      std::vector<float> in(n), slopes(n), out(n);
      double squares[16] = {}, inner[16] = {}, outer[16] = {};
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < n; ++i) {
        in[i] = i % 13 == 5 ? -0.0f : static_cast<float>((i * 7919) % 1009) / 40 - 12;
        slopes[i] = static_cast<float>((i * 104729) % 1013) / 7 - 70;
      }
      const double range = nf::fake_quantize_gradient(in, slopes, out, format).max_value;
      for (std::size_t i = 0; i < n; ++i) {
        const float q = on_grid(in[i], format), low = format.is_signed ? -format.max_value : 0;
        const float clip = std::min(std::max(in[i], low), format.max_value);
        const double error = q - in[i];
        squares[i % 16] += error * error;
        inner[i % 16] += static_cast<double>(q - clip) * static_cast<double>(slopes[i]);
        if (in[i] > format.max_value) outer[i % 16] += slopes[i];
        if (in[i] < -format.max_value && format.is_signed) outer[i % 16] -= slopes[i];
        wrong += out[i] != (in[i] == clip ? slopes[i] : 0);
      }
      double error = 0, within = 0, beyond = 0;
      for (std::size_t k = 0; k < 16; ++k) {
        error += squares[k];
        within += inner[k];
        beyond += outer[k];
      }
      const auto where = [&] { return "length " + std::to_string(n); };
      bad.expect_equal(where, n, std::bit_cast<std::uint64_t>(error),
                       std::bit_cast<std::uint64_t>(nf::fake_quantize_error(in, format)));
      bad.expect_equal(
          where, n,
          std::bit_cast<std::uint64_t>(beyond + within / static_cast<double>(format.max_value)),
          std::bit_cast<std::uint64_t>(range));
      bad.expect_equal(where, n, 0, wrong);
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("fake quantization: no floating-point environment moves a bit", "[isa]") {
  static const std::vector<float> in = stratified_floats(12);
  const auto run = [] {
    std::vector<std::uint64_t> all;
    std::vector<float> out(in.size()), slopes(in.size(), 1.1f), finite;
    for (const float x : in)
      if ((bits_of(x) & 0x7f800000u) < 0x40000000u) finite.push_back(x);
    for (const nf::RuntimeFormat& format : grid_formats()) {
      std::vector<std::uint8_t> mask((in.size() + 7) / 8);
      nf::fake_quantize(in, out, mask, format);
      all.insert(all.end(), mask.begin(), mask.end());
      for (const float y : out) all.push_back(bits_of(y));
      all.push_back(std::bit_cast<std::uint64_t>(nf::fake_quantize_error(in, format)));
      out.resize(finite.size());
      slopes.resize(finite.size());
      const auto by = nf::fake_quantize_gradient(finite, slopes, out, format);
      all.push_back(std::bit_cast<std::uint64_t>(by.max_value));
      all.push_back(std::bit_cast<std::uint64_t>(by.mantissa_bits));
      out.resize(in.size());
      std::vector<std::uint32_t> codes(in.size());
      format.encode(in, codes);
      all.insert(all.end(), codes.begin(), codes.end());
      format.decode(codes, out);
      for (const float y : out) all.push_back(bits_of(y));
      all.push_back(bits_of(format.decode(0x35 >> (7 - std::min(7, format.width() - 1)))));
    }
    const auto found = nf::search_format(std::span(in).subspan(in.size() / 4, 200));
    all.push_back(bits_of(found.format.max_value));
    all.push_back(std::bit_cast<std::uint64_t>(found.squared_error));
    return all;
  };
  check_rounding_modes(run);
  check_flush_flags(run);
}

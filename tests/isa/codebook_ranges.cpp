// SPDX-License-Identifier: MIT
// Ranges of a code-book tensor are read and written as the whole is: both widths of codes, both
// orders of nibbles, blocks that divide nothing, nested scales; from and to memory with guard
// pages.
#include <cstring>

#include "support/catch.hpp"
#include "support/codebooks.hpp"
#include "support/guarded_pages.hpp"

using namespace test;
using nf::CodebookTensor;

namespace {

struct Case {
  nf::Codebook book;
  nf::CodebookOptions options;
  std::size_t n;
};

std::vector<Case> cases() {
  using nf::NibbleOrder;
  return {{nf::nf4_codebook(), {.block_size = 100}, 5000},
          {nf::nf4_codebook(), {.block_size = 100, .nibbles = NibbleOrder::high_first}, 13001},
          {nf::nf4_codebook(), {.block_size = 37}, 9001},
          {nf::af4_codebook(), {.block_size = 4098}, 16500},
          {nf::nf4_codebook(), {.block_size = 64, .nested = true}, 64 * 700 + 3},
          {nf::nf4_codebook(),
           {.block_size = 5, .nibbles = NibbleOrder::high_first, .nested = true},
           6007},
          {nf::dynamic_codebook(), {.block_size = 37}, 5000},
          {nf::dynamic_codebook(), {}, 8193},
          {nf::dynamic_codebook(), {.block_size = 3000, .headroom = true}, 13000}};
}

std::vector<float> numbers(const Case& c) {
  std::uint32_t state = 8;
  std::vector<float> values;
  while (values.size() < c.n) {
    const float size =
        std::ldexp(1.3f, static_cast<int>(values.size() / 50 % 9 + values.size() / 3000) - 4);
    const auto more =
        block_for(c.book, std::min<std::size_t>(50, c.n - values.size()), size, state);
    values.insert(values.end(), more.begin(), more.end());
  }
  return values;
}

}  // namespace

TEST_CASE("code-books: every number is its code's value times its block's scale",
          "[isa][codebook]") {
  Mismatches bad;
  for (const Case& c : cases()) {
    const auto values = numbers(c);
    const auto t = CodebookTensor::quantize(values, c.book, c.options);
    const auto scales = t.scales();
    std::vector<float> out(c.n), of_codes(c.n);
    t.dequantize(out);
    nf::convert(t.codes(), of_codes);
    const auto wanted = bits_of_values(c.book);
    const auto where = [&] {
      return std::to_string(c.n) + " by " + std::to_string(t.block_size());
    };
    for (std::size_t i = 0; i < c.n; ++i) {
      const float scale = scales[i / t.block_size()];
      bad.expect_equal(where, i, word_of(c.book.value(t.codes()[i])), word_of(of_codes[i]));
      bad.expect_equal(where, i, word_of(of_codes[i] * scale), word_of(out[i]));
      if (c.options.nested) continue;
      bad.expect_equal(where, i, oracle::nearest_code(wanted, word_of(values[i]), word_of(scale)),
                       t.codes()[i]);
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("code-books: ranges are read as the whole is, and nothing outside is touched",
          "[isa][codebook]") {
  Mismatches bad;
  for (const Case& c : cases()) {
    const auto t = CodebookTensor::quantize(numbers(c), c.book, c.options);
    std::vector<float> whole(c.n);
    std::vector<double> wide(c.n);
    t.dequantize(whole);
    const std::size_t block = t.block_size(), blocks = t.blocks();
    GuardedPages pages(4 * c.n);
    for (std::size_t b = 0; b <= blocks; b += 1 + blocks / 7) {
      for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{2}, blocks - b}) {
        const std::size_t first = std::min(b * block, c.n);
        const std::size_t last = std::min((b + count) * block, c.n), n = last - first;
        auto* const out =
            reinterpret_cast<float*>(b % 2 == 0 ? pages.end() - 4 * n : pages.begin());
        t.dequantize(first, n, std::span(out, n));
        t.dequantize(first, n, std::span(wide).first(n));
        const auto where = [&] { return std::to_string(first) + " + " + std::to_string(n); };
        for (std::size_t i = 0; i < n; ++i) {
          bad.expect_equal(where, i, word_of(whole[first + i]), word_of(out[i]));
          bad.expect(static_cast<float>(wide[i]) == whole[first + i], where, i, 0, 0);
        }
      }
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("code-books: ranges are written as the whole is, from guarded memory",
          "[isa][codebook]") {
  for (const Case& c : cases()) {
    if (c.options.nested) continue;
    const auto values = numbers(c);
    const auto t = CodebookTensor::quantize(values, c.book, c.options);
    auto parts = CodebookTensor::zeros(c.n, c.book, c.options);
    const std::size_t step = 2 * t.block_size();
    GuardedPages pages(4 * step);
    for (std::size_t first = 0; first < c.n; first += step) {
      const std::size_t count = std::min(step, c.n - first);
      auto* const in =
          reinterpret_cast<float*>(first % 8 == 0 ? pages.end() - 4 * count : pages.begin());
      std::memcpy(in, values.data() + first, 4 * count);
      parts.assign(first, std::span(in, count));
    }
    CHECK(parts == t);
    // one in the middle, its neighbours stay
    const std::vector<float> zeros(step);
    auto changed = t;
    changed.assign(step, zeros);
    for (std::size_t i = 0; i < c.n; ++i)
      if (i < step || i >= 2 * step) REQUIRE(changed.codes()[i] == t.codes()[i]);
    CHECK(changed.scales()[2] == 0);
    changed.assign(step, std::span(values).subspan(step, step));
    CHECK(changed == t);
  }
}

TEST_CASE("code-books: ranges that are no blocks are refused with the numbers", "[isa][codebook]") {
  auto t = CodebookTensor::zeros(1000, nf::nf4_codebook(), {.block_size = 37});
  std::vector<float> x(37);
  CHECK_THROWS_WITH(
      t.dequantize(36, 37, x),
      "narrowfloat::CodebookTensor::dequantize: elements 36 to 36 + 37 of 1000 are no "
      "whole blocks of 37");
  CHECK_NOTHROW(t.dequantize(37, 37, x));  // its codes share bytes with their neighbours
  CHECK_THROWS_WITH(t.assign(37, x),
                    "narrowfloat::CodebookTensor::assign: elements 37 to 37 + 37 of 1000 are no "
                    "whole blocks of 37 in whole bytes");
  CHECK_THROWS_AS(t.dequantize(37, 36, std::span(x).first(36)), std::invalid_argument);
  CHECK_THROWS_AS(t.dequantize(0, 74, x), std::invalid_argument);
  CHECK_THROWS_AS(t.dequantize(1036, 37, x), std::invalid_argument);
  CHECK_THROWS_AS(t.dequantize(37, ~std::size_t{0}, x), std::invalid_argument);
  CHECK_THROWS_AS(t.assign(~std::size_t{0}, x), std::invalid_argument);
  auto nested = CodebookTensor::zeros(1000, nf::nf4_codebook(), {.nested = true});
  CHECK_THROWS_WITH(nested.assign(64, std::vector<float>(64)),
                    "narrowfloat::CodebookTensor::assign: nested scales are written together, not "
                    "from element 64 on");
}

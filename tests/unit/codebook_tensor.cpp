// SPDX-License-Identifier: MIT
// How a code-book tensor keeps its codes and absmax, how large it is, and what it refuses.
#include "support/catch.hpp"
#include "support/codebooks.hpp"

using namespace test;

namespace {

std::vector<float> numbers(std::size_t n, std::uint32_t seed = 3) {
  std::vector<float> values;
  for (std::size_t i = 0; i < n; ++i) {
    const float wide = std::ldexp(1.0f, static_cast<int>(i / 64 % 13) - 6);
    values.push_back((static_cast<float>(next_random(seed) >> 8) - 8388608.0f) * wide);
  }
  return values;
}

}  // namespace

TEST_CASE("4-bit codes lie two a byte, in either order", "[codebook]") {
  const auto book = nf::nf4_codebook();
  for (const std::size_t n : {0u, 1u, 2u, 63u, 64u, 65u, 511u, 512u, 513u, 1027u, 9001u}) {
    const auto values = numbers(n);
    const auto low = nf::CodebookTensor::quantize(values, book, {.block_size = 100});
    const auto high = nf::CodebookTensor::quantize(
        values, book, {.block_size = 100, .nibbles = nf::NibbleOrder::high_first});
    REQUIRE(low.codes().bytes().size() == (n + 1) / 2);
    REQUIRE(high.codes().bytes().size() == (n + 1) / 2);
    Mismatches bad;
    const auto where = [&] { return std::to_string(n); };
    for (std::size_t i = 0; i < n; ++i) {
      const unsigned byte = low.codes().bytes()[i / 2], other = high.codes().bytes()[i / 2];
      bad.expect_equal(where, i, low.codes()[i], i % 2 == 0 ? byte & 15 : byte >> 4);
      bad.expect_equal(where, i, low.codes()[i], i % 2 == 0 ? other >> 4 : other & 15);
      bad.expect_equal(where, i, low.codes()[i], high.codes()[i]);
    }
    if (n % 2 == 1) {
      CHECK(low.codes().bytes().back() >> 4 == 0);
      CHECK((high.codes().bytes().back() & 15) == 0);
    }
    std::vector<float> a(n), b(n);
    low.dequantize(a);
    high.dequantize(b);
    CHECK(a == b);
    CHECK((n == 0 || bad.report().empty()));
    CHECK((n == 0 || !(low == high)));
  }
}

TEST_CASE("numbers are value times absmax, rounded once to the type asked for", "[codebook]") {
  for (const NamedBook& named : every_book()) {
    for (const std::size_t block : {5u, 64u, 100u, 256u}) {
      const auto values = numbers(1300);
      const auto t = nf::CodebookTensor::quantize(values, named.book, {.block_size = block});
      std::vector<float> floats(values.size());
      std::vector<double> doubles(values.size());
      std::vector<nf::bfloat16> narrow(values.size());
      t.dequantize(floats);
      t.dequantize(doubles);
      t.dequantize(narrow);
      const auto absmax = t.scales();
      Mismatches bad;
      for (std::size_t i = 0; i < values.size(); ++i) {
        const auto where = [&] { return named.name; };
        const float value = named.book.value(t.codes()[i]);
        const oracle::Exact exact = oracle::product(exact_of(value), exact_of(absmax[i / block]));
        bad.expect_equal(where, i,
                         oracle::round(oracle::binary32, exact, {}, oracle::Saturation::none),
                         word_of(floats[i]));
        bad.expect(double{value} * absmax[i / block] == doubles[i], where, i, 0, 0);
        bad.expect_equal(
            where, i,
            oracle::round(oracle_format<nf::bfloat16>(), exact, {}, oracle::Saturation::none),
            narrow[i].bits());
      }
      CHECK(bad.report() == "");
    }
  }
}

TEST_CASE("sizes count codes and absmax", "[codebook]") {
  const auto values = numbers(4096);
  const auto bytes = nf::CodebookTensor::quantize(values, nf::dynamic_codebook());
  CHECK(bytes.block_size() == 256);
  CHECK(bytes.blocks() == 16);
  CHECK(bytes.size_bytes() == 4096 + 16 * 4);
  CHECK(bytes.bits_per_element() == 8.125);
  const auto nibbles = nf::CodebookTensor::quantize(values, nf::nf4_codebook());
  CHECK(nibbles.block_size() == 64);
  CHECK(nibbles.bits_per_element() == 4.5);
  const auto nested =
      nf::CodebookTensor::quantize(numbers(1 << 16), nf::nf4_codebook(), {.nested = true});
  CHECK(nested.blocks() == 1024);
  CHECK(nested.size_bytes() == 32768 + 1024 + 4 * 4 + 4);
  const auto none = nf::CodebookTensor::quantize(std::vector<float>{}, nf::nf4_codebook());
  CHECK(none.empty());
  CHECK(none.bits_per_element() == 0);
}

TEST_CASE("tensors from parts, of zeros, and quantized again", "[codebook]") {
  const auto book = nf::nf4_codebook();
  const auto values = numbers(777);
  const auto t = nf::CodebookTensor::quantize(values, book);
  const auto same = nf::CodebookTensor::from_parts(t.codes().bytes(), t.scales(), 777, book);
  CHECK(same == t);
  auto zeros = nf::CodebookTensor::zeros(777, book);
  CHECK(zeros == nf::CodebookTensor::quantize(std::vector<float>(777), book));
  const nf::CodebookOptions nested{.nibbles = nf::NibbleOrder::high_first, .nested = true};
  CHECK(nf::CodebookTensor::zeros(777, book, nested) ==
        nf::CodebookTensor::quantize(std::vector<float>(777), book, nested));
  const auto bytes = nf::CodebookTensor::quantize(values, nf::dynamic_codebook());
  CHECK(bytes == nf::CodebookTensor::quantize(values, nf::dynamic_codebook(),
                                              {.nibbles = nf::NibbleOrder::high_first}));
  std::vector<float> out(777, 1.0f);
  zeros.dequantize(out);
  CHECK(out == std::vector<float>(777));
  zeros.assign(values);
  CHECK(zeros == t);
  std::vector<nf::bfloat16> narrow(777);
  std::vector<float> wide(777);
  nf::convert(values, narrow);
  nf::convert(narrow, wide);
  CHECK(nf::CodebookTensor::quantize(narrow, book) == nf::CodebookTensor::quantize(wide, book));
  CHECK(!(nf::CodebookTensor::quantize(values, nf::af4_codebook()) == t));

  CHECK_THROWS_WITH(
      t.dequantize(wide = std::vector<float>(776)),
      "narrowfloat::CodebookTensor::dequantize: the output has 776 elements, the tensor "
      "777");
  CHECK_THROWS_WITH(
      zeros.assign(numbers(778)),
      "narrowfloat::CodebookTensor::assign: the input has 778 elements, the tensor 777");
}

TEST_CASE("with headroom a block keeps its absmax of either sign", "[codebook]") {
  for (const bool headroom : {false, true}) {
    std::vector<float> values = numbers(256);
    for (float& x : values) x /= 2e9f;
    values[7] = -1.7f;
    auto t = nf::CodebookTensor::quantize(values, nf::dynamic_codebook(), {.headroom = headroom});
    for (int i = 0; i < 3000; ++i) {
      t.dequantize(values);
      t.assign(values);
    }
    t.dequantize(values);
    const float kept = values[7] / -1.7f;
    if (headroom)
      CHECK(std::fabs(kept - 1) < 1e-6f);
    else
      CHECK(kept < 1e-8f);
  }
  const std::vector<float> one{1.0f};
  const auto absmax = [&](const nf::Codebook& book, float x) {
    return nf::CodebookTensor::quantize(std::vector{x}, book, {.headroom = true}).scales()[0];
  };
  CHECK(word_of(absmax(nf::dynamic_codebook(), 1.0f)) ==
        oracle::nearest_float(1u << 24, static_cast<std::uint64_t>(
                                            -std::ldexp(nf::dynamic_codebook().value(0), 24))));
  CHECK(absmax(nf::dynamic_codebook(nf::Signedness::is_unsigned), 3.0f) == 3.0f);
  CHECK(absmax(nf::nf4_codebook(), -3.0f) == 3.0f);
  CHECK(absmax(nf::Codebook{-2, 0, 0.5f}, 3.0f) == 6.0f);
  CHECK(absmax(nf::Codebook{-4, 0}, -3.0f) == 0.75f);
  CHECK(absmax(nf::dynamic_codebook(), 0x1.fffffep127f) == 0x1.fffffep127f);
  CHECK(absmax(nf::dynamic_codebook(), 0.0f) == 0.0f);
}

TEST_CASE(
    "headroom: the scale is the largest magnitude over the smaller end, rounded once, whatever the block") {
  const nf::Codebook book = nf::dynamic_codebook();
  const double end = -static_cast<double>(book.least());
  for (const std::size_t block : {16u, 100u, 256u, 2048u}) {
    std::vector<float> x(4500);
    std::uint32_t state = 1;
    for (float& each : x) {
      state = state * 1664525u + 1013904223u;
      each = std::bit_cast<float>((state & 0x80000000u) | 0x30000000u | state >> 5);
    }
    const auto t = nf::CodebookTensor::quantize(x, book, {.block_size = block, .headroom = true});
    const std::vector<float> scales = t.scales();
    for (std::size_t b = 0; b < t.blocks(); ++b) {
      float largest = 0;
      for (std::size_t i = b * block; i < std::min(x.size(), (b + 1) * block); ++i)
        largest = std::max(largest, std::abs(x[i]));
      // the quotient of two floats in double, then in float, is as good as rounded once
      REQUIRE(scales[b] == static_cast<float>(static_cast<double>(largest) / end));
    }
  }
}

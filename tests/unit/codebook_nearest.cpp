// SPDX-License-Identifier: MIT
// Every code is that of the value nearest to the exact quotient, the lower of two: against the
// oracle, for every kind of code-book, magnitude and length of block, on values that lie about the
// midpoints.
#include <cmath>

#include "support/catch.hpp"
#include "support/codebooks.hpp"

using namespace test;

namespace {

void check_block(const NamedBook& named, const std::vector<float>& values, std::size_t block_size,
                 Mismatches& bad) {
  const auto t = nf::CodebookTensor::quantize(values, named.book, {.block_size = block_size});
  const auto wanted = bits_of_values(named.book);
  const std::vector<float> absmax = t.scales();
  const auto where = [&] { return named.name + " in blocks of " + std::to_string(block_size); };
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float divisor = absmax[i / block_size] == 0 ? 1.0f : absmax[i / block_size];
    bad.expect_equal(where, bits_of(values[i]),
                     oracle::nearest_code(wanted, word_of(values[i]), word_of(divisor)),
                     t.codes()[i]);
  }
  for (std::size_t b = 0; b < absmax.size(); ++b) {
    float largest = 0;
    for (std::size_t i = b * block_size; i < std::min(values.size(), (b + 1) * block_size); ++i)
      largest = std::max(largest, std::fabs(values[i]));
    largest = std::min(largest, largest_scale(named.book));
    bad.expect_equal(where, b, bits_of(largest), bits_of(absmax[b]));
  }
}

}  // namespace

TEST_CASE("codes are nearest to the exact quotients", "[codebook]") {
  Mismatches bad;
  std::uint32_t state = 1;
  for (const NamedBook& named : every_book()) {
    for (const float absmax : {1.0f, 0.3f, 0x1.fffffep0f, 1234.567f, 3.4e38f, 0x1.8p126f, 1e-37f,
                               0x1p-126f, 0x1.23p-127f, 0x1.2cp-140f}) {
      check_block(named, block_for(named.book, 301, absmax, state), 301, bad);
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("blocks of every length have an absmax of their own", "[codebook]") {
  Mismatches bad;
  std::uint32_t state = 2;
  for (const NamedBook& named : every_book()) {
    if (named.name != "dynamic" && named.name != "nf4" && named.name != "far apart") continue;
    for (const std::size_t block : {1u, 2u, 3u, 7u, 16u, 31u, 64u, 65u, 100u, 128u, 192u, 256u,
                                    511u, 512u, 513u, 700u, 5000u}) {
      std::vector<float> values;
      for (int part = 0; part < 9; ++part) {
        const auto more = block_for(named.book, 97, std::ldexp(0.77f, part * 31 % 50 - 25), state);
        values.insert(values.end(), more.begin(), more.end());
      }
      check_block(named, values, block, bad);
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("nearest() and a tensor with absmax 1 agree with the oracle on every midpoint",
          "[codebook]") {
  Mismatches bad;
  const std::uint32_t one = word_of(1.0f);
  for (const NamedBook& named : every_book()) {
    const auto values = bits_of_values(named.book);
    std::vector<float> sorted(named.book.values().begin(), named.book.values().end());
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t k = 0; k + 1 < sorted.size(); ++k) {
      const std::uint32_t middle =
          word_of(static_cast<float>((double{sorted[k]} + sorted[k + 1]) / 2));
      for (const std::uint32_t bits : {middle, middle + 1, middle - 1}) {
        if ((bits & 0x7fffffffu) >= 0x7f800000u) continue;
        const unsigned wanted = oracle::nearest_code(values, bits, one);
        const auto where = [&] { return named.name; };
        bad.expect_equal(where, bits, wanted, named.book.nearest(std::bit_cast<float>(bits)));
        if ((bits & 0x7fffffffu) > one) continue;
        const auto t =
            nf::CodebookTensor::quantize(std::vector{1.0f, std::bit_cast<float>(bits)}, named.book);
        bad.expect_equal(where, bits, wanted, t.codes()[1]);
      }
    }
  }
  CHECK(bad.report() == "");
}

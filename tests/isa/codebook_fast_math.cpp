// SPDX-License-Identifier: MIT
// Compiled with -O2 -ffast-math, which lets the compiler rewrite the float operations of the
// kernels: codes are nearest to the exact quotients all the same.
#include "support/catch.hpp"
#include "support/codebooks.hpp"

using namespace test;

TEST_CASE("code-books: built with -ffast-math, every code is the nearest", "[isa][codebook]") {
  Mismatches bad;
  std::uint32_t state = 21;
  for (const NamedBook& named : every_book()) {
    const auto wanted = bits_of_values(named.book);
    for (const float size : {1.0f, 1234.567f, 3.4e38f, 1e-37f, 0x1.23p-127f}) {
      const auto values = block_for(named.book, 200, size, state);
      const auto t = nf::CodebookTensor::quantize(values, named.book, {.block_size = 200});
      const float absmax = std::min(size, largest_scale(named.book));
      std::vector<float> out(200);
      t.dequantize(out);
      const auto where = [&] { return named.name; };
      bad.expect_equal(where, 0, word_of(absmax), word_of(t.scales()[0]));
      for (std::size_t i = 0; i < values.size(); ++i) {
        const unsigned code = oracle::nearest_code(wanted, word_of(values[i]), word_of(absmax));
        bad.expect_equal(where, word_of(values[i]), code, t.codes()[i]);
        const oracle::Exact exact =
            oracle::product(exact_of(named.book.value(code)), exact_of(absmax));
        bad.expect_equal(where, i,
                         oracle::round(oracle::binary32, exact, {}, oracle::Saturation::none),
                         word_of(out[i]));
      }
    }
  }
  CHECK(bad.report() == "");
}

// SPDX-License-Identifier: MIT
// No rounding mode, no flush-to-zero flag and no unmasked exception moves a value, an absmax or a
// code.
#include "support/catch.hpp"
#include "support/checksum.hpp"
#include "support/codebooks.hpp"
#include "support/environments.hpp"

using namespace test;

namespace {

void add_tensor(Checksum& sum, const nf::Codebook& book, const std::vector<float>& values,
                const nf::CodebookOptions& options) {
  const auto t = nf::CodebookTensor::quantize(values, book, options);
  std::vector<float> back(values.size());
  t.dequantize(back);
  for (std::size_t i = 0; i < values.size(); ++i) {
    sum.add(t.codes()[i]);
    sum.add(word_of(back[i]));
  }
  for (const float x : t.scales()) sum.add(word_of(x));
}

/// Of numbers of every exponent; the code-books are made anew each time.
std::uint64_t codebook_checksum() {
  static const std::vector<float> inputs = checksum_inputs();
  static const std::vector<float> finite = [] {
    std::vector<float> some;
    for (const float x : inputs)
      if ((word_of(x) & 0x7fffffffu) < 0x7f800000u) some.push_back(x);
    return some;
  }();
  Checksum sum;
  const nf::Codebook books[] = {nf::dynamic_codebook(), nf::linear_codebook(), nf::nf4_codebook(),
                                nf::quantile_codebook(finite, 6),
                                nf::Codebook{-1, -0x1p-149f, 0x1p-149f, 0x1.8p-130f, 1}};
  for (const nf::Codebook& book : books) {
    for (const float x : book.values()) sum.add(word_of(x));
    for (const float x : inputs) sum.add(book.nearest(x));
    for (const auto pipeline : {nf::CodebookPipeline::exact, nf::CodebookPipeline::bitsandbytes}) {
      add_tensor(sum, book, inputs,
                 {.block_size = 64, .non_finite = nf::NonFinite::propagate, .pipeline = pipeline});
      add_tensor(sum, book, inputs, {.block_size = 13, .headroom = true, .pipeline = pipeline});
      add_tensor(sum, book, finite, {.pipeline = pipeline, .nested = true});
    }
  }
  return sum.value();
}

}  // namespace

TEST_CASE("the four rounding modes change no code", "[environment][codebook]") {
  test::check_rounding_modes(&codebook_checksum);
}

TEST_CASE("flush to zero, denormals are zero and unmasked exceptions change no code",
          "[environment][codebook]") {
  test::check_flush_flags(&codebook_checksum);
  test::check_unmasked_exceptions(&codebook_checksum);
}

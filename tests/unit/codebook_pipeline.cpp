// SPDX-License-Identifier: MIT
// The pipeline of bitsandbytes, restated in float: one reciprocal a block, midpoints in float;
// zeros, tiny and large blocks included.
#include "support/catch.hpp"
#include "support/codebooks.hpp"

using namespace test;

namespace {

/// The code by the steps of the pipeline.
unsigned restated(const nf::Codebook& book, float x, float absmax) {
  std::vector<std::pair<float, unsigned>> sorted;
  for (unsigned code = 0; code < book.size(); ++code) sorted.emplace_back(book.value(code), code);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::pair<float, unsigned>> distinct;
  for (const auto& one : sorted)
    if (distinct.empty() || distinct.back().first != one.first) distinct.push_back(one);
  const float scaled = std::clamp(x * (1.0f / std::max(absmax, 1e-38f)), -1.0f, 1.0f);
  std::size_t k = 0;
  while (k + 1 < distinct.size() && scaled > (distinct[k].first + distinct[k + 1].first) / 2) ++k;
  return distinct[k].second;
}

}  // namespace

TEST_CASE("codes of the pipeline of bitsandbytes are those of its float operations", "[codebook]") {
  Mismatches bad;
  std::uint32_t state = 31;
  std::size_t not_nearest = 0;
  for (const NamedBook& named : every_book()) {
    if (named.name == "large") continue;  // the sum of two values overflows
    for (const float absmax :
         {1.0f, 0.3f, 3.4e38f, 0x1.8p126f, 1e-37f, 1.1e-38f, 0x1.23p-127f, 1e-44f}) {
      const auto values = block_for(named.book, 301, absmax, state);
      const nf::CodebookOptions options{.block_size = 301,
                                        .pipeline = nf::CodebookPipeline::bitsandbytes};
      const auto t = nf::CodebookTensor::quantize(values, named.book, options);
      const auto exact = nf::CodebookTensor::quantize(values, named.book, {.block_size = 301});
      const auto where = [&] { return named.name; };
      bad.expect_equal(where, 0, word_of(absmax), word_of(t.scales()[0]));
      for (std::size_t i = 0; i < values.size(); ++i) {
        bad.expect_equal(where, word_of(values[i]), restated(named.book, values[i], absmax),
                         t.codes()[i]);
        not_nearest += t.codes()[i] != exact.codes()[i] ? 1 : 0;
      }
    }
    const std::vector<float> zeros(70);
    const auto t = nf::CodebookTensor::quantize(zeros, named.book,
                                                {.pipeline = nf::CodebookPipeline::bitsandbytes});
    bad.expect_equal([] { return std::string("zeros"); }, 0, restated(named.book, 0, 0),
                     t.codes()[69]);
  }
  CHECK(bad.report() == "");
  CHECK(not_nearest > 0);
}

// SPDX-License-Identifier: MIT
// What is finite comes back finite: the scale of a block is at most the largest float for which
// every value of the code-book does; and codes beyond a scale are the nearest too.
#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/codebooks.hpp"

using namespace test;
using nf::CodebookTensor;

namespace {

constexpr float most = std::numeric_limits<float>::max();

/// With code-books whose values go beyond 1, up to and below it.
std::vector<NamedBook> books() {
  auto all = every_book();
  all.push_back({"just above 1", nf::Codebook{-0x1.000002p0f, 0, 0.5f, 1}});
  all.push_back(
      {"E2M1", nf::Codebook{-6, -4, -3, -2, -1.5f, -1, -0.5f, 0, 0.5f, 1, 1.5f, 2, 3, 4, 6}});
  all.push_back({"one side", nf::Codebook{-2, 0, 0.5f}});
  all.push_back({"below 1", nf::Codebook{-0.5f, -0.1f, 0, 0.6f}});
  return all;
}

bool all_finite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
}

std::vector<float> huge(std::size_t n) {
  std::vector<float> values(n);
  std::uint32_t state = 21;
  for (float& x : values) {
    const std::uint32_t word = next_random(state);
    x = std::bit_cast<float>((0x7f7fffffu - (word >> 9 & (word >> 4 & 1 ? 0xffffffu : 3))) |
                             (word & 1) << 31);
  }
  values[n / 2] = most;
  values[n / 3] = -most;
  return values;
}

}  // namespace

TEST_CASE("finite numbers come back finite", "[codebook]") {
  const auto values = huge(700);
  std::vector<float> out(700);
  for (const NamedBook& named : books()) {
    for (const auto pipeline : {nf::CodebookPipeline::exact, nf::CodebookPipeline::bitsandbytes}) {
      for (const bool headroom : {false, true}) {
        for (const std::size_t block : {1u, 7u, 64u, 700u}) {
          const nf::CodebookOptions options{
              .block_size = block, .headroom = headroom, .pipeline = pipeline};
          CodebookTensor::quantize(values, named.book, options).dequantize(out);
          CodebookTensor::quantize(values, named.book, options).dequantize(out);
          INFO(named.name << ", block " << block << ", headroom " << headroom);
          CHECK(all_finite(out));
          CodebookTensor::quantize(values, named.book, options, nf::Stochastic<>{}).dequantize(out);
          CHECK(all_finite(out));
          nf::CodebookOptions nested = options;
          nested.nested = true;
          CodebookTensor::quantize(values, named.book, nested).dequantize(out);
          CHECK(all_finite(out));
        }
      }
    }
  }
}

TEST_CASE("the largest scale is the largest for which every value comes back finite",
          "[codebook]") {
  for (const NamedBook& named : books()) {
    const float scale = CodebookTensor::quantize(std::vector{most}, named.book).scales()[0];
    const float value = std::max(std::fabs(named.book.least()), std::fabs(named.book.greatest()));
    INFO(named.name);
    CHECK(std::isfinite(scale * value));
    CHECK((scale == most || std::isinf(std::nextafter(scale, INFINITY) * value)));
    for (const auto policy : {nf::NonFinite::saturate, nf::NonFinite::propagate}) {
      const auto t = CodebookTensor::quantize(std::vector<float>{INFINITY, -INFINITY, most},
                                              named.book, {.block_size = 3, .non_finite = policy});
      CHECK(t.scales()[0] == scale);
      CHECK(named.book.value(t.codes()[0]) == named.book.greatest());
      CHECK(named.book.value(t.codes()[1]) == named.book.least());
    }
  }
}

TEST_CASE("codes of numbers beyond the scale are the nearest", "[codebook]") {
  Mismatches bad;
  std::uint32_t state = 15;
  for (const NamedBook& named : books()) {
    const auto wanted = bits_of_values(named.book);
    for (const bool headroom : {false, true}) {
      for (const float size : {1.0f, 1e-20f, most}) {
        auto values = block_for(named.book, 90, size, state);
        const nf::CodebookOptions options{.block_size = 30, .headroom = headroom};
        const auto t = CodebookTensor::quantize(values, named.book, options);
        const auto where = [&] { return named.name + (headroom ? ", headroom" : ""); };
        for (std::size_t i = 0; i < 90; ++i) {
          if (t.scales()[i / 30] == 0) continue;  // it underflowed
          bad.expect_equal(
              where, word_of(values[i]),
              oracle::nearest_code(wanted, word_of(values[i]), word_of(t.scales()[i / 30])),
              t.codes()[i]);
        }
      }
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("nested scales come back finite: a mean near the largest float", "[codebook]") {
  std::vector<float> values(64 * 256, most), out(values.size());
  std::fill_n(values.begin(), 64, 0.0f);
  for (const auto& book : {nf::nf4_codebook(), nf::Codebook{-2, -1, 0, 1, 2}}) {
    const auto t = CodebookTensor::quantize(values, book, {.block_size = 64, .nested = true});
    t.dequantize(out);
    CHECK(all_finite(out));
    CHECK(out.back() > 0.9f * most);
  }
}

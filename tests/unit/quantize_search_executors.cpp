// SPDX-License-Identifier: MIT
// Searches, counts and reports are the same by 1, 2 and 3 threads, in whatever order their parts
// are made, and as from parts by hand.
#include <narrowfloat/quantize.hpp>

#include <utility>

#include "support/formats.hpp"
#include "support/same_by_executors.hpp"

using namespace test;
using nf::whole;

TEST_CASE("searches and counts by several threads", "[quantize]") {
  const auto all = numbers();
  const auto x = std::span(all).last(5000);
  check([&](auto&& by) {
    const auto found = nf::search_format(x, {.mantissa_bits = 4}, by);
    return std::pair(found.format.max_value, found.squared_error);
  });
  check([&](auto&& by) {
    const auto found = nf::search_channel_formats(x, 10, 500, {.width = 5}, by);
    return std::pair(found.max_values, found.squared_errors);
  });
  check([&](auto&& by) {
    const auto found = nf::recommend_exmy(x, 6, {}, by);
    return std::pair(found.format, found.squared_error);
  });
  const auto first = std::span(all).first(70000), last = std::span(all).subspan(70000);
  nf::ExponentHistogram counts = nf::exponent_histogram(first);
  check([&](auto&& by) { return nf::exponent_histogram(all, by); },
        counts += nf::exponent_histogram(last));
  const nf::ExmyFormat f{3, 1, -20};
  nf::RangeUse use = nf::range_use(first, f);
  check([&](auto&& by) { return nf::range_use(all, f, by); }, use += nf::range_use(last, f));
}

TEST_CASE("exponents of blocks by several threads", "[quantize]") {
  const auto all = numbers();
  const auto x = std::span(all).first(several_tasks - several_tasks % 8);
  for (const std::size_t rows : {x.size() / 8, std::size_t{8}, std::size_t{1}}) {
    const std::size_t cols = x.size() / rows;
    for (const nf::BlockShape shape :
         {nf::BlockShape{1, 32}, {3, 3}, {whole, whole}, {1, whole}, {whole, 1000}}) {
      const std::size_t height = shape.height(rows), width = shape.width(cols),
                        across = shape.across(cols);
      std::vector<float> amax(shape.down(rows) * across);
      for (std::size_t i = 0; i < x.size(); ++i) {
        float& most = amax[i / cols / height * across + i % cols / width];
        if (std::isfinite(x[i])) most = std::max(most, std::fabs(x[i]));
      }
      std::vector<int> want;
      for (const float a : amax) want.push_back(nf::block_exponent(a, {3, 1}));
      check(
          [&](auto&& by) {
            return nf::block_exponents(x, rows, cols, shape, {3, 1}, nf::BiasGuard::carry, by);
          },
          want);
    }
  }
}

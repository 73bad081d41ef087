// SPDX-License-Identifier: MIT
// Searches, counts and reports are the same by 1, 2 and 3 threads, in whatever order their parts
// are made, and as from parts by hand.
#include <narrowfloat/quantize.hpp>

#include <algorithm>
#include <tuple>
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
  // of two pieces: the error of the format that is found
  const auto more = std::span(all).last(70001);
  const auto best = nf::search_format(more, {.width = 4, .mantissa_bits = 2}, Threads{2});
  CHECK(best.squared_error == nf::fake_quantize_error(more, best.format));
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

TEST_CASE("quantiles of samples in several parts are those of one sorted", "[quantize]") {
  auto x = numbers(several_tasks, true);
  const auto check_sample = [&] {
    auto sorted = x;
    std::sort(sorted.begin(), sorted.end());
    const std::size_t last = x.size() - 1;
    const double amax = std::max(std::fabs(sorted[0]), std::fabs(sorted[last]));
    for (const int bits : {2, 8}) {
      std::vector<float> want;
      for (std::size_t i = 0; i < std::size_t{1} << bits; ++i) {
        const double a = sorted[i * last >> bits], b = sorted[(i + 1) * last >> bits];
        want.push_back(static_cast<float>(static_cast<float>((a + b) / 2) / amax + 0));
      }
      check(
          [&](auto&& by) {
            const auto book = nf::quantile_codebook(x, bits, by);
            return std::vector(book.values().begin(), book.values().end());
          },
          want);
    }
  };
  check_sample();
  std::sort(x.begin(), x.end());  // a part has none of another's numbers
  check_sample();
  for (float& v : x) v = std::trunc(v * 0x1p-28f);  // many are equal
  check_sample();
  x[70000] = x[140000] = INFINITY;
  CHECK_THROWS_WITH(nf::quantile_codebook(x, 4, Threads{2}),
                    "narrowfloat::quantile_codebook: number 70000 of a sample is not finite");
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

namespace {

auto fields(const nf::FormatReport& r) {
  return std::tuple(r.format, r.elements, r.bits, r.non_finite, r.lost, r.clipped, r.flushed,
                    r.signal, r.noise);
}

}  // namespace

TEST_CASE("reports and the choice of a format by several threads", "[quantize]") {
  const auto x = numbers();
  const nf::CodebookOptions options{.non_finite = nf::NonFinite::propagate};
  const auto tensor = [&](std::span<const float> values) {
    return nf::CodebookTensor::quantize(values, nf::nf4_codebook(), options);
  };
  nf::FormatReport all{.elements = x.size(), .bits = tensor(x).bits_per_element()};
  for (std::size_t i = 0; i < x.size(); i += 65536) {  // in order
    const auto part = std::span(x).subspan(i, std::min<std::size_t>(65536, x.size() - i));
    const auto report = nf::format_report(part, tensor(part));
    all.non_finite += report.non_finite;
    all.lost += report.lost;
    all.clipped += report.clipped;
    all.flushed += report.flushed;
    all.signal += report.signal;
    all.noise += report.noise;
  }
  check([&](auto&& by) { return fields(nf::format_report(x, tensor(x), by)); }, fields(all));
  const auto blocks = nf::BlockTensor<nf::mxfp4_e2m1>::quantize(x, 1, x.size());
  check([&](auto&& by) { return fields(nf::format_report(x, blocks, {}, by)); });
  const std::vector candidates{nf::candidate<nf::bfloat16>("a"), nf::candidate<nf::mxfp8_e4m3>("b"),
                               nf::candidate("c", nf::dynamic_codebook())};
  check([&](auto&& by) {
    std::vector<decltype(fields(all))> found;
    for (const auto& each :
         nf::choose_formats(x, 1, x.size(), candidates, nf::FormatOrder::sqnr, by))
      found.push_back(fields(each));
    return found;
  });
}

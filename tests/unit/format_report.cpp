// SPDX-License-Identifier: MIT
// What a format lost of a tensor: each value is counted once, lost values are noise, and a tensor
// of nothing finite makes no format the best.
#include <narrowfloat/quantize/choose.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"

namespace nf = narrowfloat;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float largest = std::numeric_limits<float>::max();

template <class Format>
nf::FormatReport report_of(const std::vector<float>& values, const nf::QuantizeOptions& options) {
  const auto tensor = nf::BlockTensor<Format>::quantize(values, 1, values.size(), options);
  return nf::format_report(values, tensor, options);
}

}  // namespace

TEST_CASE("a block that one NaN blanks is lost, its zeros too", "[quantize][report]") {
  std::vector<float> values(64, 2);
  values[40] = not_a_number;
  values[41] = infinity;
  values[42] = 0;
  const nf::FormatReport r = report_of<nf::mxfp4_e2m1>(values, {});
  CHECK(r.elements == 64);
  CHECK(r.non_finite == 2);
  CHECK(r.lost == 30);
  CHECK(r.clipped + r.flushed == 0);
  CHECK(r.signal == 61 * 4);
  CHECK(r.noise == 29 * 4);
  CHECK(r.sqnr_db() == Approx(10 * std::log10(61 / 29.0)));
}

TEST_CASE("where zeros are all that was lost, nothing is exact", "[quantize][report]") {
  std::vector<float> values(32);
  values[3] = infinity;
  const nf::FormatReport r = report_of<nf::mxint8>(values, {});
  CHECK(r.lost == 31);
  CHECK(r.noise == 0);
  CHECK(r.sqnr_db() == -infinite);
  const nf::FormatReport propagated =
      report_of<nf::mxint8>(values, {.non_finite = nf::NonFinite::propagate});
  CHECK(propagated.lost == 0);
  CHECK(propagated.sqnr_db() == infinite);
}

TEST_CASE("finite values that read back as Inf are lost, not clipped", "[quantize][report]") {
  const std::vector<float> values(32, largest);
  for (const auto rule : {nf::ScaleRule::ceil, nf::ScaleRule::rceil, nf::ScaleRule::even}) {
    const nf::FormatReport r = report_of<nf::mxfp8_e4m3>(values, {.rule = rule});
    CHECK(r.lost == 32);
    CHECK(r.clipped + r.flushed + r.non_finite == 0);
    CHECK(r.sqnr_db() == 0);
  }
  CHECK(report_of<nf::mxfp8_e4m3>(values, {.rule = nf::ScaleRule::floor}).lost == 0);
}

TEST_CASE("a value whose scale underflowed is flushed, and not clipped too", "[quantize][report]") {
  std::vector<float> values(32, 1);
  for (std::size_t i = 16; i < 32; ++i) values[i] = i % 2 == 0 ? 0x1p-60f : -0x1p-60f;
  const nf::FormatReport r = report_of<nf::nvfp4>(values, {});
  CHECK(r.flushed == 16);
  CHECK(r.clipped == 0);
  CHECK(r.flushed_percent() == 50);
}

TEST_CASE("beyond half a step of the ends is clipped, on either side", "[quantize][report]") {
  // the floor rule's scale of 7.9 is 1: the ends are 6 and -6, half a step 1
  const std::vector<float> values{7.9f, -7.9f, 7, -7, 6.9f, -6, 0, 1};
  CHECK(report_of<nf::mxfp4_e2m1>(values, {}).clipped == 2);
  const nf::Codebook book{-1, -0.25f, 0, 0.25f, 0.5f};  // half a step above 0.5 is 0.625
  const std::vector<float> ends{1, 0.625f, 0.626f, -1, -0.9f, 0.5f};
  const auto t = nf::CodebookTensor::quantize(ends, book);
  CHECK(nf::format_report(ends, t).clipped == 2);
  const nf::Codebook positive{0.5f, 0.75f, 1};  // half a step below 0.5 is 0.375
  const std::vector<float> below{1, 0.375f, 0.374f, 0.1f, -0.1f};
  const auto p = nf::CodebookTensor::quantize(below, positive);
  CHECK(nf::format_report(below, p).clipped == 3);
  CHECK(nf::format_report(below, p).flushed == 0);
}

TEST_CASE("the dynamic book has no -1, which is no clipping; unsigned flushes what is negative",
          "[quantize][report]") {
  const std::vector<float> values{-1, 0.5f, 0.25f, -0.125f};
  const auto m = nf::CodebookTensor::quantize(values, nf::dynamic_codebook());
  CHECK(nf::format_report(values, m).clipped == 0);
  const auto v =
      nf::CodebookTensor::quantize(values, nf::dynamic_codebook(nf::Signedness::is_unsigned));
  CHECK(nf::format_report(values, v).flushed == 2);
  CHECK(nf::format_report(values, v).clipped == 0);
}

TEST_CASE("of a tensor of nothing finite no format is the best", "[quantize][report]") {
  const std::vector<float> values{not_a_number, infinity, -infinity, not_a_number};
  const std::vector candidates{nf::candidate<nf::mxint8>("int8"),
                               nf::candidate("nf4", nf::nf4_codebook()),
                               nf::candidate<nf::bfloat16>("bf16")};
  const auto reports = nf::choose_formats(values, 1, 4, candidates);
  for (const nf::FormatReport& r : reports) {
    CHECK(r.is_blank());
    CHECK(r.lost == 0);
  }
  CHECK(nf::pareto_front(reports).empty());
  const auto none = nf::choose_formats(std::vector<float>{}, 1, 0, candidates);
  CHECK_FALSE(none[0].is_blank());
  CHECK(nf::pareto_front(none).size() == 1);
}

TEST_CASE("the values are those of the tensor, or the call throws", "[quantize][report]") {
  const std::vector<float> six(6), five(5);
  CHECK_THROWS_AS(nf::format_report(five, nf::BlockTensor<nf::mxint8>::quantize(six, 2, 3)),
                  std::invalid_argument);
  CHECK_THROWS_AS(nf::format_report(five, nf::CodebookTensor::quantize(six, nf::nf4_codebook())),
                  std::invalid_argument);
}

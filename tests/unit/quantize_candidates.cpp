// SPDX-License-Identifier: MIT
// The format chooser: candidates of one's own, with their axes, options and roundings; what is
// worth its bits.
#include <narrowfloat/quantize/choose.hpp>

#include <algorithm>
#include <cmath>
#include <random>

#include "support/catch.hpp"
#include "support/chooser_matrix.hpp"

namespace nf = narrowfloat;

namespace {

constexpr std::size_t rows = test::chooser_rows, cols = test::chooser_cols;

nf::FormatReport measure(const nf::Candidate& candidate, const std::vector<float>& values,
                         std::size_t height, std::size_t width) {
  return nf::choose_formats(values, height, width, {candidate})[0];
}
nf::FormatReport measure_row(const nf::Candidate& candidate, const std::vector<float>& values) {
  return measure(candidate, values, 1, values.size());
}

}  // namespace

TEST_CASE("stochastic rounding as it was asked for", "[quantize][choose]") {
  const std::vector<float> values = test::chooser_numbers();
  const nf::Stochastic<> rounding{.seed = 3};
  const auto c = nf::candidate<nf::mxfp4_e2m1>("fp4", {.rule = nf::ScaleRule::rceil}, rounding);
  CHECK(c.rounding == "stochastic");
  std::vector<float> images(values.size());
  nf::BlockTensor<nf::mxfp4_e2m1>::quantize(values, rows, cols, {.rule = nf::ScaleRule::rceil},
                                            rounding)
      .dequantize(images);
  double noise = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    noise += std::pow(static_cast<double>(values[i]) - static_cast<double>(images[i]), 2);
  CHECK(measure(c, values, rows, cols).noise == Approx(noise).epsilon(1e-12));
  // 3/4 of the quotients under the floor rule: nothing clips, and the reader's 4/3 is in the images
  const auto three =
      nf::candidate<nf::mxfp4_e2m1>("fp4", {.rule = nf::ScaleRule::floor, .three_quarters = true});
  CHECK(three.rule == "floor 3/4");
  const auto report = measure_row(three, std::vector<float>{7.9f, 4, 2, 1});
  CHECK(report.clipped == 0);
  // 7.9 becomes 8, 4 the larger neighbour 16/3 ... : 4 * 3/4 = 3 and 1.5 are values, 0.75 ties to 1
  CHECK(report.noise == Approx(0.01 + 1.0 / 9).epsilon(1e-5));
}

TEST_CASE("blocks down the columns are those of the transpose", "[quantize][choose]") {
  const std::vector<float> values = test::chooser_numbers();
  std::vector<float> transpose(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) transpose[i % cols * rows + i / cols] = values[i];
  const auto down = nf::candidate<nf::mxfp4_e2m1>("fp4", {.axis = 0});
  const auto along = nf::candidate<nf::mxfp4_e2m1>("fp4");
  CHECK(down.block == "32x1");
  const auto got = measure(down, values, rows, cols);
  auto expected = measure(along, transpose, cols, rows);
  CHECK(got.clipped == expected.clipped);
  CHECK(got.flushed == expected.flushed);
  CHECK(got.signal == Approx(expected.signal).epsilon(1e-12));
  CHECK(got.noise == Approx(expected.noise).epsilon(1e-12));
  using columns = nf::BlockFormat<nf::FixedPoint<8, 6>, float, nf::whole>;
  CHECK(nf::candidate<columns>("int8", {.axis = 0}).block == "column");
  CHECK(nf::candidate<nf::nvfp4_2d>("nvfp4").block == "16x16");
}

TEST_CASE("the most negative code is no clipping where it is used", "[quantize][choose]") {
  const std::vector<float> values{1, -1.9999f};
  CHECK(measure_row(nf::candidate<nf::mxint8>("int8"), values).clipped == 1);
  CHECK(measure_row(nf::candidate<nf::mxint8>("int8", {.full_range = true}), values).clipped == 0);
}

TEST_CASE("the Pareto front", "[quantize][choose]") {
  const auto report = [](double bits, double noise) {
    return nf::FormatReport{.bits = bits, .signal = 1, .noise = noise};
  };
  //                    dominated      front          equal          worse at equal bits, front
  const std::vector all{report(8, 2),    report(4, 1),  report(4, 1), report(8, 0.5),
                        report(8, 0.25), report(16, 0), report(32, 0)};
  CHECK(nf::pareto_front(all) == std::vector<std::size_t>{1, 4, 5});
  CHECK(nf::pareto_front({}).empty());
  CHECK(nf::pareto_front(std::vector{report(3, 3)}) == std::vector<std::size_t>{0});
}

TEST_CASE("of equal reports the one that was given first comes first", "[quantize][choose]") {
  const auto report = [](const char* name, double bits, double noise) {
    return nf::FormatReport{.format = name, .bits = bits, .signal = 1, .noise = noise};
  };
  const std::vector given{report("a", 8, 1), report("b", 8, 1), report("c", 4, 2),
                          report("d", 4, 1), report("e", 4, 1), report("f", 8, 0.5)};
  const auto names = [&](nf::FormatOrder order) {
    auto sorted = given;
    nf::sort_reports(sorted, order);
    std::string all;
    for (const auto& r : sorted) all += r.format;
    return all;
  };
  CHECK(names(nf::FormatOrder::bits) == "decfab");
  CHECK(names(nf::FormatOrder::sqnr) == "fdeabc");
  CHECK(names(nf::FormatOrder::given) == "abcdef");
}

TEST_CASE("a matrix with a leading dimension is measured as its copy", "[quantize][choose]") {
  const std::vector<float> values = test::chooser_numbers();
  std::vector<float> copy;
  for (std::size_t r = 0; r < 20; ++r)
    copy.insert(copy.end(), values.begin() + static_cast<std::ptrdiff_t>(r * cols),
                values.begin() + static_cast<std::ptrdiff_t>(r * cols + 50));
  const std::vector candidates{nf::candidate<nf::mxfp4_e2m1>("fp4")};
  const auto got = nf::choose_formats(nf::MatrixView(values, 20, 50, cols), candidates);
  const auto expected = nf::choose_formats(copy, 20, 50, candidates);
  CHECK(got[0].noise == expected[0].noise);
  CHECK(got[0].signal == expected[0].signal);
  CHECK(got[0].elements == 1000);
}

TEST_CASE("what does not fit is refused", "[quantize][choose]") {
  const std::vector<float> six(6);
  CHECK_THROWS_WITH(nf::choose_formats(six, 2, 2, {nf::candidate<nf::mxint8>("int8")}),
                    "narrowfloat::choose_formats: the input has 6 elements, the matrix 2 x 2");
  const auto wrong =
      nf::candidate<nf::mxint8>("int8", {.four_over_six = nf::FourOverSix::squared_error});
  CHECK_THROWS_AS(nf::choose_formats(six, 2, 3, {wrong}), std::invalid_argument);
}

TEST_CASE("NVFP4 clips nothing, and four over six is better", "[quantize][choose]") {
  std::vector<float> values(rows * cols);
  std::mt19937 engine(9);
  std::normal_distribution<float> normal;
  for (float& x : values) x = normal(engine);
  const auto plain = measure(nf::candidate<nf::nvfp4>("nvfp4"), values, rows, cols);
  const auto better =
      measure(nf::candidate<nf::nvfp4>("nvfp4", {.four_over_six = nf::FourOverSix::squared_error}),
              values, rows, cols);
  CHECK(plain.clipped == 0);
  CHECK(plain.sqnr_db() == Approx(20.44).margin(0.1));
  CHECK(better.sqnr_db() > plain.sqnr_db() + 0.5);
  CHECK(plain.bits == 8 * (rows * (150 + 19) + 4.0) / (rows * cols));
}

TEST_CASE("a code-book as a candidate: blocks run through the rows", "[quantize][choose]") {
  const std::vector<float> values = test::chooser_numbers();
  const nf::Codebook book = nf::nf4_codebook();
  for (const bool nested : {false, true}) {
    const nf::CodebookOptions options{.block_size = 100, .nested = nested};
    const auto c = nf::candidate("mine", book, options);
    CHECK(c.block == "100");
    CHECK(c.rule == (nested ? "absmax nested" : "absmax"));
    const auto got = measure(c, values, rows, cols);
    const auto tensor = nf::CodebookTensor::quantize(values, book, options);
    std::vector<float> images(values.size());
    tensor.dequantize(images);
    double noise = 0;
    std::size_t flushed = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      noise += std::pow(static_cast<double>(values[i]) - static_cast<double>(images[i]), 2);
      flushed += values[i] != 0 && images[i] == 0 ? 1 : 0;
    }
    CHECK(got.noise == Approx(noise).epsilon(1e-12));
    CHECK(got.flushed == flushed);
    CHECK(got.elements == values.size());
    CHECK(got.bits == tensor.bits_per_element());
  }
  CHECK(nf::candidate("m", nf::dynamic_codebook()).block == "256");
  CHECK(nf::candidate("w", book).block == "64");
  CHECK(nf::candidate("w", book, {.headroom = true}).rule == "absmax headroom");
  CHECK_THROWS_AS(measure(nf::candidate("w", book), values, rows, cols - 1), std::invalid_argument);
}

TEST_CASE("a NaN in a block of a code-book does not hide the others", "[quantize][choose]") {
  std::vector<float> values(64, 0.5f);
  values[3] = std::nanf("");
  const auto propagated = measure_row(nf::candidate("w", nf::nf4_codebook()), values);
  CHECK(propagated.lost == 0);
  CHECK(propagated.noise == 0);
  CHECK(measure_row(nf::candidate("w", nf::nf4_codebook(), {}), values).lost == 63);
}

TEST_CASE("the code-books of optimizers and of frozen weights", "[quantize][choose]") {
  const std::vector<float> values = test::chooser_numbers();
  const auto usual = nf::default_candidates();
  const auto check = [&](const std::string& format, const nf::Codebook& book,
                         const std::string& rule, const nf::CodebookOptions& options) {
    const auto block = std::to_string(options.block_size);
    CAPTURE(format, block, rule);
    const auto found = std::ranges::find_if(usual, [&](const nf::Candidate& each) {
      return each.format == format && each.block == block && each.rule == rule;
    });
    REQUIRE(found != usual.end());
    CHECK(found->rounding == "nearest");
    const auto got = measure(*found, values, rows, cols);
    const auto tensor = nf::CodebookTensor::quantize(values, book, options);
    const auto expected = nf::format_report(values, tensor);
    CHECK(got.bits == expected.bits);
    CHECK(got.noise == expected.noise);
    CHECK(got.clipped == expected.clipped);
    CHECK(got.flushed == expected.flushed);
  };
  for (const std::size_t block : {std::size_t{256}, std::size_t{2048}}) {
    check("dynamic8", nf::dynamic_codebook(), "absmax", {.block_size = block});
    check("udynamic8", nf::dynamic_codebook(nf::Signedness::is_unsigned).without_zero(), "absmax",
          {.block_size = block});
  }
  for (const bool nested : {false, true}) {
    const char* const rule = nested ? "absmax nested" : "absmax";
    check("nf4", nf::nf4_codebook(), rule, {.block_size = 64, .nested = nested});
    check("fp4_bnb", nf::fp4_bitsandbytes_codebook(), rule, {.block_size = 64, .nested = nested});
  }
  CHECK(usual.size() == 38);
}

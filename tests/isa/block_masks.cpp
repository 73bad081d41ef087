// SPDX-License-Identifier: MIT
// The mask of a block tensor has a bit for each element, which is set where the value lies within
// the range of its stored scale, by the oracle; and the tensor is the one that is made without a
// mask.
#include <limits>

#include "support/block_check.hpp"
#include "support/catch.hpp"
#include "support/guarded_pages.hpp"

using namespace test;

namespace {

/// The exact magnitude of an element at an end of its type.
template <class Element>
oracle::Exact end_of(bool full_range, bool negative) {
  const oracle::Element element = oracle_element<Element>(full_range);
  if constexpr (!nf::narrow_float<Element>) {
    if (full_range && negative) return oracle::value(element, 1u << (Element::width - 1));
  } else {
    if (negative && !Element::is_signed) return {};
  }
  return oracle::largest(element);
}

template <class Format>
bool expected_bit(float x, const nf::BlockTensor<Format>& tensor, std::size_t block,
                  const nf::QuantizeOptions& options) {
  oracle::Exact value = exact_of(x);
  const oracle::Exact scale = exact_scale(tensor.scales()[block]);
  if (value.is_nan() || value.is_infinity() || scale.is_nan()) return false;
  if (value.is_zero() || scale.is_zero()) return true;
  oracle::Exact end =
      oracle::product(end_of<typename Format::element>(options.full_range, value.negative),
                      oracle::product(scale, exact_of(tensor.tensor_scale())));
  if (options.three_quarters) {
    value = oracle::product(value, exact_of(3.0f));
    end = oracle::product(end, exact_of(4.0f));
  }
  return oracle::compare_magnitudes(value, end) <= 0;
}

template <class Format>
void expect_mask(std::span<const std::uint8_t> mask, std::span<const float> values,
                 std::size_t first, const nf::BlockTensor<Format>& tensor,
                 const nf::QuantizeOptions& options, Mismatches& bad) {
  const auto where = [&] {
    return std::to_string(tensor.rows()) + " x " + std::to_string(tensor.cols()) + " axis " +
           std::to_string(tensor.axis());
  };
  const bool within = tensor.axis() == 1;
  const auto along = static_cast<std::size_t>(Format::block_size),
             lines = static_cast<std::size_t>(Format::block_rows);
  for (std::size_t i = 0; i < 8 * mask.size(); ++i) {
    const bool bit = (mask[i / 8] >> i % 8 & 1) != 0;
    bool expected = false;
    if (i < values.size()) {
      const std::size_t row = (first + i) / tensor.cols(), col = (first + i) % tensor.cols();
      const std::size_t block =
          row / (within ? lines : along) * tensor.block_cols() + col / (within ? along : lines);
      expected = expected_bit(values[i], tensor, block, options);
    }
    bad.expect_equal(where, i, expected ? 1 : 0, bit ? 1 : 0);
  }
}

/// Values of which many are cut: next to the ends of scales too, some that are no numbers.
std::vector<float> matrix(std::size_t n, std::uint32_t seed) {
  std::vector<float> values = sample_block(n, 3, seed);
  const float tops[] = {12, -7.75f, 15.875f}, towards[] = {0, 100, -100};
  for (std::size_t i = 6; i < n; i += 16)  // an end times a power of two, or next to it
    values[i] = i % 5 == 0 ? tops[i % 3] : std::nextafter(tops[i % 3], towards[i / 16 % 3]);
  if (n > 200) {
    values[130] = -HUGE_VALF;
    values[n - 2] = std::nanf("");
    values[n - 9] = std::numeric_limits<float>::max();
  }
  return values;
}

template <class Format, class R = nf::NearestEven>
void check_masks(const nf::QuantizeOptions& given, Mismatches& bad, R rounding = {}) {
  using Tensor = nf::BlockTensor<Format>;
  for (const auto& [rows, cols] :
       {std::pair<std::size_t, std::size_t>{1, 1}, {3, 13}, {5, 64}, {9, 67}, {2, 2101}}) {
    for (const int axis : {0, 1}) {
      nf::QuantizeOptions options = given;
      options.axis = axis;
      const std::size_t n = rows * cols;
      const std::vector<float> values = matrix(n, static_cast<std::uint32_t>(cols));
      std::vector<std::uint8_t> mask((n + 7) / 8, 0xff);
      const Tensor tensor = Tensor::quantize(values, mask, rows, cols, options, rounding);
      bad.expect(
          tensor == Tensor::quantize(values, rows, cols, options, rounding),
          [] { return std::string("the tensor"); }, n, 0, 0);
      expect_mask(mask, values, 0, tensor, options, bad);
    }
  }
}

}  // namespace

TEST_CASE("a mask tells what lies beyond the range of its scale", "[block][mask]") {
  Mismatches bad;
  check_masks<nf::mxfp4_e2m1>({}, bad);
  check_masks<nf::mxfp4_e2m1>({.non_finite = nf::NonFinite::propagate}, bad,
                              nf::Stochastic<>{.seed = 1});
  check_masks<nf::mxfp4_e2m1>({.three_quarters = true}, bad);
  check_masks<nf::mxint8>({}, bad);
  check_masks<nf::mxint8>({.non_finite = nf::NonFinite::propagate, .full_range = true}, bad);
  check_masks<nf::nvfp4>({.non_finite = nf::NonFinite::propagate, .tensor_scale = 0x1p-11f}, bad);
  check_masks<nf::nvfp4>({.pipeline = nf::ScalePipeline::transformer_engine}, bad);
  CHECK(bad.report() == "");
}

TEST_CASE("so does that of a format without a name", "[block][mask]") {
  Mismatches bad;
  check_masks<nf::BlockFormat<nf::float4_e2m1fn, float, 9, 4>>({}, bad);
  check_masks<nf::BlockFormat<nf::float8_ue4m3, nf::float8_e8m0fnu, 48>>({}, bad);
  check_masks<nf::BlockFormat<nf::FixedPoint<16, 3>, float, 24>>({.full_range = true}, bad);
  CHECK(bad.report() == "");
}

TEST_CASE("a mask by scales of one's own, of a matrix and of its parts", "[block][mask]") {
  using Tensor = nf::BlockTensor<nf::mxfp4_e2m1>;
  const std::size_t rows = 7, cols = 128, n = rows * cols, blocks = n / 32;
  const std::vector<float> values = matrix(n, 9);
  std::vector<nf::float8_e8m0fnu> scales;
  for (std::size_t b = 0; b < blocks; ++b)
    scales.push_back(nf::float8_e8m0fnu::from_bits(static_cast<std::uint8_t>(b % 5 + 124)));
  scales[3] = nf::float8_e8m0fnu::from_bits(254);  // 6 * 2^127 is no float
  scales[4] = nf::float8_e8m0fnu::from_bits(0);
  std::vector<std::uint8_t> mask(n / 8);
  Mismatches bad;
  const Tensor whole = Tensor::quantize(values, mask, rows, cols, scales);
  expect_mask(mask, std::span(values), 0, whole, {}, bad);
  Tensor other = Tensor::quantize(std::vector<float>(n, 1.0f), rows, cols);
  std::vector<std::uint8_t> again(n / 8, 0xff);
  other.assign(nf::MatrixView(values, rows, cols), again, scales);
  CHECK(other == whole);
  CHECK(again == mask);
  for (std::size_t first = 0; first < blocks; first += 3) {
    const std::size_t count = std::min<std::size_t>(5, blocks - first);
    const auto part = std::span(values).subspan(32 * first, 32 * count);
    GuardedPages pages(4 * count);
    const std::span<std::uint8_t> piece(pages.end() - 4 * count, 4 * count);
    other.assign(32 * first, part, piece, std::span(scales).subspan(first, count));
    CHECK(std::equal(piece.begin(), piece.end(), &mask[4 * first]));
    other.assign(32 * first, part, piece);
    expect_mask(std::span<const std::uint8_t>(piece), part, 32 * first, other, {}, bad);
    other.assign(32 * first, part, std::span(scales).subspan(first, count));
    CHECK(other == whole);
  }
  CHECK(bad.report() == "");
}

TEST_CASE("a scale of 0 flushes its block and cuts none", "[block][mask]") {
  std::vector<float> values(32, 1e-9f);
  values[0] = 2688;
  values[1] = 2689;
  std::vector<std::uint8_t> mask(4);
  const auto tensor =
      nf::BlockTensor<nf::nvfp4>::quantize(values, mask, 1, 32, {.tensor_scale = 1.0f});
  CHECK(static_cast<float>(tensor.scales()[1]) == 0);
  CHECK(mask == std::vector<std::uint8_t>{0xfd, 0xff, 0xff, 0xff});
}

TEST_CASE("numbers of other types, with a leading dimension", "[block][mask]") {
  using Tensor = nf::BlockTensor<nf::mxfp4_e2m1>;
  std::vector<nf::bfloat16> values(5 * 80);
  nf::convert(matrix(values.size(), 3), values);
  std::vector<float> inner;
  for (std::size_t r = 0; r < 5; ++r)
    for (std::size_t c = 0; c < 71; ++c) inner.push_back(static_cast<float>(values[r * 80 + c]));
  std::vector<std::uint8_t> mask(45), expected(45);
  Tensor tensor;
  tensor.assign(nf::MatrixView(values, 5, 71, 80), mask, {.axis = 0});
  CHECK(tensor == Tensor::quantize(inner, expected, 5, 71, {.axis = 0}));
  CHECK(mask == expected);
}

TEST_CASE("a mask of another size is refused, and stays", "[block][mask]") {
  const std::vector<float> values(3 * 11, 1.0f);
  std::vector<std::uint8_t> four(4, 7), six(6, 7);
  nf::BlockTensor<nf::mxfp4_e2m1> tensor;
  CHECK_THROWS_WITH(tensor.assign(values, four, 3, 11),
                    "narrowfloat::BlockTensor::assign: the mask has 4 bytes, 33 elements take 5");
  CHECK_THROWS_AS(nf::BlockTensor<nf::mxfp4_e2m1>::quantize(values, six, 3, 11),
                  std::invalid_argument);
  CHECK_THROWS_AS(
      nf::BlockTensor<nf::mxfp4_e2m1>::quantize(values, six, 3, 11, {.full_range = true}),
      std::invalid_argument);
  CHECK(four == std::vector<std::uint8_t>(4, 7));
  CHECK(six == std::vector<std::uint8_t>(6, 7));
  CHECK(tensor.empty());
}

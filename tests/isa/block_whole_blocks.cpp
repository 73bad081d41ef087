// SPDX-License-Identifier: MIT
// What only whole blocks, or long rows, of many blocks show: Inf that leaves the scale alone, rows
// that do not fill their bytes, more columns than are worked on at once.
#include <limits>

#include "support/block_check.hpp"
#include "support/catch.hpp"

using namespace test;

namespace {

template <class Element, int K>
using by_power = nf::BlockFormat<Element, nf::float8_e8m0fnu, K>;

/// The numbers that the codes and scales of a tensor stand for, by the oracle, in another type.
template <class Format, class To>
void check_numbers(std::size_t rows, std::size_t cols, Mismatches& bad) {
  const auto values = sample_block(rows * cols, 3, 4);
  const auto tensor = nf::BlockTensor<Format>::quantize(values, rows, cols);
  std::vector<To> out(values.size());
  tensor.dequantize(out);
  const auto element = oracle_element<typename Format::element>();
  const oracle::Exact level = exact_of(tensor.tensor_scale());
  const auto where = [&] { return name_of<To>() + " " + std::to_string(cols) + " columns"; };
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto scale = tensor.scales()[i / cols * tensor.block_cols() +
                                       i % cols / static_cast<std::size_t>(Format::block_size)];
    const oracle::Exact value = oracle::product(oracle::value(element, tensor.codes()[i].bits()),
                                                oracle::product(exact_scale(scale), level));
    std::uint64_t wanted = 0;
    if constexpr (std::is_same_v<To, double>)
      wanted = oracle::round_to_f64(value);
    else
      wanted = oracle::round(oracle_format<To>(), value, {}, oracle::Saturation::none);
    bad.expect_equal(where, i, wanted, bits_of(out[i]));
  }
}

}  // namespace

TEST_CASE("the scale of a whole block with Inf or NaN is that of its finite values", "[block]") {
  const auto check = []<class Format>() {
    for (const float bad : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
      std::vector<float> values(512, 1.0f), back(512);
      const auto plain = nf::BlockTensor<Format>::quantize(values, 1, 512);
      values[40] = bad;
      const auto tensor = nf::BlockTensor<Format>::quantize(
          values, 1, 512, {.non_finite = nf::NonFinite::propagate});
      bool same = true;
      for (std::size_t b = 0; b < plain.scales().size(); ++b)
        same = same && scale_bits(tensor.scales()[b]) == scale_bits(plain.scales()[b]);
      CHECK(same);
      tensor.dequantize(back);
      for (std::size_t i = 0; i < 512; ++i) same = same && (i == 40 || back[i] == 1.0f);
      CHECK(same);
    }
  };
  for_each_format<mx_formats>(check);
  check.operator()<nf::nvfp4>();
  check.operator()<by_power<nf::float8_e5m2, 48>>();
  check.operator()<by_power<nf::float4_e2m1fn, 7>>();
}

TEST_CASE("whole blocks whose rows do not fill their bytes", "[block]") {
  Mismatches bad;
  for (const std::size_t rows : {2u, 3u, 9u}) {
    for (const std::size_t blocks : {1u, 3u, 211u}) {
      const std::size_t cols = 5 * blocks;
      check_tensor<by_power<nf::float4_e2m1fn, 5>>(sample_block(rows * cols, 3, 1), rows, cols, {},
                                                   bad);
      check_tensor<by_power<nf::float6_e2m3fn, 5>>(sample_block(rows * cols, 3, 1), rows, cols, {},
                                                   bad);
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("rows of more than a part of columns, to every type", "[block]") {
  Mismatches bad;
  for (const std::size_t cols : {1056u, 2600u, 2080u}) {
    check_numbers<nf::mxfp4_e2m1, double>(3, cols, bad);
    check_numbers<nf::mxfp6_e2m3, nf::float16>(3, cols, bad);
    check_numbers<nf::mxfp8_e4m3, nf::bfloat16>(3, cols, bad);
    check_numbers<nf::nvfp4, double>(2, cols, bad);
    check_numbers<nf::nvfp4, nf::bfloat16>(2, cols, bad);
  }
  CHECK(bad.report() == "");
}

TEST_CASE("equal codes are equal, whatever stood in the padding", "[block]") {
  const auto values = sample_block(3 * 33, 2, 1);
  const auto tensor = nf::BlockTensor<nf::mxfp4_e2m1>::quantize(values, 3, 33);
  std::vector<std::uint8_t> codes(tensor.codes().bytes().begin(), tensor.codes().bytes().end());
  for (std::size_t row = 0; row < 3; ++row) {
    CHECK(codes[row * 17 + 16] >> 4 == 0);
    codes[row * 17 + 16] |= 0xf0;
  }
  CHECK(nf::BlockTensor<nf::mxfp4_e2m1>::from_parts(codes, tensor.scales(), 3, 33) == tensor);
}

TEST_CASE("codes are converted before they are scaled", "[block][packed]") {
  const auto check = []<class Format>(std::size_t cols) {
    const auto tensor = nf::BlockTensor<Format>::quantize(sample_block(3 * cols, 3, 5), 3, cols);
    std::vector<float> numbers(3 * cols);
    nf::convert(tensor.codes(), numbers);
    std::vector<nf::float8_e4m3fn> narrow(3 * cols), expected(3 * cols);
    nf::convert(tensor.codes(), narrow, nf::Stochastic<>{.seed = 2});
    nf::convert(numbers, expected, nf::Stochastic<>{.seed = 2});
    bool same = true;
    std::size_t i = 0;
    for (const auto code : tensor.codes()) {
      same = same && bits_of(numbers[i]) == bits_of(static_cast<float>(code)) &&
             narrow[i].bits() == expected[i].bits();
      ++i;
    }
    CHECK(i == numbers.size());
    CHECK(same);
    numbers.pop_back();
    CHECK_THROWS_AS(nf::convert(tensor.codes(), numbers), std::invalid_argument);
  };
  for (const std::size_t cols : {33u, 64u, 1500u, 2049u}) {
    check.operator()<nf::mxfp4_e2m1>(cols);
    check.operator()<nf::mxfp6_e3m2>(cols);
    check.operator()<nf::mxint8>(cols);
    check.operator()<nf::mxfp8_e5m2>(cols);
  }
  static_assert(std::ranges::random_access_range<nf::PackedMatrix<const nf::float4_e2m1fn>>);
}

// SPDX-License-Identifier: MIT
// Every scale rule, over every format and the whole range of float, agrees with the oracle; so do
// the elements in every rounding mode.
#include "support/block_check.hpp"
#include "support/catch.hpp"

using namespace test;

namespace {

using custom = std::tuple<nf::BlockFormat<Float<3, 1, 3, Specials::finite>, nf::float8_e8m0fnu, 16>,
                          nf::BlockFormat<nf::float8_e4m3fnuz, nf::ExponentInt8, 8>,
                          nf::BlockFormat<nf::bfloat16, nf::float8_e8m0fnu, 8>,
                          nf::BlockFormat<Float<3, 0, 3, Specials::finite>, nf::ExponentInt8, 8>,
                          nf::BlockFormat<nf::FixedPoint<5, 2>, nf::float8_e8m0fnu, 8>,
                          nf::BlockFormat<nf::float8_e4m3b11, nf::float8_e8m0fnu, 32>>;

constexpr nf::ScaleRule integer_rules[] = {nf::ScaleRule::floor, nf::ScaleRule::ceil,
                                           nf::ScaleRule::rceil, nf::ScaleRule::even};

/// Blocks whose largest magnitudes stand at the points where a rule changes its mind.
template <class Format>
std::vector<std::vector<float>> deciding_blocks() {
  const auto element = oracle_element<typename Format::element>();
  const oracle::Exact top = oracle::largest(element);
  const auto mantissa = [](const oracle::Exact& x) {  // below the leading one, of 23 bits
    const int up = 24 - oracle::bit_length(x.significand);
    return static_cast<std::uint32_t>(x.significand << up) & 0x7fffffu;
  };
  std::vector<std::uint32_t> mantissas{0, 0x400000, 0x7fffff, mantissa(top)};
  for (int bits = 0; bits < 8; ++bits) mantissas.push_back(0x800000u - (0x400000u >> bits));
  std::vector<std::vector<float>> blocks;
  for (const std::uint32_t field : {0u, 1u, 2u, 30u, 110u, 127u, 128u, 200u, 253u, 254u}) {
    for (const std::uint32_t m : mantissas) {
      for (const std::uint32_t near : {m - 1, m, m + 1}) {
        const std::uint32_t bits = (field << 23) + (near & 0x7fffff);
        if (bits == 0) continue;
        auto block = sample_block(Format::block_size, static_cast<int>(field) - 129, near);
        block[block.size() / 2] = std::bit_cast<float>(bits | (near & 1) << 31);
        blocks.push_back(block);
      }
    }
  }
  for (const std::uint32_t bits : {1u, 2u, 3u, 0x1ffu, 0x200u, 0x3fffffu})  // subnormal
    blocks.push_back(std::vector<float>(3, std::bit_cast<float>(bits)));
  blocks.push_back(std::vector<float>(3, -0.0f));
  return blocks;
}

template <class Format>
void check_rules(Mismatches& bad) {
  for (const std::vector<float>& block : deciding_blocks<Format>()) {
    for (const nf::ScaleRule rule : integer_rules)
      check_tensor<Format>(block, 1, block.size(), {.rule = rule}, bad);
  }
}

}  // namespace

TEST_CASE("floor, ceil, rceil and even", "[block]") {
  Mismatches bad;
  for_each_format<mx_formats>([&]<class Format>() { check_rules<Format>(bad); });
  for_each_format<custom>([&]<class Format>() { check_rules<Format>(bad); });
  CHECK(bad.report() == "");
}

TEST_CASE("search finds the least squared error, and the larger scale of equals", "[block]") {
  Mismatches bad;
  const auto check = [&]<class Format>() {
    for (std::uint32_t seed = 0; seed < 300; ++seed) {
      // Few binades, so that the oracle's sum fits its word.
      std::vector<float> block = sample_block(Format::block_size, 3, seed);
      for (float& x : block) x = static_cast<float>(static_cast<int>(x * 4096)) / 4096;
      check_tensor<Format>(block, 1, block.size(), {.rule = nf::ScaleRule::search}, bad);
    }
    // Exact in every candidate: the largest scale.
    check_tensor<Format>({1.0f, 0.0f, -1.0f}, 1, 3, {.rule = nf::ScaleRule::search}, bad);
  };
  for_each_format<mx_formats>(check);
  for_each_format<custom>(check);
  CHECK(bad.report() == "");
  // At the ends of the range of scales.
  for (const std::uint32_t bits : {1u, 3u, 0x7f7fffffu, 0x7f000000u}) {
    const std::vector<float> block(4, std::bit_cast<float>(bits));
    const auto tensor =
        nf::BlockTensor<nf::BlockFormat<nf::float4_e2m1fn, nf::float8_e8m0fnu, 4>>::quantize(
            block, 1, 4, {.rule = nf::ScaleRule::search});
    // The largest float is 6 steps of 2^125; more than 4 of 2^126 or 2 of 2^127 is Inf.
    CHECK(int{tensor.scales()[0].bits()} == (bits < 4 ? 0x00 : bits == 0x7f7fffffu ? 0xfc : 0xfe));
  }
}

TEST_CASE("no sum of squares is too large or too small for the search", "[block]") {
  using Format = nf::BlockFormat<nf::float4_e2m1fn, nf::float8_e8m0fnu, 4>;
  for (const int top : {-100, -20, 0, 60, 120}) {
    const float big = std::bit_cast<float>(static_cast<std::uint32_t>(top + 127) << 23);
    const float tiny = std::bit_cast<float>(1u);
    const auto tensor = nf::BlockTensor<Format>::quantize(
        std::vector<float>{big, tiny, -tiny, 0.0f}, 1, 4, {.rule = nf::ScaleRule::search});
    // big is exact under floor ... floor + 2 (4, 2 and 1 steps): the largest of equals.
    CHECK(static_cast<float>(tensor.scales()[0]) == big);
    CHECK(tensor.codes()[0].bits() == 0x2);
  }
}

namespace {

/// One magnitude far above all others: they are not zero, and round away from it where the mode
/// says so, down to the smallest subnormal.
std::vector<std::vector<float>> steep_blocks(std::size_t most) {
  std::vector<std::vector<float>> blocks;
  for (const std::uint32_t field : {254u, 200u, 130u, 60u, 45u, 40u, 30u, 2u}) {
    std::vector<float> block{std::bit_cast<float>(field << 23)};
    for (std::uint32_t below = 0; below < field; below += 7) {
      block.push_back(std::bit_cast<float>(below << 23 | 1u));
      block.push_back(-std::bit_cast<float>(below << 23 | 0x400000u));
    }
    block.resize(std::min(block.size(), most));
    blocks.push_back(block);
    for (float& x : block)
      x = std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) & 0x807fffffu);  // subnormal
    block[0] = std::bit_cast<float>(field << 23);
    blocks.push_back(block);
  }
  return blocks;
}

template <class Format, class R>
void check_rounding(R rounding, oracle::Mode mode, Mismatches& bad) {
  for (const std::vector<float>& block : steep_blocks(Format::block_size))
    check_tensor<Format>(block, 1, block.size(), {}, bad, rounding, mode);
  for (const int top : {-140, -120, 0, 90, 127}) {
    const auto values = sample_block(3 * Format::block_size, top, 77u);
    check_tensor<Format>(values, 3, Format::block_size, {}, bad, rounding, mode);
    if constexpr (!nf::narrow_float<typename Format::element>)
      check_tensor<Format>(values, 3, Format::block_size, {.full_range = true}, bad, rounding,
                           mode);
  }
}

}  // namespace

// Every mode for floats and for integers, every format in two modes: what a mode does is one text
// for all formats.
TEST_CASE("elements in every rounding mode", "[block]") {
  Mismatches bad;
  for_each_mode([&](auto rounding, oracle::Mode mode) {
    check_rounding<nf::mxfp4_e2m1>(rounding, mode, bad);
    check_rounding<nf::mxint8>(rounding, mode, bad);
  });
  const auto nearest = [&]<class Format>() {
    check_rounding<Format>(nf::nearest_even, oracle::Mode::nearest_even, bad);
  };
  for_each_format<mx_formats>(nearest);
  for_each_format<custom>(nearest);
  check_rounding<nf::mxfp8_e4m3>(nf::nearest_away, oracle::Mode::nearest_away, bad);
  check_rounding<nf::mxfp8_e5m2>(nf::toward_positive, oracle::Mode::toward_positive, bad);
  check_rounding<nf::mxfp6_e2m3>(nf::toward_negative, oracle::Mode::toward_negative, bad);
  check_rounding<nf::mxfp6_e3m2>(nf::to_odd, oracle::Mode::to_odd, bad);
  check_rounding<std::tuple_element_t<0, custom>>(nf::toward_positive,
                                                  oracle::Mode::toward_positive, bad);
  check_rounding<std::tuple_element_t<1, custom>>(nf::toward_zero, oracle::Mode::toward_zero, bad);
  check_rounding<std::tuple_element_t<2, custom>>(nf::to_odd, oracle::Mode::to_odd, bad);
  check_rounding<std::tuple_element_t<3, custom>>(nf::nearest_away, oracle::Mode::nearest_away,
                                                  bad);
  check_rounding<std::tuple_element_t<4, custom>>(nf::toward_negative,
                                                  oracle::Mode::toward_negative, bad);
  check_rounding<std::tuple_element_t<5, custom>>(nf::toward_positive,
                                                  oracle::Mode::toward_positive, bad);
  CHECK(bad.report() == "");
}

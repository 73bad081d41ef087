// SPDX-License-Identifier: MIT
// ggml's blocks and swizzled scales: every byte where it belongs, and back.
#include "support/blocks.hpp"
#include "support/catch.hpp"
#include "support/executors.hpp"

using namespace test;

TEST_CASE("ggml blocks: the scale, then low nibbles 0-15 and high nibbles 16-31", "[mx]") {
  const std::size_t rows = 3, cols = 96;
  const auto tensor =
      nf::BlockTensor<nf::mxfp4_e2m1>::quantize(sample_block(rows * cols, 5, 3), rows, cols);
  const std::vector<std::uint8_t> bytes = nf::to_ggml_mxfp4(tensor);
  REQUIRE(bytes.size() == 9 * 17);
  bool equal = true;
  for (std::size_t block = 0; block < 9; ++block) {
    equal = equal && bytes[17 * block] == tensor.scales()[block].bits();
    for (std::size_t j = 0; j < 16; ++j) {
      const std::uint32_t low = tensor.codes()[32 * block + j].bits(),
                          high = tensor.codes()[32 * block + j + 16].bits();
      equal = equal && bytes[17 * block + 1 + j] == (low | high << 4);
    }
  }
  CHECK(equal);
  CHECK(nf::from_ggml_mxfp4(bytes, rows, cols) == tensor);
}

TEST_CASE("ggml blocks: four scales, then each 16 codes as low nibbles 0-7 and high nibbles 8-15",
          "[mx]") {
  const std::size_t rows = 3, cols = 192;
  const auto tensor =
      nf::BlockTensor<nf::nvfp4>::quantize(sample_block(rows * cols, 5, 3), rows, cols);
  const std::vector<std::uint8_t> bytes = nf::to_ggml_nvfp4(tensor);
  REQUIRE(bytes.size() == 9 * 36);
  bool equal = true;
  for (std::size_t block = 0; block < 36; ++block) {
    const std::size_t at = block / 4 * 36;
    equal = equal && bytes[at + block % 4] == tensor.scales()[block].bits();
    for (std::size_t j = 0; j < 8; ++j) {
      const std::uint32_t low = tensor.codes()[16 * block + j].bits(),
                          high = tensor.codes()[16 * block + j + 8].bits();
      equal = equal && bytes[at + 4 + block % 4 * 8 + j] == (low | high << 4);
    }
  }
  CHECK(equal);
  CHECK(nf::from_ggml_nvfp4(bytes, rows, cols, tensor.tensor_scale()) == tensor);
}

TEST_CASE("what is no whole ggml block is refused", "[mx]") {
  using MX = nf::BlockTensor<nf::mxfp4_e2m1>;
  const std::vector<float> values(66, 1.0f);
  CHECK_THROWS_AS(nf::to_ggml_mxfp4(MX::quantize(values, 2, 33)), std::invalid_argument);
  CHECK_THROWS_AS(nf::to_ggml_mxfp4(MX::quantize(std::vector<float>(64), 2, 32, {.axis = 0})),
                  std::invalid_argument);
  CHECK_THROWS_AS(nf::from_ggml_mxfp4(std::vector<std::uint8_t>(33), 2, 32), std::invalid_argument);
  CHECK_THROWS_AS(nf::from_ggml_mxfp4(std::vector<std::uint8_t>(34), 2, 31), std::invalid_argument);
  CHECK_THROWS_WITH(
      nf::from_ggml_nvfp4(std::vector<std::uint8_t>(36), 1, 32),
      "narrowfloat::from_ggml_nvfp4: ggml blocks are 64 elements of a row: a matrix of "
      "1 x 32 blocked along axis 1 has no such");
}

TEST_CASE("scales are swizzled in tiles of 128 x 4", "[mx]") {
  using Scale = nf::float8_e8m0fnu;
  for (const auto& [rows, cols] :
       {std::pair<std::size_t, std::size_t>{1, 1}, {128, 4}, {129, 5}, {300, 9}, {32, 3}, {0, 0}}) {
    std::vector<Scale> scales;
    for (std::uint32_t i = 0; i < rows * cols; ++i)
      scales.push_back(from_code<Scale>(1 + i * 7 % 251));
    const auto swizzled = nf::swizzle_scales<Scale>(scales, rows, cols);
    // In order of the bytes: tile, row mod 32, row div 32, column.
    std::vector<unsigned> expected, got;
    for (std::size_t tile_row = 0; tile_row < rows; tile_row += 128) {
      for (std::size_t tile_col = 0; tile_col < cols; tile_col += 4) {
        for (std::size_t low = 0; low < 32; ++low) {
          for (std::size_t k = 0; k < 16; ++k) {
            const std::size_t r = tile_row + k / 4 * 32 + low, c = tile_col + k % 4;
            expected.push_back(r < rows && c < cols ? scales[r * cols + c].bits() : 0);
          }
        }
      }
    }
    for (const Scale scale : swizzled) got.push_back(scale.bits());
    CHECK(got == expected);
    const auto back = nf::unswizzle_scales<Scale>(swizzled, rows, cols);
    bool same = back.size() == scales.size();
    for (std::size_t i = 0; same && i < back.size(); ++i) same = back[i].bits() == scales[i].bits();
    CHECK(same);
  }
  CHECK_THROWS_WITH(nf::swizzle_scales<Scale>(std::vector<Scale>(3), 2, 2),
                    "narrowfloat::swizzle_scales: 2 x 2 scales take 4, not 3");
  CHECK_THROWS_AS(nf::unswizzle_scales<Scale>(std::vector<Scale>(511), 2, 2),
                  std::invalid_argument);
}

TEST_CASE("layouts by tasks in another order", "[mx]") {
  const std::size_t rows = 1100, cols = 192;
  const auto tensor =
      nf::BlockTensor<nf::nvfp4>::quantize(sample_block(rows * cols, 5, 3), rows, cols);
  Shuffled shuffled;
  const auto bytes = nf::to_ggml_nvfp4(tensor, shuffled);
  CHECK(shuffled.most > 1);
  CHECK(bytes == nf::to_ggml_nvfp4(tensor));
  shuffled.most = 0;
  CHECK(nf::from_ggml_nvfp4(bytes, rows, cols, tensor.tensor_scale(), shuffled) == tensor);
  CHECK(shuffled.most > 1);
  const std::size_t down = 1200, across = 111;
  std::vector<nf::float8_e8m0fnu> scales;
  for (std::uint32_t i = 0; i < down * across; ++i)
    scales.push_back(from_code<nf::float8_e8m0fnu>(1 + i * 7 % 251));
  shuffled.most = 0;
  const auto same_codes = [](auto a, auto b) { return a.bits() == b.bits(); };
  const auto swizzled =
      nf::swizzle_scales(std::span(std::as_const(scales)), down, across, shuffled);
  CHECK(std::ranges::equal(
      swizzled, nf::swizzle_scales(std::span(std::as_const(scales)), down, across), same_codes));
  CHECK(std::ranges::equal(
      nf::unswizzle_scales(std::span(std::as_const(swizzled)), down, across, shuffled), scales,
      same_codes));
  CHECK(shuffled.most > 1);
}

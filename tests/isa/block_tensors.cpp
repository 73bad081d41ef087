// SPDX-License-Identifier: MIT
// Tensors of every small shape, along both axes and in two dimensions, agree with the oracle
// element by element; random bits follow the logical index; tails hold only their elements.
#include "support/block_check.hpp"
#include "support/catch.hpp"

using namespace test;

namespace {

using three = Float<1, 1, 1, Specials::finite>;
using tile_4x6 = nf::BlockFormat<nf::float6_e2m3fn, nf::float8_e8m0fnu, 6, 4>;
using squares = nf::BlockFormat<nf::float8_e4m3fn, float, 16, 16>;
using odd_blocks = nf::BlockFormat<three, nf::ExponentInt8, 5, 3>;

/// Rows whose magnitudes differ, so that every block has a scale of its own.
std::vector<float> sample_matrix(std::size_t rows, std::size_t cols, std::uint32_t seed) {
  std::vector<float> values;
  for (std::size_t r = 0; r < rows; ++r) {
    const auto row =
        sample_block(cols, static_cast<int>(r * 5 % 23) - 11, seed + static_cast<std::uint32_t>(r));
    values.insert(values.end(), row.begin(), row.end());
  }
  return values;
}

template <class Format>
void check_shape(std::size_t rows, std::size_t cols, Mismatches& bad) {
  const auto values = sample_matrix(rows, cols, static_cast<std::uint32_t>(rows * 31 + cols));
  for (const int axis : {1, 0}) {
    check_tensor<Format>(values, rows, cols, {.axis = axis}, bad);
    const nf::Stochastic<> key{.seed = 99, .stream = 3, .offset = 12345678901u};
    compare_tensor(
        values, nf::BlockTensor<Format>::quantize(values, rows, cols, {.axis = axis}, key),
        {.axis = axis},
        [&](std::size_t i) {
          return oracle::Rounding{oracle::Mode::stochastic_c, 16,
                                  nf::element_bits<16>(key.seed, key.stream, key.offset + i)};
        },
        bad);
  }
}

}  // namespace

TEST_CASE("every small shape", "[block]") {
  Mismatches bad;
  for (const std::size_t rows : {1u, 2u, 3u, 4u, 5u, 17u, 33u}) {
    for (const std::size_t cols : {1u, 2u, 5u, 7u, 8u, 16u, 31u, 33u, 65u}) {
      check_shape<nf::mxfp4_e2m1>(rows, cols, bad);
      check_shape<nf::mxint8>(rows, cols, bad);
      check_shape<tile_4x6>(rows, cols, bad);
      check_shape<odd_blocks>(rows, cols, bad);
      check_shape<nf::nvfp4>(rows, cols, bad);
      check_shape<nf::nvfp4_2d>(rows, cols, bad);
      check_shape<squares>(rows, cols, bad);
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("shapes of more than one tile of columns", "[block]") {
  Mismatches bad;
  check_shape<nf::mxfp8_e4m3>(3, 1100, bad);
  check_shape<nf::mxfp6_e3m2>(35, 530, bad);
  check_shape<odd_blocks>(4, 997, bad);
  check_shape<nf::nvfp4>(2, 700, bad);
  check_shape<nf::BlockFormat<nf::float8_e4m3fn, float, 128>>(2, 1300, bad);
  check_shape<nf::BlockFormat<nf::float8_e5m2, nf::float8_e8m0fnu, 600>>(2, 1300, bad);
  // Blocks of whole packs that are no power of two.
  check_shape<nf::BlockFormat<nf::float4_e2m1fn, nf::float8_e8m0fnu, 48>>(3, 1100, bad);
  check_shape<nf::BlockFormat<nf::float4_e2m1fn, nf::float8_e4m3fn, 80>>(2, 1300, bad);
  // One scale a row, a column and a tensor.
  check_shape<nf::BlockFormat<nf::float6_e2m3fn, nf::ExponentInt8, 1 << 30>>(4, 700, bad);
  check_shape<nf::BlockFormat<nf::float8_e4m3fn, float, 1 << 30, 1 << 30>>(5, 601, bad);
  CHECK(bad.report() == "");
}

TEST_CASE("the sources that float holds exactly give what their floats give", "[block]") {
  const auto values = sample_matrix(20, 75, 5);
  std::vector<nf::bfloat16> narrow(values.size());
  nf::convert(values, narrow);
  std::vector<float> wide(values.size());
  nf::convert(narrow, wide);
  for (const int axis : {0, 1}) {
    const nf::QuantizeOptions options{.rule = nf::ScaleRule::search, .axis = axis};
    CHECK(nf::BlockTensor<nf::mxfp4_e2m1>::quantize(narrow, 20, 75, options) ==
          nf::BlockTensor<nf::mxfp4_e2m1>::quantize(wide, 20, 75, options));
    CHECK(nf::BlockTensor<nf::nvfp4>::quantize(narrow, 20, 75, {.axis = axis}) ==
          nf::BlockTensor<nf::nvfp4>::quantize(wide, 20, 75, {.axis = axis}));
  }
}

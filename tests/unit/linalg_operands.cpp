// SPDX-License-Identifier: MIT
// Operands of matmul() and matvec() besides ranges: views, packed matrices and quantized tensors,
// and the shapes that they are asked for.
#include <narrowfloat/linalg.hpp>
#include <narrowfloat/quantize.hpp>

#include <algorithm>
#include <cmath>
#include <random>

#include "support/catch.hpp"
#include "support/formats.hpp"

using namespace test;

TEST_CASE("tensors and views are operands: what they dequantize to, where it lies", "[linalg]") {
  std::mt19937_64 random(8);
  const std::size_t m = 3, n = 5, k = 70, gap = 2;
  const nf::FusedAccumulator<float> acc;
  std::vector<float> x(m * (k + gap)), w(n * k), plain(m * n), y(m * (n + 1), 7.0f), dense(m * k);
  for (float& v : x) v = std::normal_distribution<float>()(random);
  for (float& v : w) v = std::normal_distribution<float>()(random);
  const nf::MatrixView rows(x, m, k, k + gap);
  for (std::size_t i = 0; i < m; ++i)
    std::ranges::copy(rows.row(i), std::span(dense).subspan(i * k).begin());
  const nf::MatrixView out(y, m, n, n + 1);
  const auto check = [&](const auto& weights) {
    std::vector<float> values(n * k);
    weights.dequantize(values);
    nf::matmul(dense, values, plain, m, n, k, acc, {.b_transposed = true});
    const auto expect = [&](const char* what) {
      INFO(what);
      for (std::size_t i = 0; i < m; ++i) {
        CHECK(std::ranges::equal(out.row(i), std::span(plain).subspan(i * n, n)));
        CHECK((i + 1 == m || y[i * (n + 1) + n] == 7.0f));
      }
      std::ranges::fill(y, 7.0f);
    };
    nf::matmul(rows, weights, out, m, n, k, acc, {.b_transposed = true});
    expect("a shape");
    if constexpr (requires { weights.rows(); }) {
      nf::matmul(rows, weights, out, acc, {.b_transposed = true});
      expect("no shape");
    }
    std::vector<float> v(n), want(n);
    nf::matvec(weights, rows.row(0), v, n, k, acc);
    nf::matvec(values, rows.row(0), want, n, k, acc);
    CHECK(v == want);
  };
  check(nf::Int8Matrix::quantize(w, n, k, {.block = {1, nf::whole}}));
  check(nf::CodebookTensor::quantize(w, nf::nf4_codebook()));
  check(nf::BlockTensor<nf::mxfp6_e2m3>::quantize(w, n, k));
  // packed rows, each on a byte of its own
  const auto packed = nf::BlockTensor<nf::mxfp6_e2m3>::quantize(w, k, n);
  const auto codes = packed.codes();
  std::vector<nf::float6_e2m3fn> numbers(n * k);
  nf::convert(codes, numbers);
  nf::matmul(dense, numbers, plain, m, n, k, acc);
  nf::matmul(rows, codes, out, acc);
  for (std::size_t i = 0; i < m; ++i)
    CHECK(std::ranges::equal(out.row(i), std::span(plain).subspan(i * n, n)));
}

TEST_CASE("tensors and views of other shapes are refused", "[linalg]") {
  const std::vector<float> x(12, 1.0f);
  std::vector<float> y(16, 7.0f);
  const nf::FusedAccumulator<float> acc;
  const auto a = nf::BlockTensor<nf::mxfp8_e4m3>::quantize(x, 4, 3);
  const std::string start = "narrowfloat::matmul: m = 4, n = 4, k = 3: ";
  CHECK_THROWS_WITH(nf::matmul(a, a, y, 4, 4, 3, acc), start + "b is 4 x 3, not 3 x 4");
  CHECK_THROWS_WITH(nf::matmul(x, a, y, 4, 4, 3, acc, {.b_transposed = true, .ldb = 3}),
                    start + "b has no leading dimension to be given, such as 3");
  CHECK_THROWS_WITH(nf::matmul(x, x, nf::MatrixView(y, 2, 8), 4, 4, 3, acc),
                    start + "c is 2 x 8, not 4 x 4");
  CHECK_THROWS_WITH(
      nf::matmul(x, nf::CodebookTensor::quantize(x, nf::nf4_codebook()), y, 4, 4, 4, acc),
      "narrowfloat::matmul: m = 4, n = 4, k = 4: a has 12 elements, not the 4 x 4 that "
      "are read with leading dimension 4");
  CHECK_THROWS_WITH(nf::matmul(a, a, nf::MatrixView(y, 4, 4), acc),
                    start + "b is 4 x 3, not 3 x 4");
  CHECK_THROWS_WITH(nf::matmul(a, nf::MatrixView(x, 3, 3, 4), nf::MatrixView(y, 4, 4), acc),
                    start + "b is 3 x 3, not 3 x 4");
  CHECK(y == std::vector<float>(16, 7.0f));
}

TEST_CASE("whether floats hold the values of a block tensor is seen from its scales", "[linalg]") {
  const auto expect = [](const auto& tensor, int bits, int quantum, int max_exponent) {
    const nf::detail::number_shape shape = nf::detail::block_values(tensor).shape();
    CHECK(shape.bits == bits);
    CHECK(shape.quantum == quantum);
    CHECK(shape.max_exponent == max_exponent);
  };
  using Powers = nf::BlockFormat<nf::float8_e4m3fn, nf::float8_e8m0fnu, 2>;  // 2^-9 to 2^8, 4 bits
  using Floats = nf::BlockFormat<nf::float8_e4m3fn, float, 2>;
  const auto powers = [](std::vector<std::uint8_t> codes, std::vector<nf::float8_e8m0fnu> scales) {
    return nf::BlockTensor<Powers>::from_parts(codes, scales, 1, 4);
  };
  const auto floats = [](std::vector<float> scales) {
    return nf::BlockTensor<Floats>::from_parts(std::vector<std::uint8_t>(4, 0x38), scales, 1, 4);
  };
  const auto scale = [](int code) {
    return nf::float8_e8m0fnu::from_bits(static_cast<std::uint8_t>(code));
  };
  expect(powers({1, 1, 1, 1}, {scale(127), scale(137)}), 4, -9, 18);
  expect(powers({0, 0x80, 1, 1}, {scale(0), scale(126)}), 4, -10, 7);  // zeros do not count
  expect(powers({0, 1, 1, 1}, {scale(0), scale(126)}), 4, -136, 7);    // others do
  expect(powers({1, 1, 1, 1}, {scale(255), scale(129)}), 4, -7, 10);   // nor does NaN
  expect(floats({1.5f, 0x1.08p4f}), 4 + 6, -9 - 1, 8 + 4 + 1);
  expect(floats({-2.0f, 0.0f}), 4, -8, 9);
  expect(floats({1.0f, HUGE_VALF}), 64, 0, 0);
}

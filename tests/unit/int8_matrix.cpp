// SPDX-License-Identifier: MIT
// quantize_int8(): zeros, NaN and Inf, narrower sources, explicit random bits, transposed codes,
// and what is refused.
#include <narrowfloat/quantize/int8_matrix.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/check_int8.hpp"
#include "support/formats.hpp"

using namespace test;
using nf::Int8Matrix, nf::NonFinite;

namespace {

const float inf = std::numeric_limits<float>::infinity(), not_a_number = std::nanf("");
using codes = std::vector<std::int8_t>;

codes codes_of(const Int8Matrix& q) { return {q.codes().begin(), q.codes().end()}; }
std::vector<float> scales_of(const Int8Matrix& q) { return {q.scales().begin(), q.scales().end()}; }

}  // namespace

TEST_CASE("int8: ties are those of real numbers", "[quantize][int8]") {
  const std::vector<float> in{127, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 126.5f, -127};
  CHECK(codes_of(Int8Matrix::quantize(in, 1, 8)) == codes{127, 0, 2, 2, 0, -2, 126, -127});
  // A scale of 127 * 0.1, rounded to a float, would make a quotient other than 0.5.
  const std::vector<float> tenth{12.7f, 0.05f};
  CHECK(codes_of(Int8Matrix::quantize(tenth, 1, 2)) == codes{127, 1});  // 0.05f > 12.7f / 254
}

TEST_CASE("int8: zeros have scale 0 and codes 0, and come back", "[quantize][int8]") {
  const std::vector<float> in{0, -0.0f, 0, 4, -2, 1};
  const Int8Matrix q = Int8Matrix::quantize(in, 2, 3);
  CHECK(scales_of(q) == std::vector<float>{0, 4});
  CHECK(codes_of(q) == codes{0, 0, 0, 127, -64, 32});
  std::vector<float> out(6, 9.0f);
  q.dequantize(out);
  CHECK(out[0] == 0);
  CHECK(out[1] == 0);
  CHECK(out[3] == 4);
  const Int8Matrix empty = Int8Matrix::quantize(std::vector<float>{}, 0, 3, {by_tensor});
  CHECK(scales_of(empty) == std::vector<float>{0});
  CHECK(scales_of(Int8Matrix::quantize(std::vector<float>{}, 3, 0)) == std::vector<float>{0, 0, 0});
}

TEST_CASE("int8: NaN and Inf by the policy", "[quantize][int8]") {
  const std::vector<float> in{1, inf, 0.5f,      /**/ 1, not_a_number, -inf, /**/ 2,
                              1, 0,   /**/ -inf, 0,      not_a_number};
  std::vector<float> out(12);

  Int8Matrix q = Int8Matrix::quantize(in, 4, 3);
  CHECK(codes_of(q) == codes{0, 0, 0, 0, 0, 0, 127, 64, 0, 0, 0, 0});
  for (const std::size_t row : {0u, 1u, 3u}) CHECK(bits_of(q.scales()[row]) == 0x7fc00000u);
  CHECK(q.scales()[2] == 2);
  q.dequantize(out);
  CHECK(bits_of(out[0]) == 0x7fc00000u);
  CHECK(out[6] == 2);

  q = Int8Matrix::quantize(in, 4, 3, {by_row, NonFinite::saturate});
  CHECK(codes_of(q) == codes{0, 127, 0, 0, 0, 0, 127, 64, 0, 0, 0, 0});
  CHECK(q.scales()[0] == std::numeric_limits<float>::max());
  CHECK(std::isnan(q.scales()[1]));

  q = Int8Matrix::quantize(in, 4, 3, {by_row, NonFinite::propagate});
  CHECK(codes_of(q) == codes{127, 127, 64, 127, 127, -127, 127, 64, 0, -127, 0, 127});
  CHECK(scales_of(q) == std::vector<float>{1, 1, 2, 0});

  q = Int8Matrix::quantize(in, 4, 3, {by_column});
  CHECK(codes_of(q) == codes(12, 0));
  q = Int8Matrix::quantize(in, 4, 3, {by_column, NonFinite::propagate});
  CHECK(codes_of(q) == codes{64, 127, 127, 64, 127, -127, 127, 127, 0, -127, 0, 127});
  CHECK(scales_of(q) == std::vector<float>{2, 1, 0.5f});
  // whatever the rounding
  CHECK(codes_of(
            Int8Matrix::quantize(in, 4, 3, {by_column, NonFinite::propagate}, nf::toward_zero)) ==
        codes{63, 127, 127, 63, 127, -127, 127, 127, 0, -127, 0, 127});
  const auto random =
      Int8Matrix::quantize(in, 4, 3, {by_tensor, NonFinite::propagate}, nf::Stochastic<32>{});
  CHECK(random.codes()[9] == -127);
  CHECK(random.codes()[11] == 127);
}

TEST_CASE("int8: sources that float holds are quantized as floats", "[quantize][int8]") {
  std::vector<nf::bfloat16> narrow(3000);
  std::vector<float> wide(3000);
  for (std::size_t i = 0; i < 3000; ++i) {
    narrow[i] = nf::bfloat16(static_cast<float>((i * 7919) % 1009) - 500);
    wide[i] = static_cast<float>(narrow[i]);
  }
  for (const nf::BlockShape shape : all_shapes)
    CHECK(Int8Matrix::quantize(narrow, 2, 1500, {shape}, nf::Stochastic<>{1}) ==
          Int8Matrix::quantize(wide, 2, 1500, {shape}, nf::Stochastic<>{1}));
}

TEST_CASE("int8: random bits go by the element of the matrix", "[quantize][int8]") {
  const std::vector<float> in{127, 0.5f, 0.5f, 127, 0.5f, 0.5f};
  const std::vector<std::uint32_t> words{0, 0, 0xff, 0, 0xff, 0};
  for (const nf::BlockShape shape : {by_tensor, by_row})
    CHECK(codes_of(Int8Matrix::quantize(in, 2, 3, {shape}, nf::StochasticA<8>{words})) ==
          codes{127, 0, 1, 127, 1, 0});
  CHECK_THROWS_AS(
      Int8Matrix::quantize(in, 3, 2, {}, nf::StochasticA<8>{std::vector<std::uint32_t>(5)}),
      std::invalid_argument);
}

TEST_CASE("int8: the transposed matrix", "[quantize][int8]") {
  std::vector<float> in(70 * 131), turned(in.size());
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>((i * 7919) % 10007) - 5000;
  for (std::size_t i = 0; i < in.size(); ++i) turned[i % 131 * 70 + i / 131] = in[i];
  CHECK(Int8Matrix::quantize(in, 70, 131, {by_row}).transposed() ==
        Int8Matrix::quantize(turned, 131, 70, {by_column}));
  CHECK(Int8Matrix::quantize(in, 70, 131, {by_column}).transposed() ==
        Int8Matrix::quantize(turned, 131, 70, {by_row}));
  CHECK(Int8Matrix::quantize(in, 70, 131, {by_tensor}).transposed() ==
        Int8Matrix::quantize(turned, 131, 70, {by_tensor}));
}

TEST_CASE("int8: a product of two matrices, by its sums", "[quantize][int8]") {
  const std::vector<float> a{1, -2, 3, 4, 0.5f, 0.25f}, b{2, 1, -1, 8, 0, 4};  // 2 x 3, 3 x 2
  const Int8Matrix qa = Int8Matrix::quantize(a, 2, 3);
  const Int8Matrix qb = Int8Matrix::quantize(b, 3, 2, {by_column});
  std::vector<std::int32_t> sums(4);
  for (std::size_t i = 0; i < 12; ++i)
    sums[i / 6 * 2 + i % 2] += qa.codes()[i / 2] * qb.codes()[i % 6];
  std::vector<float> y(4);
  nf::dequantize_product(sums, qa.scales(), qb.scales(), y, 2, 2);
  const float exact[] = {4, -3, 7.5f, 9};
  for (std::size_t i = 0; i < 4; ++i) CHECK(std::fabs(y[i] - exact[i]) < 0.2f);
}

TEST_CASE("int8: what does not fit is refused before anything is written", "[quantize][int8]") {
  const std::vector<float> in(6, 1.0f);
  codes q(6, 5);
  std::vector<float> scales(2, 5.0f), out(6, 5.0f);
  CHECK_THROWS_WITH(
      nf::quantize_int8(in, q, scales, 3, 2),
      "narrowfloat::quantize_int8: a matrix of 3 x 2 elements has 3 scales here, not 2");
  CHECK_THROWS_WITH(nf::quantize_int8(in, q, scales, 2, 4),
                    "narrowfloat::quantize_int8: the input has 6 elements, the matrix 2 x 4");
  CHECK_THROWS_WITH(
      nf::quantize_int8(std::vector<float>(8), q, scales, 2, 4),
      "narrowfloat::quantize_int8: the array of codes has 6 elements, the matrix 2 x 4");
  CHECK_THROWS_WITH(nf::quantize_int8(in, q, scales, 2, 3, {.block = {1, 3}}),
                    "narrowfloat::quantize_int8: a scale is one of a row {1, whole}, of a column "
                    "{whole, 1} or of the tensor, not of a block of {1, 3}");
  CHECK_THROWS_WITH(
      nf::dequantize_int8(q, scales, out, 2, 3, by_column),
      "narrowfloat::dequantize_int8: a matrix of 2 x 3 elements has 3 scales here, not 2");
  const std::vector<std::int32_t> sums(6);
  const std::vector<float> one(1), two(2), three(3);
  CHECK_THROWS_WITH(nf::dequantize_product(sums, three, one, out, 2, 3),
                    "narrowfloat::dequantize_product: the row scales are 1 or 2, not 3");
  CHECK_THROWS_WITH(nf::dequantize_product(sums, two, two, out, 2, 3),
                    "narrowfloat::dequantize_product: the column scales are 1 or 3, not 2");
  CHECK_THROWS_WITH(nf::dequantize_product(sums, two, one, out, 2, 3, one),
                    "narrowfloat::dequantize_product: the numbers in the bias are 0 or 3, not 1");
  CHECK_THROWS_AS(nf::dequantize_product(sums, three, one, out, 3, 3), std::invalid_argument);
  CHECK(q == codes(6, 5));
  CHECK(scales == std::vector<float>(2, 5.0f));
  CHECK(out == std::vector<float>(6, 5.0f));
  CHECK(nf::int8_product_depth * 127 * 127 <= 0x7fffffffu);
  CHECK((nf::int8_product_depth + 1) * 127 * 127 > 0x7fffffffu);
}

// SPDX-License-Identifier: MIT
// quantize_int8(): zeros, NaN and Inf, narrower sources, explicit random bits, transposed codes, and what is refused.
#include <narrowfloat/quantize/integer.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/formats.hpp"

using namespace test;
using nf::Granularity, nf::NonFinite;

namespace {

const float inf = std::numeric_limits<float>::infinity(), not_a_number = std::nanf("");
using codes = std::vector<std::int8_t>;

}  // namespace

TEST_CASE("int8: ties are those of real numbers", "[quantize][int8]") {
  const std::vector<float> in{127, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 126.5f, -127};
  CHECK(nf::quantize_int8(in, 1, 8).codes == codes{127, 0, 2, 2, 0, -2, 126, -127});
  // A scale of 127 * 0.1, rounded to a float, would make a quotient other than 0.5.
  const std::vector<float> tenth{12.7f, 0.05f};
  CHECK(nf::quantize_int8(tenth, 1, 2).codes == codes{127, 1});  // 0.05f > 12.7f / 254
}

TEST_CASE("int8: zeros have scale 0 and codes 0, and come back", "[quantize][int8]") {
  const std::vector<float> in{0, -0.0f, 0, 4, -2, 1};
  const nf::Int8Matrix q = nf::quantize_int8(in, 2, 3);
  CHECK(q.scales == std::vector<float>{0, 4});
  CHECK(q.codes == codes{0, 0, 0, 127, -64, 32});
  std::vector<float> out(6, 9.0f);
  q.dequantize(out);
  CHECK(out[0] == 0);
  CHECK(out[1] == 0);
  CHECK(out[3] == 4);
  const nf::Int8Matrix empty = nf::quantize_int8(std::vector<float>{}, 0, 3, {Granularity::tensor});
  CHECK(empty.scales == std::vector<float>{0});
  CHECK(nf::quantize_int8(std::vector<float>{}, 3, 0).scales == std::vector<float>{0, 0, 0});
}

TEST_CASE("int8: NaN and Inf by the policy", "[quantize][int8]") {
  const std::vector<float> in{1, inf, 0.5f,      /**/ 1, not_a_number, -inf, /**/ 2,
                              1, 0,   /**/ -inf, 0,      not_a_number};
  std::vector<float> out(12);

  nf::Int8Matrix q = nf::quantize_int8(in, 4, 3);
  CHECK(q.codes == codes{0, 0, 0, 0, 0, 0, 127, 64, 0, 0, 0, 0});
  for (const std::size_t row : {0u, 1u, 3u}) CHECK(bits_of(q.scales[row]) == 0x7fc00000u);
  CHECK(q.scales[2] == 2);
  q.dequantize(out);
  CHECK(bits_of(out[0]) == 0x7fc00000u);
  CHECK(out[6] == 2);

  q = nf::quantize_int8(in, 4, 3, {Granularity::row, NonFinite::saturate});
  CHECK(q.codes == codes{0, 127, 0, 0, 0, 0, 127, 64, 0, 0, 0, 0});
  CHECK(q.scales[0] == std::numeric_limits<float>::max());
  CHECK(std::isnan(q.scales[1]));

  q = nf::quantize_int8(in, 4, 3, {Granularity::row, NonFinite::propagate});
  CHECK(q.codes == codes{127, 127, 64, 127, 127, -127, 127, 64, 0, -127, 0, 127});
  CHECK(q.scales == std::vector<float>{1, 1, 2, 0});

  q = nf::quantize_int8(in, 4, 3, {Granularity::column});
  CHECK(q.codes == codes(12, 0));
  q = nf::quantize_int8(in, 4, 3, {Granularity::column, NonFinite::propagate});
  CHECK(q.codes == codes{64, 127, 127, 64, 127, -127, 127, 127, 0, -127, 0, 127});
  CHECK(q.scales == std::vector<float>{2, 1, 0.5f});
  // whatever the rounding
  CHECK(nf::quantize_int8(in, 4, 3, {Granularity::column, NonFinite::propagate}, nf::toward_zero)
            .codes == codes{63, 127, 127, 63, 127, -127, 127, 127, 0, -127, 0, 127});
  const auto random = nf::quantize_int8(in, 4, 3, {Granularity::tensor, NonFinite::propagate},
                                        nf::Stochastic<32>{});
  CHECK(random.codes[9] == -127);
  CHECK(random.codes[11] == 127);
}

TEST_CASE("int8: sources that float holds are quantized as floats", "[quantize][int8]") {
  std::vector<nf::bfloat16> narrow(3000);
  std::vector<float> wide(3000);
  for (std::size_t i = 0; i < 3000; ++i) {
    narrow[i] = nf::bfloat16(static_cast<float>((i * 7919) % 1009) - 500);
    wide[i] = static_cast<float>(narrow[i]);
  }
  for (const auto granularity : {Granularity::tensor, Granularity::row, Granularity::column})
    CHECK(nf::quantize_int8(narrow, 2, 1500, {granularity}, nf::Stochastic<>{1}) ==
          nf::quantize_int8(wide, 2, 1500, {granularity}, nf::Stochastic<>{1}));
}

TEST_CASE("int8: random bits go by the element of the matrix", "[quantize][int8]") {
  const std::vector<float> in{127, 0.5f, 0.5f, 127, 0.5f, 0.5f};
  const std::vector<std::uint32_t> words{0, 0, 0xff, 0, 0xff, 0};
  for (const auto granularity : {Granularity::tensor, Granularity::row})
    CHECK(nf::quantize_int8(in, 2, 3, {granularity}, nf::StochasticA<8>{words}).codes ==
          codes{127, 0, 1, 127, 1, 0});
  CHECK_THROWS_AS(
      nf::quantize_int8(in, 3, 2, {}, nf::StochasticA<8>{std::vector<std::uint32_t>(5)}),
      std::invalid_argument);
}

TEST_CASE("int8: the transposed matrix", "[quantize][int8]") {
  std::vector<float> in(70 * 131), turned(in.size());
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>((i * 7919) % 10007) - 5000;
  for (std::size_t i = 0; i < in.size(); ++i) turned[i % 131 * 70 + i / 131] = in[i];
  CHECK(nf::quantize_int8(in, 70, 131, {Granularity::row}).transposed() ==
        nf::quantize_int8(turned, 131, 70, {Granularity::column}));
  CHECK(nf::quantize_int8(in, 70, 131, {Granularity::column}).transposed() ==
        nf::quantize_int8(turned, 131, 70, {Granularity::row}));
  CHECK(nf::quantize_int8(in, 70, 131, {Granularity::tensor}).transposed() ==
        nf::quantize_int8(turned, 131, 70, {Granularity::tensor}));
}

TEST_CASE("int8: a product of two matrices, by its sums", "[quantize][int8]") {
  const std::vector<float> a{1, -2, 3, 4, 0.5f, 0.25f}, b{2, 1, -1, 8, 0, 4};  // 2 x 3, 3 x 2
  const nf::Int8Matrix qa = nf::quantize_int8(a, 2, 3);
  const nf::Int8Matrix qb = nf::quantize_int8(b, 3, 2, {Granularity::column});
  std::vector<std::int32_t> sums(4);
  for (std::size_t i = 0; i < 12; ++i) sums[i / 6 * 2 + i % 2] += qa.codes[i / 2] * qb.codes[i % 6];
  std::vector<float> y(4);
  nf::dequantize_product(sums, 2, 2, qa.scales, qb.scales, y);
  const float exact[] = {4, -3, 7.5f, 9};
  for (std::size_t i = 0; i < 4; ++i) CHECK(std::fabs(y[i] - exact[i]) < 0.2f);
}

TEST_CASE("int8: what does not fit is refused before anything is written", "[quantize][int8]") {
  const std::vector<float> in(6, 1.0f);
  codes q(6, 5);
  std::vector<float> scales(2, 5.0f), out(6, 5.0f);
  CHECK_THROWS_WITH(nf::quantize_int8(in, 3, 2, q, scales),
                    "narrowfloat: a matrix of 3 x 2 elements has 3 scales here, not 2");
  CHECK_THROWS_WITH(nf::quantize_int8(in, 2, 4, q, scales),
                    "narrowfloat: the array of codes has 6 elements, the matrix 2 x 4");
  CHECK_THROWS_WITH(nf::quantize_int8(std::vector<float>(5), 2, 3, q, scales),
                    "narrowfloat: the input has 5 elements, the matrix 2 x 3");
  CHECK_THROWS_AS(nf::quantize_int8(in, std::size_t{1} << 63, 2), std::invalid_argument);
  CHECK_THROWS_AS(nf::dequantize_int8(q, scales, 2, 3, Granularity::column, out),
                  std::invalid_argument);
  const std::vector<std::int32_t> sums(6);
  const std::vector<float> one(1), two(2), three(3);
  CHECK_THROWS_WITH(nf::dequantize_product(sums, 2, 3, three, one, out),
                    "narrowfloat: the row scales of a product are 1 or 2, not 3");
  CHECK_THROWS_WITH(nf::dequantize_product(sums, 2, 3, two, two, out),
                    "narrowfloat: the column scales of a product are 1 or 3, not 2");
  CHECK_THROWS_WITH(nf::dequantize_product(sums, 2, 3, two, one, out, one),
                    "narrowfloat: the numbers in the bias of a product are 0 or 3, not 1");
  CHECK_THROWS_AS(nf::dequantize_product(sums, 3, 3, three, one, out), std::invalid_argument);
  CHECK(q == codes(6, 5));
  CHECK(scales == std::vector<float>(2, 5.0f));
  CHECK(out == std::vector<float>(6, 5.0f));
  CHECK(nf::int8_product_depth * 127 * 127 <= 0x7fffffffu);
  CHECK((nf::int8_product_depth + 1) * 127 * 127 > 0x7fffffffu);
}

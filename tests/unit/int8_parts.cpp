// SPDX-License-Identifier: MIT
// Int8Matrix: from its parts, again in its memory, by ranges of rows; what shapes are refused; no
// flags; finite stays so.
#include <cfenv>
#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/check_int8.hpp"
#include "support/formats.hpp"

using namespace test;
using nf::Int8Matrix;

TEST_CASE("int8: a matrix from its parts, and assigned again", "[quantize][int8]") {
  const auto a = numbers(70 * 33, Kind::near), b = numbers(70 * 33, Kind::spread);
  for (const nf::BlockShape shape : all_shapes) {
    const auto q = Int8Matrix::quantize(a, 70, 33, {shape});
    CHECK(Int8Matrix::from_parts(q.codes(), q.scales(), 70, 33, {shape}) == q);
    CHECK(q.size_bytes() == 70 * 33 + 4 * scales_of(shape, 70, 33));
    CHECK(q.bits_per_element() == 8.0 * static_cast<double>(q.size_bytes()) / (70 * 33));
    auto again = Int8Matrix::quantize(b, 70, 33, {shape});
    CHECK(!(again == q));
    again.assign(a);
    CHECK(again == q);
    again.assign(b, nf::Stochastic<>{5});
    CHECK(again == Int8Matrix::quantize(b, 70, 33, {shape}, nf::Stochastic<>{5}));
    CHECK_THROWS_AS(again.assign(std::span(a).first(33)), std::invalid_argument);
  }
  const std::vector<std::int8_t> codes(6);
  const std::vector<float> two(2), nan{std::nanf(""), 1};
  CHECK_THROWS_WITH(Int8Matrix::from_parts(codes, two, 3, 2),
                    "narrowfloat::Int8Matrix::from_parts: a matrix of 3 x 2 elements has 3 scales "
                    "here, not 2");
  CHECK_THROWS_WITH(Int8Matrix::from_parts(codes, two, 2, 2),
                    "narrowfloat::Int8Matrix::from_parts: the array of codes has 6 elements, the "
                    "matrix 2 x 2");
  CHECK(Int8Matrix::from_parts(codes, nan, 2, 3) == Int8Matrix::from_parts(codes, nan, 2, 3));
  CHECK(!(Int8Matrix::from_parts(codes, nan, 2, 3) == Int8Matrix::from_parts(codes, two, 2, 3)));
  CHECK(Int8Matrix() == Int8Matrix::from_parts({}, std::vector<float>{0}, 0, 0, {by_tensor}));
  CHECK(Int8Matrix().bits_per_element() == 0);
  const auto empty = Int8Matrix::from_parts({}, {}, std::size_t{1} << 59, 0, {by_column});
  CHECK(empty.transposed().transposed() == empty);  // at once
}

TEST_CASE("int8: rows are read and written as the whole is", "[quantize][int8]") {
  constexpr std::size_t rows = 41, cols = 37, n = rows * cols;
  const auto x = numbers(n, Kind::spread);
  const nf::Stochastic<> key{3, 2, 9};
  for (const nf::BlockShape shape : all_shapes) {
    const auto q = Int8Matrix::quantize(x, rows, cols, {shape}, key);
    std::vector<float> all(n), part(n);
    q.dequantize(all);
    auto pieces = Int8Matrix::quantize(std::vector<float>(n), rows, cols, {shape});
    for (std::size_t row = 0, step = 1; row < rows; row += step, step += 3) {
      step = std::min(step, rows - row);
      const std::size_t first = row * cols, count = step * cols;
      q.dequantize(first, count, std::span(part).first(count));
      for (std::size_t i = 0; i < count; ++i) REQUIRE(part[i] == all[first + i]);
      if (shape == by_row) {
        pieces.assign(first, std::span(x).subspan(first, count), key);
      } else {
        CHECK_THROWS_AS(pieces.assign(first, std::span(x).subspan(first, count), key),
                        std::invalid_argument);
      }
    }
    if (shape != by_row) pieces.assign(0, x, key);
    CHECK(pieces == q);
    pieces.assign(0, std::span(x).first(0));
    CHECK(pieces == q);
  }
  auto q = Int8Matrix::quantize(x, rows, cols);
  std::vector<float> out(cols);
  CHECK_THROWS_WITH(
      q.dequantize(1, cols, out),
      "narrowfloat::Int8Matrix::dequantize: elements 1 to 1 + 37 are no whole rows of "
      "a matrix of 41 x 37");
  CHECK_THROWS_AS(q.dequantize(cols, cols - 1, out), std::invalid_argument);
  CHECK_THROWS_AS(q.dequantize(cols, 2 * cols, out), std::invalid_argument);
  CHECK_THROWS_AS(q.dequantize(n, cols, out), std::invalid_argument);
  CHECK_THROWS_AS(q.assign(1, out), std::invalid_argument);
  CHECK_THROWS_AS(q.assign(~std::size_t{0} / cols * cols, out), std::invalid_argument);
  const std::vector<std::uint32_t> words(cols + 1);
  CHECK_THROWS_AS(q.assign(cols, out, nf::StochasticC<8>(words)), std::invalid_argument);
}

TEST_CASE("int8: shapes that fit no memory are refused before any is taken", "[quantize][int8]") {
  const std::vector<float> none;
  const std::vector<std::int8_t> codes;
  std::vector<float> out;
  for (const auto& [rows, cols] :
       {std::pair{std::size_t{1} << 40, std::size_t{1} << 10},
        std::pair{std::size_t{1} << 32, std::size_t{1} << 32},
        std::pair{std::size_t{1} << 63, std::size_t{2}},
        std::pair{~std::size_t{0}, ~std::size_t{0}}, std::pair{std::size_t{1}, ~std::size_t{0}}}) {
    for (const nf::BlockShape shape : all_shapes) {
      CHECK_THROWS_AS(Int8Matrix::quantize(none, rows, cols, {shape}), std::invalid_argument);
      CHECK_THROWS_AS(Int8Matrix::from_parts(codes, none, rows, cols, {shape}),
                      std::invalid_argument);
      std::vector<std::int8_t> to;
      CHECK_THROWS_AS(nf::quantize_int8(none, to, out, rows, cols, {shape}), std::invalid_argument);
      CHECK_THROWS_AS(nf::dequantize_int8(codes, none, out, rows, cols, shape),
                      std::invalid_argument);
    }
    CHECK_THROWS_AS(
        nf::dequantize_product(std::vector<std::int32_t>(), none, none, out, rows, cols),
        std::invalid_argument);
  }
  CHECK_THROWS_AS(Int8Matrix::quantize(none, std::size_t{1} << 61, 0),
                  std::invalid_argument);  // scales
}

TEST_CASE("int8: codes are numbers that convert() reads", "[quantize][int8]") {
  const auto q = Int8Matrix::quantize(numbers(3001, Kind::near), 1, 3001);
  std::vector<float> values(3001);
  std::vector<nf::float8_e4m3fn> narrow(3001);
  nf::convert(q.codes(), values);
  nf::convert(q.codes(), narrow, nf::Stochastic<>{2});
  bool right = true;
  for (std::size_t i = 0; i < 3001; ++i) {
    right = right && values[i] == q.codes()[i];
    right =
        right && narrow[i].bits() ==
                     nf::convert<nf::float8_e4m3fn>(values[i], nf::Stochastic<>{2, 0, i}).bits();
  }
  CHECK(right);
  CHECK_THROWS_AS(nf::convert(q.codes(), std::span(values).first(3)), std::invalid_argument);
}

TEST_CASE("int8: what is finite comes back finite", "[quantize][int8]") {
  for (const nf::BlockShape shape : all_shapes) {
    std::vector<float> x = numbers(999, Kind::huge), out(999);
    x[5] = std::numeric_limits<float>::max();
    x[6] = -x[5];
    const auto check = [&](auto rounding) {
      Int8Matrix::quantize(x, 27, 37, {shape}, rounding).dequantize(out);
      for (const float y : out) REQUIRE(std::isfinite(y));
    };
    check(nf::nearest_even);
    check(nf::nearest_away);
    check(nf::toward_positive);
    check(nf::to_odd);
    check(nf::Stochastic<32>{});
  }
}

TEST_CASE("int8: no call raises a flag or traps", "[environment][int8]") {
  const auto x = numbers(1500, Kind::spread), tiny = numbers(1500, Kind::tiny);
  std::vector<float> out(1500);
  const std::vector<std::int32_t> sums(1500, 12345);
  const auto run = [&] {
    for (const nf::BlockShape shape : all_shapes) {
      for (const auto& in : {std::cref(x), std::cref(tiny)}) {
        auto q = Int8Matrix::quantize(in.get(), 30, 50, {shape});
        q.assign(in.get(), nf::Stochastic<>{});
        q.assign(in.get(), nf::Stochastic<32>{});
        q.assign(in.get(), nf::Stochastic<15>{});
        q.assign(in.get(), nf::to_odd);
        q.dequantize(out);
        q.dequantize(50, 100, std::span(out).first(100));
        nf::convert(q.codes(), out);
        (void)q.transposed();
      }
    }
    nf::dequantize_product(sums, std::span(x).first(30), std::span(x).first(50), out, 30, 50,
                           std::span(x).first(50));
  };
  std::feclearexcept(FE_ALL_EXCEPT);
  run();
  CHECK(std::fetestexcept(FE_ALL_EXCEPT) == 0);
  std::feclearexcept(FE_ALL_EXCEPT);
#if defined(__x86_64__) && defined(__GLIBC__)
  feenableexcept(FE_ALL_EXCEPT);
  run();
  fedisableexcept(FE_ALL_EXCEPT);
#endif
}

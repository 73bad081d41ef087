// SPDX-License-Identifier: MIT
// A matrix with a leading dimension goes to int8 and back as its dense copy does, and nothing
// between its rows or outside is touched: from and to memory that ends at a guard page.
#include <cstring>

#include "support/catch.hpp"
#include "support/check_int8.hpp"
#include "support/guarded_pages.hpp"

using namespace test;
using nf::Int8Matrix, nf::MatrixView;

TEST_CASE("int8: columns of a wider matrix", "[isa]") {
  constexpr std::size_t most = 1300 * 19;
  GuardedPages in(4 * most), out(4 * most);
  for (const auto& [rows, cols, leading] :
       {std::tuple(1, 5, 9), std::tuple(17, 1, 3), std::tuple(18, 33, 33), std::tuple(19, 130, 131),
        std::tuple(5, 1030, 1300), std::tuple(19, 64, 80)}) {
    const auto r = static_cast<std::size_t>(rows), c = static_cast<std::size_t>(cols);
    const auto l = static_cast<std::size_t>(leading), used = (r - 1) * l + c;
    const std::vector<float> dense = numbers(r * c, Kind::spread);
    auto* const from = reinterpret_cast<float*>(in.end()) - used;
    auto* const to = reinterpret_cast<float*>(out.end()) - used;
    std::fill_n(from, used, std::numeric_limits<float>::quiet_NaN());
    for (std::size_t i = 0; i < r * c; ++i) from[i / c * l + i % c] = dense[i];
    const MatrixView<const float> view(std::span<const float>(from, used), r, c, l);
    const MatrixView<float> back(std::span(to, used), r, c, l);
    for (const nf::BlockShape shape : all_shapes) {
      const nf::Stochastic<> key{4};
      const auto q = Int8Matrix::quantize(dense, r, c, {shape}, key);
      CHECK(Int8Matrix::quantize(view, {shape}, key) == q);
      auto again = Int8Matrix::quantize(std::vector<float>(r * c), r, c, {shape});
      again.assign(view, key);
      CHECK(again == q);
      std::vector<std::int8_t> codes(r * c);
      std::vector<float> scales(q.scales().size()), wanted(r * c);
      nf::quantize_int8(view, codes, scales, {shape}, key);
      CHECK(Int8Matrix::from_parts(codes, scales, r, c, {shape}) == q);
      q.dequantize(wanted);
      for (const bool by_function : {false, true}) {
        std::fill_n(to, used, -1234.5f);
        if (by_function)
          nf::dequantize_int8(codes, scales, back, shape);
        else
          q.dequantize(back);
        bool right = true;
        for (std::size_t i = 0; i < used; ++i)
          right = right && to[i] == (i % l < c ? wanted[i / l * c + i % l] : -1234.5f);
        CHECK(right);
      }
    }
  }
  auto q = Int8Matrix::quantize(std::vector<float>(6), 2, 3);
  std::vector<float> x(8);
  CHECK_THROWS_WITH(
      q.dequantize(MatrixView<float>(x, 2, 4)),
      "narrowfloat::Int8Matrix::dequantize: the matrix is 2 x 3 elements, the argument "
      "2 x 4");
  CHECK_THROWS_AS(q.assign(MatrixView(x, 4, 2)), std::invalid_argument);
}

TEST_CASE("int8: a wide matrix beyond the caches", "[isa]") {
  const std::size_t cols = 1501, leading = 1507;
  const std::size_t rows =
      nf::detail::find_cpu_features().last_level_cache / (1 + sizeof(float)) / cols + 1;
  const auto few = numbers(cols, Kind::near);
  std::vector<float> dense(rows * cols), wanted(rows * cols), out(rows * leading, -1.5f);
  for (std::size_t i = 0; i < dense.size(); ++i)
    dense[i] = few[i % cols] * static_cast<float>(1 + i % 7);
  for (const nf::BlockShape shape : all_shapes) {
    const auto q = Int8Matrix::quantize(dense, rows, cols, {shape});
    q.dequantize(wanted);
    q.dequantize(MatrixView<float>(out, rows, cols, leading));
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < out.size(); ++i)
      wrong += out[i] != (i % leading < cols ? wanted[i / leading * cols + i % leading] : -1.5f);
    CHECK(wrong == 0);
  }
}

// SPDX-License-Identifier: MIT
// hadamard() and its inverse of matrices with a leading dimension: the same as without, and nothing
// between the rows is touched.
#include <algorithm>

#include "support/catch.hpp"
#include "support/check_hadamard.hpp"

using namespace test;

namespace {

/// The transform from rows `in_leading` apart to rows `out_leading` apart; those of `out` hold -7
/// between them.
std::vector<float> transformed_in_place_of(const std::vector<float>& values,
                                           const Transform& transform, std::size_t in_leading,
                                           std::size_t out_leading) {
  const std::size_t rows = transform.rows, cols = transform.cols;
  std::vector<float> in(rows * in_leading, std::bit_cast<float>(0x7f812345u));
  std::vector<float> out(rows * out_leading, -7.0f);
  for (std::size_t r = 0; r < rows; ++r)
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(r * cols), cols,
                in.begin() + static_cast<std::ptrdiff_t>(r * in_leading));
  const nf::MatrixView from(in, rows, cols, in_leading), to(out, rows, cols, out_leading);
  if (transform.inverse)
    nf::inverse_hadamard(from, to, options_of(transform));
  else
    nf::hadamard(from, to, options_of(transform));
  return out;
}

}  // namespace

TEST_CASE("hadamard: rows with something between them", "[isa]") {
  Mismatches bad;
  for_each_transform({1, 2}, {1, 5, 37, 64}, [&](const Transform& transform) {
    const std::vector<float> values = hadamard_inputs(transform, true);
    const std::vector<float> wanted = transformed(values, transform);
    const std::size_t cols = transform.cols;
    for (const auto& [in_gap, out_gap] : {std::pair{0, 3}, {5, 0}, {16, 32}, {1, 1}}) {
      const std::size_t out_leading = cols + static_cast<std::size_t>(out_gap);
      const std::vector<float> got = transformed_in_place_of(
          values, transform, cols + static_cast<std::size_t>(in_gap), out_leading);
      for (std::size_t i = 0; i < got.size(); ++i) {
        const std::size_t row = i / out_leading, col = i % out_leading;
        bad.expect_equal([&] { return describe(transform) + ", leading dimensions"; }, i,
                         col < cols ? bits_of(wanted[row * cols + col]) : bits_of(-7.0f),
                         bits_of(got[i]));
      }
    }
  });
  CHECK(bad.report() == "");
}

TEST_CASE("hadamard: shapes that differ are refused", "[isa]") {
  std::vector<float> in(64), out(64);
  CHECK_THROWS_WITH(nf::hadamard(nf::MatrixView(in, 4, 16), nf::MatrixView(out, 2, 32)),
                    "narrowfloat::hadamard: the input is 4 x 16 elements, the output 2 x 32");
}

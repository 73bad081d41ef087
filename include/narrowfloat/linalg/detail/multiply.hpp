// SPDX-License-Identifier: MIT
// A product of matrices, part by part: by the plan that serves its policy and its operands, or a
// step at a time.
#pragma once

#include "../../detail/array/tasks.hpp"
#include "finish.hpp"
#include "operands.hpp"
#include "pair_plan.hpp"
#include "split_sums.hpp"
#include "wide_plan.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// A rectangle of the sums of a product with n columns, a step at a time. An operand is read once
/// for as many sums as there are columns in a group.
template <class Acc, class A, class B, class Put>
void sum_exact_products(const Acc& acc, const matrix_part& part, std::size_t n, std::size_t k,
                        const A& a, const B& b, Subnormals flush, const Put& put) {
  constexpr std::size_t group = 16;
  const std::size_t right = part.left + part.cols;
  std::vector<exact> row(k), columns(std::min(part.cols, group) * k);
  for (std::size_t left = part.left; left < right; left += group) {
    const std::size_t width = std::min(group, right - left);
    for (std::size_t j = 0; j < width; ++j) {
      for (std::size_t l = 0; l < k; ++l) columns[j * k + l] = b.at(l, left + j, flush);
    }
    for (std::size_t i = part.top; i < part.top + part.rows; ++i) {
      for (std::size_t l = 0; l < k; ++l) row[l] = a.at(i, l, flush);
      for (std::size_t j = 0; j < width; ++j)
        put(i, left + j,
            sum_of_products(
                acc, (std::uint64_t{i} * n + left + j) * k, k,
                [&](std::size_t l) { return row[l]; },
                [&](std::size_t l) { return columns[j * k + l]; }));
    }
  }
}

/// Multiplies an m x k and a k x n matrix by a policy that fits, part by part: sums(part, f) calls
/// f(put), where put(i, j, sum) takes the sums of the part.
template <class A, class B, class Acc, class Sums, class E>
void multiply_matrices(const A& a, const B& b, const product_size& size, const matrix_cuts& cuts,
                       const Acc& acc, const Sums& sums, E& executor) {
  const std::size_t n = size.n, k = size.k;
  const Subnormals flush = running_sum<Acc>::subnormals(acc);
  const number_shape of_a = a.shape(), of_b = b.shape();
  const auto run = [&](const auto& sum_part) {
    run_cuts(executor, cuts, [&](const matrix_part& part) {
      sums(part, [&](const auto& put) { sum_part(part, put); });
    });
  };
  const auto sum_by_steps = [&](std::size_t i, std::size_t j) {  // of a policy without random bits
    return sum_of_products(
        acc, 0, k, [&](std::size_t l) { return a.at(i, l, flush); },
        [&](std::size_t l) { return b.at(l, j, flush); });
  };
  using plan = narrow_plan<Acc, typename A::number, typename B::number>;
  if constexpr (plan::serves) {
    if (plan::suits(of_a, of_b)) {
      const auto x = a.floats(flush, sum_shift<typename plan::summand>);
      const auto y = b.floats(flush, 0);
      run([&](const matrix_part& part, const auto& put) {
        sum_narrow_products<plan>(acc, part, n, k, x, y, put);
      });
      return;
    }
  }
  if constexpr (pair_plan::serves<Acc, typename A::number, typename B::number>) {
    if (pair_plan::suits(of_a, of_b, k) && is_plain(acc) && a.is_finite() && b.is_finite()) {
      const auto x = a.floats(Subnormals::keep, 0);
      const auto y = b.floats(Subnormals::keep, 0);
      run([&](const matrix_part& part, const auto& put) {
        sum_pair_products(of_a, of_b, part, k, x, y, [&](std::size_t i, std::size_t j, double sum) {
          put(i, j, sum_of_lane<typename Acc::type>(sum));
        });
      });
      return;
    }
  }
  using wide = wide_plan<Acc, typename A::number, typename B::number>;
  if constexpr (wide::serves) {
    if (suits<wide>(acc, active_isa(), k, of_a, of_b)) {
      const bool may_underflow = wide::may_underflow(product_shape_of(of_a, of_b));
      const auto x = a.floats(Subnormals::keep, 0);
      const auto y = b.floats(Subnormals::keep, 0);
      run([&](const matrix_part& part, const auto& put) {
        sum_wide_products<wide>(acc, part, k, x, y, [&](std::size_t i, std::size_t j, auto sum) {
          // A sum is -0 where it was not zero before it was rounded: whether that was the last one,
          // lanes do not say.
          put(i, j,
              may_underflow && is_negative_zero(sum) ? sum_by_steps(i, j)
                                                     : sum_of_lane<typename Acc::type>(sum));
        });
      });
      return;
    }
  }
  if constexpr (std::same_as<Acc, ExactAccumulator> &&
                are_in_floats<typename A::number, typename B::number>) {
    const split_plan split = split_plan::of(of_a, of_b, k);
    constexpr std::size_t enough =
        16;  // sums, for operands to be cut: fewer are sooner made a step at a time
    if (split.serves && size.m * n >= enough && is_in_floats(of_a) && is_in_floats(of_b)) {
      const auto x = a.floats(Subnormals::keep, 0);
      const auto y = b.floats(Subnormals::keep, 0);
      run([&](const matrix_part& part, const auto& put) {
        sum_split_products(split, part, k, x, y, put,
                           [&](std::size_t i, std::size_t j) { put(i, j, sum_by_steps(i, j)); });
      });
      return;
    }
  }
  run([&](const matrix_part& part, const auto& put) {
    sum_exact_products(acc, part, n, k, a, b, flush, put);
  });
}

/// A product whose matrices are there and whose policy fits; its sums are written as they are, or
/// through an epilogue.
template <class A, class B, class C, class Acc, class E, class... R>
void multiply(const product_call& call, const A& a, const matrix_places& of_a, const B& b,
              const matrix_places& of_b, C& c, const matrix_places& of_c, const product_size& size,
              const Acc& acc, E& executor, const Epilogue<R>&... epilogue) {
  static_assert(
      std::same_as<Acc, ExactAccumulator> || (bits_of_operand<A> <= 30 && bits_of_operand<B> <= 30),
      "matmul: the values of this block format have more than 30 bits, so that products "
      "are not exact: take ExactAccumulator, or dequantize to floats first");
  running_sum<Acc>::require(call.name, acc, size.m * size.n, size.k);
  (require_epilogue(call, epilogue, size.m, size.n), ...);
  using range = decltype(range_of_stored(c));
  const sum_writer<range> writer{range_of_stored(c), of_c};
  multiply_matrices(
      reader_of(a, of_a), reader_of(b, of_b), size, cuts_of_product<range, E>(size), acc,
      [&](const matrix_part& part, const auto& sum_to) {
        if constexpr (sizeof...(R) == 0) {
          sum_to(writer);
        } else {
          std::vector<typename Acc::type> sums(part.rows * part.cols);
          sum_to([&](std::size_t i, std::size_t j, typename Acc::type x) {
            sums[(i - part.top) * part.cols + j - part.left] = x;
          });
          (write_finished(writer, epilogue, sums.data(), part, size.n), ...);
        }
      },
      executor);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

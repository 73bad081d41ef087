// SPDX-License-Identifier: MIT
// The random Hadamard transform of FP4 training: it spreads outliers over their group, and leaves
// the product of two matrices as it is when both are transformed along the axis that the product
// sums over.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>

#include "convert.hpp"
#include "detail/array/checks.hpp"
#include "detail/array/matrix_cuts.hpp"
#include "hadamard/detail/calls.hpp"
#include "matrix.hpp"
#include "random.hpp"

namespace narrowfloat {

/// The signs of a transform, one for each element of a group, shared by all groups.
///
/// Example   // a seed and a step
///           const HadamardOptions options{.signs = HadamardSigns::random(7, 1)};
///           auto rotated = gradients;
///           hadamard(rotated, rotated, rows, cols, options);
class HadamardSigns {
 public:
  /// The largest group.
  static constexpr std::size_t max_size = 128;

  /// All +1, for a group of any size: the deterministic transform.
  HadamardSigns() = default;
  /// Signs as numbers, +1 or -1, for a group of this size.
  ///
  /// Special   another number, and more than max_size of them, throw std::invalid_argument.
  template <std::ranges::contiguous_range Signs>
  requires std::is_signed_v<std::ranges::range_value_t<Signs>>
  explicit constexpr NF_INLINE HadamardSigns(const Signs& signs) : size_(std::ranges::size(signs)) {
    if (size_ > max_size)
      detail::throw_invalid("HadamardSigns", "a transform has at most " + std::to_string(max_size) +
                                                 " signs, not " + std::to_string(size_));
    const auto* const values = std::ranges::data(signs);
    for (std::size_t i = 0; i < size_; ++i) {
      if (values[i] != 1 && values[i] != -1)
        detail::throw_invalid("HadamardSigns", "sign " + std::to_string(i) + " of a transform is " +
                                                   std::to_string(values[i]) +
                                                   ", neither 1 nor -1");
      negative_[i] = values[i] < 0;
    }
  }
  /// The same, as {1, -1, -1, 1}.
  constexpr NF_INLINE HadamardSigns(std::initializer_list<int> signs)
      : HadamardSigns(std::span<const int>(signs.begin(), signs.size())) {}
  /// Random signs for a group of any size: that of element i is -1 where element_bits<1>(seed,
  /// stream, i) is 1.
  static constexpr NF_INLINE HadamardSigns random(std::uint64_t seed,
                                                  std::uint64_t stream = 0) noexcept {
    HadamardSigns signs;
    for (std::size_t i = 0; i < max_size; ++i)
      signs.negative_[i] = element_bits<1>(seed, stream, i) != 0;
    return signs;
  }

  /// The size of the group that the signs are for; 0 if they are for any.
  constexpr NF_INLINE std::size_t size() const noexcept { return size_; }
  /// The sign of element i: 1 or -1.
  ///
  /// Requires  i < size(), or i < max_size where that is 0.
  constexpr NF_INLINE int operator[](std::size_t i) const noexcept { return negative_[i] ? -1 : 1; }

 private:
  std::array<bool, max_size> negative_{};
  std::size_t size_ = 0;
};

/// The signs, for groups of 16, that NVIDIA Transformer Engine's recipe for NVFP4 uses in every
/// step.
inline constexpr HadamardSigns transformer_engine_signs{1,  1,  1,  -1, 1,  -1, -1, -1,
                                                        -1, -1, -1, 1,  -1, 1,  -1, -1};

/// How to transform.
struct HadamardOptions {
  std::size_t group = 16;  ///< elements that are mixed: 16, 32, 64 or 128
  int axis = 1;  ///< groups lie along this axis: 1 within rows, 0 down the columns; or -1, -2
  /// The signs S; all +1 unless given.
  HadamardSigns signs = {};
};

namespace detail {
inline namespace NF_BASELINE {

inline void require_groups(const char* call, std::size_t rows, std::size_t cols,
                           const HadamardOptions& options) {
  const std::size_t group = options.group;
  if (group != 16 && group != 32 && group != 64 && group != 128)
    throw_invalid(call, "a group has 16, 32, 64 or 128 elements, not " + std::to_string(group));
  const bool along_rows = is_within_rows(options.axis);
  const std::size_t length = along_rows ? cols : rows;
  if (length % group != 0)
    throw_invalid(call, std::to_string(length) + (along_rows ? " columns" : " rows") +
                            " are no multiple of the group of " + std::to_string(group));
  const std::size_t signs = options.signs.size();
  if (signs != 0 && signs != group)
    throw_invalid(call,
                  std::to_string(signs) + " signs do not fit a group of " + std::to_string(group));
}

/// The signs come before the sums, in the inverse after them.
inline hadamard_factors factors_of(const HadamardOptions& options, bool inverse) {
  const float norm = options.group == 16   ? 0.25f
                     : options.group == 32 ? 0x1.6a09e6p-3f
                     : options.group == 64 ? 0.125f
                                           : 0x1.6a09e6p-4f;
  hadamard_factors factors{};
  for (std::size_t i = 0; i < options.group; ++i) {
    const std::uint32_t sign = options.signs[i] < 0 ? binary32::sign_mask : 0;
    factors.before[i] = inverse ? 0 : sign;
    factors.after[i] = number_traits<float>::to_code(norm) ^ (inverse ? sign : 0);
  }
  return factors;
}

/// Where a matrix is cut into tasks: at whole groups, and where they lie side by side at cache
/// lines of the result.
inline matrix_cuts cuts_of_groups(const hadamard_matrix& matrix, bool within_rows,
                                  std::size_t group) {
  const std::size_t height = within_rows ? 1 : group;  // of what is not cut
  task_cuts across{matrix.cols, std::min(task_elements / height, matrix.cols)};
  if (!within_rows && across.count() > 1)
    across.before = task_cuts::of(matrix.out, matrix.cols).before;
  return {{matrix.rows, units_of_task(across.length * height) * height}, across};
}

/// Transforms a matrix, or by Inverse back, by the tasks of an executor.
template <bool Inverse, class E>
void transform(const char* call, MatrixView<const float> in, MatrixView<float> out,
               const HadamardOptions& options, const E& executor) {
  require_axis(call, options.axis);
  if (in.rows() != out.rows() || in.cols() != out.cols())
    throw_invalid(call, "the input is " + std::to_string(in.rows()) + " x " +
                            std::to_string(in.cols()) + " elements, the output " +
                            std::to_string(out.rows()) + " x " + std::to_string(out.cols()));
  require_groups(call, in.rows(), in.cols(), options);
  if (in.empty()) return;  // however many empty rows
  const hadamard_factors factors = factors_of(options, Inverse);
  const bool within_rows = is_within_rows(options.axis);
  hadamard_matrix all{in.data(), in.leading(), out.data(), out.leading(), in.rows(), in.cols()};
  if (within_rows && in.leading() == in.cols() && out.leading() == in.cols())
    all = {in.data(), in.size(), out.data(), in.size(), 1, in.size()};
  constexpr std::size_t line = 64;  // the most that a streaming store is aligned to
  const bool stream = leaves_caches(2 * in.size() * sizeof(float)) &&
                      all.out_leading % (line / sizeof(float)) == 0 &&
                      reinterpret_cast<std::uintptr_t>(all.out) % line == 0;
  const Isa isa = active_isa();
  const auto run = [&](const hadamard_matrix& matrix) {
    const auto groups = [&]<std::size_t Group>() {
      transform_groups<Group>(place_of<true>(), isa, matrix, within_rows, factors, stream);
    };
    if (options.group == 16) groups.template operator()<16>();
    if (options.group == 32) groups.template operator()<32>();
    if (options.group == 64) groups.template operator()<64>();
    if (options.group == 128) groups.template operator()<128>();
  };
  if constexpr (std::is_same_v<E, SerialExecutor>) {
    run(all);
  } else {
    run_cuts(executor, cuts_of_groups(all, within_rows, options.group),
             [&](const matrix_part& part) {
               run({all.in + part.top * all.in_leading + part.left, all.in_leading,
                    all.out + part.top * all.out_leading + part.left, all.out_leading, part.rows,
                    part.cols});
             });
  }
}

}  // namespace NF_BASELINE
}  // namespace detail

/// Multiplies each group of g neighbouring elements x of a row-major matrix by an orthogonal
/// matrix: y = x S with S = diag(signs) H / sqrt(g), where H is Sylvester's Hadamard matrix in
/// natural order, its element (i, j) -1 to the number of ones in i & j. So hadamard(A) along axis 1
/// is A S, and hadamard(B) along axis 0 is S^T B, for the S of all groups together: their product
/// is A B.
///
/// Result    in floats, each operation rounded to nearest even: the elements with the signs; then
///           for stride 1, 2, 4 ... g / 2 and each i without the bit `stride`, (x[i], x[i +
///           stride]) becomes (x[i] + x[i + stride], x[i] - x[i + stride]); then the products with
///           the float nearest 1 / sqrt(g), which is exact for 16 and 64.
/// Special   NaN is the positive canonical NaN; it spreads over its group, as does Inf. An array of
///           another size than rows * cols, another group, one that does not divide the axis, and
///           signs for another group throw std::invalid_argument with the numbers before anything
///           is written.
/// Requires  the two arrays are apart, or the same memory.
/// Promises  no allocation; the same bits on every instruction set, for every executor and in every
///           floating-point environment, which is left as it was.
/// Cost      one pass over both.
///
/// Use       Tseng et al., Training LLMs with MXFP4 (arXiv 2502.20586): random signs for every
///           backward pass, groups of 64. NVIDIA, Pretraining Large Language Models with NVFP4
///           (arXiv 2509.25149): groups of 16, the same random signs throughout.
/// Example   std::vector<float> rotated(rows * cols);
///           hadamard(gradients, rotated, rows, cols,
///                    {.group = 64, .signs = HadamardSigns::random(7, 1)});
template <float_range In, float_range Out, task_executor E = SerialExecutor>
NF_INLINE void hadamard(In&& in, Out&& out, std::size_t rows, std::size_t cols,
                        const HadamardOptions& options = {}, E&& executor = {}) {
  detail::transform<false>("hadamard", detail::matrix_of("hadamard", "the input", in, rows, cols),
                           detail::matrix_of("hadamard", "the output", out, rows, cols), options,
                           detail::executor_of(executor));
}
/// The same of matrices with a leading dimension.
template <task_executor E = SerialExecutor>
NF_INLINE void hadamard(MatrixView<const float> in, MatrixView<float> out,
                        const HadamardOptions& options = {}, E&& executor = {}) {
  detail::transform<false>("hadamard", in, out, options, detail::executor_of(executor));
}

/// The inverse, with the same options: x = y S^T with S^T = H diag(signs) / sqrt(g).
///
/// Result    as hadamard(), but the signs come last. What hadamard() and then this give differs
///           from x by the roundings.
template <float_range In, float_range Out, task_executor E = SerialExecutor>
NF_INLINE void inverse_hadamard(In&& in, Out&& out, std::size_t rows, std::size_t cols,
                                const HadamardOptions& options = {}, E&& executor = {}) {
  detail::transform<true>("inverse_hadamard",
                          detail::matrix_of("inverse_hadamard", "the input", in, rows, cols),
                          detail::matrix_of("inverse_hadamard", "the output", out, rows, cols),
                          options, detail::executor_of(executor));
}
template <task_executor E = SerialExecutor>
NF_INLINE void inverse_hadamard(MatrixView<const float> in, MatrixView<float> out,
                                const HadamardOptions& options = {}, E&& executor = {}) {
  detail::transform<true>("inverse_hadamard", in, out, options, detail::executor_of(executor));
}

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "hadamard/detail/hadamard.hpp"
#endif

// SPDX-License-Identifier: MIT
// Products of matrices by a function that multiplies floats: operands are decoded to panels for it.
#pragma once

#include <bit>
#include <vector>

#include "../../detail/array/tasks.hpp"
#include "../free_order.hpp"
#include "finish.hpp"
#include "operands.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Whether float holds the numbers of an operand, or it stands for floats.
template <class Stored>
constexpr bool is_read_as_floats() {
  if constexpr (dequantizable<Stored>) {
    return true;
  } else if constexpr (is_view<Stored>) {
    return is_in_floats(shape_of<typename Stored::value_type>());
  } else {
    return is_in_floats(shape_of<std::ranges::range_value_t<Stored>>());
  }
}

/// Elements of a tensor that are decoded in one call.
struct tensor_piece {
  std::size_t first, count;
  friend constexpr bool operator==(tensor_piece, tensor_piece) = default;
};
/// A tensor that writes part of its elements as floats.
template <class T>
concept dequantizable_in_pieces = requires(const T& tensor, std::size_t i, std::span<float> out) {
  tensor.dequantize(i, i, out);
};
/// The least piece with elements (r, c) ... (r, c + n - 1) of a tensor whose rows have `cols`.
template <class Tensor>
tensor_piece piece_of(const Tensor& tensor, std::size_t cols, std::size_t r, std::size_t c,
                      std::size_t n) {
  const auto whole_blocks = [&](std::size_t first, std::size_t block, std::size_t end) {
    const std::size_t start = first / block * block;
    return tensor_piece{start, std::min(rounded_up(first + n, block), end) - start};
  };
  if constexpr (!dequantizable_in_pieces<Tensor>) {
    return {0, tensor.size()};
  } else if constexpr (is_block_tensor<Tensor>) {
    using element = typename Tensor::element;
    const auto block = tensor.block(0, 0);  // cut off where the tensor ends
    const bool is_of_one_row = tensor.axis() == 1 && Tensor::block_format::block_rows == 1;
    if (is_of_one_row && block.cols * element::width % 8 == 0) {
      tensor_piece piece = whole_blocks(c, block.cols, cols);
      piece.first += r * cols;
      return piece;
    }
    const std::size_t top = r / block.rows * block.rows;
    return {top * cols, std::min(block.rows, tensor.rows() - top) * cols};
  } else if constexpr (requires { tensor.block_size(); }) {  // blocks of the array, not of its rows
    return whole_blocks(r * cols + c, tensor.block_size(), tensor.size());
  } else {
    return {r * cols, cols};
  }
}

/// Reads the rows of what is stored, with a leading dimension, as floats.
template <class Stored>
class stored_rows {
  using range = decltype(range_of_stored(std::declval<const Stored&>()));
  using number = std::ranges::range_value_t<range>;

 public:
  /// Whether they are floats in memory.
  static constexpr bool is_memory =
      std::ranges::contiguous_range<range> && std::same_as<std::remove_cv_t<number>, float>;

  stored_rows(const Stored& stored, std::size_t leading)
      : range_(range_of_stored(stored)), leading_(leading) {}
  const float* data() const requires is_memory { return std::ranges::data(range_); }
  void read(std::size_t r, std::size_t c, std::size_t n, float* to) {
    const std::size_t first = r * leading_ + c;
    if constexpr (number_range<range>) {
      convert_by_kernel(active_isa(), std::ranges::data(range_) + first, to, n, NearestEven{},
                        Saturation::none, Subnormals::keep);
    } else {
      for (std::size_t i = 0; i < n; ++i) to[i] = as_float_(operand_number(range_, first + i));
    }
  }

 private:
  range range_;
  std::size_t leading_;
  operand_floats<number> as_float_{Subnormals::keep};
};
template <dequantizable Stored>
class stored_rows<Stored> {
 public:
  static constexpr bool is_memory = false;

  stored_rows(const Stored& tensor, std::size_t cols) : tensor_(&tensor), cols_(cols) {}
  void read(std::size_t r, std::size_t c, std::size_t n, float* to) {
    const tensor_piece piece = piece_of(*tensor_, cols_, r, c, n);
    if (piece != decoded_) {
      values_.resize(piece.count);
      if constexpr (dequantizable_in_pieces<Stored>) {
        tensor_->dequantize(piece.first, piece.count, values_);
      } else {
        tensor_->dequantize(values_);
      }
      decoded_ = piece;
    }
    std::copy_n(values_.data() + (r * cols_ + c - piece.first), n, to);
  }

 private:
  const Stored* tensor_;
  std::size_t cols_;
  tensor_piece decoded_{0, 0};
  std::vector<float> values_;
};

/// A row-major matrix of floats as products take it.
struct float_matrix {
  const float* data;
  std::size_t leading;
};

/// Parts of an operand as such matrices: where it lies, or decoded. One lives until the next is
/// asked for.
template <class Stored>
class float_panels {
  using rows_type = stored_rows<Stored>;

 public:
  float_panels(const Stored& stored, const matrix_places& places)
      : rows_(stored, places.transposed ? places.col_step : places.row_step), places_(places) {}
  bool is_in_place() const { return rows_type::is_memory && !places_.transposed; }
  /// The part of some rows and columns from (r, c) on.
  float_matrix operator()(const matrix_part& part) {
    if constexpr (rows_type::is_memory) {
      if (is_in_place()) return {rows_.data() + places_.at(part.top, part.left), places_.row_step};
    }
    if (part != decoded_) {
      panel_.resize(part.rows * part.cols);
      if (places_.transposed) {
        read_transposed(part);
      } else {
        for (std::size_t i = 0; i < part.rows; ++i)
          rows_.read(part.top + i, part.left, part.cols, panel_.data() + i * part.cols);
      }
      decoded_ = part;
    }
    return {panel_.data(), part.cols};
  }

 private:
  void read_transposed(const matrix_part& part) {
    constexpr std::size_t together = 16;
    const std::size_t apart = part.rows + together;  // no power of two: the rows share the caches
    stored_.resize(together * apart);
    for (std::size_t left = 0; left < part.cols; left += together) {
      const std::size_t count = std::min(together, part.cols - left);
      for (std::size_t j = 0; j < count; ++j)
        rows_.read(part.left + left + j, part.top, part.rows, stored_.data() + j * apart);
      for (std::size_t i = 0; i < part.rows; ++i) {
        for (std::size_t j = 0; j < count; ++j)
          panel_[i * part.cols + left + j] = stored_[j * apart + i];
      }
    }
  }

  rows_type rows_;
  matrix_places places_;
  matrix_part decoded_{0, 0, 0, 0};
  std::vector<float> panel_, stored_;
};

/// Rows and columns of c that are made at a time, and steps: three panels of at most so many
/// floats, of which there are some.
constexpr product_size panel_sizes(std::size_t floats, std::size_t k) {
  const std::size_t side = std::size_t{1} << (std::bit_width(floats) - 1) / 2;
  const std::size_t depth = std::min(k, side == 1 ? 1 : 2 * side);
  const std::size_t width = depth > side ? side / 2 : side;
  return {width, width, depth};
}

/// A rectangle of a product, by panels.
template <class A, class B, class C, class Gemm, class... R>
void multiply_panels(const A& a, const matrix_places& of_a, const B& b, const matrix_places& of_b,
                     const sum_writer<C>& to, const matrix_part& all, const product_size& size,
                     const FreeOrderAccumulator<Gemm>& acc, const Epilogue<R>&... epilogue) {
  using target = std::ranges::range_value_t<C>;
  constexpr bool is_written =
      sizeof...(R) == 0 && std::ranges::contiguous_range<C> && std::same_as<target, float>;
  const std::size_t n = size.n, k = size.k;
  float_panels<A> x(a, of_a);
  float_panels<B> y(b, of_b);
  const bool is_whole = is_written && x.is_in_place() && y.is_in_place();
  const product_size step =
      is_whole ? product_size{all.rows, all.cols, k} : panel_sizes(acc.panel, k);
  std::vector<float> sums, slice;
  const std::size_t right = all.left + all.cols, bottom = all.top + all.rows;
  for (std::size_t left = all.left; left < right; left += step.n) {
    for (std::size_t top = all.top; top < bottom; top += step.m) {
      const matrix_part part{top, left, std::min(step.m, bottom - top),
                             std::min(step.n, right - left)};
      float* c;
      std::size_t leading = part.cols;
      if constexpr (is_written) {
        c = std::ranges::data(to.range) + to.places.at(top, left);
        leading = to.places.row_step;
      } else {
        sums.resize(part.rows * part.cols);
        c = sums.data();
      }
      if (k == 0) {
        for (std::size_t i = 0; i < part.rows; ++i) std::fill_n(c + i * leading, part.cols, 0.0f);
      }
      for (std::size_t first = 0; first < k; first += step.k) {
        const std::size_t steps = std::min(step.k, k - first);
        const float_matrix u = x({top, first, part.rows, steps}),
                           v = y({first, left, steps, part.cols});
        if (first == 0) {
          acc.gemm(part.rows, part.cols, steps, u.data, u.leading, v.data, v.leading, c, leading);
          continue;
        }
        slice.resize(part.rows * part.cols);
        acc.gemm(part.rows, part.cols, steps, u.data, u.leading, v.data, v.leading, slice.data(),
                 part.cols);
        for (std::size_t i = 0; i < part.rows; ++i) {
          for (std::size_t j = 0; j < part.cols; ++j)
            c[i * leading + j] += slice[i * part.cols + j];
        }
      }
      if constexpr (sizeof...(R) != 0) {
        (write_finished(to, epilogue, sums.data(), part, n), ...);
      } else if constexpr (!is_written) {
        for (std::size_t i = 0; i < part.rows; ++i) {
          for (std::size_t j = 0; j < part.cols; ++j)
            to(top + i, left + j, sums[i * part.cols + j]);
        }
      }
    }
  }
}

/// multiply() in free order.
template <class A, class B, class C, class Gemm, class E, class... R>
void multiply(const product_call& call, const A& a, const matrix_places& of_a, const B& b,
              const matrix_places& of_b, C& c, const matrix_places& of_c, const product_size& size,
              const FreeOrderAccumulator<Gemm>& acc, E& executor, const Epilogue<R>&... epilogue) {
  static_assert(is_read_as_floats<A>() && is_read_as_floats<B>(),
                "matmul: float does not hold the numbers of an operand: FreeOrderAccumulator adds "
                "up products of floats");
  if (acc.panel == 0) throw_invalid(call.name, "FreeOrderAccumulator: the panel is 0");
  (require_epilogue(call, epilogue, size.m, size.n), ...);
  using range = decltype(range_of_stored(c));
  const sum_writer<range> writer{range_of_stored(c), of_c};
  const auto parts = cuts_of_product<range, E>(size);
  run_tasks(executor, parts.count(), [&](std::size_t task) {
    multiply_panels(a, of_a, b, of_b, writer, parts[task], size, acc, epilogue...);
  });
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

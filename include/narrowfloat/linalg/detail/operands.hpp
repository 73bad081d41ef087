// SPDX-License-Identifier: MIT
// The matrices of a product: where element (r, c) of one lies, and what it is, exactly and as a
// float.
#pragma once

#include <span>
#include <vector>

#include "../../matrix.hpp"
#include "block_values.hpp"
#include "narrow_plan.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class T>
inline constexpr bool is_view = false;
template <class T>
inline constexpr bool is_view<MatrixView<T>> = true;
template <class T>
inline constexpr bool is_block_tensor = false;
template <class Format>
inline constexpr bool is_block_tensor<BlockTensor<Format>> = true;
/// A quantized tensor, which can be written as floats: of the library's, or one that speaks as they
/// do.
template <class T>
concept dequantizable = !std::ranges::range<T> && requires(const T& tensor, std::span<float> out) {
  { tensor.size() } -> std::same_as<std::size_t>;
  tensor.dequantize(out);
};
/// A matrix that knows its shape.
template <class T>
inline constexpr bool is_matrix = is_view<T> || is_packed_matrix<T>;
template <dequantizable T>
inline constexpr bool is_matrix<T> = requires(const T& tensor) {
  tensor.rows();
  tensor.cols();
};
/// An operand that is no range of numbers.
template <class T>
concept tensor_operand = dequantizable<T> ||(is_view<T>&& multiplicand<typename T::value_type>);
template <class T>
struct element_of {
  using type = void;
};
template <std::ranges::random_access_range T>
requires std::ranges::sized_range<T>
struct element_of<T> {
  using type = std::ranges::range_value_t<T>;
};
template <class T>
struct element_of<MatrixView<T>> {
  using type = T;  // const where it is not to be written
};
template <class T>
concept number_written = number<typename element_of<T>::type>;
template <class T, class Number>
concept output_of = lossless_to<Number, typename element_of<T>::type>;

/// A matrix as it is read: element (r, c) of it at place r * row_step + c * col_step of what is
/// stored.
struct matrix_places {
  std::size_t row_step, col_step;
  bool transposed;
  constexpr std::size_t at(std::size_t r, std::size_t c) const {
    return r * row_step + c * col_step;
  }
  constexpr matrix_places flipped() const { return {col_step, row_step, !transposed}; }
};

/// What a call says in its messages, and the matrices that it has.
struct product_call {
  const char* name;
  std::string shapes;

  /// The places of a rows x cols matrix, stored as it is or transposed, in a range or a matrix.
  ///
  /// Special   one that does not hold it throws std::invalid_argument with the shapes.
  template <class Stored>
  constexpr matrix_places places(const char* what, const Stored& stored, std::size_t rows,
                                 std::size_t cols, bool transposed, std::size_t leading) const {
    const std::size_t down = transposed ? cols : rows, across = transposed ? rows : cols;
    if constexpr (is_matrix<Stored>) {
      if (stored.rows() != down || stored.cols() != across)
        refuse(what, "is " + text(stored.rows(), stored.cols()) + ", not " + text(down, across));
    }
    if constexpr (is_matrix<Stored> || dequantizable<Stored>) {
      if (leading != 0)
        refuse(what, "has no leading dimension to be given, such as " + std::to_string(leading));
    }
    std::size_t step = leading == 0 ? across : leading, have = 0;
    if constexpr (is_view<Stored>) {
      return of_step(stored.leading(), transposed);
    } else if constexpr (std::ranges::sized_range<Stored>) {
      have = std::ranges::size(stored);
    } else {
      have = stored.size();
    }
    const bool holds =
        step >= across && fits_in_memory(down, step) &&
        (leading == 0 ? have == down * across
                      : down == 0 || across == 0 || have >= (down - 1) * step + across);
    if (!holds)
      refuse(what, "has " + std::to_string(have) + " elements, not the " + text(down, across) +
                       " that are read with leading dimension " + std::to_string(step));
    return of_step(step, transposed);
  }

 private:
  static constexpr matrix_places of_step(std::size_t step, bool transposed) {
    return transposed ? matrix_places{1, step, true} : matrix_places{step, 1, false};
  }
  static std::string text(std::size_t rows, std::size_t cols) {
    return std::to_string(rows) + " x " + std::to_string(cols);
  }
  [[noreturn]] void refuse(const char* what, const std::string& why) const {
    throw_invalid(name, shapes + ": " + what + " " + why);
  }
};

/// The memory of a view, as a range; other ranges as they are.
template <class Stored>
constexpr decltype(auto) range_of_stored(Stored& stored) {
  if constexpr (is_view<std::remove_const_t<Stored>>) {
    const bool is_empty = stored.rows() == 0 || stored.cols() == 0;
    return std::span(stored.data(),
                     is_empty ? 0 : (stored.rows() - 1) * stored.leading() + stored.cols());
  } else {
    return (stored);
  }
}

/// Element i of a range of numbers.
template <class Range>
constexpr std::ranges::range_value_t<Range> operand_number(const Range& range, std::size_t i) {
  const auto place = static_cast<std::ranges::range_difference_t<Range>>(i);
  return static_cast<std::ranges::range_value_t<Range>>(std::ranges::begin(range)[place]);
}
/// Its exact value.
template <class Range>
constexpr exact operand_at(const Range& range, std::size_t i, Subnormals subnormals) {
  return operand_value(operand_number(range, i), subnormals);
}

/// The floats of a matrix whose stored element i is at(i).
template <class At>
struct row_floats {
  At at;
  matrix_places places;

  /// Writes elements (r, c) ... (r, c + n - 1), each `apart` after the one before.
  template <class T>
  void read(std::size_t r, std::size_t c, std::size_t n, T* to, std::size_t apart = 1) const {
    const std::size_t first = places.at(r, c), step = places.col_step;
    if (step == 1) {
      for (std::size_t j = 0; j < n; ++j) to[j * apart] = at(first + j);
    } else {
      for (std::size_t j = 0; j < n; ++j) to[j * apart] = at(first + j * step);
    }
  }
};
template <class At>
row_floats(At, const matrix_places&) -> row_floats<At>;

/// The floats of a matrix whose numbers are those of a range.
template <class Range>
struct number_floats {
  using number = std::ranges::range_value_t<Range>;
  const Range* range;
  operand_floats<number> as_float;
  matrix_places places;

  /// As that of row_floats.
  template <class T>
  void read(std::size_t r, std::size_t c, std::size_t n, T* to, std::size_t apart = 1) const {
    if (as_float.is_plain()) {
      read_by(r, c, n, to, apart, [](number x) { return operand_floats<number>::plain(x); });
    } else {
      read_by(r, c, n, to, apart, as_float);
    }
  }

 private:
  template <class T, class AsFloat>
  void read_by(std::size_t r, std::size_t c, std::size_t n, T* to, std::size_t apart,
               const AsFloat& convert_one) const {
    if (n == 0) return;
    const std::size_t first = places.at(r, c), step = places.col_step;
    const auto from =
        std::ranges::begin(*range) + static_cast<std::ranges::range_difference_t<Range>>(first);
    if (step == 1 && apart == 1) {
      for (std::size_t j = 0; j < n; ++j) to[j] = convert_one(number_at(from, j));
    } else if (step == 1) {
      for (std::size_t j = 0; j < n; ++j) to[j * apart] = convert_one(number_at(from, j));
    } else {
      for (std::size_t j = 0; j < n; ++j) to[j * apart] = convert_one(number_at(from, j * step));
    }
  }
  template <class Iterator>
  static number number_at(const Iterator& from, std::size_t i) {
    return static_cast<number>(from[static_cast<std::iter_difference_t<Iterator>>(i)]);
  }
};

/// Reads numbers of a range; Range is a reference to one that lives on, or one to keep.
template <class Range>
class number_reader {
 public:
  using number = std::ranges::range_value_t<Range>;

  number_reader(Range range, const matrix_places& places)
      : range_(static_cast<Range&&>(range)), places_(places) {}
  static constexpr number_shape shape() { return shape_of<number>(); }
  /// Whether nothing but its numbers can be Inf or NaN.
  static constexpr bool is_finite() { return true; }
  exact at(std::size_t r, std::size_t c, Subnormals subnormals) const {
    return operand_at(range_, places_.at(r, c), subnormals);
  }
  /// The floats of the elements, times 2^-shift.
  auto floats(Subnormals subnormals, int shift) const {
    return number_floats<std::remove_cvref_t<Range>>{
        &range_, operand_floats<number>(subnormals, shift), places_};
  }

 private:
  Range range_;
  matrix_places places_;
};

/// Reads the values of a block tensor.
template <class Format>
class block_reader {
 public:
  using number = block_value<Format>;

  block_reader(const BlockTensor<Format>& tensor, const matrix_places& places)
      : values_(tensor), shape_(values_.shape()), places_(places) {}
  const number_shape& shape() const { return shape_; }
  bool is_finite() const { return values_.is_finite(); }
  exact at(std::size_t r, std::size_t c, Subnormals subnormals) const {
    return places_.transposed ? values_.at(c, r, subnormals) : values_.at(r, c, subnormals);
  }
  auto floats(Subnormals subnormals, int shift) const {
    std::vector<float> all(values_.tensor().size());
    values_.tensor().dequantize(all);
    if (subnormals == Subnormals::flush) values_.flush(all);
    if (shift != 0)
      for (float& x : all) x *= power_of_two<float>(-shift);
    return row_floats{[all = std::move(all)](std::size_t i) { return all[i]; }, places_};
  }

 private:
  block_values<Format> values_;
  number_shape shape_;
  matrix_places places_;
};

/// What reads an operand whose places were checked.
template <class Stored>
auto reader_of(const Stored& stored, const matrix_places& places) {
  if constexpr (is_block_tensor<Stored>) {
    return block_reader(stored, places);
  } else if constexpr (dequantizable<Stored>) {
    std::vector<float> values(stored.size());
    stored.dequantize(values);
    return number_reader<std::vector<float>>(std::move(values), places);
  } else {
    return number_reader<decltype(range_of_stored(stored))>(range_of_stored(stored), places);
  }
}

/// Writes the sum of element (i, j) to a range, or to a reference to one.
template <class Range>
struct sum_writer {
  Range range;
  matrix_places places;

  template <class Total>
  void operator()(std::size_t i, std::size_t j, Total total) const {
    using target = std::ranges::range_value_t<Range>;
    put(i, j, convert_number<target>(total, NearestEven{}, Saturation::none));
  }
  void put(std::size_t i, std::size_t j, std::ranges::range_value_t<Range> x) const {
    using place = std::ranges::range_difference_t<Range>;
    std::ranges::begin(range)[static_cast<place>(places.at(i, j))] = x;
  }
};

/// Significant bits of the values of an operand.
template <class Stored>
inline constexpr int bits_of_operand = 24;
template <class Format>
inline constexpr int bits_of_operand<BlockTensor<Format>> = value_bits_of_blocks<Format>();

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

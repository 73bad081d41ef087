// SPDX-License-Identifier: MIT
// convert() to and from packed codes.
#pragma once

#include <algorithm>
#include <concepts>
#include <string>

#include "../convert.hpp"
#include "detail/parts.hpp"
#include "matrix.hpp"
#include "vector.hpp"

namespace narrowfloat {
namespace detail {
template <class View>
inline constexpr bool is_packed<tasked_output<View>> = is_packed<View>;
inline namespace NF_BASELINE {

template <class T>
inline constexpr bool is_packed_matrix = false;
template <class F>
inline constexpr bool is_packed_matrix<PackedMatrix<F>> = true;
template <class View>
inline constexpr bool is_packed_matrix<tasked_output<View>> = is_packed_matrix<View>;
template <class T>
concept packed_matrix = is_packed_matrix<std::remove_cvref_t<T>>;
template <class T>
concept packed_line = is_packed<std::remove_cvref_t<T>>;
template <class T>
concept packed_codes = packed_line<T> || packed_matrix<T>;
template <class T>
concept packed_or_plain = packed_codes<T> || number_range<T>;

/// The same of a matrix in row-major order, whose rows start on a byte each.
template <class F>
struct matrix_part_of {
  using value = std::remove_const_t<F>;
  PackedMatrix<F> all;
  part_buffer<F> buffer;

  read_number<value>* at(std::size_t first, std::size_t count) {
    if constexpr (std::is_const_v<F>) {
      for_each_run(first, count,
                   [&](const std::uint8_t* row, std::size_t col, std::size_t n, value* x) {
                     for (; n != 0 && col % 8 != 0; ++col, --n)
                       *x++ = load_code<value, BitStream>(row, 0, col);
                     unpack_bits<value::width>(row + bit_stream_bytes(col, value::width), n, x);
                   });
      return buffer.numbers(count);
    } else {
      return buffer.codes;
    }
  }
  /// What follows a run in its last byte becomes 0: the padding, or elements that are written next.
  void store(std::size_t first, std::size_t count) {
    for_each_run(first, count, [&](std::uint8_t* row, std::size_t col, std::size_t n, value* x) {
      for (; n != 0 && col % 8 != 0; ++col, --n)
        BitStream::set<value::width>(row, 0, col, (x++)->bits());
      pack_bits<value::width>(x, n, row + bit_stream_bytes(col, value::width));
    });
  }
  void finish() {}
  std::size_t unit() const {
    if (std::is_const_v<F>) return 1;
    return is_one() ? codes_of_bytes<BitStream, value::width> : all.cols();
  }
  element_bits_at place() const {
    return {all.data(), is_one() ? static_cast<std::size_t>(value::width) : 0};
  }

 private:
  /// Whether the codes of all rows follow each other.
  bool is_one() const { return all.rows() == 1 || all.cols() % 8 * value::width % 8 == 0; }

  /// Calls f(row, column, count, codes) for what elements from `first` on are of each row; for all
  /// at once where rows fill their bytes.
  template <class Function>
  void for_each_run(std::size_t first, std::size_t count, Function f) {
    const std::size_t cols = is_one() ? all.size() : all.cols();
    for (std::size_t done = 0, n = 0; done < count; done += n) {
      const std::size_t row = (first + done) / cols, col = (first + done) % cols;
      n = std::min(cols - col, count - done);
      f(all.data() + row * all.stride(), col, n, buffer.codes + done);
    }
  }
};

template <number_range Range>
NF_INLINE part_of<std::remove_reference_t<std::ranges::range_reference_t<Range>>> parts(
    Range& range) {
  return {{std::ranges::data(range), static_cast<std::size_t>(std::ranges::size(range))}};
}
template <packed_line Range>
NF_INLINE auto parts(Range& range) {
  using view = decltype(PackedSpan(range));
  return packed_part_of<typename view::element_type, typename view::layout>{range, {}};
}
template <class F>
NF_INLINE auto parts(const PackedMatrix<F>& matrix) {
  return matrix_part_of<F>{matrix, {}};
}
template <number_range Range>
NF_INLINE auto source_parts(const Range& range) {
  return parts(range);
}
template <packed_line Range>
NF_INLINE auto source_parts(const Range& range) {
  using view = decltype(PackedSpan(range));
  return packed_part_of<const typename view::value_type, typename view::layout>{range, {}};
}
template <class F>
NF_INLINE auto source_parts(const PackedMatrix<F>& matrix) {
  const PackedMatrix<const std::remove_const_t<F>> view(matrix.data(), matrix.rows(),
                                                        matrix.cols());
  return parts(view);
}

/// What can be written to: neither const nor a temporary.
template <class T>
concept packed_output =
    packed_line<T> &&
    (std::is_lvalue_reference_v<T> ||
     !requires(std::remove_cvref_t<T> & vector) { vector.resize(std::size_t{0}); }) &&
    !std::is_const_v<typename decltype(PackedSpan(std::declval<T&>()))::element_type>;
template <class T>
concept packed_matrix_output =
    packed_matrix<T> && !std::is_same_v<typename std::remove_cvref_t<T>::value_type,
                                        typename std::remove_cvref_t<T>::reference>;
template <class T>
concept packed_or_plain_output = (packed_output<T> || packed_matrix_output<T> ||
                                  number_output<T>)&&number<number_of<T>>;

/// What a conversion does with a part.
template <bool Decodes, class Factor, class R>
struct packed_step {
  Isa isa;
  Factor factor;
  R rounding;
  Saturation saturation;
  Subnormals subnormals;

  template <class From, class To>
  NF_INLINE void operator()(const From* from, To* to, std::size_t first, std::size_t count) const {
    const R rest = rounding_from(rounding, first);
    if constexpr (std::same_as<Factor, Scale> && Decodes)  // once, as codes
      convert_all_by<false>(isa, from, to, count, factor.factor, rest, saturation, subnormals);
    else
      convert_with(isa, from, to, count, factor, rest, saturation, subnormals);
  }
};

/// Two ranges have as many elements, two matrices the same shape.
template <class In, class Out, class R>
void check_packed(const char* call, const In& in, const Out& out, const R& rounding) {
  if constexpr (packed_matrix<In> && packed_matrix<Out>) {
    if (in.rows() != out.rows() || in.cols() != out.cols())
      throw_invalid(call, "the input is " + std::to_string(in.rows()) + " x " +
                              std::to_string(in.cols()) + ", the output " +
                              std::to_string(out.rows()) + " x " + std::to_string(out.cols()));
  }
  check_arrays(call, in, out, rounding);
}

template <class In, class Out, class Factor, class R>
NF_INLINE void convert_packed(const In& in, Out& out, Factor factor, const R& rounding,
                              Saturation saturation, Subnormals subnormals) {
  check_packed("convert", in, out, rounding);
  const packed_step<packed_codes<In>, Factor, R> step{active_isa(), factor, rounding, saturation,
                                                      subnormals};
  convert_parts(executor_of_output(out), source_parts(in), parts(out),
                static_cast<std::size_t>(std::ranges::size(in)), step);
}

}  // namespace NF_BASELINE
}  // namespace detail

/// convert() where the input, the output or both are packed, in a range or in the rows of a matrix,
/// such as the codes() of a BlockTensor: as for contiguous ranges, a matrix in row-major order.
/// Between two layouts of one format it only moves the codes.
///
/// Requires  the two are apart, or in the same memory with elements of the same width in the same
///           layout.
/// Special   a fixed-point number counts as the float that it is; none is written. Sizes that
///           differ, and the shapes of two matrices, throw std::invalid_argument, with both, before
///           anything is written. Padding bits of the memory of `out` become 0.
/// Promises  no allocation; the same bits on every instruction set, for every cut of the array.
/// Example   PackedVector<float4_e2m1fn> codes(x.size());  // two a byte
///           convert(x, codes);
///           std::vector<float> back(x.size());
///           convert(codes, back);
///           assert(codes.size_bytes() == x.size() / 2 && back[3] == codes[3]);
///           PackedVector<float4_e2m1fn, HighNibbleFirst> swapped(codes.size());
///           convert(codes, swapped);  // moves the codes
template <detail::packed_or_plain In, detail::packed_or_plain_output Out,
          rounding_policy R = NearestEven>
requires(detail::packed_codes<In> || detail::packed_codes<Out>)  //
    NF_INLINE void convert(In&& in, Out&& out, R rounding = {},
                           Saturation saturation = default_saturation<detail::number_of<Out>>,
                           Subnormals subnormals = Subnormals::keep) {
  detail::convert_packed(in, out, detail::plainly{}, rounding, saturation, subnormals);
}
/// The same with a Scale or a Divide: floats to packed codes, and back.
template <detail::packed_or_plain In, detail::packed_or_plain_output Out, detail::factor Factor,
          rounding_policy R = NearestEven>
requires(
    (detail::packed_codes<In> ||
     detail::packed_codes<Out>)&&detail::scalable<detail::read_number<detail::number_of<In>>>)  //
    NF_INLINE void convert(In&& in, Out&& out, Factor factor, R rounding = {},
                           Saturation saturation = default_saturation<detail::number_of<Out>>,
                           Subnormals subnormals = Subnormals::keep) {
  detail::convert_packed(in, out, factor, rounding, saturation, subnormals);
}

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "../detail/array/bit_stream.hpp"
#endif

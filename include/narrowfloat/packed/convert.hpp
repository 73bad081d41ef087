// SPDX-License-Identifier: MIT
// convert() to and from packed codes.
#pragma once

#include <algorithm>
#include <concepts>
#include <span>

#include "../convert.hpp"
#include "matrix.hpp"
#include "vector.hpp"

namespace narrowfloat {
namespace detail {
inline namespace NF_BASELINE {

template <class T>
concept packed_or_plain = packed_range<T> || number_range<T>;

static_assert(part_elements % 8 == 0);  // every part of packed codes starts on a byte

/// Where a conversion reads and writes the elements of a part: in place for a contiguous range.
template <class T>
struct part_of {
  std::span<T> all;
  NF_INLINE T* at(std::size_t first, std::size_t) { return all.data() + first; }
  NF_INLINE void store(std::size_t, std::size_t) {}
  NF_INLINE void finish() {}
};

/// In a buffer for a packed one.
template <class F, class Layout>
struct packed_part_of {
  using value = std::remove_const_t<F>;
  PackedSpan<F, Layout> all;
  value codes[part_elements];

  value* at(std::size_t first, std::size_t count) {
    if constexpr (std::is_const_v<F>) {
      constexpr int width = value::width;
      if constexpr (std::same_as<Layout, BitStream>) {
        unpack_bits<width>(all.data() + bit_stream_bytes(first, width), count, codes);
      } else {
        for (std::size_t i = 0; i < count; ++i) codes[i] = all[first + i];
      }
    }
    return codes;
  }
  void store(std::size_t first, std::size_t count) {
    constexpr int width = value::width;
    if constexpr (std::same_as<Layout, BitStream>) {
      pack_bits<width>(codes, count, all.data() + bit_stream_bytes(first, width));
    } else {
      for (std::size_t i = 0; i < count; ++i) all[first + i] = codes[i];
    }
  }
  /// Clears the padding.
  void finish() {
    if constexpr (!std::same_as<Layout, BitStream>) {
      for (std::size_t i = all.size(); i < Layout::slots(all.size()); ++i)
        Layout::template set<value::width>(all.data(), all.size(), i, 0);
    }
  }
};

template <number_range Range>
NF_INLINE part_of<std::remove_reference_t<std::ranges::range_reference_t<Range>>> parts(
    Range& range) {
  return {{std::ranges::data(range), static_cast<std::size_t>(std::ranges::size(range))}};
}
template <packed_range Range>
NF_INLINE auto parts(Range& range) {
  using view = decltype(PackedSpan(range));
  return packed_part_of<typename view::element_type, typename view::layout>{range, {}};
}
template <number_range Range>
NF_INLINE auto source_parts(const Range& range) {
  return parts(range);
}
template <packed_range Range>
NF_INLINE auto source_parts(const Range& range) {
  using view = decltype(PackedSpan(range));
  return packed_part_of<const typename view::value_type, typename view::layout>{range, {}};
}

/// What can be written to: neither const nor a temporary.
template <class T>
concept packed_output =
    packed_range<T> &&
    (std::is_lvalue_reference_v<T> ||
     !requires(std::remove_cvref_t<T> & vector) { vector.resize(std::size_t{0}); }) &&
    !std::is_const_v<typename decltype(PackedSpan(std::declval<T&>()))::element_type>;
template <class T>
concept packed_or_plain_output = packed_output<T> || number_output<T>;

template <class T>
inline constexpr bool is_packed_matrix = false;
template <class F>
inline constexpr bool is_packed_matrix<PackedMatrix<F>> = true;
template <class T>
concept packed_matrix = is_packed_matrix<std::remove_cvref_t<T>>;

/// No factor.
struct plainly {};

template <class In, class Out, class Factor, class R>
void convert_parts(Isa isa, In in, Out out, std::size_t n, Factor factor, const R& rounding,
                   Saturation saturation, Subnormals subnormals) {
  for (std::size_t first = 0; first < n; first += part_elements) {
    const std::size_t count = std::min(part_elements, n - first);
    const auto* const from = in.at(first, count);
    auto* const to = out.at(first, count);
    const auto rest = rounding_from(rounding, first);
    if constexpr (std::same_as<Factor, plainly>)
      convert_by_kernel(isa, from, to, count, rest, saturation, subnormals);
    else
      convert_with(isa, from, to, count, factor, rest, saturation, subnormals);
    out.store(first, count);
  }
  out.finish();
}

/// Converts n codes that start on a byte.
template <class F, class To, class R>
void convert_codes(const std::uint8_t* codes, To* out, std::size_t n, const R& rounding,
                   Saturation saturation, Subnormals subnormals) {
  for (std::size_t first = 0; first < n; first += part_elements) {
    const std::size_t count = std::min(part_elements, n - first);
    F part[part_elements];
    unpack_bits<F::width>(codes + bit_stream_bytes(first, F::width), count, part);
    const auto convert_all = [&](const auto* in) {
      convert_by_kernel(active_isa(), in, out + first, count, rounding_from(rounding, first),
                        saturation, subnormals);
    };
    if constexpr (number<F>) {
      convert_all(part);
    } else {
      float values[part_elements];
      std::copy_n(part, count, values);
      convert_all(values);
    }
  }
}

}  // namespace NF_BASELINE
}  // namespace detail

/// convert() where one range, or both, is packed: as for contiguous ranges. Between two layouts of one
/// format it only moves the codes.
///
/// Requires  the two ranges are apart, or in the same memory with elements of the same width in the
///           same layout.
/// Special   sizes that differ throw std::invalid_argument, with both, before anything is written.
///           Padding bits of the memory of `out` become 0.
/// Promises  no allocation; the same bits on every instruction set, for every cut of the array.
template <detail::packed_or_plain In, detail::packed_or_plain_output Out,
          rounding_policy R = NearestEven>
requires(packed_range<In> || packed_range<Out>)  //
    NF_INLINE void convert(In&& in, Out&& out, R rounding = {},
                           Saturation saturation = default_saturation<detail::number_of<Out>>,
                           Subnormals subnormals = Subnormals::keep) {
  detail::check_arrays("convert", in, out, rounding);
  detail::convert_parts(active_isa(), detail::source_parts(in), detail::parts(out),
                        static_cast<std::size_t>(std::ranges::size(in)), detail::plainly{},
                        rounding, saturation, subnormals);
}
/// The same with a Scale or a Divide: floats to packed codes, and back.
template <detail::packed_or_plain In, detail::packed_or_plain_output Out, detail::factor Factor,
          rounding_policy R = NearestEven>
requires((packed_range<In> || packed_range<Out>)&&detail::scalable<detail::number_of<In>>)  //
    NF_INLINE void convert(In&& in, Out&& out, Factor factor, R rounding = {},
                           Saturation saturation = default_saturation<detail::number_of<Out>>,
                           Subnormals subnormals = Subnormals::keep) {
  detail::check_arrays("convert", in, out, rounding);
  detail::convert_parts(active_isa(), detail::source_parts(in), detail::parts(out),
                        static_cast<std::size_t>(std::ranges::size(in)), factor, rounding,
                        saturation, subnormals);
}

/// convert() of the codes of a matrix, in row-major order: of the elements of a BlockTensor before they are scaled.
///
/// Special   as convert(); a fixed-point number counts as the float that it is.
template <detail::packed_matrix In, number_output Out, rounding_policy R = NearestEven>
NF_INLINE void convert(In&& in, Out&& out, R rounding = {},
                       Saturation saturation = default_saturation<detail::number_of<Out>>,
                       Subnormals subnormals = Subnormals::keep) {
  using element = typename std::remove_cvref_t<In>::value_type;
  detail::check_arrays("convert", in, out, rounding);
  if (in.empty()) return;  // however many empty rows
  const bool is_one = in.cols() * element::width % 8 == 0;
  const std::size_t rows = is_one ? 1 : in.rows(), cols = in.size() / rows;
  for (std::size_t row = 0; row < rows; ++row)
    detail::convert_codes<element>(
        in.data() + row * in.stride(), std::ranges::data(out) + row * cols, cols,
        detail::rounding_from(rounding, row * cols), saturation, subnormals);
}

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "../detail/array/bit_stream.hpp"
#endif

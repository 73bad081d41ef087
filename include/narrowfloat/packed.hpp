// SPDX-License-Identifier: MIT
// PackedVector and PackedSpan: arrays of codes of 1 to 16 bits without padding, as ranges of numbers,
// and convert() to and from them.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "convert.hpp"
#include "packed_span.hpp"

namespace narrowfloat {

/// n packed codes in memory of their own: Layout::bytes<width>(n) bytes, ceil(n * width / 8) in the
/// BitStream. Padding bits are 0.
template <class F, class Layout = BitStream>
requires packable<F, Layout>
class PackedVector {
 public:
  using value_type = F;
  using span = PackedSpan<F, Layout>;
  using const_span = PackedSpan<const F, Layout>;
  using iterator = typename span::iterator;
  using const_iterator = typename const_span::iterator;
  using reference = typename span::reference;

  PackedVector() = default;
  /// n elements of code 0.
  NF_INLINE explicit PackedVector(std::size_t n)
      : bytes_(Layout::template bytes<F::width>(n)), size_(n) {}
  NF_INLINE PackedVector(std::size_t n, F value) : PackedVector(n) {
    for (std::size_t i = 0; i < n; ++i) (*this)[i] = value;
  }
  NF_INLINE PackedVector(std::initializer_list<F> values) : PackedVector(values.size()) {
    std::copy(values.begin(), values.end(), begin());
  }

  NF_INLINE operator span() noexcept { return {data(), size_}; }
  NF_INLINE operator const_span() const noexcept { return {data(), size_}; }

  NF_INLINE std::size_t size() const noexcept { return size_; }
  NF_INLINE bool empty() const noexcept { return size_ == 0; }
  NF_INLINE std::size_t size_bytes() const noexcept { return bytes_.size(); }
  NF_INLINE std::uint8_t* data() noexcept { return bytes_.data(); }
  NF_INLINE const std::uint8_t* data() const noexcept { return bytes_.data(); }
  NF_INLINE std::span<std::uint8_t> bytes() noexcept { return bytes_; }
  NF_INLINE std::span<const std::uint8_t> bytes() const noexcept { return bytes_; }

  /// Element i; see PackedSpan.
  ///
  /// Requires  i < size().
  NF_INLINE reference operator[](std::size_t i) noexcept { return span(*this)[i]; }
  NF_INLINE F operator[](std::size_t i) const noexcept { return const_span(*this)[i]; }
  /// Special   i >= size() throws std::out_of_range with both numbers.
  NF_INLINE reference at(std::size_t i) { return span(*this).at(i); }
  NF_INLINE F at(std::size_t i) const { return const_span(*this).at(i); }
  NF_INLINE reference front() noexcept { return (*this)[0]; }
  NF_INLINE F front() const noexcept { return (*this)[0]; }
  NF_INLINE reference back() noexcept { return (*this)[size_ - 1]; }
  NF_INLINE F back() const noexcept { return (*this)[size_ - 1]; }
  NF_INLINE iterator begin() noexcept { return span(*this).begin(); }
  NF_INLINE const_iterator begin() const noexcept { return const_span(*this).begin(); }
  NF_INLINE iterator end() noexcept { return span(*this).end(); }
  NF_INLINE const_iterator end() const noexcept { return const_span(*this).end(); }

  /// Keeps the first elements; new ones are code 0.
  NF_INLINE void resize(std::size_t n) {
    PackedVector other(n);
    std::copy(begin(), begin() + static_cast<std::ptrdiff_t>(std::min(n, size_)), other.begin());
    *this = std::move(other);
  }

  /// The same number of elements and the same codes.
  friend NF_INLINE bool operator==(const PackedVector& a, const PackedVector& b) noexcept {
    return const_span(a) == const_span(b);
  }

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t size_ = 0;
};

namespace detail {
template <class T>
inline constexpr bool is_packed = false;
template <class F, class Layout>
inline constexpr bool is_packed<PackedSpan<F, Layout>> = true;
template <class F, class Layout>
inline constexpr bool is_packed<PackedVector<F, Layout>> = true;
}  // namespace detail

template <class F, class Layout>
PackedSpan(PackedVector<F, Layout>&) -> PackedSpan<F, Layout>;
template <class F, class Layout>
PackedSpan(const PackedVector<F, Layout>&) -> PackedSpan<const F, Layout>;

/// A PackedVector or a PackedSpan of numbers.
template <class T>
concept packed_range = detail::is_packed<std::remove_cvref_t<T>> &&
    number<typename std::remove_cvref_t<T>::value_type>;

namespace detail {
inline namespace NF_BASELINE {

template <class T>
concept packed_or_plain = packed_range<T> || number_range<T>;

/// The codes that pass through a buffer at once; a multiple of 8, so that every chunk starts on a byte.
inline constexpr std::size_t packed_chunk = 512;

/// Where a conversion reads and writes the elements of a chunk: in place for a contiguous range.
template <class T>
struct chunk_of {
  std::span<T> all;
  NF_INLINE T* at(std::size_t first, std::size_t) { return all.data() + first; }
  NF_INLINE void store(std::size_t, std::size_t) {}
  NF_INLINE void finish() {}
};

/// In a buffer for a packed one.
template <class F, class Layout>
struct packed_chunk_of {
  using value = std::remove_const_t<F>;
  PackedSpan<F, Layout> all;
  value codes[packed_chunk];

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
NF_INLINE chunk_of<std::remove_reference_t<std::ranges::range_reference_t<Range>>> chunks(
    Range& range) {
  return {{std::ranges::data(range), static_cast<std::size_t>(std::ranges::size(range))}};
}
template <packed_range Range>
NF_INLINE auto chunks(Range& range) {
  using view = decltype(PackedSpan(range));
  return packed_chunk_of<typename view::element_type, typename view::layout>{range, {}};
}
template <number_range Range>
NF_INLINE auto source_chunks(const Range& range) {
  return chunks(range);
}
template <packed_range Range>
NF_INLINE auto source_chunks(const Range& range) {
  using view = decltype(PackedSpan(range));
  return packed_chunk_of<const typename view::value_type, typename view::layout>{range, {}};
}

template <class In, class Out, class R>
void convert_chunks(Isa isa, In in, Out out, std::size_t n, const R& rounding,
                    Saturation saturation, Subnormals subnormals) {
  for (std::size_t first = 0; first < n; first += packed_chunk) {
    const std::size_t count = std::min(packed_chunk, n - first);
    convert_by_kernel(isa, in.at(first, count), out.at(first, count), count,
                      rounding_from(rounding, first), saturation, subnormals);
    out.store(first, count);
  }
  out.finish();
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
template <detail::packed_or_plain In, detail::packed_or_plain Out, rounding_policy R = NearestEven>
requires(packed_range<In> || packed_range<Out>)  //
    NF_INLINE void convert(Isa isa, In&& in, Out&& out, R rounding = {},
                           Saturation saturation = default_saturation<detail::number_of<Out>>,
                           Subnormals subnormals = Subnormals::keep) {
  detail::require_isa(isa);
  detail::check_arrays(in, out, rounding);
  detail::convert_chunks(isa, detail::source_chunks(in), detail::chunks(out),
                         static_cast<std::size_t>(std::ranges::size(in)), rounding, saturation,
                         subnormals);
}
template <detail::packed_or_plain In, detail::packed_or_plain Out, rounding_policy R = NearestEven>
requires(packed_range<In> || packed_range<Out>)  //
    NF_INLINE void convert(In&& in, Out&& out, R rounding = {},
                           Saturation saturation = default_saturation<detail::number_of<Out>>,
                           Subnormals subnormals = Subnormals::keep) {
  convert(active_isa(), in, out, rounding, saturation, subnormals);
}

}  // namespace narrowfloat

// SPDX-License-Identifier: MIT
// What a packed range hands out: references to single codes, and iterators.
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "../detail/array/checks.hpp"
#include "../errors.hpp"
#include "../float.hpp"
#include "layouts.hpp"

namespace narrowfloat {

/// F is a number with a code, of a width that Layout holds: a Float of 1 to 16 bits, or an element
/// type of a block format.
template <class F, class Layout = BitStream>
concept packable = layout_for<Layout, F> && requires(F x, typename F::Storage code) {
  { x.bits() } -> std::same_as<typename F::Storage>;
  { F::from_bits(code) } -> std::same_as<F>;
};

namespace detail {
inline namespace NF_BASELINE {

template <class F, class Layout>
constexpr NF_FN F load_code(const std::uint8_t* bytes, std::size_t n, std::size_t i) {
  return F::from_bits(
      static_cast<typename F::Storage>(Layout::template get<F::width>(bytes, n, i)));
}

inline void require_index(const char* call, std::size_t i, std::size_t n) {
  if (i < n) return;
  fail<std::out_of_range>(call, "element " + std::to_string(i) + " of " + std::to_string(n));
}

/// A number of codes whose bytes can be counted.
inline std::size_t checked_count(const char* call, std::size_t n) {
  require_matrix(call, 1, n);
  return n;
}
inline void require_bytes(const char* call, std::size_t have, std::size_t need, std::size_t n) {
  if (have >= need) return;
  throw_invalid(call, std::to_string(n) + " packed elements need " + std::to_string(need) +
                          " bytes, not " + std::to_string(have));
}

inline void require_part(std::size_t first, std::size_t count, std::size_t n, int width) {
  const auto on_byte = [&](std::size_t i) { return i % 8 * static_cast<unsigned>(width) % 8 == 0; };
  const bool inside = first <= n && count <= n - first;
  if (inside && on_byte(first) && (first + count == n || on_byte(first + count))) return;
  throw_invalid("PackedSpan::subspan",
                "elements " + std::to_string(first) + " to " + std::to_string(first) + " + " +
                    std::to_string(count) + " of " + std::to_string(n) + ", " +
                    std::to_string(width) +
                    " bits each, are no part that starts and ends on a byte");
}

/// The float type that a packed number reads as.
template <class F>
struct real_of {
  using type = float;
};
template <narrow_float F>
struct real_of<F> {
  using type = std::conditional_t<lossless_to<F, float>, float, double>;
};

}  // namespace NF_BASELINE
}  // namespace detail

/// A reference to one code: reads as F or as its value, assigns to the code alone.
template <class F, class Layout = BitStream>
class PackedReference {
 public:
  /// A reference to code i of the n at `bytes`.
  constexpr NF_FN PackedReference(std::uint8_t* bytes, std::size_t n, std::size_t i) noexcept
      : bytes_(bytes), size_(n), index_(i) {}
  PackedReference(const PackedReference&) = default;

  /// The number with this code, or its value as float or double.
  constexpr NF_FN operator F() const noexcept {
    return detail::load_code<F, Layout>(bytes_, size_, index_);
  }
  constexpr NF_FN operator typename detail::real_of<F>::type() const noexcept {
    return static_cast<F>(*this);
  }
  /// The code, right-aligned.
  constexpr NF_FN typename F::Storage bits() const noexcept { return static_cast<F>(*this).bits(); }

  /// Assigns through: const, because the reference itself does not change.
  constexpr NF_FN const PackedReference& operator=(F x) const noexcept {
    Layout::template set<F::width>(bytes_, size_, index_, x.bits());
    return *this;
  }
  /// Writes the code of the other element; to itself, the code that is there.
  // NOLINTNEXTLINE(bugprone-unhandled-self-assignment)
  constexpr NF_FN const PackedReference& operator=(const PackedReference& x) const noexcept {
    return *this = static_cast<F>(x);
  }
  // NOLINTNEXTLINE(bugprone-unhandled-self-assignment)
  constexpr NF_FN PackedReference& operator=(const PackedReference& x) noexcept {
    static_cast<const PackedReference&>(*this) = static_cast<F>(x);
    return *this;
  }
  /// Exchanges the two codes.
  friend constexpr NF_FN void swap(PackedReference a, PackedReference b) noexcept {
    const F x = a;
    a = static_cast<F>(b);
    b = x;
  }

 private:
  std::uint8_t* bytes_;
  std::size_t size_, index_;
};

namespace detail {
inline namespace NF_BASELINE {

template <class F, class Layout>
struct access {
  using reference = PackedReference<F, Layout>;
  using byte = std::uint8_t;
};
template <class F, class Layout>
struct access<const F, Layout> {
  using reference = F;
  using byte = const std::uint8_t;
};

/// Element i: a reference, or the value where F is const.
template <class F, class Layout>
constexpr NF_FN typename access<F, Layout>::reference element_at(
    typename access<F, Layout>::byte* bytes, std::size_t n, std::size_t i) {
  if constexpr (std::is_const_v<F>) {
    return load_code<std::remove_const_t<F>, Layout>(bytes, n, i);
  } else {
    return {bytes, n, i};
  }
}

}  // namespace NF_BASELINE
}  // namespace detail

/// A random-access iterator over packed codes.
///
/// Example   PackedVector<float6_e3m2fn> v(weights.size());
///           convert(weights, v);
///           // any algorithm of random access
///           *std::max_element(v.begin(), v.end()) = float6_e3m2fn(28.0f);
///           std::sort(v.begin(), v.end());
///           assert(v.back() == 28.0f && v[0] <= v[1]);
template <class F, class Layout = BitStream>
class PackedIterator {
  using byte_ = std::conditional_t<std::is_const_v<F>, const std::uint8_t, std::uint8_t>;

 public:
  /// What std::random_access_iterator asks for.
  using iterator_concept = std::random_access_iterator_tag;
  using iterator_category = std::random_access_iterator_tag;  // as std::vector<bool>'s is
  using value_type = std::remove_const_t<F>;
  using difference_type = std::ptrdiff_t;
  using reference =
      std::conditional_t<std::is_const_v<F>, value_type, PackedReference<value_type, Layout>>;
  using pointer = void;

  PackedIterator() = default;
  /// An iterator at code i of the n at `bytes`.
  constexpr NF_FN PackedIterator(byte_* bytes, std::size_t n, std::size_t i) noexcept
      : bytes_(bytes), size_(n), index_(static_cast<difference_type>(i)) {}

  /// What std::random_access_iterator asks for.
  constexpr NF_FN reference operator*() const noexcept { return (*this)[0]; }
  constexpr NF_FN reference operator[](difference_type n) const noexcept {
    return detail::element_at<F, Layout>(bytes_, size_, static_cast<std::size_t>(index_ + n));
  }
  constexpr NF_FN PackedIterator& operator+=(difference_type n) noexcept {
    index_ += n;
    return *this;
  }
  constexpr NF_FN PackedIterator& operator-=(difference_type n) noexcept { return *this += -n; }
  constexpr NF_FN PackedIterator& operator++() noexcept { return *this += 1; }
  constexpr NF_FN PackedIterator& operator--() noexcept { return *this += -1; }
  constexpr NF_FN PackedIterator operator++(int) noexcept {
    const PackedIterator before = *this;
    ++*this;
    return before;
  }
  constexpr NF_FN PackedIterator operator--(int) noexcept {
    const PackedIterator before = *this;
    --*this;
    return before;
  }
  friend constexpr NF_FN PackedIterator operator+(PackedIterator i, difference_type n) noexcept {
    return i += n;
  }
  friend constexpr NF_FN PackedIterator operator+(difference_type n, PackedIterator i) noexcept {
    return i += n;
  }
  friend constexpr NF_FN PackedIterator operator-(PackedIterator i, difference_type n) noexcept {
    return i -= n;
  }
  friend constexpr NF_FN difference_type operator-(const PackedIterator& a,
                                                   const PackedIterator& b) noexcept {
    return a.index_ - b.index_;
  }
  /// The order of the elements.
  ///
  /// Requires  iterators of one range.
  friend constexpr NF_FN bool operator==(const PackedIterator& a,
                                         const PackedIterator& b) noexcept {
    return a.index_ == b.index_;
  }
  friend constexpr NF_FN std::strong_ordering operator<=>(const PackedIterator& a,
                                                          const PackedIterator& b) noexcept {
    return a.index_ <=> b.index_;
  }

 private:
  byte_* bytes_ = nullptr;
  std::size_t size_ = 0;
  difference_type index_ = 0;
};

}  // namespace narrowfloat

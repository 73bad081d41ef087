// SPDX-License-Identifier: MIT
// pack<N>: N words of 32 bits as one word for the formulas, on the compiler's vector extension. It
// has no intrinsics and no target: its functions are inlined into the region that uses them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../codec/word.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The vector types of N lanes.
template <std::size_t N>
struct vectors {
  using words [[gnu::vector_size(4 * N)]] = std::uint32_t;
  using integers [[gnu::vector_size(4 * N)]] = std::int32_t;
  using floats [[gnu::vector_size(4 * N)]] = float;
};

// Deduces both vector types: GCC 12 rejects dependent ones in the builtin.
template <class To, class From>
NF_INLINE void convert_lanes(To& to, const From& from) {
  to = __builtin_convertvector(from, To);
}

/// A struct round a vector, passed by reference: raw vectors by value would have another calling
/// convention in every region.
template <std::size_t N>
struct pack {
  using words = typename vectors<N>::words;
  using integers = typename vectors<N>::integers;
  words lanes;

  NF_INLINE explicit pack(std::uint32_t x) : lanes(words{} + x) {}
  NF_INLINE explicit pack(int x) : pack(static_cast<std::uint32_t>(x)) {}
  NF_INLINE pack(const words& x) : lanes(x) {}

  /// N words from memory of any alignment.
  static NF_INLINE pack load(const void* from) {
    words x;
    __builtin_memcpy(&x, from, sizeof x);
    return x;
  }
  NF_INLINE void store(void* to) const { __builtin_memcpy(to, &lanes, sizeof lanes); }

  friend NF_INLINE pack operator+(const pack& a, const pack& b) { return a.lanes + b.lanes; }
  friend NF_INLINE pack operator-(const pack& a, const pack& b) { return a.lanes - b.lanes; }
  friend NF_INLINE pack operator&(const pack& a, const pack& b) { return a.lanes & b.lanes; }
  friend NF_INLINE pack operator|(const pack& a, const pack& b) { return a.lanes | b.lanes; }
  friend NF_INLINE pack operator<<(const pack& a, const pack& b) { return a.lanes << b.lanes; }
  friend NF_INLINE pack operator>>(const pack& a, const pack& b) { return a.lanes >> b.lanes; }
  friend NF_INLINE pack operator<<(const pack& a, int steps) { return a.lanes << steps; }
  friend NF_INLINE pack operator>>(const pack& a, int steps) { return a.lanes >> steps; }

  friend NF_INLINE pack select_less(const pack& a, const pack& b, const pack& x, const pack& y) {
    return (integers)a.lanes < (integers)b.lanes ? x.lanes : y.lanes;
  }
  friend NF_INLINE pack select_equal(const pack& a, const pack& b, const pack& x, const pack& y) {
    return a.lanes == b.lanes ? x.lanes : y.lanes;
  }
  friend NF_INLINE pack float_bits(const pack& a) {
    typename vectors<N>::floats real;
    convert_lanes(real, (integers)a.lanes);  // exact: the lanes are below 2^24
    return (words)real;
  }
};

template <std::size_t N>
struct lane_of<pack<N>> {
  using type = std::uint32_t;
};

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

// SPDX-License-Identifier: MIT
// What the array loops work on: four packs at a time, the element type of a code, and random bits.
#pragma once

#include <type_traits>

#include "../codec/philox.hpp"
#include "../codec/transcode.hpp"
#include "pack.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Four packs: the elements of one step of a loop, in order.
template <std::size_t N>
struct group_of {
  pack<N> a, b, c, d;
};

/// The array element that holds a code of Layout.
template <class Layout>
using code_for = std::conditional_t<
    Layout::width <= 8, std::uint8_t,
    std::conditional_t<Layout::width <= 16, std::uint16_t,
                       std::conditional_t<Layout::width <= 32, std::uint32_t, std::uint64_t>>>;

/// The random words of elements first ... first + 4 * N - 1 of a call; zeros for a deterministic
/// policy.
template <std::size_t N, class R>
NF_INLINE group_of<N> random_group([[maybe_unused]] const R& rounding,
                                   [[maybe_unused]] std::size_t first) {
  if constexpr (R::random_bits == 0) {
    return {pack<N>(0), pack<N>(0), pack<N>(0), pack<N>(0)};
  } else {
    std::uint32_t words[4 * N];
    rounding.fill(words, 4 * N, first);
    return {pack<N>::load(words), pack<N>::load(words + N), pack<N>::load(words + 2 * N),
            pack<N>::load(words + 3 * N)};
  }
}

/// transcode() between flushes of both sides.
template <class From, class To, class R, bool Flush, class W>
NF_INLINE W transcode_element(const W& code, const W& random, const outcomes& outcome) {
  if constexpr (Flush) {
    return flush_subnormals<To>(transcode<From, To, R::rule, R::random_bits>(
        flush_subnormals<From>(code), random, outcome));
  } else {
    return transcode<From, To, R::rule, R::random_bits>(code, random, outcome);
  }
}

/// The scalar loop: elements first ... last - 1. One body for every instruction set, so not inlined.
template <class From, class To, class R, bool Flush>
void convert_elements(const void* in, void* out, std::size_t first, std::size_t last,
                      const R& rounding, const outcomes& outcome) {
  using W = word_for<From, To, R::random_bits>;
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  for (std::size_t i = first; i < last; ++i) {
    code_for<From> code;
    __builtin_memcpy(&code, source + i * sizeof code, sizeof code);
    const auto result = static_cast<code_for<To>>(
        transcode_element<From, To, R, Flush, W>(code, rounding.word(i), outcome));
    __builtin_memcpy(target + i * sizeof result, &result, sizeof result);
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

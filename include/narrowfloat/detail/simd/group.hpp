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

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

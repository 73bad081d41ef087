// SPDX-License-Identifier: MIT
// The array loops for the compiler's baseline: no intrinsics, no target.
#pragma once

#include "group.hpp"
#include "region.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {
namespace generic {

inline constexpr std::size_t lanes = 4;

template <class Code>
NF_INLINE pack<lanes> load_widen(const unsigned char* from) {
  Code codes[lanes];
  __builtin_memcpy(codes, from, sizeof codes);
  return pack<lanes>::words{codes[0], codes[1], codes[2], codes[3]};
}

template <class Code>
NF_INLINE group_of<lanes> load4(const unsigned char* from) {
  constexpr std::size_t step = lanes * sizeof(Code);
  return {load_widen<Code>(from), load_widen<Code>(from + step), load_widen<Code>(from + 2 * step),
          load_widen<Code>(from + 3 * step)};
}

template <class Code>
NF_INLINE void store_narrow(unsigned char* to, const pack<lanes>& x) {
  Code codes[lanes];
  for (std::size_t k = 0; k < lanes; ++k) codes[k] = static_cast<Code>(x.lanes[k]);
  __builtin_memcpy(to, codes, sizeof codes);
}

template <class Code>
NF_INLINE void store4(unsigned char* to, const group_of<lanes>& x) {
  constexpr std::size_t step = lanes * sizeof(Code);
  store_narrow<Code>(to, x.a);
  store_narrow<Code>(to + step, x.b);
  store_narrow<Code>(to + 2 * step, x.c);
  store_narrow<Code>(to + 3 * step, x.d);
}

#include "convert.inl"

}  // namespace generic
}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

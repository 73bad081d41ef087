// SPDX-License-Identifier: MIT
// Floats times the factors that groups of them share to elements, rounded once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "codes.hpp"
#include "convert.hpp"
#include "factors.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Whether a rounding sees how little is not 0: then a nonzero product below the smallest normal
/// float stands as that one.
template <class R>
inline constexpr bool looks_below = is_directed<R::rule> || R::rule == rule::odd;

/// How floats and the factors of their blocks become elements.
struct element_encoding {
  saturates policy{true, true};
  std::uint32_t most_negative = 0;  ///< the magnitude of the least fixed-point number
  bool reads_ahead = false;         ///< the floats of the next tile follow
  /// Where the factors are rounded inverses: these as doubles, and the rounding sees no more than
  /// the bits above `mask`.
  const double* inverses = nullptr;
  std::uint32_t mask = 0;
};

/// Bytes of floats whose blocks are worked on together: the next ones are read ahead.
inline constexpr std::size_t tile_bytes = 8192;

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

#define NF_LOOP "../../convert/detail/encode.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class R>
using encode_kernel = void (*)(const float*, std::size_t, std::size_t, int, const float*, const R&,
                               const element_encoding&, void*);
template <class Code, class R, bool Divides>
inline constexpr isa_table<encode_kernel<R>> encode_kernels
    NF_EACH_ISA(encode_blocks<Code, R, Divides>);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

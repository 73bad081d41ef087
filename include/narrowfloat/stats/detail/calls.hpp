// SPDX-License-Identifier: MIT
// The counters of a conversion as stats.hpp sees them: their loops stand in count.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../convert/detail/calls.hpp"
#include "../../detail/array/place.hpp"
#include "../../isa.hpp"

namespace narrowfloat::detail {

/// What became of the elements of a conversion. Plain data, the same in every translation unit.
struct error_counts {
  static constexpr std::size_t sums = 16;
  std::uint32_t amax;  ///< bits of the largest magnitude
  std::uint64_t saturated, attained, flushed, nan, infinite;
  double squares[sums];
};

// Adds what became of n floats to `counts`; `largest` is the bits of the largest finite value of
// their target.
void count_errors(in_library, Isa isa, const float* in, const float* out, std::size_t n,
                  std::uint32_t largest, error_counts& counts);
// Converts n floats times a factor on AVX-512 and adds what became of them; has_counting_loop() and
// multiplies_in_loop() say where.
template <class To, class R>
void count_conversion(in_library, Isa isa, const float* in, To* out, std::size_t n,
                      const R& rounding, Saturation saturation, bool stream, float factor,
                      error_counts& counts);

inline namespace NF_BASELINE {

void count_errors(here, Isa isa, const float* in, const float* out, std::size_t n,
                  std::uint32_t largest, error_counts& counts);
/// The roundings whose loops the library has.
template <class R>
inline constexpr bool is_counted_rounding =
    std::is_same_v<R, NearestEven> || std::is_same_v<R, Stochastic<>>;
template <class To, class R>
void count_conversion(here, Isa isa, const float* in, To* out, std::size_t n, const R& rounding,
                      Saturation saturation, bool stream, float factor, error_counts& counts);

/// Whether the codes are half-words that an instruction, or the upper halves of floats, give.
template <class Layout, class R>
inline constexpr bool counts_halves = R::rule == rule::half_even&& R::random_bits == 0 &&
                                      (std::is_same_v<Layout, binary16> ||
                                       std::is_same_v<Layout, bfloat>);

/// Whether there is a loop that counts as it converts: on AVX-512, from float to signed codes of a
/// byte, and to nearest even to float16 and bfloat16. The library has those of two roundings;
/// elsewhere passes over parts give the same.
template <class From, class To, class R>
constexpr bool has_counting_loop() {
  if constexpr (!std::is_same_v<From, float> || !narrow_float<To> || !float_environment::is_known) {
    return false;
  } else {
#if defined(NARROWFLOAT_COMPILED)
    if (is_compiled_conversion<From, To, R> && !is_counted_rounding<R>) return false;
#endif
    using to = layout_of<To>;
    return counts_halves<to, R> || (to::is_signed && addend_suffices<to, R::rule, R::random_bits>);
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

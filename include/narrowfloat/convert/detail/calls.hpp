// SPDX-License-Identifier: MIT
// The conversions of arrays, as the rooms above see them: their loops stand in arrays.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../../detail/array/parts.hpp"
#include "../../detail/array/place.hpp"
#include "../../float.hpp"
#include "../../isa.hpp"

namespace narrowfloat::detail {

// Converts n numbers; `stream` if the whole array that they are part of leaves the caches.
template <class From, class To, class R>
void convert_part(in_library, Isa isa, const From* in, To* out, std::size_t n, const R& rounding,
                  Saturation saturation, Subnormals subnormals, bool stream);
// Writes n floats times a factor, rounded to nearest; subnormal ones count as zero if `flush`.
void scale_floats(in_library, Isa isa, const float* in, float* out, std::size_t n, float factor,
                  bool flush);

inline namespace NF_BASELINE {

template <class From, class To, class R>
void convert_part(here, Isa isa, const From* in, To* out, std::size_t n, const R& rounding,
                  Saturation saturation, Subnormals subnormals, bool stream);
void scale_floats(here, Isa isa, const float* in, float* out, std::size_t n, float factor,
                  bool flush);

template <class R>
inline constexpr bool is_compiled_rounding =
    (R::random_bits == 0 && std::is_empty_v<R>) || std::is_same_v<R, Stochastic<>>;
/// Whether the library has a conversion: float to a named format, to nearest, directed, to odd and by Stochastic<>; to
/// nearest also a named format to float or to itself, and float and double to either.
template <class From, class To, class R>
inline constexpr bool is_compiled_conversion =
    (std::is_same_v<From, float> && is_named<To> && is_compiled_rounding<R>) ||
    (std::is_same_v<R, NearestEven> &&
     ((is_named<From> && (std::is_same_v<To, float> || std::is_same_v<To, From>)) ||
      (std::is_floating_point_v<From> && std::is_floating_point_v<To>)));

template <class From, class To, class R>
NF_INLINE void convert_part(Isa isa, const From* in, To* out, std::size_t n, const R& rounding,
                            Saturation saturation, Subnormals subnormals, bool stream) {
  convert_part(place_of<is_compiled_conversion<From, To, R>, From, To, R>(), isa, in, out, n,
               rounding, saturation, subnormals, stream);
}

template <class From, class To, class R>
NF_INLINE void convert_by_kernel(Isa isa, const From* in, To* out, std::size_t n, const R& rounding,
                                 Saturation saturation, Subnormals subnormals) {
  convert_part(isa, in, out, n, rounding, saturation, subnormals,
               leaves_caches(n * (sizeof(From) + sizeof(To))));
}

/// The product of a Scale, in integers.
constexpr NF_HD float scaled(float x, float factor, Subnormals subnormals) {
  std::uint32_t code = number_traits<float>::to_code(x);
  if (subnormals == Subnormals::flush) code = flush_subnormals<binary32>(code);
  if (is_nan_code<binary32>(code)) return x;
  return nearest_float(product(exact_value<binary32>(code), exact_float(factor)));
}

template <class To, class R>
void convert_scaled(Isa isa, const float* in, To* out, std::size_t n, float factor,
                    const R& rounding, Saturation saturation, Subnormals subnormals) {
  const bool stream = leaves_caches(n * (sizeof(float) + sizeof(To)));
  float products[part_elements];
  for (std::size_t done = 0, count = 0; done < n; done += count) {
    count = next_part(out + done, n - done);
    scale_floats(place_of<true>(), isa, in + done, products, count, factor,
                 subnormals == Subnormals::flush);
    convert_part(isa, products, out + done, count, rounding_from(rounding, done), saturation,
                 subnormals, stream);
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

// SPDX-License-Identifier: MIT
// The conversions of arrays, as the rooms above see them: their loops stand in arrays.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../../detail/array/parts.hpp"
#include "../../detail/array/place.hpp"
#include "../../detail/array/sources.hpp"
#include "../../detail/exact/binary.hpp"
#include "../../float.hpp"
#include "../../isa.hpp"
#include "factor.hpp"

namespace narrowfloat::detail {

// Converts n numbers; `stream` if the whole array that they are part of leaves the caches. A factor
// that is not 1 is one that multiplies_in_loop() has.
template <class From, class To, class R>
void convert_part(in_library, Isa isa, const From* in, To* out, std::size_t n, const R& rounding,
                  Saturation saturation, Subnormals subnormals, bool stream, float factor);
// Writes n floats times a factor, rounded to nearest; subnormal ones count as zero if `flush`.
void scale_floats(in_library, Isa isa, const float* in, float* out, std::size_t n, float factor,
                  bool flush, bool stream = false);
// Writes the products of n floats and a float, or their quotients by the number of which the factor
// is the inverse, rounded once: to nearest, or to odd.
void scale_floats_long(in_library, Isa isa, const float* in, float* out, std::size_t n,
                       double factor, bool to_odd, bool stream);

inline namespace NF_BASELINE {

template <class From, class To, class R>
void convert_part(here, Isa isa, const From* in, To* out, std::size_t n, const R& rounding,
                  Saturation saturation, Subnormals subnormals, bool stream, float factor);
void scale_floats(here, Isa isa, const float* in, float* out, std::size_t n, float factor,
                  bool flush, bool stream = false);
void scale_floats_long(here, Isa isa, const float* in, float* out, std::size_t n, double factor,
                       bool to_odd, bool stream);

template <class R>
inline constexpr bool is_compiled_rounding =
    (R::random_bits == 0 && std::is_empty_v<R>) || std::is_same_v<R, Stochastic<>>;
/// Whether the library has a conversion: float to a named format, to nearest, directed, to odd and
/// by Stochastic<>; to nearest also a named format to float or to itself, and float and double to
/// either.
template <class From, class To, class R>
inline constexpr bool is_compiled_conversion =
    (std::is_same_v<From, float> && is_named<To> && is_compiled_rounding<R>) ||
    (std::is_same_v<R, NearestEven> &&
     ((is_named<From> && (std::is_same_v<To, float> || std::is_same_v<To, From>)) ||
      (std::is_floating_point_v<From> && std::is_floating_point_v<To>)));

template <class From, class To, class R>
NF_INLINE void convert_part(Isa isa, const From* in, To* out, std::size_t n, const R& rounding,
                            Saturation saturation, Subnormals subnormals, bool stream,
                            float factor = 1) {
  using from = looped_t<From>;
  using to = looped_t<To>;
  convert_part(place_of<is_compiled_conversion<from, to, R>, from, to, R>(), isa,
               reinterpret_cast<const from*>(in), reinterpret_cast<to*>(out), n, rounding,
               saturation, subnormals, stream, factor);
}

/// Whether n elements, or the `all` that they are some of, are too many for the caches.
template <class From, class To>
NF_INLINE bool leave_caches(std::size_t n, std::size_t all) {
  return leaves_caches(std::max(n, all) * (sizeof(From) + sizeof(To)));
}

// Where the elements are some of a larger array, `all` is how many that has.

template <class From, class To, class R>
NF_INLINE void convert_by_kernel(Isa isa, const From* in, To* out, std::size_t n, const R& rounding,
                                 Saturation saturation, Subnormals subnormals,
                                 std::size_t all = 0) {
  convert_part(isa, in, out, n, rounding, saturation, subnormals, leave_caches<From, To>(n, all));
}

/// The product of a Scale, in integers.
constexpr NF_HD float scaled(float x, float factor, Subnormals subnormals) {
  std::uint32_t code = number_traits<float>::to_code(x);
  if (subnormals == Subnormals::flush) code = flush_subnormals<binary32>(code);
  if (is_nan_code<binary32>(code)) return x;
  return nearest_float(product(exact_value<binary32>(code), exact_float(factor)));
}

/// Whether the loop of a conversion multiplies by a factor itself: a number that is not 0, so that
/// NaN alone becomes NaN.
template <class To, class R>
bool multiplies_in_loop(Isa isa, float factor, Subnormals subnormals) {
  return multiplies<binary32, layout_of<To>, R>() && isa == Isa::avx512 &&
         subnormals == Subnormals::keep && is_finite(factor) && !is_zero(factor);
}

template <class To, class R>
void convert_scaled(Isa isa, const float* in, To* out, std::size_t n, float factor,
                    const R& rounding, Saturation saturation, Subnormals subnormals,
                    std::size_t all = 0) {
  const bool stream = leave_caches<float, To>(n, all);
  if (multiplies_in_loop<To, R>(isa, factor, subnormals)) {
    convert_part(isa, in, out, n, rounding, saturation, subnormals, stream, factor);
    return;
  }
  float products[part_elements];
  for (std::size_t done = 0, count = 0; done < n; done += count) {
    count = next_part(out + done, n - done);
    scale_floats(place_of<true>(), isa, in + done, products, count, factor,
                 subnormals == Subnormals::flush, false);
    convert_part(isa, products, out + done, count, rounding_from(rounding, done), saturation,
                 subnormals, stream);
  }
}

/// The product, or the quotient, rounded once, of element i of a call.
template <bool Divides, class To, class From, class R>
constexpr NF_HD To convert_by(From x, float factor, const R& rounding, Saturation saturation,
                              Subnormals subnormals, std::uint64_t i = 0) {
  const exact value = exact_of(x, subnormals), by = exact_float(factor);
  if (value.what == exact::kind::nan) {
    if constexpr (std::is_same_v<From, float>)
      return convert_number<To>(x, rounding, saturation, subnormals, i);
    else  // no payload
      return convert_number<To>(real_number<double>(x), rounding, saturation, subnormals, i);
  }
  return round_to<To>(Divides ? quotient(value, by) : product(value, by), rounding, saturation,
                      subnormals, i);
}

/// As convert_scaled(), for products and quotients that are rounded once.
template <bool Divides, class From, class To, class R>
void convert_all_by(Isa isa, const From* in, To* out, std::size_t n, float factor,
                    const R& rounding, Saturation saturation, Subnormals subnormals,
                    std::size_t all = 0) {
  constexpr bool is_float = std::is_same_v<From, float>;
  constexpr bool to_float = std::is_same_v<To, float> && std::is_same_v<R, NearestEven>;
  constexpr bool has_kernel = [] {
    if constexpr (std::is_same_v<To, double> || !exact_in<layout_of<From>, std::uint32_t>)
      return false;
    else
      return to_float || odd_float_suffices<layout_of<To>, R>;
  }();
  if constexpr (has_kernel) {
    bool serves = true;
    if constexpr (to_float) serves = saturation == Saturation::none;
    if (serves) {
      const bool flush = subnormals == Subnormals::flush;
      const bool stream = leave_caches<From, To>(n, all);
      if constexpr (to_float && !is_float && !Divides) {
        if (!flush && is_finite(factor) && !is_zero(factor)) {  // NaN alone becomes NaN
          using from = looped_t<From>;
          widen_scaled_part(place_of<is_named<from>, from>(), isa,
                            reinterpret_cast<const from*>(in), n, factor, out, stream);
          return;
        }
      }
      const double by = Divides ? nearest_double(quotient(exact_integer(1), exact_float(factor)))
                                : real_number<double>(factor);
      From sources[part_elements];
      float values[part_elements];
      for (std::size_t done = 0, count = 0; done < n; done += count) {
        count = next_part(out + done, n - done);
        const From* from = in + done;
        if (flush) {
          convert_part(isa, from, sources, count, nearest_even, Saturation::none, subnormals,
                       false);
          from = sources;
        }
        const float* x = values;
        if constexpr (is_float) {
          x = from;
        } else {
          convert_part(isa, from, values, count, nearest_even, Saturation::none, Subnormals::keep,
                       false);
        }
        if constexpr (to_float && !Divides) {
          scale_floats(place_of<true>(), isa, x, out + done, count, factor, false, stream);
        } else if constexpr (to_float) {
          scale_floats_long(place_of<true>(), isa, x, out + done, count, by, false, stream);
        } else {
          scale_floats_long(place_of<true>(), isa, x, values, count, by, true, false);
          convert_part(isa, static_cast<const float*>(values), out + done, count,
                       rounding_from(rounding, done), saturation, Subnormals::keep, stream);
        }
        if (flush)
          convert_part(isa, static_cast<const To*>(out + done), out + done, count, nearest_even,
                       Saturation::none, subnormals, false);
      }
      return;
    }
  }
  for (std::size_t i = 0; i < n; ++i)
    out[i] = convert_by<Divides, To>(in[i], factor, rounding, saturation, subnormals, i);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

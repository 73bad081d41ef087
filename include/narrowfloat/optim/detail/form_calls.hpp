// SPDX-License-Identifier: MIT
// What forms of weights and states do to arrays, as their headers call it: the loops stand in
// form_loop.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "../../convert.hpp"
#include "../../detail/array/parts.hpp"
#include "../../detail/array/place.hpp"
#include "../../isa.hpp"

namespace narrowfloat::detail {

/// y = factor * (|x| / base)^power with the sign of x.
struct power_map {
  float base, power, factor;
};

// Floats to bfloat16 rounded to nearest, ties away from zero, and their lower halves; and back.
void split_floats(in_library, Isa isa, const float* in, void* high, void* low, std::size_t n);
void join_floats(in_library, Isa isa, const void* high, const void* low, float* out, std::size_t n);
// out = a + b; a zero a leaves b.
void sum_floats(in_library, Isa isa, const float* a, const float* b, float* out, std::size_t n);
// out = x - kept, what is left of x; +0 where `kept` is Inf or NaN.
void rest_of_floats(in_library, Isa isa, const float* x, const float* kept, float* out,
                    std::size_t n);
// Finite numbers of a magnitude up to map.base; a y below map.factor * 2^-125 may be that.
void power_floats(in_library, Isa isa, const float* in, float* out, std::size_t n,
                  const power_map& map);
// out = factor * x + y, rounded to odd.
void axpy_floats(in_library, Isa isa, float factor, const float* x, const float* y, double* out,
                 std::size_t n);
// Doubles to codes.
template <class F, class R>
void round_doubles(in_library, Isa isa, const double* in, F* out, std::size_t n, const R& rounding);

inline namespace NF_BASELINE {

void split_floats(here, Isa isa, const float* in, void* high, void* low, std::size_t n);
void join_floats(here, Isa isa, const void* high, const void* low, float* out, std::size_t n);
void sum_floats(here, Isa isa, const float* a, const float* b, float* out, std::size_t n);
void rest_of_floats(here, Isa isa, const float* x, const float* kept, float* out, std::size_t n);
void power_floats(here, Isa isa, const float* in, float* out, std::size_t n, const power_map& map);
void axpy_floats(here, Isa isa, float factor, const float* x, const float* y, double* out,
                 std::size_t n);
template <class F, class R>
void round_doubles(here, Isa isa, const double* in, F* out, std::size_t n, const R& rounding);

/// Writes values + rests from `first` on, each sum rounded to a float.
template <class Value, class Rest>
NF_INLINE void read_sums(std::span<const Value> values, std::span<const Rest> rests,
                         std::size_t first, std::span<float> out) {
  float rest[part_elements];
  for (std::size_t done = 0; done < out.size(); done += part_elements) {
    const auto to = out.subspan(done, std::min(part_elements, out.size() - done));
    convert(values.subspan(first + done, to.size()), to);
    convert(rests.subspan(first + done, to.size()), std::span(rest, to.size()));
    sum_floats(place_of<true>(), active_isa(), to.data(), rest, to.data(), to.size());
  }
}

/// Whether the library rounds doubles to F by R.
template <class F, class R>
inline constexpr bool is_compiled_axpy = std::is_same_v<F, float16_e6m9> &&
                                         (std::is_same_v<R, NearestEven> ||
                                          std::is_same_v<R, Stochastic<>>);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

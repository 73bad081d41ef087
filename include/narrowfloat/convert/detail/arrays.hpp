// SPDX-License-Identifier: MIT
// From an array call to its kernel: the choice of kernel, table and stores, and the floating-point
// environment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../../detail/array/look_up.hpp"
#include "../../detail/array/parts.hpp"
#include "../../detail/array/widen_part.hpp"
#include "calls.hpp"
#include "convert.hpp"
#include "flush.hpp"
#include "scale.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class From, class To, rule Rule>
const code_table& find_code_table(saturates policy) {
  if (!policy.overflow) return code_table_of<From, To, Rule, false, false>;
  return policy.infinity ? code_table_of<From, To, Rule, true, true>
                         : code_table_of<From, To, Rule, true, false>;
}

/// Whether the loop of a conversion neither sees the floating-point environment nor leaves a flag
/// in it: one of integers alone, or on AVX-512 sums that name their rounding, where a subnormal
/// float is rounded as zero is.
template <class From, class To, class R>
constexpr bool ignores_environment(Isa isa, float factor) {
  if constexpr (!std::is_same_v<From, binary32> || std::is_same_v<To, binary64>) {
    return false;
  } else {
    constexpr int last_place = To::quantum - bits_below<R::rule, R::random_bits>;
    constexpr bool rounds_alike =
        !is_directed<R::rule> && R::rule != rule::odd && last_place > binary32::min_exponent;
    // as integers: a comparison of floats sets a flag where one is subnormal
    if (number_traits<float>::to_code(factor) != number_traits<float>::to_code(1)) return false;
    if (shift_suffices<To, R::random_bits, std::uint32_t>) return true;
    return rounds_alike && isa == Isa::avx512 && avx512::looks_addends_up<From, To, R>;
  }
}

/// Converts n codes by the kernel, or the table, that is the fastest; `stream` if stores had better
/// go past the caches. A factor that is not 1 is one that multiplies_in_loop() has.
template <class From, class To, class R>
void run_kernel(Isa isa, const void* in, void* out, std::size_t n, const R& rounding,
                saturates policy, bool stream, float factor = 1) {
  if constexpr (R::random_bits == 0 && widens<From, To>) {
    if (!(From::has_infinity && policy.infinity)) {
      widen<From>(isa, in, out, n, stream);
      return;
    }
  }
  if constexpr (std::is_same_v<From, To> && !From::has_infinity) {  // no code changes
    if (n != 0) __builtin_memmove(out, in, n * sizeof(code_for<From>));
  } else if constexpr (R::random_bits == 0 && has_table<From, To>() &&
                       !std::is_same_v<To, binary32>) {
    look_up_kernel_of<sizeof(code_for<To>)>(isa)(
        in, out, n, find_code_table<From, To, R::rule>(policy), stream);
  } else {
    const convert_kernel<R> kernel = convert_kernels<From, To, R>[isa];
    if (ignores_environment<From, To, R>(isa, factor)) {
      kernel(in, out, n, rounding, policy, stream, factor);
      return;
    }
    const float_environment environment(direction_of(R::rule));
    kernel(in, out, n, rounding, policy, stream, factor);
  }
}

/// Converts n numbers of which subnormal ones count as zero: the sources in a copy, the results in
/// place.
template <class From, class To, class R>
void convert_flushed(Isa isa, const From* in, To* out, std::size_t n, const R& rounding,
                     saturates policy) {
  using from = layout_of<From>;
  using to = layout_of<To>;
  alignas(64) typename number_traits<From>::code sources[part_elements];
  for (std::size_t done = 0, count = 0; done < n; done += count) {
    count = n - done < part_elements ? n - done : part_elements;
    flush_kernels<from>[isa](in + done, sources, count);
    run_kernel<from, to>(isa, sources, out + done, count, rounding_from(rounding, done), policy,
                         false);
    flush_kernels<to>[isa](out + done, out + done, count);
  }
}

template <class From, class To, class R>
void convert_part(here, Isa isa, const From* in, To* out, std::size_t n, const R& rounding,
                  Saturation saturation, Subnormals subnormals, bool stream, float factor) {
  const saturates policy = saturates_in(saturation);
  if (subnormals == Subnormals::flush) {
    convert_flushed(isa, in, out, n, rounding, policy);
  } else {
    run_kernel<layout_of<From>, layout_of<To>>(isa, in, out, n, rounding, policy, stream, factor);
  }
}

inline void scale_floats(here, Isa isa, const float* in, float* out, std::size_t n, float factor,
                         bool flush, bool stream) {
  const float_environment environment(direction::nearest);
  scale_kernels[isa](in, out, n, factor, flush, stream);
}
inline void scale_floats_long(here, Isa isa, const float* in, float* out, std::size_t n,
                              double factor, bool to_odd, bool stream) {
  const float_environment environment(to_odd ? direction::to_zero : direction::nearest);
  (to_odd ? scale_long_kernels<true> : scale_long_kernels<false>)[isa](in, out, n, factor, stream);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

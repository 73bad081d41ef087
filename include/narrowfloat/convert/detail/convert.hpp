// SPDX-License-Identifier: MIT
// Codes of one format to codes of another, in every rounding.
#pragma once

#include <cstddef>
#include <type_traits>

#include "../../detail/array/parts.hpp"
#include "../../detail/array/widen.hpp"
#include "code_sums.hpp"
#include "factor.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The scalar loop. One body for every instruction set, so not inlined.
template <class From, class To, class R>
void convert_elements(const void* in, void* out, std::size_t n, const R& rounding,
                      saturates policy) {
  using W = word_for<From, To, R::random_bits>;
  const bounds<W> bound = bounds_for<To, R::rule, R::random_bits, W>(policy);
  const auto* source = static_cast<const unsigned char*>(in);
  auto* target = static_cast<unsigned char*>(out);
  for (std::size_t i = 0; i < n; ++i) {
    code_for<From> code;
    __builtin_memcpy(&code, source + i * sizeof code, sizeof code);
    const auto result =
        static_cast<code_for<To>>(transcode_joined<From, To, R::rule, R::random_bits, W>(
            code, rounding.word(i), bound, false));
    __builtin_memcpy(target + i * sizeof result, &result, sizeof result);
  }
}

/// Whether the loops have a vector form of a conversion with N random bits: in words of 32 bits, or
/// from double; to double through float.
template <class From, class To, int N>
constexpr bool has_vector_formula() {
  if constexpr (!float_environment::is_known) return false;
  if constexpr (std::is_same_v<From, binary64>) return !std::is_same_v<To, binary64>;
  if constexpr (std::is_same_v<To, binary64>) return exact_in<From, std::uint32_t>;
  return fits_32_bits<From, To, N>();
}

/// Whether a processor's float to binary16 rounds by this rule.
template <class To, rule Rule>
inline constexpr bool is_hardware_half =
    std::is_same_v<To, binary16>&& Rule != rule::half_up&& Rule != rule::odd;

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

#define NF_LOOP "../../convert/detail/convert.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class R>
using convert_kernel = void (*)(const void*, void*, std::size_t, const R&, saturates, bool, float);
template <class From, class To, class R>
inline constexpr isa_table<convert_kernel<R>> convert_kernels
    NF_EACH_ISA(convert_array<From, To, R>);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

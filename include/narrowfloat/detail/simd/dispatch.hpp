// SPDX-License-Identifier: MIT
// The door to the kernels: for each array operation, one function pointer an instruction set, in the order
// of Isa; a null pointer where this build has none.
#pragma once

#include <cstddef>

#include "../cpu_features.hpp"
#include "avx2.hpp"
#include "avx512.hpp"
#include "avx512_vbmi.hpp"
#include "generic.hpp"
#include "neon.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class R>
using convert_kernel = void (*)(const void*, void*, std::size_t, const R&, saturates, bool);
using look_up_kernel = void (*)(const void*, void*, std::size_t, const code_table&, bool);
using scale_kernel = void (*)(const void*, void*, std::size_t, float, bool);
using count_kernel = void (*)(const void*, const void*, std::size_t, std::uint32_t, error_counts&);
template <class Word>
using largest_kernel = Word (*)(const void*, std::size_t);

template <class From, class To, class R, bool Flush>
inline constexpr convert_kernel<R> convert_kernels[] = {
    &generic::convert_array<From, To, R, Flush>,
#if defined(__x86_64__)
    &avx2::convert_array<From, To, R, Flush>,
    &avx512::convert_array<From, To, R, Flush>,
    nullptr,
#elif defined(__aarch64__)
    nullptr,
    nullptr,
    &neon::convert_array<From, To, R, Flush>,
#else
    nullptr,
    nullptr,
    nullptr,
#endif
};

/// The kernel of a look-up, or a null pointer where the formula is faster.
template <std::size_t OutBytes>
look_up_kernel look_up_kernel_of(std::size_t isa) {
#if defined(__x86_64__)
  if (isa == 2 && find_cpu_features().avx512_vbmi) return &avx512_vbmi::look_up<OutBytes>;
  if constexpr (OutBytes == 4) {
    return isa == 0 ? &generic::look_up<OutBytes> : nullptr;
  } else {
    return isa == 0 ? &generic::look_up<OutBytes> : &avx2::look_up<OutBytes>;
  }
#elif defined(__aarch64__)
  return isa == 3 ? &neon::look_up<OutBytes> : &generic::look_up<OutBytes>;
#else
  return &generic::look_up<OutBytes>;
#endif
}

inline constexpr scale_kernel scale_kernels[] = {
    &generic::scale_array,
#if defined(__x86_64__)
    &avx2::scale_array,
    &avx512::scale_array,
    nullptr,
#elif defined(__aarch64__)
    nullptr,
    nullptr,
    &neon::scale_array,
#else
    nullptr,
    nullptr,
    nullptr,
#endif
};

inline constexpr count_kernel count_kernels[] = {
    &generic::count_errors,
#if defined(__x86_64__)
    &avx2::count_errors,
    &avx512::count_errors,
    nullptr,
#elif defined(__aarch64__)
    nullptr,
    nullptr,
    &neon::count_errors,
#else
    nullptr,
    nullptr,
    nullptr,
#endif
};

template <class Word>
inline constexpr largest_kernel<Word> largest_kernels[] = {
    &generic::largest_magnitude<Word>,
#if defined(__x86_64__)
    &avx2::largest_magnitude<Word>,
    &avx512::largest_magnitude<Word>,
    nullptr,
#elif defined(__aarch64__)
    nullptr,
    nullptr,
    &neon::largest_magnitude<Word>,
#else
    nullptr,
    nullptr,
    nullptr,
#endif
};

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

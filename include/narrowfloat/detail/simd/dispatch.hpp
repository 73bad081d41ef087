// SPDX-License-Identifier: MIT
// The door to the kernels: for each array operation, one function pointer an instruction set, in the order
// of Isa.
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

// An instruction set of another architecture has the names of generic here; no call gets through to it.
#if !defined(__x86_64__)
namespace avx2 = generic;
namespace avx512 = generic;
#endif
#if !defined(__aarch64__)
namespace neon = generic;
#endif

template <class R>
using convert_kernel = void (*)(const void*, void*, std::size_t, const R&, saturates, bool);
using look_up_kernel = void (*)(const void*, void*, std::size_t, const code_table&, bool);
using flush_kernel = void (*)(const void*, void*, std::size_t);
using scale_kernel = void (*)(const void*, void*, std::size_t, float, bool);
using unscale_kernel = std::uint32_t (*)(const void*, void*, std::size_t, float, bool);
using count_kernel = void (*)(const void*, const void*, std::size_t, std::uint32_t, error_counts&);
template <class Word>
using largest_kernel = Word (*)(const void*, std::size_t);

template <class From, class To, class R>
inline constexpr convert_kernel<R> convert_kernels[] = {
    &generic::convert_array<From, To, R>, &avx2::convert_array<From, To, R>,
    &avx512::convert_array<From, To, R>, &neon::convert_array<From, To, R>};

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

template <class Layout>
inline constexpr flush_kernel flush_kernels[] = {
    &generic::flush_array<Layout>, &avx2::flush_array<Layout>, &avx512::flush_array<Layout>,
    &neon::flush_array<Layout>};

inline constexpr scale_kernel scale_kernels[] = {&generic::scale_array, &avx2::scale_array,
                                                 &avx512::scale_array, &neon::scale_array};

inline constexpr unscale_kernel unscale_kernels[] = {&generic::unscale_array, &avx2::unscale_array,
                                                     &avx512::unscale_array, &neon::unscale_array};

inline constexpr count_kernel count_kernels[] = {&generic::count_errors, &avx2::count_errors,
                                                 &avx512::count_errors, &neon::count_errors};

template <class Word>
inline constexpr largest_kernel<Word> largest_kernels[] = {
    &generic::largest_magnitude<Word>, &avx2::largest_magnitude<Word>,
    &avx512::largest_magnitude<Word>, &neon::largest_magnitude<Word>};

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

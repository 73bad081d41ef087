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
using count_kernel = void (*)(const void*, const void*, std::size_t, std::uint32_t, error_counts&);
using encode_codebook_kernel = void (*)(const void*, void*, std::size_t, const codebook_tables&,
                                        const float*, std::size_t, bool);
using unpack_nibbles_kernel = void (*)(const void*, void*, std::size_t, bool);
using decode_codebook_kernel = void (*)(const void*, void*, std::size_t, const codebook_tables&,
                                        const float*, std::size_t, std::size_t, bool);
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

inline constexpr count_kernel count_kernels[] = {&generic::count_errors, &avx2::count_errors,
                                                 &avx512::count_errors, &neon::count_errors};

inline constexpr encode_codebook_kernel encode_codebook_kernels[] = {
    &generic::encode_codebook, &avx2::encode_codebook, &avx512::encode_codebook,
    &neon::encode_codebook};

inline constexpr unpack_nibbles_kernel unpack_nibbles_kernels[] = {
    &generic::unpack_nibbles, &avx2::unpack_nibbles, &avx512::unpack_nibbles,
    &neon::unpack_nibbles};

inline decode_codebook_kernel decode_codebook_kernel_of(std::size_t isa,
                                                        [[maybe_unused]] std::size_t codes) {
  constexpr decode_codebook_kernel kernels[] = {&generic::decode_codebook, &avx2::decode_codebook,
                                                &avx512::decode_codebook, &neon::decode_codebook};
#if defined(__x86_64__)
  if (isa == 2 && codes > avx512::few_values::most && find_cpu_features().avx512_vbmi)
    return &avx512_vbmi::decode_codebook;
#endif
  return kernels[isa];
}

template <class Word>
inline constexpr largest_kernel<Word> largest_kernels[] = {
    &generic::largest_magnitude<Word>, &avx2::largest_magnitude<Word>,
    &avx512::largest_magnitude<Word>, &neon::largest_magnitude<Word>};

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

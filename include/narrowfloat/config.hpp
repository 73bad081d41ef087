// SPDX-License-Identifier: MIT
// Compiler and CUDA detection, the few macros of the library, and its version.
#pragma once

/// The version of the headers, for users who must test it in the preprocessor.
#define NARROWFLOAT_VERSION_MAJOR 0
#define NARROWFLOAT_VERSION_MINOR 1
#define NARROWFLOAT_VERSION_PATCH 0

#if !defined(__GNUC__) && !defined(__CUDACC__)
#error \
    "narrowfloat needs GCC 12, Clang 14 or a compatible compiler (vector extensions, target pragmas)"
#endif

// The float formats are assumed, not tested at run time.
static_assert(sizeof(float) == 4 && sizeof(double) == 8,
              "narrowfloat needs IEEE 754 float and double");

// NF_INLINE: inlined into its caller even at -O0, so that the instruction set is the caller's and
// no symbol is left behind for a linker to share between translation units of different -march.
#define NF_INLINE __attribute__((always_inline)) inline

// NF_FN marks a formula: as NF_INLINE, and callable from CUDA device code. NF_HD marks a longer function
// that may stay a call, callable from device code too.
#if defined(__CUDACC__)
#define NF_FN __host__ __device__ __forceinline__
#define NF_HD __host__ __device__
#else
#define NF_FN NF_INLINE
#define NF_HD
#endif

// NF_UNROLL, before a loop of a few known steps, unrolls it, which GCC does by itself at -O3 only.
#if defined(__CUDACC__)
#define NF_UNROLL
#else
#define NF_UNROLL _Pragma("GCC unroll 16")
#endif

// NF_BASELINE names the instruction set that the translation unit itself is compiled for.
// Everything in detail lives in an inline namespace of this name, so that units with different
// -march never share a function body. Public types stay outside: they are the same types
// everywhere.
#if defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512DQ__)
#define NF_BASELINE base_avx512
#elif defined(__AVX2__)
#define NF_BASELINE base_avx2
#elif defined(__AVX__)
#define NF_BASELINE base_avx
#else
#define NF_BASELINE base
#endif

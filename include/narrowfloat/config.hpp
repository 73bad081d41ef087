// SPDX-License-Identifier: MIT
// Compiler and CUDA detection, the few macros of the library, and its version.
#pragma once

#if defined(NARROWFLOAT_SINGLE_HEADER)
#error "narrowfloat: include the single header or the library's own files, not both"
#define NF_STOP "nothing else is compiled: see the #error above"
#endif

/// The version of the headers, for users who must test it in the preprocessor. CMake and the
/// packages read it here.
///
/// Example   #if NARROWFLOAT_VERSION_MAJOR == 0 && NARROWFLOAT_VERSION_MINOR < 1
///           #error "this program needs narrowfloat 0.1"
///           #endif
///           assert(NARROWFLOAT_VERSION_MAJOR > 0 || NARROWFLOAT_VERSION_MINOR >= 1);
#define NARROWFLOAT_VERSION_MAJOR 0
#define NARROWFLOAT_VERSION_MINOR 1
#define NARROWFLOAT_VERSION_PATCH 0

#if !defined(__GNUC__) && !defined(__CUDACC__)
#error \
    "narrowfloat needs GCC 12, Clang 14 or a compatible compiler (vector extensions, target pragmas)"
#define NF_STOP "nothing else is compiled: see the #error above"
#elif __cplusplus < 202002L
#error "narrowfloat needs C++20: compile with -std=c++20 or later"
#define NF_STOP "nothing else is compiled: see the #error above"
#elif defined(__GNUC__) && !defined(__SIZEOF_INT128__)
#error \
    "narrowfloat needs a target with integers of 128 bits: one of 64 bits, or WebAssembly, not 32-bit x86 or Arm"
#define NF_STOP "nothing else is compiled: see the #error above"
#endif
#if defined(NF_STOP)  // compilers stop at a header that there is not: one error, and not thousands
#include NF_STOP
#endif

// The float formats are assumed, not tested at run time.
static_assert(sizeof(float) == 4 && sizeof(double) == 8,
              "narrowfloat needs IEEE 754 float and double");

// NF_INLINE: inlined into its caller even at -O0, so that the instruction set is the caller's and
// no symbol is left behind for a linker to share between translation units of different -march.
// NF_INLINED, behind the parameters of a lambda, is its mark.
#define NF_INLINED __attribute__((always_inline))
#define NF_INLINE NF_INLINED inline

// NF_FN marks a formula: as NF_INLINE, and callable from CUDA device code. NF_HD marks a longer
// function that may stay a call, callable from device code too.
#if defined(__CUDACC__)
#define NF_FN __host__ __device__ __forceinline__
#define NF_HD __host__ __device__
#else
#define NF_FN NF_INLINE
#define NF_HD
#endif

// A device compiler reads no loops over arrays, which are written with the host's vectors: host
// code of a .cu file calls those of the library narrowfloat::compiled, which it must link
// (docs/cuda.md).
#if defined(__CUDACC__) && !defined(NARROWFLOAT_COMPILED)
#define NARROWFLOAT_COMPILED
#endif
// The text that nvcc 13.0 hands to the host's compiler has `a: 1` where a source has `.a = 1`.
#if defined(__NVCC__) && defined(__clang__)
#pragma clang diagnostic ignored "-Wgnu-designator"
#endif

// NF_UNROLL, before a loop of a few known steps, unrolls it, which GCC does by itself at -O3 only.
#if defined(__CUDACC__)
#define NF_UNROLL
#else
#define NF_UNROLL _Pragma("GCC unroll 16")
#endif

// NF_HAS_FLOAT16, NF_HAS_BFLOAT16: the compiler's own types of 16 bits, _Float16 and __bf16, are
// there, which are C++23's std::float16_t and std::bfloat16_t too. GCC 12 has _Float16 in C++ for
// x86 alone; Clang has no macro for __bf16.
#if defined(__FLT16_MANT_DIG__) && !defined(__NVCC__) && \
    (defined(__clang__) || defined(__x86_64__) || __GNUC__ >= 13)
#define NF_HAS_FLOAT16
#endif
#if !defined(__NVCC__) &&            \
    (defined(__BFLT16_MANT_DIG__) || \
     (defined(__clang__) && __clang_major__ >= 17 && (defined(__SSE2__) || defined(__aarch64__))))
#define NF_HAS_BFLOAT16
#endif

// NARROWFLOAT_HARDWARE_FP8, which the user defines, in all units alike: arrays become E4M3 or E5M2
// by the FP8 instructions that a unit's own flags allow (-mavx10.2, -march=...+fp8), where they
// have the library's results: to nearest even, Saturation::finite and none. No machine was at hand:
// these conversions have been compiled, and models of the published definitions give the same bits
// (tests/unit/hardware_fp8.cpp), but they have never run. The library narrowfloat::compiled has the
// instructions that it was built with.
#if defined(NARROWFLOAT_HARDWARE_FP8) && (defined(__AVX10_2__) || defined(__ARM_FEATURE_FP8))
#define NF_HARDWARE_FP8
#endif

// A failed check is another function without exceptions (errors.hpp).
#if defined(__cpp_exceptions) && defined(NF_HARDWARE_FP8)
#define NF_BASE fp8_base
#elif defined(__cpp_exceptions)
#define NF_BASE base
#elif defined(NF_HARDWARE_FP8)
#define NF_BASE fp8_handler_base
#else
#define NF_BASE handler_base
#endif

// NF_BASELINE names the instructions that the translation unit itself may use. Everything in detail
// lives in an inline namespace of this name, so that units with different flags never share a
// function body. Public types stay outside: they are the same types everywhere. The name is put
// together from what the compiler defines, 1 where it may use an extension, and is short where it
// may use none.
#define NF_JOINED(a, b, c, d, e, f, g, h) a##b##c##d##e##f##g##h
#define NF_JOIN(...) NF_JOINED(__VA_ARGS__)
#if defined(__AVX512F__)
#define NF_AVX512_FLAGS                                                                           \
  NF_JOIN(NF_JOIN(__AVX512BW__, __AVX512VL__, __AVX512DQ__, __AVX512CD__, __AVX512IFMA__,         \
                  __AVX512VBMI__, __AVX512VBMI2__, __AVX512VNNI__),                               \
          NF_JOIN(__AVX512BITALG__, __AVX512VPOPCNTDQ__, __AVX512BF16__, __AVX512FP16__, , , , ), \
          , , , , , )
#else
#define NF_AVX512_FLAGS
#endif
#if defined(__SSE3__) || defined(__POPCNT__) || defined(__LZCNT__) || defined(__BMI__) || \
    defined(__BMI2__) || defined(__MOVBE__) || defined(__TBM__) || defined(__GFNI__)
#define NF_BASELINE                                                                             \
  NF_JOIN(                                                                                      \
      NF_JOIN(NF_BASE, _, , , , , , ),                                                          \
      NF_JOIN(__SSE3__, __SSSE3__, __SSE4_1__, __SSE4_2__, __POPCNT__, __AVX__, __AVX2__,       \
              __FMA__),                                                                         \
      NF_JOIN(__F16C__, __LZCNT__, __BMI__, __BMI2__, __MOVBE__, __GFNI__, __SSE4A__, __XOP__), \
      NF_JOIN(__FMA4__, __TBM__, __AVXVNNI__, __AVX512F__, , , , ), NF_AVX512_FLAGS, , , )
#elif defined(__ARM_FEATURE_ATOMICS) || defined(__ARM_FEATURE_FP16_VECTOR_ARITHMETIC) || \
    defined(__ARM_FEATURE_QRDMX) || defined(__ARM_FEATURE_DOTPROD) ||                    \
    defined(__ARM_FEATURE_SVE) || defined(__ARM_FEATURE_SHA3)
#define NF_BASELINE                                                                             \
  NF_JOIN(                                                                                      \
      NF_JOIN(NF_BASE, _, , , , , , ),                                                          \
      NF_JOIN(__ARM_FEATURE_ATOMICS, __ARM_FEATURE_FP16_VECTOR_ARITHMETIC, __ARM_FEATURE_QRDMX, \
              __ARM_FEATURE_DOTPROD, __ARM_FEATURE_FRINT, __ARM_FEATURE_SHA3, , ),              \
      NF_JOIN(__ARM_FEATURE_SVE, __ARM_FEATURE_SVE2, __ARM_FEATURE_BF16,                        \
              __ARM_FEATURE_MATMUL_INT8, __ARM_FEATURE_FP16_FML, , , ),                         \
      , , , , )
#else
#define NF_BASELINE NF_BASE
#endif

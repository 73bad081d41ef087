// SPDX-License-Identifier: MIT
// Opens and closes the part of a file that is compiled for another instruction set. Everything that
// a region needs is included before it opens; only .inl files are included inside. It opens within
// the namespace NF_BASELINE, which is not named inside: GCC defines there what it defines for the
// flags of the region.
#pragma once

#include "../../config.hpp"

// What each instruction set's region may use.
#define NF_AVX2 "avx2,f16c,fma"
#define NF_AVX512 "avx2,f16c,fma,avx512f,avx512bw,avx512vl,avx512dq"
#define NF_AVX512_VBMI "avx2,f16c,fma,avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi"

#define NF_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define NF_TARGET_BEGIN(features) \
  NF_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define NF_TARGET_END NF_PRAGMA(clang attribute pop)
#else
#define NF_TARGET_BEGIN(features) NF_PRAGMA(GCC push_options) NF_PRAGMA(GCC target(features))
#define NF_TARGET_END NF_PRAGMA(GCC pop_options)
#endif

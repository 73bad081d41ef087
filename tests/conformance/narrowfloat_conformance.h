/* SPDX-License-Identifier: MIT */
/* What a shared library exports to be checked by the program `conformance`: one or more of these functions, or others
 * of the same types under names of your own (--symbol). C99 and C++; docs/conformance.md says how to use it.
 *
 * A code is one byte for a format of at most 8 bits, right-aligned and with the other bits 0, and two bytes,
 * little-endian, for one of 9 to 16 bits. Arrays are as aligned as their elements and no more; `n` may be any number,
 * 0 included. A function gives the same results for the same inputs, whatever `n` and their place in the array. */
#ifndef NARROWFLOAT_CONFORMANCE_H
#define NARROWFLOAT_CONFORMANCE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* out[i] = the code of in[i]. */
void narrowfloat_convert(const float* in, void* out, size_t n);

/* out[i] = the value of codes[i]; any NaN for the code of a NaN. */
void narrowfloat_decode(const void* codes, float* out, size_t n);

/* out[i] = the code of in[i], rounded stochastically by the low bits of words[i] (as many as --bits says). */
void narrowfloat_convert_stochastic(const float* in, const uint32_t* words, void* out, size_t n);

/* Blocks of 32 floats that lie side by side in a row share a scale, a power of two of which the E8M0 byte is exponent +
 * 127, or 255 for a block with Inf or NaN, whose codes may be any, but are written, and the same in each call. cols is a
 * multiple of 32; rows may be 0. codes[r * cols + c] is the code of in[r * cols + c] / scale, one byte each; the scales
 * follow in the same order, one byte each, rows * cols / 32 of them. */
void narrowfloat_convert_blocks(const float* in, void* codes, void* scales, size_t rows, size_t cols);

#ifdef __cplusplus
}
#endif
#endif

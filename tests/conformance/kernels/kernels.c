/* SPDX-License-Identifier: MIT */
/* Kernels of E4M3FN that saturates to check the program `conformance` with: a good one and others that are each wrong in
 * one way, under the name of the fault. The loops are simple enough to be vectorised: all 2^32 floats take seconds. */
#include "narrowfloat_conformance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
static float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* The code of x by nearest even; beyond the largest value `beyond`, which is 0x7e or 0x7f; NaN is 0x7f. */
static inline uint32_t code_of(float x, uint32_t beyond) {
  const uint32_t magnitude = bits_of(x) & 0x7fffffff, sign = bits_of(x) >> 24 & 0x80;
  /* 2^-6 = 0x3c800000 is the smallest normal number; below, the sum with 2^14 has the steps of 2^-9. */
  const uint32_t small = bits_of(float_of(magnitude) + 16384.0f) - 0x46800000;
  const uint32_t normal = (magnitude + 0x7ffff + (magnitude >> 20 & 1) - 0x3c000000) >> 20;
  const uint32_t finite = magnitude < 0x3c800000 ? small : normal;
  const uint32_t number = magnitude > 0x43e80000 ? beyond : finite; /* 464 */
  return sign | (magnitude > 0x7f800000 ? 0x7f : number);
}

enum fault { none, one_bad, nan_beyond, bad_binade, zero_nan, zero_beyond, plain_nan, away, flushing, high_bit };

static inline uint32_t faulty_code_of(float x, enum fault fault) {
  const uint32_t bits = bits_of(x), magnitude = bits & 0x7fffffff, sign = bits >> 24 & 0x80;
  const uint32_t code = code_of(x, 0x7e);
  switch (fault) {
    case none:
      return code;
    case one_bad:
      return code ^ (bits == 0x3f8ccccd); /* 1.1 */
    case nan_beyond:
      return code_of(x, 0x7f);
    case bad_binade: /* from 480 to 496 */
      return magnitude >= 0x43f00000 && magnitude < 0x43f80000 ? code : code_of(x, 0x7f);
    case zero_nan:
      return magnitude > 0x7f800000 ? 0 : code;
    case zero_beyond:
      return magnitude > 0x43e80000 ? 0 : code;
    case plain_nan:
      return magnitude > 0x7f800000 ? 0x7f : code;
    case away: {
      const uint32_t rounded = (magnitude + 0x80000 - 0x3c000000) >> 20;
      return magnitude >= 0x3c800000 && magnitude < 0x43e80000 ? sign | rounded : code;
    }
    case flushing:
      return (code & 0x78) != 0 ? code : sign;
    case high_bit:
      return code | 0x80;
  }
  return 0;
}
static inline void convert(const float* in, uint8_t* out, size_t n, enum fault fault) {
  for (size_t i = 0; i < n; ++i) out[i] = (uint8_t)faulty_code_of(in[i], fault);
}

void narrowfloat_convert(const float* in, void* out, size_t n) { convert(in, out, n, none); }
void one_input(const float* in, void* out, size_t n) { convert(in, out, n, one_bad); }
void overflow_is_nan(const float* in, void* out, size_t n) { convert(in, out, n, nan_beyond); }
void wrong_binade(const float* in, void* out, size_t n) { convert(in, out, n, bad_binade); }
void nan_is_zero(const float* in, void* out, size_t n) { convert(in, out, n, zero_nan); }
void beyond_is_zero(const float* in, void* out, size_t n) { convert(in, out, n, zero_beyond); }
void nan_without_sign(const float* in, void* out, size_t n) { convert(in, out, n, plain_nan); }
void ties_away(const float* in, void* out, size_t n) { convert(in, out, n, away); }
void no_subnormals(const float* in, void* out, size_t n) { convert(in, out, n, flushing); }
void high_bit_set(const float* in, void* out, size_t n) { convert(in, out, n, high_bit); }

/* Reads a float behind the last. */
void reads_behind(const float* in, void* out, size_t n) {
  volatile float behind = in[n];
  (void)behind;
  narrowfloat_convert(in, out, n);
}
/* Writes nothing for the last float. */
void writes_short(const float* in, void* out, size_t n) { narrowfloat_convert(in, out, n - (n != 0)); }
/* Rounds the floats behind the last whole vector toward zero. */
void wrong_tail(const float* in, void* out, size_t n) {
  uint8_t* codes = out;
  narrowfloat_convert(in, out, n);
  for (size_t i = n / 8 * 8; i < n; ++i) codes[i] = (uint8_t)code_of(float_of(bits_of(in[i]) & 0xfff00000), 0x7e);
}
/* Ends the program as if all were well. */
void exits(const float* in, void* out, size_t n) {
  (void)in, (void)out, (void)n;
  exit(0);
}
/* A new answer in each call. */
void forgets(const float* in, void* out, size_t n) {
  static unsigned calls = 0;
  narrowfloat_convert(in, out, n);
  if (n > 7) ((uint8_t*)out)[7] ^= ++calls & 1;
}

/* The value of each code; subnormals too. */
void narrowfloat_decode(const void* codes, float* out, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    const uint32_t code = ((const uint8_t*)codes)[i], magnitude = code & 0x7f;
    const float value = magnitude < 8 ? (float)magnitude * float_of(0x3b000000) /* 2^-9 */
                                      : float_of((magnitude << 20) + 0x3c000000);
    out[i] = float_of(bits_of(magnitude == 0x7f ? float_of(0x7fc00000) : value) | (code & 0x80) << 24);
  }
}
void decodes_no_subnormals(const void* codes, float* out, size_t n) {
  narrowfloat_decode(codes, out, n);
  for (size_t i = 0; i < n; ++i)
    if ((((const uint8_t*)codes)[i] & 0x78) == 0) out[i] = float_of(bits_of(out[i]) & 0x80000000);
}
void decodes_wrong_tail(const void* codes, float* out, size_t n) {
  narrowfloat_decode(codes, out, n);
  for (size_t i = n / 8 * 8; i < n; ++i) out[i] = 0;
}
/* All codes of bfloat16 are more than one call. */
void decodes_bfloat16(const void* codes, float* out, size_t n) {
  for (size_t i = 0; i < n; ++i) out[i] = float_of((uint32_t)((const uint16_t*)codes)[i] << 16);
}

/* Stochastic: variant A of IEEE P3109 by 8 bits adds them below the last bit of the code. */
void narrowfloat_convert_stochastic(const float* in, const uint32_t* words, void* out, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    uint32_t magnitude = bits_of(in[i]) & 0x7fffffff;
    const uint32_t sign = bits_of(in[i]) >> 24 & 0x80, exponent = magnitude >> 23;
    uint32_t code;
    if (magnitude > 0x7f800000) {
      code = 0x7f;
    } else if (exponent >= 121) {
      magnitude = magnitude + ((words[i] & 0xff) << 12) - 0x3c000000;
      code = magnitude >> 20 > 0x7e ? 0x7e : magnitude >> 20;
    } else { /* in steps of 2^-17, those of 8 bits below the last */
      const uint32_t shift = 133 - exponent;
      const uint32_t steps = exponent == 0 || shift > 31 ? 0 : ((magnitude & 0x7fffff) | 0x800000) >> shift;
      code = (steps + (words[i] & 0xff)) >> 8;
    }
    ((uint8_t*)out)[i] = (uint8_t)(sign | code);
  }
}
void stochastic_nan_without_sign(const float* in, const uint32_t* words, void* out, size_t n) {
  narrowfloat_convert_stochastic(in, words, out, n);
  for (size_t i = 0; i < n; ++i)
    if (in[i] != in[i]) ((uint8_t*)out)[i] = 0x7f;
}
void stochastic_wrong_tail(const float* in, const uint32_t* words, void* out, size_t n) {
  narrowfloat_convert_stochastic(in, words, out, n);
  for (size_t i = n / 8 * 8; i < n; ++i) ((uint8_t*)out)[i] ^= 1;
}

/* Blocks by the rule floor. */
void narrowfloat_convert_blocks(const float* in, void* codes, void* scales, size_t rows, size_t cols) {
  for (size_t b = 0; b < rows * cols / 32; ++b) {
    uint32_t largest = 0;
    for (size_t i = 0; i < 32; ++i) {
      const uint32_t magnitude = bits_of(in[32 * b + i]) & 0x7fffffff;
      if (magnitude > largest) largest = magnitude;
    }
    const uint32_t exponent = largest >> 23;
    const uint32_t scale = exponent == 255 ? 255 : exponent < 9 ? 0 : exponent - 8;
    ((uint8_t*)scales)[b] = (uint8_t)scale;
    for (size_t i = 32 * b; i < 32 * b + 32; ++i)
      ((uint8_t*)codes)[i] = (uint8_t)code_of(ldexpf(in[i], 127 - (int)scale), 0x7e);
  }
}
/* Takes every row for one block. */
void blocks_of_one_column(const float* in, void* codes, void* scales, size_t rows, size_t cols) {
  narrowfloat_convert_blocks(in, codes, scales, rows, cols < 32 ? cols : 32);
}
/* Rounds what lies just below a tie as the tie, but not the largest value of a block. */
void blocks_of_high_ties(const float* in, void* codes, void* scales, size_t rows, size_t cols) {
  float block[32];
  for (size_t b = 0; b < rows * cols / 32; ++b) {
    float largest = 0;
    for (size_t i = 0; i < 32; ++i) largest = fmaxf(largest, fabsf(in[32 * b + i]));
    for (size_t i = 0; i < 32; ++i) {
      const float x = in[32 * b + i];
      block[i] = fabsf(x) < largest && (bits_of(x) & 0xffff) == 0xffff ? float_of(bits_of(x) + 1) : x;
    }
    narrowfloat_convert_blocks(block, (uint8_t*)codes + 32 * b, (uint8_t*)scales + b, 1, 32);
  }
}

/* SPDX-License-Identifier: MIT */
#include "narrowfloat_conformance.h"
#include <string.h>

void narrowfloat_convert(const float* in, void* out, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    uint32_t bits;
    memcpy(&bits, &in[i], sizeof bits);
    ((uint16_t*)out)[i] = (uint16_t)((bits + 0x8000) >> 16);
  }
}

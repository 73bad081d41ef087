/* SPDX-License-Identifier: MIT */
/* The good kernel of kernels.c as a command: floats from stdin, codes to stdout. */
#include <stdio.h>

#include "narrowfloat_conformance.h"

int main(void) {
  static float in[4096];
  static unsigned char out[4096];
  for (size_t n; (n = fread(in, sizeof in[0], 4096, stdin)) != 0;) {
    narrowfloat_convert(in, out, n);
    if (fwrite(out, 1, n, stdout) != n) return 1;
  }
  return fflush(stdout) != 0;
}

// SPDX-License-Identifier: MIT
// Conversions from a format to another, without f32 between.
#include "kernels.hpp"

namespace bench {

void add_pair_kernels(kernels& all) {
  using namespace narrowfloat;
  all.push_back(decode_kernel<float16, float8_e4m3fn>("float16", "float8_e4m3fn"));
  all.push_back(decode_kernel<float8_e4m3fn, bfloat16>("float8_e4m3fn", "bfloat16"));
  all.push_back(decode_kernel<float8_e4m3fn, float8_e5m2>("float8_e4m3fn", "float8_e5m2"));
}

}  // namespace bench

// SPDX-License-Identifier: MIT
// The conversions of the formats of more than 8 bits.
#include "kernels.hpp"

namespace bench {

void add_wide_kernels(kernels& all) {
  using namespace narrowfloat;
  add_format<float16>(all, "float16");
  add_format<bfloat16>(all, "bfloat16");
  add_format<float16_e6m9>(all, "float16_e6m9");
  add_format<float12_e6m5>(all, "float12_e6m5");
  add_format<tfloat32>(all, "tfloat32");
}

}  // namespace bench

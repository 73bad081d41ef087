// SPDX-License-Identifier: MIT
// The conversions of the FP16 library, one by one: it has none for arrays.
#include <fp16.h>

#include <cstddef>
#include <cstdint>

#include "rivals.hpp"

namespace bench {

void add_fp16(rivals& found) {
  found.all.push_back(
      {"FP16", "float16", true, &convert_each<float, std::uint16_t, &fp16_ieee_from_fp32_value>});
  found.all.push_back(
      {"FP16", "float16", false, &convert_each<std::uint16_t, float, &fp16_ieee_to_fp32_value>});
}

}  // namespace bench

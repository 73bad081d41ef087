// SPDX-License-Identifier: MIT
// Imath's conversions of a half, one by one: it has none for arrays.
#include <Imath/half.h>

#include <cstddef>
#include <cstdint>

#include "rivals.hpp"

namespace bench {

void add_imath(rivals& found) {
  found.all.push_back(
      {"Imath", "float16", true, &convert_each<float, std::uint16_t, &imath_float_to_half>});
  found.all.push_back(
      {"Imath", "float16", false, &convert_each<std::uint16_t, float, &imath_half_to_float>});
}

}  // namespace bench

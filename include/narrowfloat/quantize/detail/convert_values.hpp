// SPDX-License-Identifier: MIT
// What codes stand for, converted as floats are.
#pragma once

#include <cstddef>

#include "../../convert.hpp"
#include "../../detail/array/parts.hpp"
#include "../../detail/array/tasks.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Converts n floats, each of which value(i) gives.
template <class E, class Value, class To, class R>
void convert_values(const E& executor, const Value& value, To* out, std::size_t n,
                    const R& rounding, Saturation saturation, Subnormals subnormals) {
  run_parts<float>(executor, out, n, [&](float* values, std::size_t first, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) values[i] = value(first + i);
    convert_by_kernel(active_isa(), values, out + first, count, rounding_from(rounding, first),
                      saturation, subnormals);
  });
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

// SPDX-License-Identifier: MIT
// What loss scaling calls: the loop stands in unscale.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../detail/array/place.hpp"
#include "../../isa.hpp"

namespace narrowfloat::detail {

// Writes n floats times a factor, rounded to nearest, and returns the largest magnitude of the
// products, as bits.
std::uint32_t unscale_floats(in_library, Isa isa, const float* in, float* out, std::size_t n,
                             float factor, bool stream);

inline namespace NF_BASELINE {

std::uint32_t unscale_floats(here, Isa isa, const float* in, float* out, std::size_t n,
                             float factor, bool stream);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

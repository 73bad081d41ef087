// SPDX-License-Identifier: MIT
// A Scale multiplies floats alone: the product of a double would be rounded before the conversion.
// expect: no matching function for call to .*convert
#include <narrowfloat/convert.hpp>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
constexpr auto scaled = convert<float16>(1.0f, Scale{0.5f});
#else
constexpr auto scaled = convert<float16>(1.0, Scale{0.5f});
#endif

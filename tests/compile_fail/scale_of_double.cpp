// SPDX-License-Identifier: MIT
// A Scale multiplies floats alone: the product of a double would be rounded before the conversion.
// expect: narrowfloat::convert: Scale and Divide take floats and Floats, not doubles
#include <narrowfloat/convert.hpp>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
constexpr auto scaled = convert<float16>(1.0f, Scale{0.5f});
#else
constexpr auto scaled = convert<float16>(1.0, Scale{0.5f});
#endif

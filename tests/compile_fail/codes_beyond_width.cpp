// SPDX-License-Identifier: MIT
// A table holds codes of its format alone.
// expect: a_code_is_beyond_the_width|consteval function .*from_codes<.*is not a constant expression
#include <narrowfloat/codes.hpp>
#include <narrowfloat/formats.hpp>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
constexpr auto table = from_codes<float4_e2m1fn>(0x0, 0xf);
#else
constexpr auto table = from_codes<float4_e2m1fn>(0x0, 0x10);
#endif

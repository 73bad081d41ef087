// SPDX-License-Identifier: MIT
// Stochastic rounding takes at most 32 random bits.
// expect: stochastic rounding takes 1 to 32 random bits
#include <narrowfloat/convert.hpp>

using namespace narrowfloat;

#ifdef NARROWFLOAT_VALID
constexpr auto rounded = convert<float16>(1.0f, StochasticA<32>{0});
#else
constexpr auto rounded = convert<float16>(1.0f, StochasticA<33>{0});
#endif

// SPDX-License-Identifier: MIT
// Compiled as -std=gnu++20, under which integers of 128 bits are integers to std::integral: their
// values are rounded once, by all their bits.
#include <narrowfloat/convert.hpp>

#include <concepts>
#include <cstdint>

using namespace narrowfloat;

namespace {

__extension__ using wide = __int128;
__extension__ using wide_unsigned = unsigned __int128;
static_assert(std::integral<wide> && std::integral<wide_unsigned>);

constexpr wide power(int exponent) { return wide{1} << exponent; }

static_assert(bfloat16(power(64)) == 0x1p64f && bfloat16(-power(64)) == -0x1p64f);
static_assert(bfloat16(power(126)) == 0x1p126f && bfloat16(-power(126) * 2) == -0x1p127f);
static_assert(convert<bfloat16>(~wide_unsigned{0}, toward_zero) == 0x1.fep127f);
static_assert(bfloat16(wide{7}) == 7 && bfloat16(-wide{7}) == -7 && bfloat16(wide{0}) == 0);
static_assert(bfloat16(wide{INT64_MIN}) == -0x1p63f && bfloat16(wide{UINT64_MAX}) == 0x1p64f);

// A tie of bfloat16, whose 8 significant bits end at 2^93, and its neighbours by the last bit.
constexpr wide tie = power(100) + power(92);
static_assert(bfloat16(tie) == 0x1p100f && bfloat16(tie + 1) == 0x1.02p100f);
static_assert(bfloat16(tie - 1) == 0x1p100f && bfloat16(-tie - 1) == -0x1.02p100f);
static_assert(convert<bfloat16>(power(100) + 1, toward_positive) == 0x1.02p100f);
static_assert(convert<bfloat16>(-power(100) - 1, toward_zero) == -0x1p100f);

static_assert(float16(power(64)).bits() == 0x7c00);
static_assert(float8_e4m3fn(power(100)) == 448 && bfloat16(1) < power(64));
static_assert(bfloat16(0x1p64f) + power(64) == 0x1p65f);

}  // namespace

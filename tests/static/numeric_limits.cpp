// SPDX-License-Identifier: MIT
// Compile time: std::numeric_limits of every named format and of custom ones.
#include <narrowfloat/formats.hpp>
#include <narrowfloat/limits.hpp>

using namespace narrowfloat;

namespace {

template <class F>
using limits = std::numeric_limits<F>;

struct Row {
  double max, min, denorm_min, epsilon;
  int digits, digits10, max_digits10;
  int min_exponent, max_exponent, min_exponent10, max_exponent10;
  bool infinity, nan, subnormals, iec559;
};

template <class F>
consteval bool has(const Row& row) {
  using L = limits<F>;
  const auto value = [](F x) { return static_cast<double>(x); };
  const bool ends = value(L::max()) == row.max && value(L::min()) == row.min &&
                    value(L::denorm_min()) == row.denorm_min &&
                    value(L::epsilon()) == row.epsilon &&
                    value(L::lowest()) == (F::is_signed ? -row.max : value(F::from_bits(0)));
  const bool decimals =
      L::digits == row.digits && L::digits10 == row.digits10 && L::max_digits10 == row.max_digits10;
  const bool exponents =
      L::min_exponent == row.min_exponent && L::max_exponent == row.max_exponent &&
      L::min_exponent10 == row.min_exponent10 && L::max_exponent10 == row.max_exponent10;
  const bool kinds = L::has_infinity == row.infinity && L::has_quiet_NaN == row.nan &&
                     L::is_iec559 == row.iec559 &&
                     (L::has_denorm == std::denorm_present) == row.subnormals;
  const bool fixed = L::is_specialized && L::is_signed == F::is_signed && L::radix == 2 &&
                     !L::is_integer && !L::is_exact && L::is_bounded && !L::is_modulo &&
                     L::round_style == std::round_to_nearest;
  const F inf = L::infinity(), nan = L::quiet_NaN();
  const F zero = F::from_bits(0), overflow = zero == 0 ? L::max() / zero : L::quiet_NaN();
  const bool specials = inf.bits() == overflow.bits() &&
                        (L::has_infinity    ? inf > L::max()
                         : L::has_quiet_NaN ? inf != inf
                                            : inf == L::max()) &&
                        nan.bits() == F(std::numeric_limits<double>::quiet_NaN()).bits() &&
                        (L::has_quiet_NaN ? nan != nan : nan == L::max()) &&
                        L::signaling_NaN().bits() == nan.bits();
  return ends && decimals && exponents && kinds && fixed && specials;
}

// Named formats.
static_assert(has<float8_e4m3fn>({448, 0x1p-6, 0x1p-9, 0x1p-3, 4, 0, 3, -5, 9, -1, 2, false, true,
                                  true, false}));
static_assert(has<float8_e5m2>({57344, 0x1p-14, 0x1p-16, 0x1p-2, 3, 0, 2, -13, 16, -4, 4, true,
                                true, true, true}));
static_assert(has<float8_e4m3>({240, 0x1p-6, 0x1p-9, 0x1p-3, 4, 0, 3, -5, 8, -1, 2, true, true,
                                true, true}));
static_assert(has<float8_e3m4>({0x1.fp3, 0x1p-2, 0x1p-6, 0x1p-4, 5, 1, 3, -1, 4, 0, 1, true, true,
                                true, true}));
static_assert(has<float8_e4m3fnuz>({240, 0x1p-7, 0x1p-10, 0x1p-3, 4, 0, 3, -6, 8, -2, 2, false,
                                    true, true, false}));
static_assert(has<float8_e5m2fnuz>({57344, 0x1p-15, 0x1p-17, 0x1p-2, 3, 0, 2, -14, 16, -4, 4, false,
                                    true, true, false}));
static_assert(has<float8_e4m3b11fnuz>({30, 0x1p-10, 0x1p-13, 0x1p-3, 4, 0, 3, -9, 5, -3, 1, false,
                                       true, true, false}));
static_assert(has<float8_e4m3b11>({30, 0x1p-10, 0x1p-13, 0x1p-3, 4, 0, 3, -9, 5, -3, 1, false,
                                   false, true, false}));
static_assert(has<float8_e8m0fnu>({0x1p127, 0x1p-127, 0x1p-127, 1, 1, 0, 2, -126, 128, -38, 38,
                                   false, true, false, false}));
static_assert(has<float8_ue4m3>({448, 0x1p-6, 0x1p-9, 0x1p-3, 4, 0, 3, -5, 9, -1, 2, false, true,
                                 true, false}));
static_assert(has<float8_ue5m3>({114688, 0x1p-14, 0x1p-17, 0x1p-3, 4, 0, 3, -13, 17, -4, 5, false,
                                 true, true, false}));
static_assert(has<float6_e2m3fn>({0x1.ep2, 1, 0x1p-3, 0x1p-3, 4, 0, 3, 1, 3, 0, 0, false, false,
                                  true, false}));
static_assert(has<float6_e3m2fn>({28, 0x1p-2, 0x1p-4, 0x1p-2, 3, 0, 2, -1, 5, 0, 1, false, false,
                                  true, false}));
static_assert(has<float4_e2m1fn>({6, 1, 0x1p-1, 0x1p-1, 2, 0, 2, 1, 3, 0, 0, false, false, true,
                                  false}));
static_assert(has<float16>({65504, 0x1p-14, 0x1p-24, 0x1p-10, 11, 3, 5, -13, 16, -4, 4, true, true,
                            true, true}));
static_assert(has<bfloat16>({0x1.fep127, 0x1p-126, 0x1p-133, 0x1p-7, 8, 2, 4, -125, 128, -37, 38,
                             true, true, true, true}));
static_assert(has<tfloat32>({0x1.ffcp127, 0x1p-126, 0x1p-136, 0x1p-10, 11, 3, 5, -125, 128, -37, 38,
                             true, true, true, true}));
static_assert(has<float16_e6m9>({0x1.ff8p31, 0x1p-30, 0x1p-39, 0x1p-9, 10, 2, 5, -29, 32, -9, 9,
                                 true, true, true, true}));
static_assert(has<float12_e6m5>({0x1.f8p31, 0x1p-30, 0x1p-35, 0x1p-5, 6, 1, 3, -29, 32, -9, 9, true,
                                 true, true, true}));
static_assert(has<Float<8, 23>>({0x1.fffffep127, 0x1p-126, 0x1p-149, 0x1p-23, 24, 6, 9, -125, 128,
                                 -37, 38, true, true, true, true}));

// Fixed point, no mantissa, unsigned, P3109, odd biases.
static_assert(has<Float<0, 7, 1, Specials::finite>>({0x1.fcp-1, 0x1p-7, 0x1p-7, 0x1p-7, 7, 1, 4, 1,
                                                     0, 0, -1, false, false, false, false}));
static_assert(has<Float<0, 4, -3, Specials::fn>>({14, 1, 1, 0, 4, 0, 3, 5, 4, 2, 1, false, true,
                                                  false, false}));
static_assert(has<Float<0, 6, 2, Specials::finite, Signedness::is_unsigned>>(
    {0x1.f8p-2, 0x1p-7, 0x1p-7, 0x1p-6, 6, 1, 3, 0, -1, 0, -1, false, false, false, false}));
static_assert(has<Float<3, 0, 3, Specials::finite>>({16, 0x1p-2, 0x1p-2, 1, 1, 0, 2, -1, 5, 0, 1,
                                                     false, false, false, false}));
static_assert(has<Float<4, 0, 7, Specials::ieee>>({128, 0x1p-6, 0x1p-6, 1, 1, 0, 2, -5, 8, -1, 2,
                                                   true, false, false, false}));
static_assert(has<Float<6, 0, 31, Specials::fnuz>>({0x1p32, 0x1p-30, 0x1p-30, 1, 1, 0, 2, -29, 33,
                                                    -9, 9, false, true, false, false}));
static_assert(has<Float<4, 0, 30, Specials::scale, Signedness::is_unsigned>>(
    {0x1p-16, 0x1p-30, 0x1p-30, 0x1p-16, 1, 0, 2, -29, -15, -9, -5, false, true, false, false}));
static_assert(has<Float<4, 3, 8, Specials::p3109>>({224, 0x1p-7, 0x1p-10, 0x1p-3, 4, 0, 3, -6, 8,
                                                    -2, 2, true, true, true, false}));
static_assert(has<Float<5, 3, 16, Specials::p3109, Signedness::is_unsigned>>(
    {53248, 0x1p-15, 0x1p-18, 0x1p-3, 4, 0, 3, -14, 16, -4, 4, true, true, true, false}));
static_assert(has<Float<3, 2, 4, Specials::p3109, Signedness::is_unsigned>>(
    {10, 0.125, 0.03125, 0.25, 3, 0, 2, -2, 4, 0, 1, true, true, true, false}));
static_assert(has<Float<1, 2, 0, Specials::ieee>>({1.5, 0.5, 0.5, 0, 2, 0, 2, 2, 1, 1, 0, true,
                                                   true, false, false}));
static_assert(has<Float<5, 3, 300, Specials::fnuz>>({0x1.ep-269, 0x1p-299, 0x1p-302, 0x1.ep-269, 4,
                                                     0, 3, -298, -268, -90, -81, false, true, true,
                                                     false}));
static_assert(has<Float<8, 2, -20, Specials::finite>>({0x1.cp275, 0x1p21, 524288, 0, 3, 0, 2, 22,
                                                       276, 7, 83, false, false, true, false}));

}  // namespace

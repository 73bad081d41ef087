// SPDX-License-Identifier: MIT
// Compile time: which conversions are implicit, and the types of mixed arithmetic.
#include <narrowfloat/formats.hpp>

#include <cstdint>
#include <type_traits>

using namespace narrowfloat;

namespace {

template <class From, class To>
constexpr bool implicit = std::is_convertible_v<From, To>;
template <class From, class To>
constexpr bool explicit_only = std::is_constructible_v<To, From> && !implicit<From, To>;
template <class A, class B>
concept addable = requires(A a, B b) {
  a + b;
};
template <class A, class B>
concept comparable = requires(A a, B b) {
  a == b;
  a < b;
};
template <class A, class B>
using sum_t = decltype(A{} + B{});
template <class A, class B, class Sum>
constexpr bool adds_to = std::is_same_v<sum_t<A, B>, Sum>&& std::is_same_v<sum_t<B, A>, Sum>;

using beyond_float = Float<5, 3, 300>;
using p3109 = Float<4, 3, 8, Specials::p3109>;

// To float where it holds every value, else to double; back only on request.
static_assert(implicit<float8_e4m3fn, float> && implicit<float16, float> &&
              implicit<bfloat16, float> && implicit<float8_e8m0fnu, float> &&
              implicit<tfloat32, float> && implicit<float16, double>);
static_assert(std::is_same_v<decltype(float16{} * 1.0f), float> && implicit<beyond_float, double>);
static_assert(explicit_only<float, float16> && explicit_only<double, float16> &&
              explicit_only<int, float16> && explicit_only<unsigned long long, float8_e4m3fn> &&
              explicit_only<float, Float<8, 23>>);

// Between formats, implicit where every value is kept: Inf, NaN and -0 too.
static_assert(implicit<float8_e5m2, float16> && implicit<float8_e4m3fn, float16> &&
              implicit<float8_e4m3fn, bfloat16> && implicit<bfloat16, tfloat32> &&
              implicit<float16, tfloat32> && implicit<float4_e2m1fn, float6_e2m3fn> &&
              implicit<float6_e3m2fn, float8_e4m3fn> && implicit<float8_ue4m3, float8_e4m3fn>);
static_assert(explicit_only<float16, float8_e5m2> && explicit_only<float16, bfloat16> &&
              explicit_only<bfloat16, float16> && explicit_only<float8_e5m2, float8_e4m3fn> &&
              explicit_only<float8_e4m3fn, float8_e5m2>);
static_assert(explicit_only<float8_e4m3fn, float8_ue4m3>);                       // the sign
static_assert(explicit_only<float8_e4m3fn, Float<5, 3, 15, Specials::finite>>);  // NaN
static_assert(explicit_only<float8_e4m3, float8_e4m3fn>);                        // Inf
static_assert(explicit_only<Float<3, 3, 3, Specials::fn>, float8_e4m3fnuz>);     // -0
static_assert(implicit<float8_e4m3fnuz, float16> && implicit<p3109, float16>);
static_assert(explicit_only<float8_e8m0fnu, float16> &&
              implicit<float8_e8m0fnu, tfloat32>);  // the range
static_assert(
    explicit_only<Float<3, 0, 3, Specials::fn, Signedness::is_unsigned>, float8_e8m0fnu>);  // zero

static_assert(adds_to<float16, float, float> && adds_to<float16, double, double> &&
              adds_to<float16, int, float16> &&
              adds_to<float8_e4m3fn, unsigned long long, float8_e4m3fn> &&
              adds_to<float16, bool, float16>);
static_assert(adds_to<beyond_float, float, double> && adds_to<Float<8, 23>, float, float>);
static_assert(adds_to<float16, float16, float16> && adds_to<float8_e5m2, float16, float16> &&
              adds_to<float4_e2m1fn, float8_e4m3fn, float8_e4m3fn> &&
              adds_to<float16, tfloat32, tfloat32>);
static_assert(!addable<float16, bfloat16> && !addable<float8_e4m3fn, float8_e5m2> &&
              !comparable<float16, bfloat16>);
static_assert(comparable<float16, float8_e5m2> && comparable<float16, float> &&
              comparable<float16, int>);
static_assert(float16(1) == float8_e5m2(1) && float16(1.5) < 2 && 1.25f == float16(1.25) &&
              1.0 < float16(1.5));

// A compound assignment keeps the type of its left side; it never narrows.
template <class A, class B>
concept adds_in_place = requires(A a, B b) {
  a += b;
};
static_assert(adds_in_place<float16, float8_e5m2> && adds_in_place<float16, int> &&
              !adds_in_place<float8_e5m2, float16> && !adds_in_place<float16, float> &&
              !adds_in_place<float16, bfloat16>);

template <class F>
constexpr bool is_plain =
    std::is_trivially_copyable_v<F>&& std::is_nothrow_default_constructible_v<F>&&
        std::is_standard_layout_v<F> &&
    sizeof(F) == sizeof(typename F::Storage);
static_assert(is_plain<float4_e2m1fn> && sizeof(float4_e2m1fn) == 1 && is_plain<float16> &&
              sizeof(float16) == 2 && is_plain<tfloat32> && sizeof(tfloat32) == 4 &&
              sizeof(float12_e6m5) == 2);
static_assert(float4_e2m1fn::from_bits(0xf7).bits() == 0x7 &&
              float8_ue4m3::from_bits(0xff).bits() == 0x7f);

// Without an initializer too, a number is that of code 0.
template <class F>
constexpr std::uint32_t default_code() {
  F x;
  return x.bits();
}
static_assert(default_code<float8_e4m3fn>() == 0 && default_code<bfloat16>() == 0 &&
              default_code<float8_e8m0fnu>() == 0 && default_code<Float<8, 23>>() == 0);

}  // namespace

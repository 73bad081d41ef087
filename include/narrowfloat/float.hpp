// SPDX-License-Identifier: MIT
// Float<E, M, Bias, Specials, Signedness>: any small binary float as a value type, with its
// conversions, operators and comparisons. Long because these are one contract.
#pragma once

#include <compare>

#include "detail/exact/arithmetic.hpp"
#include "float/detail/number.hpp"

namespace narrowfloat {

/// The exponent bias of IEEE 754 for E exponent bits: 2^(E-1) - 1; 1 for the fixed-point formats, E
/// = 0.
constexpr NF_FN int ieee_bias(int exponent_bits) noexcept {
  return exponent_bits == 0 ? 1 : (1 << (exponent_bits - 1)) - 1;
}

template <int E, int M, int Bias = ieee_bias(E), Specials S = Specials::ieee,
          Signedness Sign = Signedness::is_signed>
class Float;

namespace detail {
inline namespace NF_BASELINE {
template <int E, int M, int Bias, Specials S, Signedness Sign>
struct number_traits<Float<E, M, Bias, S, Sign>> {
  using layout = detail::layout<E, M, Bias, S, Sign>;
  using code = typename Float<E, M, Bias, S, Sign>::Storage;
  static constexpr NF_FN code to_code(Float<E, M, Bias, S, Sign> x) { return x.bits(); }
  static constexpr NF_FN Float<E, M, Bias, S, Sign> from_code(code c) {
    return Float<E, M, Bias, S, Sign>::from_bits(c);
  }
};
#if defined(NF_HAS_FLOAT16)
template <>
struct looped<native_float16> {
  using type = Float<5, 10>;
};
#endif
#if defined(NF_HAS_BFLOAT16)
template <>
struct looped<native_bfloat16> {
  using type = Float<8, 7>;
};
#endif
}  // namespace NF_BASELINE

template <class T>
inline constexpr bool is_float = false;
template <int E, int M, int Bias, Specials S, Signedness Sign>
inline constexpr bool is_float<Float<E, M, Bias, S, Sign>> = true;
}  // namespace detail

/// An instance of Float.
template <class T>
concept narrow_float = detail::is_float<T>;
/// A type that convert() reads and writes: float, double, an instance of Float, or one of the
/// compiler's types of 16 bits, _Float16 and __bf16, which C++23 calls std::float16_t and
/// std::bfloat16_t.
template <class T>
concept number = std::same_as<T, float> || std::same_as<T, double> || narrow_float<T> ||
    detail::is_native_half<T>;
/// To holds every value of From: every finite one, Inf, NaN and -0.
template <class From, class To>
concept lossless_to = number<From> && number<To> &&
    detail::lossless<detail::layout_of<From>, detail::layout_of<To>>();

/// What a conversion to T does with large values unless told otherwise: `none` (IEEE 754) for
/// float, double and `ieee` formats of 12 bits and more, `propagate` for the rest.
template <number T>
inline constexpr Saturation default_saturation = [] {
  if constexpr (narrow_float<T>) {
    return detail::usual_saturation(T::specials, T::width);
  } else {
    return Saturation::none;
  }
}();

/// A binary float of 1 to 32 bits: an optional sign, E exponent bits, M mantissa bits,
/// right-aligned in the smallest unsigned integer that holds them. With E = 0 every code f is f *
/// 2^(1 - Bias - M).
///
/// Requires  0 <= E <= 8, 0 <= M <= 23, E + M >= 1, every finite value exact in double; E = 0 takes
///           `finite`, `fn` or `fnuz`; `fnuz` is signed; `scale` is unsigned with M = 0.
/// Promises  trivially copyable; every member is constexpr, noexcept, and independent of the
///           floating-point environment (rounding mode, flush to zero, -ffast-math).
/// Example   // 6 bits, all codes numbers, up to 7
///           using my_float = Float<3, 2, 5, Specials::finite>;
///           const my_float third = my_float(1) / 3;  // rounded once, to nearest even
///           assert(third == 0.3125f && third.bits() == 0x0d);
///           const float exact = third;  // the one implicit conversion
///           assert(exact * 3 == 0.9375f && third + 1.0f == 1.3125f);  // with a float: as floats
///           assert(my_float(100.0f) == 7 && my_float::from_bits(0x3f) == -7);
template <int E, int M, int Bias, Specials S, Signedness Sign>
class Float {
  static_assert(0 <= E && E <= 8,
                "Float<E, M, ...>: E, the number of exponent bits, must be 0 to 8");
  static_assert(0 <= M && M <= 23,
                "Float<E, M, ...>: M, the number of mantissa bits, must be 0 to 23");
  static_assert(E + M >= 1,
                "Float<E, M, ...>: a format needs at least one exponent or mantissa bit");
  static_assert(E > 0 || S == Specials::finite || S == Specials::fn || S == Specials::fnuz,
                "Float<0, M, ...>: a fixed-point format (E = 0) takes Specials finite, fn or fnuz");
  static_assert(S != Specials::fnuz || Sign == Signedness::is_signed,
                "Float<..., fnuz>: fnuz puts NaN at the code of -0, so the format must be signed");
  static_assert(S != Specials::scale || (M == 0 && Sign == Signedness::is_unsigned),
                "Float<..., scale>: a scale format is unsigned and has no mantissa bits");

  using layout_ = detail::layout<E, M, Bias, S, Sign>;
  static_assert(0 < layout_::max_code && layout_::max_code <= layout_::magnitude_mask,
                "Float<...>: the format has no positive finite value");
  static_assert(detail::exact_in<layout_, std::uint64_t>,
                "Float<..., Bias, ...>: with this bias some finite value is not exact in double");
  static constexpr bool exact_in_float_ = detail::exact_in<layout_, std::uint32_t>;

 public:
  /// Bits of a code.
  static constexpr int width = layout_::width;
  /// Bits of the exponent, E; 0 in a fixed-point format.
  static constexpr int exponent_bits = E;
  /// Bits of the mantissa behind the point, M; the leading 1 is not stored.
  static constexpr int mantissa_bits = M;
  /// The exponent bias: 2^(e - bias) is the power of the exponent field e.
  static constexpr int bias = Bias;
  /// Which codes are Inf, NaN and -0.
  static constexpr Specials specials = S;
  /// Whether a code has a sign bit.
  static constexpr bool is_signed = layout_::is_signed;
  /// The smallest unsigned integer that holds a code.
  using Storage = std::conditional_t<width <= 8, std::uint8_t,
                                     std::conditional_t<width <= 16, std::uint16_t, std::uint32_t>>;

  /// The number of code 0: +0, or the smallest of a `scale` format.
  constexpr NF_FN Float() noexcept : bits_(0) {}

  /// The number with this code; bits above `width` are dropped.
  static constexpr NF_FN Float from_bits(Storage code) noexcept {
    Float x;
    x.bits_ = static_cast<Storage>(code & (layout_::magnitude_mask | layout_::sign_mask));
    return x;
  }
  /// The code, right-aligned.
  constexpr NF_FN Storage bits() const noexcept { return bits_; }

  /// The nearest value: convert() with its defaults, so an overflow is the largest finite value in
  /// most formats of 8 bits and fewer (default_saturation), where operators give Inf or NaN:
  /// float8_e5m2(1e6f) is 57344.
  template <number T>
  requires(!narrow_float<T>) explicit constexpr NF_FN Float(T x) noexcept
      : Float(detail::convert_number<Float>(x, NearestEven{}, default_saturation<Float>)) {}
  template <std::same_as<long double> T>
  explicit constexpr NF_INLINE Float(T x) noexcept
      : Float(detail::round_long_double<Float>(x, NearestEven{}, default_saturation<Float>)) {}
  template <std::integral T>
  explicit constexpr NF_FN Float(T x) noexcept
      : Float(detail::round_to<Float>(detail::exact_of(x), NearestEven{},
                                      default_saturation<Float>)) {}
  /// From another format; implicit where every value is kept.
  template <narrow_float T>
  requires(!std::same_as<T, Float>) explicit(!lossless_to<T, Float>) constexpr NF_FN Float(
      T x) noexcept
      : Float(detail::convert_number<Float>(x, NearestEven{}, default_saturation<Float>)) {}

  /// The exact value: in float if every value of the format is exact there, else in double.
  constexpr NF_FN operator std::conditional_t<exact_in_float_, float, double>() const noexcept {
    using wider = std::conditional_t<exact_in_float_, float, double>;
    return detail::convert_number<wider>(*this, NearestEven{}, Saturation::none);
  }
  explicit constexpr NF_FN operator float() const noexcept requires(!exact_in_float_) {
    return detail::convert_number<float>(*this, NearestEven{}, Saturation::none);
  }
  /// The nearest _Float16 or __bf16, an overflow Inf.
  template <class T>
  requires detail::is_native_half<T>
  explicit constexpr NF_FN operator T() const noexcept {
    return detail::convert_number<T>(*this, NearestEven{}, Saturation::none);
  }

  /// The number itself.
  constexpr NF_FN Float operator+() const noexcept { return *this; }
  /// Flips the sign; of a NaN too where the format has signed NaNs. The one zero of a format
  /// without -0 stays itself.
  constexpr NF_FN Float operator-() const noexcept requires is_signed {
    if (!layout_::has_signed_zero && (bits_ & layout_::magnitude_mask) == 0) return *this;
    return from_bits(static_cast<Storage>(bits_ ^ layout_::sign_mask));
  }
  /// An unsigned format has no minus: without this, -x would be that of a float.
  Float operator-() const requires(!is_signed) = delete;

 private:
  Storage bits_;
};

namespace detail {
inline namespace NF_BASELINE {

/// The format in which two operands meet: the one that holds every value of the other. An integer
/// is converted to the Float it meets, to nearest with Saturation::none.
template <class A, class B>
struct common_format {};
template <narrow_float A, narrow_float B>
requires lossless_to<B, A>
struct common_format<A, B> {
  using type = A;
};
template <narrow_float A, narrow_float B>
requires(lossless_to<A, B> && !lossless_to<B, A>) struct common_format<A, B> {
  using type = B;
};
template <narrow_float A, std::integral B>
struct common_format<A, B> {
  using type = A;
};
template <std::integral A, narrow_float B>
struct common_format<A, B> {
  using type = B;
};
template <class A, class B>
using common_format_t = typename common_format<A, B>::type;

template <class F, class T>
constexpr NF_HD exact operand(T x) {
  if constexpr (std::integral<T>)
    return exact_of(round_to<F>(exact_of(x), NearestEven{}, Saturation::none));
  else
    return exact_of(x);
}

template <class F>
constexpr NF_HD F round_nearest(const exact& x) {
  return round_to<F>(x, NearestEven{}, Saturation::none);
}

enum class comparison { less, equal, greater, unordered };

template <class A, class B>
constexpr NF_HD comparison compare(A a, B b) {
  using F = common_format_t<A, B>;
  using layout = layout_of<F>;
  const auto x = static_cast<F>(a).bits(), y = static_cast<F>(b).bits();
  if (is_nan_code<layout>(x) || is_nan_code<layout>(y)) return comparison::unordered;
  const std::int32_t first = order<layout>(x), second = order<layout>(y);
  return first < second    ? comparison::less
         : first == second ? comparison::equal
                           : comparison::greater;
}

template <class B, class A>
concept mixes_with = narrow_float<B> && requires {
  typename common_format_t<A, B>;
};
template <class B, class A>
concept folds_into = std::same_as<common_format_t<A, B>, A>;
/// Two formats of which neither holds every value of the other.
template <class B, class A>
concept does_not_mix_with =
    narrow_float<A> && narrow_float<B> && !lossless_to<A, B> && !lossless_to<B, A>;

}  // namespace NF_BASELINE
}  // namespace detail

/// Arithmetic on two operands of one format, of two formats of which one holds the other, or of a
/// format and an integer (converted first, to nearest).
///
/// Result    the exact result rounded once, to nearest even, the subnormal range included.
/// Special   overflow, and an exact Inf such as x / 0, is Inf, else NaN, else the largest finite
///           value: an operator never saturates, as a constructor does, so float8_e5m2(57344) * 2
///           is Inf (add() and mul() of math.hpp take a Saturation); signs of zero as IEEE 754 (+0
///           where there is no -0); an invalid operation is the positive canonical NaN, else the
///           positive largest finite value.
template <class A, class B, class F = detail::common_format_t<A, B>>
constexpr NF_FN F operator+(A a, B b) noexcept {
  return detail::round_nearest<F>(detail::sum(detail::operand<F>(a), detail::operand<F>(b), false));
}
template <class A, class B, class F = detail::common_format_t<A, B>>
constexpr NF_FN F operator-(A a, B b) noexcept {
  return detail::round_nearest<F>(
      detail::sum(detail::operand<F>(a), negated(detail::operand<F>(b)), false));
}
template <class A, class B, class F = detail::common_format_t<A, B>>
constexpr NF_FN F operator*(A a, B b) noexcept {
  return detail::round_nearest<F>(detail::product(detail::operand<F>(a), detail::operand<F>(b)));
}
template <class A, class B, class F = detail::common_format_t<A, B>>
constexpr NF_FN F operator/(A a, B b) noexcept {
  return detail::round_nearest<F>(detail::quotient(detail::operand<F>(a), detail::operand<F>(b)));
}

/// The operators above, where the result has the type of the left operand.
template <narrow_float A, detail::folds_into<A> B>
constexpr NF_FN A& operator+=(A& a, B b) noexcept {
  return a = a + b;
}
template <narrow_float A, detail::folds_into<A> B>
constexpr NF_FN A& operator-=(A& a, B b) noexcept {
  return a = a - b;
}
template <narrow_float A, detail::folds_into<A> B>
constexpr NF_FN A& operator*=(A& a, B b) noexcept {
  return a = a * b;
}
template <narrow_float A, detail::folds_into<A> B>
constexpr NF_FN A& operator/=(A& a, B b) noexcept {
  return a = a / b;
}

/// x + 1 and x - 1, rounded once; 1 itself need not be a value of the format.
template <narrow_float F>
constexpr NF_FN F& operator++(F& x) noexcept {
  return x = detail::round_nearest<F>(detail::sum(detail::exact_of(x), detail::exact_integer(1)));
}
template <narrow_float F>
constexpr NF_FN F& operator--(F& x) noexcept {
  return x = detail::round_nearest<F>(detail::sum(detail::exact_of(x), detail::exact_integer(-1)));
}
template <narrow_float F>
constexpr NF_FN F operator++(F& x, int) noexcept {
  const F before = x;
  ++x;
  return before;
}
template <narrow_float F>
constexpr NF_FN F operator--(F& x, int) noexcept {
  const F before = x;
  --x;
  return before;
}

/// IEEE 754 comparisons: NaN is unordered, -0 equals +0. Two formats compare in the one that holds
/// both. The relational operators stand beside <=> because device code has no
/// std::partial_ordering.
template <narrow_float A, detail::mixes_with<A> B>
constexpr NF_FN bool operator==(A a, B b) noexcept {
  return detail::compare(a, b) == detail::comparison::equal;
}
template <narrow_float A, detail::mixes_with<A> B>
constexpr NF_FN bool operator<(A a, B b) noexcept {
  return detail::compare(a, b) == detail::comparison::less;
}
template <narrow_float A, detail::mixes_with<A> B>
constexpr NF_FN bool operator>(A a, B b) noexcept {
  return b < a;
}
template <narrow_float A, detail::mixes_with<A> B>
constexpr NF_FN bool operator<=(A a, B b) noexcept {
  return a < b || a == b;
}
template <narrow_float A, detail::mixes_with<A> B>
constexpr NF_FN bool operator>=(A a, B b) noexcept {
  return b <= a;
}
template <narrow_float A, detail::mixes_with<A> B>
constexpr NF_INLINE std::partial_ordering operator<=>(A a, B b) noexcept {
  switch (detail::compare(a, b)) {
    case detail::comparison::less:
      return std::partial_ordering::less;
    case detail::comparison::equal:
      return std::partial_ordering::equivalent;
    case detail::comparison::greater:
      return std::partial_ordering::greater;
    case detail::comparison::unordered:
      break;
  }
  return std::partial_ordering::unordered;
}

namespace detail {
inline namespace NF_BASELINE {

/// One operand a Float, the other a 16-bit type of the compiler.
template <class A, class B>
concept meets_native_half = (narrow_float<A> && is_native_half<B>) ||
                            (is_native_half<A> && narrow_float<B>);
template <narrow_float T>
constexpr NF_FN auto widened(T x) {
  return static_cast<std::conditional_t<lossless_to<T, float>, float, double>>(x);
}
template <class T>
requires is_native_half<T>
constexpr NF_FN float widened(T x) { return real_number<float>(x); }

}  // namespace NF_BASELINE
}  // namespace detail

/// With _Float16 or __bf16 a Float meets as with a float, in float or double: Clang has no built-in
/// operator for the two.
template <class A, class B>
requires detail::meets_native_half<A, B>
constexpr NF_FN auto operator+(A a, B b) noexcept {
  return detail::widened(a) + detail::widened(b);
}
template <class A, class B>
requires detail::meets_native_half<A, B>
constexpr NF_FN auto operator-(A a, B b) noexcept {
  return detail::widened(a) - detail::widened(b);
}
template <class A, class B>
requires detail::meets_native_half<A, B>
constexpr NF_FN auto operator*(A a, B b) noexcept {
  return detail::widened(a) * detail::widened(b);
}
template <class A, class B>
requires detail::meets_native_half<A, B>
constexpr NF_FN auto operator/(A a, B b) noexcept {
  return detail::widened(a) / detail::widened(b);
}
template <class A, class B>
requires detail::meets_native_half<A, B>
constexpr NF_FN bool operator==(A a, B b) noexcept {
  return detail::widened(a) == detail::widened(b);
}
template <class A, class B>
requires detail::meets_native_half<A, B>
constexpr NF_INLINE std::partial_ordering operator<=>(A a, B b) noexcept {
  return detail::widened(a) <=> detail::widened(b);
}

// Two formats of which neither holds the other have no common type: convert one of them first.
template <class A, detail::does_not_mix_with<A> B>
void operator+(A, B) = delete;
template <class A, detail::does_not_mix_with<A> B>
void operator-(A, B) = delete;
template <class A, detail::does_not_mix_with<A> B>
void operator*(A, B) = delete;
template <class A, detail::does_not_mix_with<A> B>
void operator/(A, B) = delete;
template <class A, detail::does_not_mix_with<A> B>
bool operator==(A, B) = delete;
template <class A, detail::does_not_mix_with<A> B>
bool operator<(A, B) = delete;
template <class A, detail::does_not_mix_with<A> B>
std::partial_ordering operator<=>(A, B) = delete;

}  // namespace narrowfloat

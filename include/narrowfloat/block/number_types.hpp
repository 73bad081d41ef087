// SPDX-License-Identifier: MIT
// Number types that only block formats have: fixed-point elements, and a scale that is kept as its
// exponent.
#pragma once

#include <cstdint>
#include <type_traits>

#include "../detail/codec/decode.hpp"

namespace narrowfloat {
/// A two's-complement fixed-point number: the code i is i * 2^-FractionBits. The element of MXINT8
/// is FixedPoint<8, 6>.
///
/// Example   using element = FixedPoint<8, 6>;  // of MXINT8: 64 steps from 1 to 2
///           assert(element::from_bits(0x60) == 1.5f && element::from_bits(0x80) == -2.0f);
///           assert(element::from_bits(0xff).integer() == -1);
template <int Width, int FractionBits>
class FixedPoint {
  static_assert(2 <= Width && Width <= 16, "FixedPoint<Width, ...>: Width must be 2 to 16");
  static_assert(-64 <= FractionBits && FractionBits <= 64,
                "FixedPoint<..., FractionBits>: FractionBits must be -64 to 64");

 public:
  /// The bits of a code, and how many of them are behind the point.
  static constexpr int width = Width;
  static constexpr int fraction_bits = FractionBits;
  /// The unsigned integer that holds a code.
  using Storage = std::conditional_t<Width <= 8, std::uint8_t, std::uint16_t>;

  FixedPoint() = default;
  /// The number with this code; bits above `width` are dropped.
  static constexpr NF_FN FixedPoint from_bits(Storage code) noexcept {
    FixedPoint x;
    x.bits_ = static_cast<Storage>(code & (~0u >> (32 - Width)));
    return x;
  }
  /// The code, right-aligned.
  constexpr NF_FN Storage bits() const noexcept { return bits_; }
  /// The code as a signed number.
  constexpr NF_FN int integer() const noexcept {
    return static_cast<int>(bits_) - ((bits_ >> (Width - 1)) != 0 ? 1 << Width : 0);
  }
  /// The exact value.
  constexpr NF_FN operator float() const noexcept {
    return __builtin_bit_cast(
        float, detail::decode_fixed<Width, FractionBits>(static_cast<std::uint32_t>(bits_)));
  }

 private:
  Storage bits_;
};

/// A power-of-two scale that is kept as its exponent: the signed code e is 2^e for -127 <= e <=
/// 127; -128 is NaN.
class ExponentInt8 {
 public:
  /// The bits of a code, and the unsigned integer that holds it.
  static constexpr int width = 8;
  using Storage = std::uint8_t;

  ExponentInt8() = default;
  /// The scale with this code.
  static constexpr NF_FN ExponentInt8 from_bits(Storage code) noexcept {
    ExponentInt8 x;
    x.bits_ = code;
    return x;
  }
  /// The code.
  constexpr NF_FN Storage bits() const noexcept { return bits_; }
  /// The code as a signed number.
  constexpr NF_FN int exponent() const noexcept { return static_cast<std::int8_t>(bits_); }
  /// The exact value.
  constexpr NF_FN operator float() const noexcept {
    using scale = detail::layout<8, 0, 127, Specials::scale, Signedness::is_unsigned>;
    const auto code = static_cast<std::uint8_t>(exponent() + 127);  // -128 gives 0xff: NaN
    return __builtin_bit_cast(float, detail::decode<scale>(std::uint32_t{code}));
  }

 private:
  Storage bits_;
};

namespace detail {

template <class T>
inline constexpr bool is_fixed_point = false;
template <int Width, int FractionBits>
inline constexpr bool is_fixed_point<FixedPoint<Width, FractionBits>> = true;

}  // namespace detail
}  // namespace narrowfloat

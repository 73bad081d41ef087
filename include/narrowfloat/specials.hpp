// SPDX-License-Identifier: MIT
// What the top codes of a format mean, and whether it has a sign.
#pragma once

namespace narrowfloat {

/// What the top codes of a format mean. "Magnitude" is the code without its sign bit.
///
/// Example   // what Inf and NaN cost at the top of E4M3
///           assert((std::numeric_limits<Float<4, 3, 7, Specials::ieee>>::max() == 240.0f));
///           assert((std::numeric_limits<Float<4, 3, 7, Specials::fn>>::max() == 448.0f));
///           assert((std::numeric_limits<Float<4, 3, 7, Specials::finite>>::max() == 480.0f));
enum class Specials {
  ieee,    ///< exponent all ones: Inf (mantissa 0) and NaN; with no mantissa bits, Inf and no NaN
  fn,      ///< no Inf; only the all-ones magnitude is NaN (OCP E4M3)
  fnuz,    ///< signed only: no Inf, no -0; the code 1000...0 is NaN
  finite,  ///< every code is a number (OCP FP6 and FP4, eXmY)
  scale,   ///< unsigned powers of two, no zero; the all-ones code is NaN (E8M0)
  p3109  ///< IEEE P3109 extended: signed, NaN at the code of -0 and Inf at the ends; unsigned, NaN
         ///< on top, Inf below it
};

/// Whether a format has a sign bit.
enum class Signedness {
  is_signed,   ///< the highest bit of a code is its sign
  is_unsigned  ///< no number is negative
};

}  // namespace narrowfloat

// SPDX-License-Identifier: MIT
// The oracle for block formats: scales and elements by the definitions, in integers, without any
// header under test.
#pragma once

#include <vector>

#include "support/oracle.hpp"

namespace oracle {

/// An element type: a format, or two's-complement fixed point of `fixed_width` bits.
struct Element {
  Format format{};
  int fixed_width = 0;
  int fraction_bits = 0;
  bool full_range = false;
};

enum class Rule { floor, ceil, rceil, even };

Exact largest(const Element& element);

/// Result   The exponent by the rule, unclamped.
/// Requires A positive finite amax.
int scale_exponent(const Element& element, const Exact& amax, Rule rule);

/// Result   The code of x / divisor, rounded once.
/// Special  A divisor of 0 gives zeros with the sign of x.
std::uint32_t divide(const Element& element, const Exact& x, const Exact& divisor,
                     const Rounding& rounding, Saturation saturation = Saturation::finite);

Exact power_of_two(int exponent);
Exact value(const Element& element, std::uint32_t code);

/// Result   a / b with a tail that decides every rounding.
/// Requires Operands with at most 40 significant bits.
Exact long_quotient(const Exact& a, const Exact& b);

/// Result   The sum of (x - y)^2 in units of 2^(2 * unit).
/// Requires Values that are multiples of 2^unit below 2^(unit + 60).
Wide squared_error(const std::vector<Exact>& x, const std::vector<Exact>& y, int unit);

/// Result  -1, 0 or 1 as |a| is less than, equal to or greater than |b|.
int compare_magnitudes(const Exact& a, const Exact& b);

}  // namespace oracle

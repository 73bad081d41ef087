// SPDX-License-Identifier: MIT
// The oracle's formats as the library's formats of run time.
#pragma once

#include <narrowfloat/text.hpp>

#include "support/oracle.hpp"

namespace test {

inline narrowfloat::FormatSpec spec_of(const oracle::Format& f) {
  using narrowfloat::Signedness;
  return {f.exponent_bits, f.mantissa_bits, f.bias,
          static_cast<narrowfloat::Specials>(static_cast<int>(f.special)),
          f.is_signed ? Signedness::is_signed : Signedness::is_unsigned};
}

}  // namespace test

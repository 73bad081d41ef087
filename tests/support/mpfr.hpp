// SPDX-License-Identifier: MIT
// GNU MPFR beside the oracle: a function's value, cut to 96 bits and with a tail, so that the
// oracle rounds it once.
#pragma once

#include <mpfr.h>

#include <cstdint>

#include "support/oracle.hpp"

namespace test {

/// A number of MPFR: 96 bits, or the exact value of a code.
class Real {
 public:
  static constexpr int bits = 96;

  Real() { mpfr_init2(x_, bits); }
  explicit Real(const oracle::Exact& value) : Real() {
    switch (value.kind) {
      case oracle::Exact::Kind::nan:
        mpfr_set_nan(x_);
        break;
      case oracle::Exact::Kind::infinity:
        mpfr_set_inf(x_, value.negative ? -1 : 1);
        break;
      case oracle::Exact::Kind::finite:
        mpfr_set_ui_2exp(x_, static_cast<unsigned long>(value.significand), value.exponent,
                         MPFR_RNDZ);
        mpfr_setsign(x_, x_, value.negative ? 1 : 0, MPFR_RNDZ);
    }
  }
  ~Real() { mpfr_clear(x_); }
  Real(const Real&) = delete;
  Real& operator=(const Real&) = delete;

  operator mpfr_ptr() { return x_; }
  operator mpfr_srcptr() const { return x_; }

  /// The value that was cut to this one; `inexact` is what the function, told MPFR_RNDZ, returned.
  oracle::Exact exact(bool inexact) const {
    oracle::Exact value;
    value.negative = mpfr_nan_p(x_) == 0 && mpfr_signbit(x_) != 0;
    value.tail = inexact;
    if (mpfr_nan_p(x_) != 0) value.kind = oracle::Exact::Kind::nan;
    if (mpfr_inf_p(x_) != 0) value.kind = oracle::Exact::Kind::infinity;
    if (mpfr_zero_p(x_) != 0 && inexact) {  // below every power of two that a format knows
      value.significand = 1;
      value.exponent = -3000;
    }
    if (mpfr_regular_p(x_) == 0) return value;
    mpz_t all, high;
    mpz_inits(all, high, nullptr);
    value.exponent = static_cast<int>(mpfr_get_z_2exp(all, x_));
    mpz_abs(all, all);
    mpz_tdiv_q_2exp(high, all, 64);
    mpz_tdiv_r_2exp(all, all, 64);
    value.significand = (oracle::Wide{mpz_get_ui(high)} << 64) | mpz_get_ui(all);
    mpz_clears(all, high, nullptr);
    return value;
  }

 private:
  mpfr_t x_;
};

/// Keeps exponents within int: a value beyond is the largest one, or zero, and inexact.
inline void limit_exponents() {
  mpfr_set_emin(-5000);
  mpfr_set_emax(5000);
}

}  // namespace test

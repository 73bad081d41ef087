// SPDX-License-Identifier: MIT
// Every Float as a scalar of Eigen 3.4: Eigen::Matrix<float8_e4m3fn, Eigen::Dynamic,
// Eigen::Dynamic>.
#pragma once

#include <Eigen/Core>

#include "../limits.hpp"
#include "../math.hpp"

/// What Eigen asks of a scalar. Products, reductions and functions of arrays are then made of the
/// operators of Float and the functions of math.hpp: each step is exact or rounded once to the
/// format. cast<float>() and back is convert() with its defaults; sums in a wider type:
/// a.cast<float>() * b.cast<float>(). a.lazyProduct(b) adds from the first product to the last; so
/// does a * b while rows, columns and depth are less than 20 together: larger ones add in Eigen's
/// order.
///
/// Result    epsilon() is the distance of 1 and the next value, dummy_precision(), the tolerance of
///           isApprox(), eight times that, at most a quarter, and not 0; digits10() and the limits
///           are those of std::numeric_limits.
/// Special   infinity() in a format without Inf is what an overflow gives there. isApprox() adds
///           squares in the format: where both sums overflow to Inf, opposites are approximately
///           equal, and so may be any two where squares are 0. Compare casts to float.
///
/// Example   const Eigen::Matrix2f w = Eigen::Matrix2f::Constant(0.3f);
///           // convert() of each
///           const Eigen::Matrix<float8_e4m3fn, 2, 2> a = w.cast<float8_e4m3fn>();
///           const Eigen::Matrix2f y = a.cast<float>() * a.cast<float>();  // sums in float
///           assert(a(1, 0) == 0.3125f && y(0, 0) == 0.1953125f);
template <int E, int M, int Bias, narrowfloat::Specials S, narrowfloat::Signedness Sign>
struct Eigen::NumTraits<narrowfloat::Float<E, M, Bias, S, Sign>>
    : Eigen::GenericNumTraits<narrowfloat::Float<E, M, Bias, S, Sign>> {
  /// The scalar, and what is known of it.
  using type = narrowfloat::Float<E, M, Bias, S, Sign>;
  using limits = std::numeric_limits<type>;
  /// The steps are integer arithmetic: tens of instructions.
  enum { RequireInitialization = 0, ReadCost = 1, AddCost = 32, MulCost = 32 };

  /// What Eigen asks for, as above.
  static constexpr type epsilon() { return limits::epsilon(); }
  static constexpr type dummy_precision() {
    const type precision(M <= 5 ? 0.25 : 8.0 / (1 << M));
    return precision < limits::denorm_min() ? limits::denorm_min() : precision;
  }
  static constexpr type highest() { return limits::max(); }
  static constexpr type lowest() { return limits::lowest(); }
  static constexpr type infinity() { return limits::infinity(); }
  static constexpr type quiet_NaN() { return limits::quiet_NaN(); }
  static constexpr int digits10() { return limits::digits10; }
};

/// Coefficients of a Float beside float or double: what the operators of the two give.
template <int E, int M, int Bias, narrowfloat::Specials S, narrowfloat::Signedness Sign, class Op>
struct Eigen::ScalarBinaryOpTraits<narrowfloat::Float<E, M, Bias, S, Sign>, float, Op> {
  /// The type of the result.
  using ReturnType = decltype(narrowfloat::Float<E, M, Bias, S, Sign>() + float());
};
template <int E, int M, int Bias, narrowfloat::Specials S, narrowfloat::Signedness Sign, class Op>
struct Eigen::ScalarBinaryOpTraits<float, narrowfloat::Float<E, M, Bias, S, Sign>, Op> {
  /// The type of the result.
  using ReturnType = decltype(narrowfloat::Float<E, M, Bias, S, Sign>() + float());
};
template <int E, int M, int Bias, narrowfloat::Specials S, narrowfloat::Signedness Sign, class Op>
struct Eigen::ScalarBinaryOpTraits<narrowfloat::Float<E, M, Bias, S, Sign>, double, Op> {
  /// The type of the result.
  using ReturnType = double;
};
template <int E, int M, int Bias, narrowfloat::Specials S, narrowfloat::Signedness Sign, class Op>
struct Eigen::ScalarBinaryOpTraits<double, narrowfloat::Float<E, M, Bias, S, Sign>, Op> {
  /// The type of the result.
  using ReturnType = double;
};

/// Random() and setRandom(): doubles of Eigen's generator, from -1 to 1, rounded.
template <int E, int M, int Bias, narrowfloat::Specials S, narrowfloat::Signedness Sign>
struct Eigen::internal::random_impl<narrowfloat::Float<E, M, Bias, S, Sign>> {
  /// The scalar.
  using type = narrowfloat::Float<E, M, Bias, S, Sign>;
  /// A number between two others, or of the whole range.
  static type run(const type& from, const type& to) {
    return type(random<double>(static_cast<double>(from), static_cast<double>(to)));
  }
  static type run() { return type(random<double>(type::is_signed ? -1 : 0, 1)); }
};

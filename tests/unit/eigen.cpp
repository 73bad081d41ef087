// SPDX-License-Identifier: MIT
// Matrices of Eigen with Floats as scalars: products, reductions and functions step by step, as the
// operators have it.
#include <narrowfloat/formats.hpp>
#include <narrowfloat/io/eigen.hpp>

#include <Eigen/Dense>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;
using Eigen::Index;

namespace {

template <class F>
using Matrix = Eigen::Matrix<F, Eigen::Dynamic, Eigen::Dynamic>;

template <class F>
Matrix<F> make(Index rows, Index cols, int seed) {
  Matrix<F> m(rows, cols);
  for (Index i = 0; i < m.size(); ++i)
    m(i) = F(static_cast<double>((i * 37 + seed) % 23) / 8 - (F::is_signed ? 1.375 : 0));
  return m;
}

/// Each element is the sum, from the first product to the last, each step rounded: in a * b below
/// Eigen's threshold for its blocks, whose sums have another order, else in lazyProduct().
template <class F>
void check_product(Index m, Index n, Index k, Mismatches& bad) {
  const Matrix<F> a = make<F>(m, k, 1), b = make<F>(k, n, 5);
  const Matrix<F> whole = a * b, lazy = a.lazyProduct(b), &got = m + n + k < 20 ? whole : lazy;
  for (Index i = 0; i < m; ++i) {
    for (Index j = 0; j < n; ++j) {
      F sum = a(i, 0) * b(0, j);
      for (Index l = 1; l < k; ++l) sum += a(i, l) * b(l, j);
      bad.expect_equal(name_of<F>, static_cast<std::uint64_t>(i * n + j), sum.bits(),
                       got(i, j).bits());
    }
  }
}

}  // namespace

TEST_CASE("a product of matrices is a sum step by step", "[eigen]") {
  Mismatches bad;
  for (const Index k : {1, 7, 40}) {
    check_product<nf::float8_e4m3fn>(5, 6, k, bad);
    check_product<nf::float8_ue5m3>(5, 6, k, bad);
    check_product<nf::bfloat16>(5, 6, k, bad);
  }
  CHECK(bad.report() == "");
}

TEST_CASE("reductions, functions and casts round each step", "[eigen]") {
  using F = nf::float8_e5m2;
  const Matrix<F> a = make<F>(3, 5, 2);
  F sum = a(0), most = a(0);
  for (Index i = 1; i < a.size(); ++i) sum += a(i), most = std::max(most, a(i));
  CHECK(a.sum().bits() == sum.bits());
  CHECK(a.maxCoeff().bits() == most.bits());
  const Matrix<F> roots = a.array().abs().sqrt(), exps = a.array().exp(), minus = -a;
  const Eigen::MatrixXf floats = a.cast<float>(), mixed = a.cwiseProduct(floats) + a * 2.0f;
  const Matrix<F> back = (floats * 3).cast<F>();
  Mismatches bad;
  for (Index i = 0; i < a.size(); ++i) {
    const auto place = static_cast<std::uint64_t>(i);
    bad.expect_equal(name_of<F>, place, sqrt(abs(a(i))).bits(), roots(i).bits());
    bad.expect_equal(name_of<F>, place, exp(a(i)).bits(), exps(i).bits());
    bad.expect_equal(name_of<F>, place, (-a(i)).bits(), minus(i).bits());
    bad.expect_equal(name_of<F>, place, F(static_cast<float>(a(i)) * 3).bits(), back(i).bits());
    bad.expect_equal(name_of<F>, place, bits_of(floats(i) * floats(i) + floats(i) * 2),
                     bits_of(mixed(i)));
  }
  CHECK(bad.report() == "");
}

TEST_CASE("Eigen knows the limits of a format", "[eigen]") {
  using Traits = Eigen::NumTraits<nf::float8_e4m3fn>;
  CHECK((Traits::highest() == 448 && Traits::lowest() == -448));
  CHECK((Traits::epsilon() == 0.125f && Traits::dummy_precision() == 0.25f &&
         Traits::digits10() == 0));
  CHECK((Traits::IsSigned == 1 && Traits::IsInteger == 0 && Traits::IsComplex == 0));
  CHECK(Eigen::NumTraits<nf::float8_ue4m3>::IsSigned == 0);
  CHECK(Eigen::NumTraits<nf::float16>::digits10() == 3);
  CHECK(Eigen::NumTraits<nf::float16>::dummy_precision() == 0x1p-7f);
  CHECK(Eigen::NumTraits<nf::float4_e2m1fn>::dummy_precision() == 0.5f);
  CHECK(Eigen::NumTraits<nf::float8_e8m0fnu>::dummy_precision() == 0.25f);
  const Matrix<nf::float16> a = Matrix<nf::float16>::Random(8, 8),
                            identity = Matrix<nf::float16>::Identity(8, 8);
  CHECK((a * identity).isApprox(a));
  CHECK(!a.isApprox(identity));
  CHECK((a.cast<float>().cwiseAbs().maxCoeff() <= 1 && a(0) != a(1)));
}

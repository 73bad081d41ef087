// SPDX-License-Identifier: MIT
// Exact sums agree with GNU MPFR where nearly everything cancels, with exponents from all of a
// format's range.
#include <mpfr.h>
#include <narrowfloat/linalg.hpp>
#include <narrowfloat/mx.hpp>

#include <algorithm>

#include "support/catch.hpp"
#include "support/mismatches.hpp"
#include "support/sum_oracle.hpp"

using namespace test;

namespace {

/// A number of MPFR that holds every sum here: the products lie between 2^-298 and 2^256, both ends
/// included.
class Real {
 public:
  Real() {
    mpfr_init2(value_, 640);
    mpfr_set_zero(value_, 1);
  }
  ~Real() { mpfr_clear(value_); }
  Real(const Real&) = delete;
  Real& operator=(const Real&) = delete;

  /// Whether that was exact.
  bool add_product(double a, double b) {
    Real product;
    const bool is_exact = mpfr_set_d(product.value_, a, MPFR_RNDN) == 0 &&
                          mpfr_mul_d(product.value_, product.value_, b, MPFR_RNDN) == 0;
    return mpfr_add(value_, value_, product.value_, MPFR_RNDN) == 0 && is_exact;
  }
  float nearest_float() const { return mpfr_get_flt(value_, MPFR_RNDN); }

 private:
  mpfr_t value_;
};

/// Any finite number of a type, subnormals as often as other exponents.
template <class T>
T any(std::mt19937_64& random) {
  for (;;) {
    const auto bits = random();
    T x{};
    if constexpr (std::is_same_v<T, float>) {
      x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    } else if constexpr (requires { T::fraction_bits; }) {
      x = T::from_bits(static_cast<std::uint8_t>(bits));
    } else {
      x = from_code<T>(static_cast<std::uint32_t>(bits) & (code_count<T>() - 1));
    }
    if (std::isfinite(static_cast<float>(x))) return x;
  }
}

/// The number of a type that a float is, if it is one; and 0 where it is not.
template <class T>
T same_number(float x) {
  if constexpr (std::is_same_v<T, float>) {
    return x;
  } else if constexpr (requires { T::fraction_bits; }) {
    const float code = x * static_cast<float>(1 << T::fraction_bits);
    const bool fits = code == std::floor(code) && std::abs(code) < 128;
    return T::from_bits(static_cast<std::uint8_t>(fits ? static_cast<int>(code) : 0));
  } else {
    const T nearest(x);
    return static_cast<float>(nearest) == x ? nearest : T{};
  }
}

template <class A, class B>
struct Products {
  std::vector<A> a;
  std::vector<B> b;
  void add(float x, float y) {
    a.push_back(same_number<A>(x));
    b.push_back(same_number<B>(y));
  }
};

/// Products that cancel: some as a whole, some by the two halves of a factor's bits; and few that
/// stay, among them such as make a tie of floats and others that decide it, far below.
template <class A, class B>
Products<A, B> cancelling(std::mt19937_64& random) {
  Products<A, B> all;
  for (std::size_t i = random() % 40; i > 0; --i) {
    const auto x = static_cast<float>(any<A>(random)), y = static_cast<float>(any<B>(random));
    all.add(x, y);
    const float high = std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) &
                                            (~std::uint32_t{0} << (random() % 24)));
    if (i % 4 == 0) {
      all.add(-x, y);
    } else if (i % 16 != 1) {
      all.add(-high, y);
      all.add(high - x, y);
    }
  }
  const auto power = [&](int exponent) {
    const int x = exponent / 2;
    all.add(std::ldexp(random() % 2 == 0 ? 1.0f : -1.0f, x), std::ldexp(1.0f, exponent - x));
  };
  const int top = static_cast<int>(random() % 300) - 150;
  if (random() % 2 == 0) {
    power(top);
    power(top - 24);
    power(top - 25 - static_cast<int>(random() % 100));
  }
  std::vector<std::size_t> order(all.a.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), random);
  Products<A, B> shuffled;
  for (const std::size_t i : order) {
    shuffled.a.push_back(all.a[i]);
    shuffled.b.push_back(all.b[i]);
  }
  return shuffled;
}

template <class A, class B>
void check(Mismatches& bad, const char* name) {
  std::mt19937_64 random(sizeof(A) * 8 + sizeof(B));
  const auto where = [=] { return std::string(name); };
  for (int round = 0; round < 1000; ++round) {
    const auto [a, b] = cancelling<A, B>(random);
    Real sum;
    bool is_exact = true;
    for (std::size_t l = 0; l < a.size(); ++l)
      is_exact &= sum.add_product(static_cast<float>(a[l]), static_cast<float>(b[l]));
    bad.expect(is_exact, where, a.size(), 1, 0);
    const auto expected = std::bit_cast<std::uint32_t>(sum.nearest_float());
    bad.expect_equal(where, a.size(), expected,
                     std::bit_cast<std::uint32_t>(nf::dot(a, b, nf::ExactAccumulator{})));
    std::vector<float> c(1);
    nf::matmul(a, b, c, 1, 1, a.size(), nf::ExactAccumulator{});
    bad.expect_equal(where, a.size(), expected, std::bit_cast<std::uint32_t>(c[0]));
  }
}

/// What the codes and scales of a tensor of one row stand for.
template <class Format>
std::vector<double> values_of(const nf::BlockTensor<Format>& tensor) {
  std::vector<double> all;
  for (std::size_t i = 0; i < tensor.cols(); ++i) {
    const auto element = static_cast<typename Format::element>(tensor.codes()[i]);
    const auto scale = static_cast<float>(tensor.scales()[i / Format::block_size]);
    double value = double{static_cast<float>(element)} * double{scale};
    if constexpr (Format::tensor_scale != nf::TensorScale::none) value *= tensor.tensor_scale();
    all.push_back(value);
  }
  return all;
}

/// Blocks whose scales have any exponents, and the same blocks again with the other sign, but for a
/// number here and there.
template <class Format>
void check_blocks(Mismatches& bad, const char* name) {
  std::mt19937_64 random(Format::block_size);
  for (int round = 0; round < 200; ++round) {
    const std::size_t half = (1 + random() % 8) * Format::block_size, k = 2 * half;
    std::vector<float> x(k), y(k);
    for (std::size_t i = 0; i < half; ++i) {
      const auto spread = static_cast<int>((i / Format::block_size * 37 + random() % 8) % 120) - 60;
      x[i] = std::ldexp(static_cast<float>(random() % 255) - 127, spread);
      y[i] = std::ldexp(static_cast<float>(random() % 255) - 127, spread);
      x[half + i] = random() % 32 == 0 ? x[i] / 2 : -x[i];
      y[half + i] = y[i];
    }
    const auto a = nf::BlockTensor<Format>::quantize(x, 1, k),
               b = nf::BlockTensor<Format>::quantize(y, 1, k);
    const std::vector<double> u = values_of(a), v = values_of(b);
    Real sum;
    bool is_exact = true;
    for (std::size_t l = 0; l < k; ++l) is_exact &= sum.add_product(u[l], v[l]);
    bad.expect(
        is_exact, [=] { return std::string(name); }, k, 1, 0);
    std::vector<float> c(1);
    nf::matmul(a, b, c, 1, 1, k, nf::ExactAccumulator{}, {.b_transposed = true});
    bad.expect_equal([=] { return std::string(name); }, k,
                     std::bit_cast<std::uint32_t>(sum.nearest_float()),
                     std::bit_cast<std::uint32_t>(c[0]));
  }
}

}  // namespace

TEST_CASE("exact products of block tensors agree with MPFR", "[linalg]") {
  Mismatches bad;
  check_blocks<nf::mxfp8_e5m2>(bad, "MXFP8 E5M2");
  check_blocks<nf::mxfp4_e2m1>(bad, "MXFP4");
  check_blocks<nf::mxint8>(bad, "MXINT8");
  check_blocks<nf::nvfp4>(bad, "NVFP4");
  CHECK(bad.report() == "");
}

TEST_CASE("exact sums agree with MPFR: floats and bfloat16", "[linalg]") {
  Mismatches bad;
  check<float, float>(bad, "float");
  check<nf::bfloat16, nf::bfloat16>(bad, "bfloat16");
  check<nf::bfloat16, float>(bad, "bfloat16 and float");
  CHECK(bad.report() == "");
}

TEST_CASE("exact sums agree with MPFR: E5M2 and elements and scales of block formats", "[linalg]") {
  Mismatches bad;
  check<nf::float8_e5m2, nf::float8_e5m2>(bad, "E5M2");
  check<nf::float8_e4m3fn, nf::float8_e4m3fn>(bad, "E4M3");
  check<nf::float8_e5m2, nf::float8_e8m0fnu>(bad, "E5M2 and E8M0");
  check<nf::float4_e2m1fn, nf::float4_e2m1fn>(bad, "E2M1");
  check<nf::float6_e3m2fn, nf::float6_e2m3fn>(bad, "E3M2 and E2M3");
  check<nf::FixedPoint<8, 6>, nf::float8_e4m3fn>(bad, "INT8 and E4M3");
  CHECK(bad.report() == "");
}

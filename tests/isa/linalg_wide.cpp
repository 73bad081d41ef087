// SPDX-License-Identifier: MIT
// Matrix products whose sums are float, double or exact: on every instruction set each element is
// the dot product of its row and column.
#include <narrowfloat/linalg.hpp>
#include <narrowfloat/mx.hpp>

#include <array>
#include <bit>
#include <cstdint>
#include <random>

#include "support/catch.hpp"
#include "support/environments.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

using e4m3 = nf::float8_e4m3fn;
using e5m2 = nf::float8_e5m2;
using bf16 = nf::bfloat16;
using Fused = nf::FusedAccumulator<float>;
using Fused64 = nf::FusedAccumulator<double>;
using Separate = nf::SeparateAccumulator<float>;

enum class Kind { any, normal, tiny, zeros, ones };
constexpr std::array kinds = {Kind::any, Kind::normal, Kind::tiny, Kind::zeros, Kind::ones};

template <class T>
T number_of(std::mt19937_64& random, Kind kind) {
  if constexpr (std::integral<T>) {
    return static_cast<T>(random());
  } else {
    constexpr bool is_float = std::same_as<T, float>;
    using storage = typename nf::detail::number_traits<T>::code;
    using layout = nf::detail::layout_of<T>;
    std::uint64_t code = random() & (layout::sign_mask | (layout::sign_mask - 1));
    const std::uint64_t field = std::uint64_t{layout::sign_mask - 1} >> layout::mantissa_bits;
    if (kind == Kind::normal || (kind == Kind::any && random() % 20 != 0))
      return T(std::normal_distribution<float>()(random));
    if (kind == Kind::tiny)  // products that underflow in a float
      code &= ~((field >> (is_float || layout::exponent_bits > 5 ? 1 : layout::exponent_bits))
                << layout::mantissa_bits);
    if (kind == Kind::zeros && random() % 3 != 0) code &= layout::sign_mask;
    if (kind == Kind::ones && random() % 50 != 0) return T(1.0f);
    return nf::detail::number_traits<T>::from_code(static_cast<storage>(code));
  }
}
template <class T>
std::vector<T> numbers(std::size_t n, std::mt19937_64& random, Kind kind) {
  std::vector<T> all(n);
  for (T& x : all) x = number_of<T>(random, kind);
  return all;
}

template <class T>
std::uint64_t bits_of(T x) {
  if constexpr (sizeof(T) == 4) {
    return std::bit_cast<std::uint32_t>(x);
  } else {
    return std::bit_cast<std::uint64_t>(x);
  }
}

struct Shape {
  std::size_t m, n, k;
};

template <class A, class B, class Acc>
void check(const char* name, const Acc& acc) {
  using T = typename Acc::type;
  std::mt19937_64 random(7);
  Mismatches bad;
  // rows and columns that do not fill a tile, more columns and steps than are laid out at a time,
  // no steps
  for (const Shape& shape :
       {Shape{1, 1, 1}, {7, 37, 9}, {13, 70, 40}, {3, 5, 0}, {2, 600, 3}, {3, 20, 520}}) {
    const auto [m, n, k] = shape;
    for (const Kind kind : kinds) {
      const auto a = numbers<A>(m * k, random, kind);
      const auto b = numbers<B>(k * n, random, kind == Kind::ones ? Kind::normal : kind);
      std::vector<T> c(m * n);
      nf::matmul(a, b, c, m, n, k, acc);
      std::vector<A> row(k);
      std::vector<B> column(k);
      for (std::size_t i = 0; i < m * n; ++i) {
        for (std::size_t l = 0; l < k; ++l) {
          row[l] = a[i / n * k + l];
          column[l] = b[l * n + i % n];
        }
        bad.expect_equal([&] { return name + (" " + std::to_string(shape.k)); }, i,
                         bits_of(nf::dot(row, column, acc)), bits_of(c[i]));
      }
    }
  }
  CHECK(bad.report() == "");
}

}  // namespace

TEST_CASE("exact products: each element is its dot product", "[isa]") {
  check<e4m3, e4m3>("e4m3", nf::ExactAccumulator{});
  check<nf::float4_e2m1fn, e4m3>("e2m1 and e4m3", nf::ExactAccumulator{});
  check<nf::float4_e2m1fn, nf::float6_e2m3fn>("e2m1 and e2m3, as integers", nf::ExactAccumulator{});
  check<nf::float6_e3m2fn, std::int8_t>("e3m2 and int8, as integers", nf::ExactAccumulator{});
  check<std::int8_t, std::int8_t>("int8", nf::ExactAccumulator{});
  check<e5m2, e5m2>("e5m2, in two parts each", nf::ExactAccumulator{});
  check<e5m2, e4m3>("e5m2 in two parts", nf::ExactAccumulator{});
  check<e4m3, nf::float16>("float16 in two parts", nf::ExactAccumulator{});
  check<bf16, e5m2>("bfloat16, a step at a time", nf::ExactAccumulator{});
}

TEST_CASE("sums of integers that int32 does not hold go on in double", "[isa]") {
  constexpr std::size_t k = 140'001, m = 2, n = 3;  // 140,001 * 128^2 is beyond 2^31
  std::mt19937_64 random(3);
  std::vector<std::int8_t> a(m * k, -128), b(k * n, -128);
  for (std::size_t l = 0; l < k; ++l) a[k + l] = static_cast<std::int8_t>(random());
  for (std::size_t l = 0; l < k; ++l) b[l * n + 2] = static_cast<std::int8_t>(random());
  std::vector<double> c(m * n);
  nf::matmul(a, b, c, m, n, k, Fused64{});
  std::vector<float> rounded(m * n);
  nf::matmul(a, b, rounded, m, n, k, nf::ExactAccumulator{});
  for (std::size_t i = 0; i < m * n; ++i) {
    std::int64_t sum = 0;
    for (std::size_t l = 0; l < k; ++l) sum += a[i / n * k + l] * b[l * n + i % n];
    CHECK(c[i] == static_cast<double>(sum));
    CHECK(rounded[i] == static_cast<float>(sum));
  }
}

TEST_CASE("exact products of blocks as integers, and of blocks with NaN for a scale", "[isa]") {
  constexpr std::size_t m = 7, n = 20, k = 131;
  std::mt19937_64 random(4);
  const auto check_blocks = [&]<class A, class B>(std::uint8_t scale) {
    const auto a = nf::BlockTensor<A>::quantize(numbers<float>(m * k, random, Kind::normal), m, k);
    const auto made =
        nf::BlockTensor<B>::quantize(numbers<float>(n * k, random, Kind::normal), n, k);
    std::vector<nf::float8_e8m0fnu> scales(made.scales().begin(), made.scales().end());
    scales[3] = nf::float8_e8m0fnu::from_bits(scale);
    const auto b = nf::BlockTensor<B>::from_parts(made.codes().bytes(), scales, n, k);
    std::vector<float> c(m * n);
    nf::matmul(a, b, c, m, n, k, nf::ExactAccumulator{}, {.b_transposed = true});
    for (std::size_t i = 0; i < m * n; ++i)
      CHECK(bits_of(c[i]) == bits_of(nf::dot(a, i / n, b, i % n, nf::ExactAccumulator{})));
  };
  for (const unsigned bits : {127u, 255u, 1u, 254u}) {
    const auto scale = static_cast<std::uint8_t>(bits);
    check_blocks.operator()<nf::mxfp4_e2m1, nf::mxfp4_e2m1>(scale);
    check_blocks.operator()<nf::mxint8, nf::mxfp6_e2m3>(scale);
  }
}

TEST_CASE("an exact sum that is longer than a double on the way", "[isa]") {
  constexpr std::size_t half = 200'000;  // half * 448^2 > 2^35, beside 2^-18
  std::vector<e4m3> a(2 * half + 1, e4m3(448.0f)), b = a;
  a[half] = b[half] = e4m3(0x1p-9f);
  for (std::size_t l = half + 1; l < a.size(); ++l) a[l] = -a[l];
  std::vector<float> c(1);
  nf::matmul(a, b, c, 1, 1, a.size(), nf::ExactAccumulator{});
  CHECK(c[0] == 0x1p-18f);
}

TEST_CASE("products with sums in float and double: each element is its dot product", "[isa]") {
  check<e4m3, e5m2>("fused e4m3", Fused{});
  check<bf16, bf16>("fused bfloat16", Fused{});
  check<float, float>("fused float", Fused{});
  check<float, bf16>("toward zero", nf::FusedAccumulator<float, nf::TowardZero>{});
  check<float, float>("double", Fused64{});
  check<bf16, float>("separate", Separate{});
}

TEST_CASE("products with chunks of such sums", "[isa]") {
  using nf::ChunkedAccumulator;
  check<e4m3, e4m3>("chunks of 128", ChunkedAccumulator<Fused, Fused>{.chunk = 128});
  check<float, float>("chunks of 7", ChunkedAccumulator<Fused, Fused>{.chunk = 7});
  check<e4m3, e4m3>("exact chunks", ChunkedAccumulator<nf::ExactAccumulator, Fused>{.chunk = 32});
  check<e4m3, bf16>("chunks of 300 in double", ChunkedAccumulator<Fused, Fused64>{.chunk = 300});
  check<e4m3, e4m3>("exact chunks in double",
                    ChunkedAccumulator<nf::ExactAccumulator, Fused64>{.chunk = 32});
  check<bf16, bf16>("chunks of separate roundings",
                    ChunkedAccumulator<Separate, Fused>{.chunk = 64});
}

TEST_CASE("products with options that lanes do not have", "[isa]") {
  check<bf16, bf16>("saturating", Fused{.saturation = nf::Saturation::finite});
  check<bf16, bf16>("flushing", Fused{.subnormals = nf::Subnormals::flush});
  check<nf::Float<4, 3, 200>, float>("numbers below those of float", Fused{});
}

TEST_CASE("wide sums in every floating-point environment", "[isa]") {
  std::mt19937_64 random(9);
  auto a = numbers<float>(4 * 40, random, Kind::tiny);
  const auto b = numbers<float>(40 * 40, random, Kind::normal);
  for (std::size_t l = 0; l < 40; ++l)
    a[l] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(a[l]) & 0x807fffffu);
  const auto subnormal = numbers<nf::Float<4, 3, 140>>(4 * 40, random, Kind::tiny);
  const auto product = [&] {
    std::vector<std::uint64_t> bits;
    const auto multiply = [&](const auto& rows, const auto& acc) {
      std::vector<typename std::remove_cvref_t<decltype(acc)>::type> c(4 * 40);
      nf::matmul(rows, b, c, 4, 40, 40, acc);
      for (const auto x : c) bits.push_back(bits_of(x));
    };
    multiply(a, Fused{});
    multiply(a, Fused64{});
    multiply(a, nf::ChunkedAccumulator<Fused, Fused>{.chunk = 7});
    multiply(subnormal, Fused{});
    return bits;
  };
  check_rounding_modes(product);
  check_flush_flags(product);
  check_unmasked_exceptions(product);
}

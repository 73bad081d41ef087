// SPDX-License-Identifier: MIT
// A block tensor times a vector: on every instruction set each element is the sum of its exact
// products, a step at a time, wherever the scales and the numbers of the vector lie.
#include <narrowfloat/linalg.hpp>
#include <narrowfloat/mx.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <random>

#include "support/catch.hpp"
#include "support/environments.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

using nf::detail::exact;
using Fused = nf::FusedAccumulator<float>;
using Chunks = nf::ChunkedAccumulator<Fused, Fused>;
using signed_scales = nf::BlockFormat<nf::float4_e2m1fn, nf::ExponentInt8, 16>;

/// Near each other, as blocks of one tensor; a few NaN; the ends; of any size; those of zeros among
/// them; where float has no more numbers below.
enum class Scales { near, some_nan, ends, any, zero_blocks, tiny };
/// Of one size; any bits; whose products lie at the ends of float; some Inf or NaN; zeros.
enum class Numbers { normal, any, tiny, huge, special, zeros };
constexpr std::array scale_kinds = {Scales::near, Scales::some_nan,    Scales::ends,
                                    Scales::any,  Scales::zero_blocks, Scales::tiny};
constexpr std::array number_kinds = {Numbers::normal, Numbers::any,     Numbers::tiny,
                                     Numbers::huge,   Numbers::special, Numbers::zeros};

template <class Format>
nf::BlockTensor<Format> tensor_of(std::size_t rows, std::size_t cols, Scales kind,
                                  std::mt19937_64& random) {
  using Scale = typename Format::scale;
  using Tensor = nf::BlockTensor<Format>;
  const Tensor shape = Tensor::quantize(std::vector<float>(rows * cols), rows, cols);
  std::vector<std::uint8_t> codes(shape.codes().size_bytes());
  for (std::uint8_t& code : codes) code = static_cast<std::uint8_t>(random());
  if (kind == Scales::zero_blocks) {
    for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = i / 16 % 3 == 0 ? 0 : codes[i];
  }
  // Of most such blocks of MX; an ExponentInt8 has other codes and more scales.
  std::vector<Scale> scales(shape.scales().size());
  for (std::size_t i = 0; i < scales.size(); ++i) {
    unsigned code = 118 + static_cast<unsigned>(random() % 8);
    if (kind == Scales::some_nan && random() % 20 == 0) code = 255;
    if (kind == Scales::ends) code = random() % 2 == 0 ? 0 : 254;
    if (kind == Scales::any) code = static_cast<unsigned>(random() % 255);
    if (kind == Scales::zero_blocks && i % 3 == 0) code = 0;
    if (kind == Scales::tiny) code = static_cast<unsigned>(random() % 3);
    if (std::same_as<Scale, nf::ExponentInt8>) code -= 127;
    if (!nf::detail::power_of_two_scale<Scale>) code %= 127;
    scales[i] = Scale::from_bits(static_cast<std::uint8_t>(code));
  }
  const float tensor_scale = kind == Scales::ends ? 1.5f : 0x1p-3f;
  return Tensor::from_parts(codes, scales, rows, cols, 1, tensor_scale);
}

std::vector<float> numbers(std::size_t n, Numbers kind, std::mt19937_64& random) {
  std::vector<float> all(n);
  std::normal_distribution<float> normal;
  for (float& x : all) {
    x = normal(random);
    const auto bits = static_cast<std::uint32_t>(random());
    const float any = std::bit_cast<float>(bits);
    if (kind == Numbers::any && (bits >> 23 & 255) != 255) x = any;
    if (kind == Numbers::tiny) x = std::bit_cast<float>(bits & 0x81ffffffu);
    if (kind == Numbers::huge) x *= 0x1p120f;
    if (kind == Numbers::special && random() % 200 == 0)
      x = std::bit_cast<float>((bits & 0x80000000u) | 0x7f800000u | (bits % 3 == 0 ? 1 : 0));
    if (kind == Numbers::zeros || random() % 50 == 0) x = (bits & 1) != 0 ? -0.0f : 0.0f;
  }
  return all;
}

/// The exact values of a row, and of a vector.
template <class Format>
exact value_of(const nf::BlockTensor<Format>& tensor, std::size_t row, std::size_t i,
               nf::Subnormals flush) {
  constexpr auto K = static_cast<std::size_t>(Format::block_size);
  const auto block = tensor.block(row / static_cast<std::size_t>(Format::block_rows), i / K);
  const typename Format::element code = tensor.codes().row(row)[i];
  return nf::detail::product(
      nf::detail::operand_value(code, flush),
      nf::detail::product(nf::detail::exact_float(static_cast<float>(block.scale)),
                          nf::detail::exact_float(tensor.tensor_scale())));
}
template <class T>
exact value_of(const std::vector<T>& x, std::size_t, std::size_t i, nf::Subnormals flush) {
  return nf::detail::operand_value(x[i], flush);
}

template <class Format, class X, class Acc>
void compare(Mismatches& bad, const char* name, const nf::BlockTensor<Format>& a, const X& x,
             const Acc& acc) {
  const nf::Subnormals flush = nf::detail::running_sum<Acc>::subnormals(acc);
  std::vector<float> y(a.rows(), 7.0f);
  nf::matvec(a, x, y, a.rows(), a.cols(), acc);
  for (std::size_t i = 0; i < a.rows(); ++i) {
    nf::detail::running_sum<Acc> sum(acc, i * a.cols());
    for (std::size_t l = 0; l < a.cols(); ++l)
      sum.add(value_of(a, i, l, flush), value_of(x, 0, l, flush));
    bad.expect_equal([&] { return name + (" " + std::to_string(a.cols())); }, i,
                     std::bit_cast<std::uint32_t>(sum.value()), std::bit_cast<std::uint32_t>(y[i]));
  }
}

struct Shape {
  std::size_t m, k;
};
// rows and elements that fill no panel, tile, block or word; several of each
constexpr std::array shapes = {Shape{1, 1},   Shape{33, 7},   Shape{3, 0},
                               Shape{5, 200}, Shape{35, 131}, Shape{2, 1100}};

template <class Format, class Acc>
void check(const char* name, const Acc& acc) {
  std::mt19937_64 random(5);
  Mismatches bad;
  for (std::size_t i = 0; i < shapes.size() * scale_kinds.size(); ++i) {
    const auto [m, k] = shapes[i % shapes.size()];
    const auto a = tensor_of<Format>(m, k, scale_kinds[i / shapes.size()], random);
    const Numbers kind = number_kinds[(i + i / shapes.size()) % number_kinds.size()];
    compare(bad, name, a, numbers(k, kind, random), acc);
  }
  CHECK(bad.report() == "");
}

/// Codes by codes of few bits, whose products float holds.
template <class Format>
void check_codes(const char* name) {
  std::mt19937_64 random(8);
  Mismatches bad;
  for (const auto& [m, k] : shapes) {
    for (const Scales kind : scale_kinds) {
      std::vector<nf::float8_e4m3fn> x(k);
      for (auto& each : x)
        each = nf::float8_e4m3fn::from_bits(static_cast<std::uint8_t>(random() % 3 * 60 + 2));
      compare(bad, name, tensor_of<Format>(m, k, kind, random), x, Fused{});
    }
  }
  CHECK(bad.report() == "");
}

/// Exact sums; the vector has scales of every kind beside those of the matrix.
template <class Format, class Of>
void check_exact(const char* name) {
  std::mt19937_64 random(6);
  Mismatches bad;
  for (const auto& [m, k] : shapes) {
    for (const Scales kind : scale_kinds) {
      const auto a = tensor_of<Format>(m, k, kind, random);
      if constexpr (nf::block_format<Of>) {
        compare(bad, name, a, tensor_of<Of>(1, k, Scales::near, random), nf::ExactAccumulator{});
        compare(bad, name, a, tensor_of<Of>(1, k, kind, random), nf::ExactAccumulator{});
      } else {
        std::vector<Of> x(k);
        for (Of& each : x) {
          if constexpr (std::integral<Of>) {
            each = static_cast<Of>(random());
          } else {  // every code now and then, Inf and NaN among them; in one of two vectors
            const auto code = static_cast<std::uint8_t>(random() % (k % 2 == 0 ? 256 : 100));
            each = Of::from_bits(code);
          }
        }
        compare(bad, name, a, x, nf::ExactAccumulator{});
      }
    }
  }
  CHECK(bad.report() == "");
}

}  // namespace

TEST_CASE("a block tensor times floats: each element is the sum of its exact products", "[isa]") {
  check<nf::mxfp4_e2m1>("mxfp4", Fused{});
  check<nf::mxfp8_e5m2>("mxfp8", Fused{});
  check<nf::mxfp6_e3m2>("mxfp6", Fused{});
  check<nf::mxint8>("mxint8", Fused{});
  check<nf::nvfp4_2d>("nvfp4", Fused{});
  check<signed_scales>("signed scales", Fused{});
}

TEST_CASE("a block tensor times codes", "[isa]") {
  check_codes<nf::mxfp4_e2m1>("mxfp4");
  check_codes<nf::mxfp8_e5m2>("mxfp8");
  check_codes<nf::mxfp6_e3m2>("mxfp6");
  check_codes<nf::mxint8>("mxint8");
}

TEST_CASE("a block tensor times floats under other policies", "[isa]") {
  check<nf::mxfp4_e2m1>("toward zero", nf::FusedAccumulator<float, nf::TowardZero>{});
  check<nf::mxfp4_e2m1>("chunks of 64", Chunks{.chunk = 64});
  check<nf::mxfp4_e2m1>("chunks of 7", Chunks{.chunk = 7});
  check<nf::mxfp4_e2m1>("flushing", Fused{.subnormals = nf::Subnormals::flush});
}

TEST_CASE("exact products of block tensors and vectors of few bits", "[isa]") {
  check_exact<nf::mxfp4_e2m1, nf::mxfp4_e2m1>("mxfp4");
  check_exact<nf::mxfp4_e2m1, nf::mxfp8_e4m3>("mxfp4 and mxfp8");
  check_exact<nf::mxint8, nf::mxint8>("mxint8");
  check_exact<nf::mxint8, nf::mxfp8_e4m3>("mxint8 and mxfp8");
  check_exact<nf::mxfp4_e2m1, std::int8_t>("mxfp4 and int8");
  check_exact<nf::mxfp4_e2m1, nf::float8_e3m4>("mxfp4 and float8_e3m4, which has Inf and NaN");
}

TEST_CASE("an infinity in the vector of an exact product", "[isa]") {
  const auto infinity = nf::float8_e4m3(-std::numeric_limits<float>::infinity());
  std::vector<nf::float8_e4m3> x(32, nf::float8_e4m3(1.0f));
  x[3] = infinity;
  std::vector<float> y(1);
  const auto check = [&](const auto& a, float wanted) {
    nf::matvec(a, x, y, 1, 32, nf::ExactAccumulator{});
    CHECK((wanted != wanted ? y[0] != y[0] : y[0] == wanted));
  };
  const std::vector<float> ones(32, 1.0f), zeros(32, 0.0f);
  check(nf::BlockTensor<nf::mxfp4_e2m1>::quantize(ones, 1, 32), static_cast<float>(infinity));
  check(nf::BlockTensor<nf::mxint8>::quantize(ones, 1, 32), static_cast<float>(infinity));
  check(nf::BlockTensor<nf::mxfp4_e2m1>::quantize(zeros, 1, 32),
        std::numeric_limits<float>::quiet_NaN());
}

TEST_CASE("exact sums that a double holds, and those of one bit more", "[isa]") {
  // 32 * 12 * 12 = 2^12 + 2^9 units, beside them half a step of float, beside that one more bit.
  Mismatches bad;
  using Scale = nf::float8_e8m0fnu;
  std::vector<std::uint8_t> codes(48);
  std::fill_n(codes.begin(), 16, std::uint8_t{0x77});
  codes[16] = 0x01;
  const auto row = [&](unsigned apart, std::uint8_t last) {
    codes[32] = last;
    const std::vector<Scale> scales = {Scale::from_bits(127), Scale::from_bits(127 - 12),
                                       Scale::from_bits(static_cast<std::uint8_t>(127 - apart))};
    return nf::BlockTensor<nf::mxfp4_e2m1>::from_parts(codes, scales, 1, 96);
  };
  const auto x = nf::BlockTensor<nf::mxfp4_e2m1>::from_parts(
      row(0, 0x01).codes().bytes(), std::vector<Scale>(3, Scale::from_bits(127)), 1, 96);
  for (unsigned apart = 12; apart < 120; ++apart) {
    compare(bad, "more", row(apart, 0x01), x, nf::ExactAccumulator{});
    compare(bad, "less", row(apart, 0x09), x, nf::ExactAccumulator{});
  }
  CHECK(bad.report() == "");
}

TEST_CASE("a block tensor times a vector in every floating-point environment", "[isa]") {
  std::mt19937_64 random(9);
  const auto a = tensor_of<nf::mxfp4_e2m1>(40, 70, Scales::near, random),
             tiny = tensor_of<nf::mxfp4_e2m1>(40, 70, Scales::tiny, random),
             row = tensor_of<nf::mxfp4_e2m1>(1, 70, Scales::near, random);
  const auto x = numbers(70, Numbers::normal, random), small = numbers(70, Numbers::tiny, random);
  const auto product = [&] {
    std::vector<float> y(40);
    std::vector<std::uint32_t> bits;
    const auto multiply = [&](const auto& matrix, const auto& vector, const auto& acc) {
      nf::matvec(matrix, vector, y, 40, 70, acc);
      for (const float each : y) bits.push_back(std::bit_cast<std::uint32_t>(each));
    };
    multiply(a, x, Fused{});
    multiply(a, small, Fused{});
    multiply(tiny, x, Fused{});
    multiply(a, x, nf::FusedAccumulator<float, nf::TowardZero>{});
    multiply(a, row, nf::ExactAccumulator{});
    return bits;
  };
  check_rounding_modes(product);
  check_flush_flags(product);
  check_unmasked_exceptions(product);
}

// SPDX-License-Identifier: MIT
// Every code under every scale dequantizes to its exact value, rounded once to the type of the
// output.
#include <cmath>
#include <limits>

#include "support/blocks.hpp"
#include "support/catch.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

/// All codes in one row, packed.
template <class Element>
std::vector<std::uint8_t> all_codes(std::size_t n) {
  nf::PackedVector<Element> codes(n);
  for (std::uint32_t i = 0; i < n; ++i)
    codes[i] = Element::from_bits(static_cast<typename Element::Storage>(i));
  return {codes.bytes().begin(), codes.bytes().end()};
}

template <class To>
std::uint64_t expected_bits(const oracle::Exact& value) {
  if constexpr (std::is_same_v<To, double>)
    return oracle::round_to_f64(value);
  else if constexpr (std::is_same_v<To, float>)
    return oracle::round(oracle::binary32, value, {}, oracle::Saturation::none);
  else
    return oracle::round(oracle_format<To>(), value, {},
                         oracle_saturation(nf::default_saturation<To>));
}

template <class Element, class Scale>
using with_tensor_scale = nf::BlockFormat<Element, Scale, 16, 1, nf::TensorScale::float32>;

/// One scale code in a block of all codes.
template <class Format, class To>
void check_scale(typename Format::scale scale, float tensor_scale, Mismatches& bad) {
  using Element = typename Format::element;
  constexpr std::size_t n = std::size_t{1} << Element::width;
  using Block = nf::BlockFormat<Element, typename Format::scale, static_cast<int>(n), 1,
                                Format::tensor_scale>;
  const auto tensor = nf::BlockTensor<Block>::from_parts(
      all_codes<Element>(n), std::span(&scale, 1), 1, n, 1, tensor_scale);
  std::vector<To> out(n);
  tensor.dequantize(out);
  const oracle::Exact factor = oracle::product(exact_scale(scale), exact_of(tensor_scale));
  const auto element = oracle_element<Element>();
  for (std::uint32_t i = 0; i < n; ++i) {
    const oracle::Exact code = oracle::value(element, i), value = oracle::product(code, factor);
    const bool nan = code.is_nan();  // others are the positive NaN
    const auto got = bits_of(out[i]);
    const std::uint64_t wanted = expected_bits<To>(value);
    bool same = got == wanted;
    if constexpr (std::is_floating_point_v<To>) same = same || (nan && out[i] != out[i]);
    bad.expect(
        same, [] { return name_of<To>(); }, i, wanted, got);
  }
}

}  // namespace

TEST_CASE("every code under every power of two", "[block]") {
  Mismatches bad;
  for_each_format<mx_formats>([&]<class Format>() {
    for (std::uint32_t code = 0; code < 256; ++code) {
      const auto scale = from_code<nf::float8_e8m0fnu>(code);
      check_scale<Format, float>(scale, 1, bad);
      check_scale<Format, double>(scale, 1, bad);
    }
  });
  for (std::uint32_t code = 0; code < 256; ++code) {
    check_scale<nf::BlockFormat<nf::float8_e5m2, nf::ExponentInt8, 1>, float>(
        nf::ExponentInt8::from_bits(static_cast<std::uint8_t>(code)), 1, bad);
    if (code == 255) continue;  // NaN
    check_scale<nf::mxfp4_e2m1, nf::bfloat16>(from_code<nf::float8_e8m0fnu>(code), 1, bad);
    check_scale<nf::mxfp6_e2m3, nf::float16>(from_code<nf::float8_e8m0fnu>(code), 1, bad);
  }
  CHECK(bad.report() == "");
}

TEST_CASE("every code under every scale of two levels", "[block]") {
  Mismatches bad;
  for (const float tensor_scale :
       {1.0f, 0.1f, 3.7e-42f, 0x1p-149f, 2.5e38f, std::bit_cast<float>(0x3eaaaaabu), 7.3e-39f,
        -0.1f, 0.0f, -0.0f, std::numeric_limits<float>::infinity(), std::nanf("")}) {
    for (std::uint32_t code = 0; code < 256; ++code) {
      const auto scale = from_code<nf::float8_e4m3fn>(code);
      check_scale<nf::nvfp4, float>(scale, tensor_scale, bad);
      check_scale<with_tensor_scale<nf::float6_e2m3fn, nf::float8_e4m3fn>, float>(
          scale, tensor_scale, bad);
      check_scale<with_tensor_scale<nf::float4_e2m1fn, float>, float>(nf::convert<float>(scale) / 3,
                                                                      tensor_scale, bad);
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("every code under a float", "[block]") {
  using Format = nf::BlockFormat<nf::float8_e5m2, float, 1>;
  Mismatches bad;
  for (const float scale : {0.0f, 1.0f, -1.0f, 0.1f, 3.7e-45f, 3.0e38f, 1.0f / 0.0f})
    check_scale<Format, float>(scale, 1, bad);
  CHECK(bad.report() == "");
}

TEST_CASE("tile after tile keeps to the kernels", "[block]") {
  // Factors of blocks that there are not, behind the last one, must not decide.
  nf::detail::tile_multiplier<nf::nvfp4> multiplier(16, 0.001f);
  const std::vector<nf::float8_e4m3fn> scales(3, nf::float8_e4m3fn(1));
  for (int tile = 0; tile < 100; ++tile) {
    multiplier.read(scales.data(), 48);
    REQUIRE(multiplier.is_fast() == nf::detail::float_environment::is_known);
  }
}

// SPDX-License-Identifier: MIT
// Presets give the codes of the stacks that they are named after. The tables here were measured on
// the stacks, or follow from their definitions; scripts/compare_stacks compares all casts with a
// stack that is there.
#include <narrowfloat/compat.hpp>

#include <limits>
#include <numeric>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;
namespace compat = nf::compat;

namespace {

float f32(std::uint32_t bits) { return std::bit_cast<float>(bits); }
double f64(std::uint64_t bits) { return std::bit_cast<double>(bits); }

/// The codes of some numbers, which arrays and scalar calls agree on, at every place of an array.
template <class To, class From, class P>
std::vector<std::uint64_t> codes_of(const std::vector<From>& numbers, P preset) {
  std::vector<std::uint64_t> codes;
  for (const From x : numbers) codes.push_back(bits_of(nf::convert<To>(x, preset)));
  std::vector<To> out(numbers.size());
  nf::convert(numbers, out, preset);
  for (std::size_t i = 0; i < out.size(); ++i) CHECK(bits_of(out[i]) == codes[i]);
  return codes;
}
using codes = std::vector<std::uint64_t>;

// Quiet, negative, the least, negative, all ones, and with bits that float16 has in part.
const std::vector<float> float_nans{f32(0x7fc00000), f32(0xffc00000), f32(0x7f800001),
                                    f32(0xff800001), f32(0x7fffffff), f32(0xffa03000)};
const std::vector<double> double_nans{f64(0x7ff8000000000000), f64(0xfff0000000000001),
                                      f64(0xffffffffffffffff)};

// The neighbours of what becomes 448, then 61440 (halfway beyond E5M2), 65536, Inf.
constexpr float inf = std::numeric_limits<float>::infinity();
const std::vector<float> large{448, 464, 465, 480, 57344, 61439, 61440, -65536, inf, -inf};

}  // namespace

TEST_CASE("torch_2: large values, NaN, doubles and powers of two", "[compat]") {
  using nf::float8_e4m3fn, nf::float8_e5m2, nf::float8_e8m0fnu;
  constexpr auto torch = compat::torch_2;
  CHECK(codes_of<float8_e4m3fn>(large, torch) ==
        codes{0x7e, 0x7e, 0x7e, 0x7e, 0x7e, 0x7e, 0x7e, 0xfe, 0x7e, 0xfe});
  CHECK(codes_of<float8_e5m2>(large, torch) ==
        codes{0x5f, 0x5f, 0x5f, 0x60, 0x7b, 0x7b, 0x7c, 0xfc, 0x7c, 0xfc});
  CHECK(codes_of<float8_e5m2>(float_nans, torch) == codes{0x7f, 0xff, 0x7f, 0xff, 0x7f, 0xff});
  CHECK(codes_of<float8_e4m3fn>(float_nans, torch) == codes{0x7f, 0xff, 0x7f, 0xff, 0x7f, 0xff});
  CHECK(codes_of<nf::bfloat16>(float_nans, torch) == codes(6, 0xffff));
  CHECK(codes_of<nf::float16>(float_nans, torch) ==
        codes{0x7e00, 0xfe00, 0x7e00, 0xfe00, 0x7fff, 0xff01});
  CHECK(codes_of<float>(double_nans, torch) == codes{0x7fc00000, 0xffc00000, 0xffffffff});
  CHECK(codes_of<nf::bfloat16>(std::vector{float8_e5m2::from_bits(0xfd)}, torch) == codes{0x7fc0});
  CHECK(codes_of<float>(std::vector{float8_e5m2::from_bits(0xfd), float8_e5m2::from_bits(0x7e)},
                        torch) == codes{0xffe00000, 0x7fc00000});
  CHECK(codes_of<float>(std::vector{float8_e4m3fn::from_bits(0xff)}, torch) == codes{0xfff00000});
  CHECK(codes_of<float>(std::vector{nf::float8_e4m3fnuz::from_bits(0x80)}, torch) ==
        codes{0x7f800001});
  // 1 + 2^-4 + 2^-40 is beyond the tie of E4M3, and on it after a rounding to float.
  CHECK(codes_of<float8_e4m3fn>(std::vector{1.0625 + 0x1p-40}, torch) == codes{0x38});
  CHECK(codes_of<float8_e8m0fnu>(
            std::vector{0.0f, -0.0f, -1.0f, -448.0f, 0x1p-149f, 0x1p-127f, 0x1.000004p-127f,
                        0x1p-126f, 1.49f, 1.5f, 0x1.8p127f, inf, float_nans[0]},
            torch) == codes{0, 0, 127, 136, 0, 0, 1, 1, 127, 128, 255, 255, 255});
}

TEST_CASE("presets: within one format codes are copied", "[compat]") {
  using nf::float8_e8m0fnu, nf::float8_e5m2;
  CHECK(codes_of<float8_e8m0fnu>(
            std::vector{float8_e8m0fnu::from_bits(0), float8_e8m0fnu::from_bits(255)},
            compat::torch_2) == codes{0, 255});
  CHECK(
      codes_of<float8_e5m2>(std::vector{float8_e5m2::from_bits(0xfd), float8_e5m2::from_bits(0x7c)},
                            compat::torch_2) == codes{0xfd, 0x7c});
}

TEST_CASE("ml_dtypes and onnx: NaN without a code is the other zero", "[compat]") {
  constexpr auto ml = compat::ml_dtypes;
  CHECK(codes_of<nf::float8_e4m3fn>(large, ml) ==
        codes{0x7e, 0x7e, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0xff, 0x7f, 0xff});
  CHECK(codes_of<nf::float4_e2m1fn>(float_nans, ml) == codes{8, 0, 8, 0, 8, 0});
  CHECK(codes_of<nf::float6_e2m3fn>(double_nans, ml) == codes{0x20, 0, 0});
  CHECK(codes_of<nf::float6_e3m2fn>(float_nans, ml) == codes{0x20, 0, 0x20, 0, 0x20, 0});
  CHECK(codes_of<nf::float8_e5m2>(float_nans, ml) == codes{0x7e, 0xfe, 0x7e, 0xfe, 0x7e, 0xfe});
  CHECK(codes_of<nf::float16>(float_nans, ml) ==
        codes{0x7e00, 0xfe00, 0x7c01, 0xfc01, 0x7fff, 0xfd01});
  CHECK(codes_of<float>(std::vector{nf::float8_e5m2fnuz::from_bits(0x80)}, ml) ==
        codes{0xffc00000});
  CHECK(codes_of<nf::float8_e5m2>(std::vector{1.125 + 0x1p-40}, ml) == codes{0x3c});  // twice
  CHECK(codes_of<nf::float8_e8m0fnu>(
            std::vector{0.0f, -0.0f, -1.0f, 0x1p-149f, 0x1.000004p-127f, 1.5f, inf}, ml) ==
        codes{255, 255, 255, 0, 1, 128, 255});

  CHECK(codes_of<nf::float8_e5m2fnuz>(large, compat::onnx_saturate)[8] == 0x7f);
  CHECK(codes_of<nf::float8_e5m2fnuz>(large, compat::onnx_wrap)[8] == 0x80);
  CHECK(codes_of<nf::float8_e4m3fn>(large, compat::onnx_saturate)[9] == 0xfe);
  CHECK(codes_of<nf::float8_e4m3fn>(large, compat::onnx_wrap)[2] == 0x7f);
  CHECK(codes_of<nf::float4_e2m1fn>(float_nans, compat::onnx_wrap) == codes{8, 0, 8, 0, 8, 0});
}

TEST_CASE("jax, onnxruntime and hip: what is their own", "[compat]") {
  constexpr auto jax = compat::jax;
  CHECK(codes_of<nf::float8_e5m2>(float_nans, jax) == codes{0x7e, 0xfe, 0x7e, 0xfe, 0x7e, 0xfe});
  CHECK(codes_of<nf::float8_e5m2>(std::vector{nf::float8_e4m3fn::from_bits(0xff)}, jax) ==
        codes{0x7f});
  CHECK(codes_of<nf::float4_e2m1fn>(float_nans, jax) == codes(6, 8));
  CHECK(codes_of<float>(std::vector{nf::float8_e5m2fnuz::from_bits(0x80)}, jax) ==
        codes{0x7fc00000});
  CHECK(codes_of<nf::float8_e5m2>(std::vector{1.125 + 0x1p-40}, jax) == codes{0x3d});  // once
  CHECK(codes_of<nf::bfloat16>(std::vector{nf::float16::from_bits(0xfd01)}, jax) == codes{0xffc0});

  constexpr auto ort = compat::onnxruntime;
  CHECK(codes_of<nf::float8_e5m2>(float_nans, ort) == codes{0x7f, 0xff, 0x7f, 0xff, 0x7f, 0xff});
  CHECK(codes_of<nf::float8_e8m0fnu>(std::vector{0.0f, -3.0f, 0x1p-149f, 1.0f, 1.25f, inf}, ort) ==
        codes{0, 0, 0, 127, 128, 254});
  CHECK(codes_of<nf::float16>(double_nans, ort) == codes{0x7e00, 0xfe00, 0xfe00});

  constexpr auto hip = compat::hip;
  CHECK(codes_of<nf::float8_e4m3fn>(large, hip) ==
        codes{0x7e, 0x7e, 0x7e, 0x7e, 0x7e, 0x7e, 0x7e, 0xfe, 0x7f, 0xff});
  CHECK(codes_of<nf::float8_e5m2>(large, hip)[9] == 0xfc);
  CHECK(codes_of<nf::float8_e4m3fnuz>(large, hip)[9] == 0x80);
  CHECK(codes_of<nf::float8_e5m2>(float_nans, hip) == codes{0x7f, 0xff, 0x7f, 0xff, 0x7f, 0xff});
  CHECK(codes_of<float>(std::vector{nf::float8_e4m3fn::from_bits(0xff)}, hip) == codes{0x7f800001});
}

TEST_CASE("cuda: the codes of NVIDIA's headers", "[compat]") {
  constexpr auto cuda = compat::cuda;
  constexpr auto nosat = compat::cuda_nosat;
  CHECK(codes_of<nf::float8_e4m3fn>(large, cuda)[8] == 0x7e);
  CHECK(codes_of<nf::float8_e4m3fn>(large, nosat) ==
        codes{0x7e, 0x7e, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0xff, 0x7f, 0xff});
  CHECK(codes_of<nf::float8_e5m2>(large, nosat)[6] == 0x7c);
  CHECK(codes_of<nf::float8_e5m2>(float_nans, cuda) == codes(6, 0x7f));
  CHECK(codes_of<nf::float8_e5m2>(double_nans, cuda) == codes{0x7e, 0xfe, 0xff});
  CHECK(codes_of<nf::float8_e4m3fn>(double_nans, cuda) == codes{0x7f, 0xff, 0xff});
  CHECK(codes_of<nf::float6_e3m2fn>(float_nans, cuda) == codes(6, 0x1f));
  CHECK(codes_of<nf::bfloat16>(float_nans, cuda) == codes(6, 0x7fff));
  CHECK(codes_of<nf::float8_e8m0fnu>(
            std::vector{0.0f, -3.0f, 0x1p-149f, 0x1p-127f, 0x1.000004p-127f, 1.0f, 1.25f, inf},
            cuda) == codes{0, 129, 0, 0, 1, 127, 128, 254});
  CHECK(codes_of<nf::float8_e8m0fnu>(std::vector{1.0 + 0x1p-50}, nosat) == codes{128});
}

TEST_CASE("presets: arrays of every length, in place, packed, on every instruction set",
          "[compat]") {
  std::vector<float> numbers(3000);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = i % 97 == 5 ? float_nans[i % 6] : static_cast<float>(i) / 16 - 40;
  for (const nf::Isa isa : nf::all_isas) {
    if (!nf::isa_available(isa)) continue;
    const nf::ScopedIsa scoped(isa);
    Mismatches bad;
    for (const std::size_t n : {0u, 1u, 5u, 6u, 63u, 64u, 65u, 1023u, 1024u, 1025u, 2990u, 3000u}) {
      const std::span in(numbers.data(), n);
      std::vector<nf::bfloat16> wide(n);
      std::vector<nf::float4_e2m1fn> narrow(n);
      nf::PackedVector<nf::float4_e2m1fn> packed(n);
      nf::convert(in, wide, compat::torch_2);
      nf::convert(in, narrow, compat::ml_dtypes);
      nf::convert(in, packed, compat::ml_dtypes);
      std::vector<double> doubles(in.begin(), in.end());
      std::vector<nf::float8_e5m2> through(n);
      nf::convert(doubles, through, compat::torch_2);
      for (std::size_t i = 0; i < n; ++i) {
        const auto four = nf::convert<nf::float4_e2m1fn>(in[i], compat::ml_dtypes);
        const auto where = [] { return std::string("a preset"); };
        bad.expect_equal(where, i, nf::convert<nf::bfloat16>(in[i], compat::torch_2).bits(),
                         wide[i].bits());
        bad.expect_equal(where, i, four.bits(), narrow[i].bits());
        bad.expect_equal(where, i, four.bits(), nf::float4_e2m1fn(packed[i]).bits());
        bad.expect_equal(where, i, nf::convert<nf::float8_e5m2>(in[i], compat::torch_2).bits(),
                         through[i].bits());
      }
    }
    CHECK(bad.report() == "");

    // in the memory of the source: 7f81 is a NaN whose payload float16 keeps
    std::vector<nf::bfloat16> memory(2000, nf::bfloat16::from_bits(0x7f81));
    memory[1030] = nf::bfloat16(1.5f);
    auto* const halves = reinterpret_cast<nf::float16*>(memory.data());
    nf::convert(memory, std::span(halves, memory.size()), compat::torch_2);
    CHECK(halves[0].bits() == 0x7e08);
    CHECK(halves[1030].bits() == 0x3e00);
    CHECK(halves[1999].bits() == 0x7e08);
  }
}

TEST_CASE("presets: constant expressions and errors", "[compat]") {
  constexpr auto array = [] {
    const std::array<float, 3> in{1.0f, 500.0f, std::numeric_limits<float>::quiet_NaN()};
    std::array<nf::float8_e4m3fn, 3> out{};
    nf::convert(in, out, compat::torch_2);
    return out;
  }();
  static_assert(array[0].bits() == 0x38 && array[1].bits() == 0x7e && array[2].bits() == 0x7f);
  static_assert(nf::convert<nf::float8_e8m0fnu>(-448.0f, compat::torch_2).bits() == 136);
  std::vector<nf::float8_e5m2> out(2);
  CHECK_THROWS_WITH(nf::convert(std::vector<float>(3), out, compat::jax),
                    "narrowfloat::convert: the input has 3 elements, the output 2");
  nf::PackedVector<nf::float4_e2m1fn> packed(2);
  CHECK_THROWS_AS(nf::convert(std::vector<float>(3), packed, compat::jax), std::invalid_argument);
}

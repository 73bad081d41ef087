// SPDX-License-Identifier: MIT
// MXFP4 and NVFP4 in GGUF files: ggml's bytes are ggml's numbers, and what it would read as others
// is refused.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <narrowfloat/io/gguf_blocks.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "support/catch.hpp"
#include "support/gguf_file.hpp"

using namespace gguf_file;
using namespace narrowfloat;

namespace {

// MXFP4 rows, one for each scale from 0 to 254: each holds every code twice, in low and in high
// nibbles.
std::string every_mxfp4(int scales) {
  std::string bytes;
  for (int scale = 0; scale < scales; ++scale) {
    bytes += u8(static_cast<unsigned>(scale));
    for (unsigned j = 0; j < 16; ++j) bytes += u8(j | (15 - j) << 4);
  }
  return bytes;
}
// NVFP4 rows, one for each scale from 0 to 126 in one of four blocks, the others 0x38 (1).
std::string every_nvfp4(int scales) {
  std::string bytes;
  for (int scale = 0; scale < scales; ++scale) {
    std::string four(4, '\x38');
    four[static_cast<std::size_t>(scale) % 4] = static_cast<char>(scale);
    bytes += four;
    for (unsigned j = 0; j < 32; ++j) bytes += u8(j % 8 | (15 - j % 8) << 4);
  }
  return bytes;
}

// ggml's doubled E2M1 values; its code of -0 is +0.
constexpr int doubled[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

bool same(float a, float b) { return a == b && std::signbit(a) == std::signbit(b); }

}  // namespace

TEST_CASE("gguf: blocks have ggml's numbers for every code and every scale", "[gguf]") {
  const std::string mx = every_mxfp4(255), nv = every_nvfp4(127);
  const std::string file_of = start(2, 0) + tensor("mx", {32, 17, 15}, 39, 0) +
                              tensor("nv.weight", {64, 127}, 40, (mx.size() + 31) / 32 * 32);
  const gguf::File file = read(padded(file_of) + padded(mx) + nv);
  const auto mxfp4 = gguf::read_blocks<mxfp4_e2m1>(file, "mx");
  REQUIRE((mxfp4.rows() == 255 && mxfp4.cols() == 32));
  const auto nvfp4s = gguf::read_blocks<nvfp4>(file, "nv.weight");
  std::vector<float> numbers(mxfp4.size()), nv_numbers(nvfp4s.size());
  mxfp4.dequantize(numbers);
  nvfp4s.dequantize(nv_numbers);

  std::size_t wrong = 0, zeros = 0;
  const auto check = [&](float got, unsigned code, float half_of_scale) {
    const float expected = static_cast<float>(doubled[code]) * half_of_scale;
    zeros += code == 8;
    wrong += code == 8 ? !same(got, -0.0f) : !same(got, expected);
  };
  for (unsigned i = 0; i < numbers.size(); ++i) {
    const unsigned j = i % 32, code = j < 16 ? j : 31 - j;
    check(numbers[i], code, std::ldexp(1.0f, static_cast<int>(i / 32) - 128));
  }
  for (unsigned i = 0; i < nv_numbers.size(); ++i) {
    const unsigned j = i % 16, code = j < 8 ? j : 23 - j, row = i / 64;
    const unsigned scale = i / 16 % 4 == row % 4 ? row : 0x38;
    const float exact = scale < 8 ? std::ldexp(static_cast<float>(scale), -9)
                                  : std::ldexp(8.0f + static_cast<float>(scale % 8),
                                               static_cast<int>(scale / 8) - 10);
    check(nv_numbers[i], code, exact / 2);
  }
  CHECK(zeros == 255 * 2 + 127 * 4);
  CHECK(wrong == 0);

  gguf::File again;
  gguf::add_blocks(again, "mx", {15, 17, 32}, mxfp4);
  gguf::add_blocks(again, "nv.weight", {127, 64}, nvfp4s);
  CHECK(again.tensors[0].data == file.tensors[0].data);
  CHECK(again.tensors[1].data == file.tensors[1].data);
  CHECK(again.tensors.size() == 2);  // a tensor scale of 1 has no tensor
  CHECK(std::get<std::uint32_t>(*again.find_value("general.quantization_version")) == 2);
}

TEST_CASE("gguf: tensor scales stand beside the weights, one for each expert", "[gguf]") {
  std::vector<float> values(3 * 128);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = std::sin(static_cast<float>(i)) * 1000;
  const auto one = BlockTensor<nvfp4>::quantize(values, 6, 64);
  const auto two = BlockTensor<nvfp4>::quantize(std::vector<float>(384, 3.0f), 6, 64);
  gguf::File file;
  gguf::add_blocks(file, "a.weight", {6, 64}, one);
  gguf::add_blocks(file, "a.weights", {2, 3, 64}, one);
  gguf::add_blocks(file, "exps.weight", {2, 6, 64}, std::vector{one, two});
  CHECK(file.find("a.scale")->shape == std::vector<std::size_t>{1});
  CHECK(file.find("a.scale")->as<float>()[0] == one.tensor_scale());
  CHECK(file.find("a.weights.scale") != nullptr);
  CHECK(file.metadata.size() == 1);

  file = read(bytes_of(file));
  CHECK(gguf::read_blocks<nvfp4>(file, "a.weight") == one);
  CHECK(gguf::read_blocks<nvfp4>(file, "a.weight", 0) == one);
  CHECK(gguf::read_blocks<nvfp4>(file, "a.weights") == one);
  CHECK(gguf::read_blocks<nvfp4>(file, "a.weights", 1).tensor_scale() == one.tensor_scale());
  CHECK(gguf::read_blocks<nvfp4>(file, "exps.weight", 0) == one);
  CHECK(gguf::read_blocks<nvfp4>(file, "exps.weight", 1) == two);
  CHECK(
      reason_of([&] { gguf::read_blocks<nvfp4>(file, "exps.weight"); }) ==
      "tensor \"exps.weight\": has 2 tensor scales: it is a stack, which is read matrix by matrix");
  CHECK(reason_of([&] { gguf::read_blocks<nvfp4>(file, "exps.weight", 2); }) ==
        "tensor \"exps.weight\": shape [2, 6, 64] has no matrix 2");
}
TEST_CASE("gguf: blocks that ggml would read as others are refused", "[gguf]") {
  using MX = BlockTensor<mxfp4_e2m1>;
  using NV = BlockTensor<nvfp4>;
  const std::vector<float> values(128, 1.0f);
  gguf::File file;
  const auto add = [&](const auto& blocks, std::vector<std::size_t> shape) {
    return reason_of([&] { gguf::add_blocks(file, "w", std::move(shape), blocks); });
  };
  const auto nv = [&](int scale, float tensor_scale) {
    const std::vector scales(8, float8_e4m3fn::from_bits(static_cast<std::uint8_t>(scale)));
    return NV::from_parts(std::vector<std::uint8_t>(64), scales, 2, 64, 1, tensor_scale);
  };
  const auto mx = [&](int scale) {
    return MX::from_parts(
        std::vector<std::uint8_t>(64),
        std::vector(4, float8_e8m0fnu::from_bits(static_cast<std::uint8_t>(scale))), 2, 64);
  };
  CHECK(add(mx(254), {2, 65}).find("rows of 65") != std::string::npos);
  CHECK(add(mx(254), {4, 32}) ==
        R"(tensor "w": shape [4, 32] is not that of blocks of 2 x 64 along axis 1)");
  CHECK(add(MX::quantize(values, 2, 64, {.axis = 0}), {2, 64}).find("along axis 0") !=
        std::string::npos);
  CHECK(add(mx(254), {0, 64}) == R"(tensor "w": shape [0, 64] has no elements)");
  CHECK(add(mx(255), {2, 64}).find("scale 0 has the code 255, larger than 254") !=
        std::string::npos);
  CHECK(add(nv(127, 1), {2, 64}).find("scale 0 has the code 127, larger than 126") !=
        std::string::npos);
  CHECK(add(nv(0x81, 1), {2, 64}).find("scale 0 has the code 129") != std::string::npos);
  CHECK(add(nv(1, -1), {2, 64}).find("a tensor scale is negative, Inf or NaN") !=
        std::string::npos);
  CHECK(add(std::vector{nv(1, 1)}, {2, 1, 64}) == no_error);
  CHECK(add(std::vector{nv(1, 1), nv(1, 1)}, {2, 64}).find("is not that of 2 matrices") !=
        std::string::npos);
  REQUIRE(file.tensors.size() == 1);

  const auto read = [&]<class F>(F) { return reason_of([&] { gguf::read_blocks<F>(file, "w"); }); };
  const auto scale = [&](std::vector<std::size_t> shape, const std::vector<float>& scales) {
    file.tensors.resize(1);
    file.tensors.push_back(gguf::make_tensor("w.scale", std::move(shape), scales));
    return read(nvfp4{});
  };
  CHECK(scale({1}, {0}) == no_error);
  CHECK(scale({}, {0.5f}) == no_error);
  CHECK(scale({1}, {-0.0f}) == R"(tensor "w.scale": tensor scale 0 is negative, Inf or NaN)");
  CHECK(scale({2}, {1, HUGE_VALF}).find("tensor scale 1") != std::string::npos);
  CHECK(scale({2}, {1}) == R"(tensor "w.scale": shape [2] with 4 bytes is no row of scales)");
  CHECK(scale({0}, {}).find("no row of scales") != std::string::npos);
  CHECK(scale({1, 1}, {1}).find("no row of scales") != std::string::npos);
  CHECK(scale({3}, {1, 1, 1}) == R"(tensor "w": has 3 tensor scales for 2 matrices)");
  CHECK(reason_of([&] {
          gguf::read_blocks<nvfp4>(file, "w", 1);
        }).find("3 tensor scales for 2 matrices") != std::string::npos);
  const std::vector<std::size_t> stack = std::exchange(file.tensors[0].shape, {2, 64});
  CHECK(scale({2}, {1, 1}) == R"(tensor "w": has 2 tensor scales for 1 matrix)");
  file.tensors[0].shape = stack;
  file.tensors[1].type = gguf::Type::i32;
  CHECK(read(nvfp4{}) == R"(tensor "w.scale": is I32, not F32)");
  CHECK(read(mxfp4_e2m1{}) == R"(tensor "w": is NVFP4, not MXFP4)");
  file.tensors[0].type = gguf::Type::mxfp4;
  file.tensors[0].data.resize(68);
  CHECK(read(mxfp4_e2m1{}) == R"(tensor "w.scale": blocks of MXFP4 have no tensor scale)");
  file.tensors.resize(1);
  CHECK(read(mxfp4_e2m1{}) == no_error);
  file.tensors[0].data[17] = std::byte{0xff};
  CHECK(read(mxfp4_e2m1{}).find("scale 1 has the code 255") != std::string::npos);
  file.tensors[0].data.resize(67);
  CHECK(read(mxfp4_e2m1{}) ==
        R"(tensor "w": shape [2, 1, 64] of MXFP4 has 68 bytes, but its data have 67)");
  file.tensors.clear();
  CHECK(read(mxfp4_e2m1{}) == R"(tensor "w": is not in the file)");
}

// SPDX-License-Identifier: MIT
// Checkpoints of other stacks are read by the bytes that their definitions say, and come back from
// the files that are written under their names; what does not fit together is refused.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <narrowfloat/io/safetensors_blocks.hpp>
#include <narrowfloat/io/safetensors_qlora.hpp>
#include <narrowfloat/loops.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/safetensors_blocks.hpp"
#include "support/safetensors_file.hpp"

namespace {

using namespace narrowfloat;
namespace st = narrowfloat::safetensors;
using Shape = std::vector<std::size_t>;
using Bytes = std::vector<std::uint8_t>;
using deepseek_blocks = BlockFormat<float8_e4m3fn, float, 128, 128>;
using folded_nvfp4 = BlockFormat<float4_e2m1fn, float, 16>;

st::Tensor tensor_of(const std::string& name, st::Dtype dtype, const Shape& shape, Bytes bytes) {
  const auto data = std::as_bytes(std::span(bytes));
  return {name, dtype, shape, {data.begin(), data.end()}};
}
Bytes repeated(const Bytes& bytes, std::size_t times) {
  Bytes all;
  for (std::size_t i = 0; i < times; ++i) all.insert(all.end(), bytes.begin(), bytes.end());
  return all;
}

template <class Tensor>
std::vector<float> numbers_of(const Tensor& tensor) {
  std::vector<float> values(tensor.size());
  tensor.dequantize(values);
  return values;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

template <class Format>
void check_round_trip(const st::BlockNames& names, const Shape& shape, std::size_t rows) {
  const ScratchFile scratch("names.safetensors");
  const auto blocks = blocks_for<Format>(names, rows, shape.back());
  st::File file;
  st::add_blocks(file, "w", shape, blocks, names);
  CHECK(file.metadata.empty());
  st::write(scratch.path, file);
  CAPTURE(st::block_format_name<Format>(), names.codes, names.scales, shape);
  CHECK(st::read_blocks<Format>(st::read(scratch.path), "w", names) == blocks);
  const auto said = st::block_entries<Format>("w", shape, 1, names);
  REQUIRE(said.size() == file.tensors.size());
  for (std::size_t i = 0; i < said.size(); ++i) {
    const st::Tensor& made = file.tensors[i];
    CHECK(said[i] == st::Entry{made.name, made.dtype, made.shape});
  }
}

const st::Dtype u8 = st::Dtype::u8, e4m3 = st::Dtype::f8_e4m3;

}  // namespace

TEST_CASE("safetensors: blocks come back under every stack's names", "[safetensors]") {
  check_round_trip<mxfp4_e2m1>(st::gpt_oss, {2, 3, 64}, 6);
  check_round_trip<mxfp4_e2m1>(st::compressed_tensors, {6, 64}, 6);
  check_round_trip<nvfp4>(st::compressed_tensors, {6, 64}, 6);
  check_round_trip<nvfp4>(st::model_opt, {2, 3, 64}, 6);
  check_round_trip<mxfp8_e4m3>(st::model_opt, {6, 64}, 6);
  check_round_trip<mxfp8_e4m3>(st::mxfp8_u8, {6, 64}, 6);
  check_round_trip<deepseek_blocks>(st::deepseek, {130, 200}, 130);
  check_round_trip<deepseek_blocks>(st::deepseek, {2, 128, 200}, 256);
}

TEST_CASE("safetensors: what every stack's loader finds", "[safetensors]") {
  using Entries = std::vector<st::Entry>;
  const auto& ct = st::compressed_tensors;
  const st::Dtype f32 = st::Dtype::f32;
  CHECK(st::block_entries<mxfp4_e2m1>("w", {2, 3, 64}, 1, st::gpt_oss) ==
        Entries{{"w_blocks", u8, {2, 3, 2, 16}}, {"w_scales", u8, {2, 3, 2}}});
  CHECK(st::block_entries<mxfp4_e2m1>("w", {6, 64}, 1, ct) ==
        Entries{{"w_packed", u8, {6, 32}}, {"w_scale", u8, {6, 2}}});
  CHECK(st::block_entries<nvfp4>("w", {6, 64}, 1, ct) == Entries{{"w_packed", u8, {6, 32}},
                                                                 {"w_scale", e4m3, {6, 4}},
                                                                 {"w_global_scale", f32, {1}}});
  CHECK(st::block_entries<nvfp4>("w", {6, 64}, 1, st::model_opt) ==
        Entries{{"w", u8, {6, 32}}, {"w_scale", e4m3, {6, 4}}, {"w_scale_2", f32, {}}});
  CHECK(st::block_entries<mxfp8_e4m3>("w", {6, 64}, 1, st::mxfp8_u8) ==
        Entries{{"w", e4m3, {6, 64}}, {"w_scale", u8, {6, 2}}});
  CHECK(st::block_entries<deepseek_blocks>("w", {130, 200}, 1, st::deepseek) ==
        Entries{{"w", e4m3, {130, 200}}, {"w_scale_inv", f32, {2, 2}}});
  CHECK(st::block_entries<deepseek_blocks>("w", {3, 256, 200}, 1, st::deepseek) ==
        Entries{{"w", e4m3, {3, 256, 200}}, {"w_scale_inv", f32, {3, 2, 2}}});
}

TEST_CASE("safetensors: gpt-oss' blocks and scales", "[safetensors]") {
  // Two experts of one row of two blocks. A byte holds element 2 i in its low bits; scales are
  // 2^(byte - 127).
  const Bytes codes{0x21, 0x43, 0x65, 0x07, 0xa9, 0xcb, 0xed, 0x8f, 0, 0, 0, 0, 0, 0, 0, 0x70};
  st::File file{{tensor_of("w_blocks", u8, {2, 1, 2, 16}, repeated(codes, 4)),
                 tensor_of("w_scales", u8, {2, 1, 2}, {127, 128, 120, 0})},
                {}};
  const auto blocks = st::read_blocks<mxfp4_e2m1>(file, "w", st::gpt_oss);
  CHECK(blocks.rows() == 2);
  CHECK(blocks.cols() == 64);
  const float row[32] = {0.5f, 1, 1.5f, 2, 3, 4, 6, 0, -0.5f, -1, -1.5f, -2, -3, -4, -6, -0.0f,
                         0,    0, 0,    0, 0, 0, 0, 0, 0,     0,  0,     0,  0,  0,  0,  6};
  std::vector<float> expected;
  for (const float scale : {1.0f, 2.0f, 0x1p-7f, 0x1p-127f})
    for (const float x : row) expected.push_back(x * scale);
  CHECK(same_bits(numbers_of(blocks), expected));

  constexpr st::BlockNames original{.codes = ".blocks",
                                    .scales = ".scales",
                                    .tensor_scale = "",
                                    .layout = st::CodeLayout::blocks};
  file.tensors[0].name = "w.blocks";
  file.tensors[1].name = "w.scales";
  CHECK(st::read_blocks<mxfp4_e2m1>(file, "w", original) == blocks);
}

TEST_CASE("safetensors: compressed-tensors' divisor", "[safetensors]") {
  // One block under the scale 0x3d = 1.625, over 5, which is not 1.625 times 1 / 5.
  st::File file{
      {tensor_of("w_packed", u8, {1, 8}, {0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe}),
       tensor_of("w_scale", e4m3, {1, 1}, {0x3d}), floats("w_global_scale", {1}, {5})},
      {}};
  const float values[] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0.0f, -0.5f, -1, -1.5f, -2, -3, -4, -6};
  std::vector<float> expected;
  for (const float x : values) expected.push_back(x * (1.625f / 5.0f));
  CHECK(same_bits(numbers_of(st::read_blocks<folded_nvfp4>(file, "w", st::compressed_tensors)),
                  expected));
  const auto blocks = st::read_blocks<nvfp4>(file, "w", st::compressed_tensors);
  CHECK(blocks.tensor_scale() == 1.0f / 5.0f);
  const std::vector<float> near = numbers_of(blocks);
  for (std::size_t i = 0; i < near.size(); ++i)
    CHECK(std::abs(near[i] - expected[i]) <= 0x1p-22f * std::abs(expected[i]));

  // The ends of the floats over which 1 is a float, whose product is 1.
  constexpr float least = 0x1.000008p-128f, most = 0x1.fffffp127f, largest = 0x1.fffffep127f;
  for (const float x : {1.0f, 1e-38f, 3e38f, 0.1f, 1.2345f, largest, 0x1p-127f}) {
    float scale = x;
    for (int i = 0; i < 1000; ++i, scale *= 0.999f) {
      const float stored = st::compressed_tensors.stored(scale);
      const float back = 1 / (1 / scale);
      CAPTURE(scale);
      CHECK(stored == (back == 0 ? least : std::isfinite(back) ? back : most));
      CHECK(st::compressed_tensors.stored(stored) == stored);
    }
  }
}

TEST_CASE("safetensors: ModelOpt's scales, and its tensors of zeros", "[safetensors]") {
  // 0x38 is 1, 0x40 is 2; ModelOpt writes zeros as codes of 6 and -6 under the scale 448, or NaN,
  // times 0.
  st::File file{
      {tensor_of("w", u8, {2, 8}, repeated({0x72}, 16)),
       tensor_of("w_scale", e4m3, {2, 1}, {0x38, 0x40}), floats("w_scale_2", {}, {0x1.8p-9f})},
      {}};
  const auto got = numbers_of(st::read_blocks<nvfp4>(file, "w", st::model_opt));
  CHECK(got[0] == 0x1.8p-9f);
  CHECK(got[1] == 6 * 0x1.8p-9f);
  CHECK(got[17] == 12 * 0x1.8p-9f);
  CHECK(same_bits(got, numbers_of(st::read_blocks<folded_nvfp4>(file, "w", st::model_opt))));
  file.tensors[0] = tensor_of("w", u8, {2, 8}, repeated({0xf7}, 16));
  file.tensors[1] = tensor_of("w_scale", e4m3, {2, 1}, {0x7e, 0x7f});
  file.tensors[2] = floats("w_scale_2", {}, {0});
  const auto zeros = st::read_blocks<nvfp4>(file, "w", st::model_opt);
  for (const auto& values :
       {numbers_of(zeros), numbers_of(st::read_blocks<folded_nvfp4>(file, "w", st::model_opt))}) {
    for (std::size_t i = 0; i < 16; ++i) CHECK(values[i] == 0);
    for (std::size_t i = 16; i < 32; ++i) CHECK(std::isnan(values[i]));
  }
  st::File again;
  st::add_blocks(again, "w", {2, 16}, zeros, st::model_opt);
  CHECK(again.tensors[2].data == file.tensors[2].data);
}

TEST_CASE("safetensors: DeepSeek's and MXFP8's scales", "[safetensors]") {
  // 0x38 is 1, 0xb9 -1.125; rows 128 and 129 are blocks of their own.
  st::File file{{tensor_of("w", e4m3, {130, 130}, repeated({0x38, 0xb9}, 130 * 65)),
                 floats("w_scale_inv", {2, 2}, {0.1f, 0.3f, 7, 1e-40f})},
                {}};
  const auto got = numbers_of(st::read_blocks<deepseek_blocks>(file, "w", st::deepseek));
  CHECK(got[0] == 0.1f);
  CHECK(got[127 * 130 + 129] == -1.125f * 0.3f);
  CHECK(got[128 * 130 + 1] == -1.125f * 7);
  CHECK(got[129 * 130 + 128] == 1e-40f);

  file = {{tensor_of("w", e4m3, {1, 64}, repeated({0x38, 0xb9}, 32)),
           tensor_of("w_scale_inv", u8, {1, 2}, {126, 130})},
          {}};
  const auto mx = numbers_of(st::read_blocks<mxfp8_e4m3>(file, "w", st::mxfp8_u8));
  CHECK(mx[1] == -0.5625f);
  CHECK(mx[33] == -9);
  file.tensors.push_back(file.tensors[1]);
  file.tensors[2].name = "w_scale";
  CHECK(reason_of([&] { st::read_blocks<mxfp8_e4m3>(file, "w", st::mxfp8_u8); }) ==
        "tensor \"w_scale\": is in the file, and so is \"w_scale_inv\"");
}

TEST_CASE("safetensors: bitsandbytes' 4-bit tensors", "[safetensors]") {
  // Two blocks of 32 elements, the first of a byte in its high bits: codes 15 and 0 are 1 and -1 in
  // NF4.
  const std::string text =
      R"({"quant_type": "nf4", "blocksize": 32, "dtype": "bfloat16", "shape": [5, 7]})";
  st::File file{
      {tensor_of("w", u8, {18, 1}, repeated({0xf0, 0x7f}, 9)), floats("w.absmax", {2}, {3, 0.1f}),
       st::make_tensor("w.quant_map", {16}, nf4_codebook().values()),
       tensor_of("w.quant_state.bitsandbytes__nf4", u8, {text.size()},
                 Bytes(text.begin(), text.end()))},
      {}};
  const st::QloraTensor read = st::read_qlora(file, "w");
  CHECK(read.shape == Shape{5, 7});
  CHECK(read.dtype == "bfloat16");
  std::vector<float> expected;
  for (std::size_t i = 0; i < 35; ++i)
    expected.push_back(std::vector{1.0f, -1.0f, 0.0f, 1.0f}[i % 4] * (i < 32 ? 3 : 0.1f));
  CHECK(same_bits(numbers_of(read.tensor), expected));

  for (const bool nested : {false, true}) {
    for (const Codebook& book : {nf4_codebook(), fp4_bitsandbytes_codebook()}) {
      const CodebookOptions options{.pipeline = CodebookPipeline::bitsandbytes,
                                    .nibbles = NibbleOrder::high_first,
                                    .nested = nested};
      CodebookOptions low = options;
      low.nibbles = NibbleOrder::low_first;
      const auto tensor = CodebookTensor::quantize(numbers(20001), book, options);
      st::File one, other;
      st::add_qlora(one, "w", {tensor, {3, 6667}, "float32"});
      st::add_qlora(other, "w",
                    {CodebookTensor::quantize(numbers(20001), book, low), {3, 6667}, "float32"});
      CAPTURE(nested, one.tensors.back().name);
      CHECK(one.tensors.size() == (nested ? 6u : 4u));
      for (const st::File& each : {one, other}) {
        const st::QloraTensor back = st::read_qlora(each, "w");
        CHECK(back.tensor == tensor);
        CHECK(back.shape == Shape{3, 6667});
        CHECK(back.dtype == "float32");
      }
    }
  }
}

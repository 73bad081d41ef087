// SPDX-License-Identifier: MIT
// A block tensor goes into a safetensors file as codes, scales and metadata, and comes back the
// same; what does not fit together is refused.
#include <cstddef>
#include <functional>
#include <limits>
#include <narrowfloat/io/safetensors_blocks.hpp>
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

template <class Format>
BlockTensor<Format> blocks_of(std::size_t rows, std::size_t cols, int axis = 1) {
  return BlockTensor<Format>::quantize(numbers(rows * cols), rows, cols, {.axis = axis});
}

template <class Format>
void check_round_trip(const Shape& shape, std::size_t rows, int axis, const Shape& scale_shape) {
  const ScratchFile scratch("blocks.safetensors");
  const auto blocks = blocks_of<Format>(rows, shape.back(), axis);
  st::File file;
  st::add_blocks(file, "w", shape, blocks, "floor");
  CHECK(file.metadata.at("w.format") == st::block_format_name<Format>());
  CHECK(file.metadata.at("w.rule") == "floor");
  st::write(scratch.path, file);
  const st::File back = st::read(scratch.path);
  CAPTURE(file.metadata.at("w.format"), shape);
  CHECK(back.find("w")->shape == shape);
  CHECK(back.find("w_scale")->shape == scale_shape);
  CHECK((back.find("w_scale_2") != nullptr) == (Format::tensor_scale != TensorScale::none));
  CHECK(st::read_blocks<Format>(back, "w") == blocks);
}

// The file of an nvfp4 matrix of 4 x 32, changed.
std::string refused(const std::function<void(st::File&)>& change) {
  st::File file;
  st::add_blocks(file, "w", {4, 32}, blocks_of<nvfp4>(4, 32));
  change(file);
  return reason_of([&] { st::read_blocks<nvfp4>(file, "w"); });
}

}  // namespace

TEST_CASE("safetensors: block tensors come back in every format", "[safetensors]") {
  const Shape shape{2, 3, 64}, two{2, 3, 2};
  check_round_trip<mxfp8_e4m3>(shape, 6, 1, two);
  check_round_trip<mxfp8_e5m2>(shape, 6, 1, two);
  check_round_trip<mxfp6_e2m3>(shape, 6, 1, two);
  check_round_trip<mxfp6_e3m2>(shape, 6, 1, two);
  check_round_trip<mxfp4_e2m1>(shape, 6, 1, two);
  check_round_trip<mxint8>(shape, 6, 1, two);
  check_round_trip<nvfp4>(shape, 6, 1, {2, 3, 4});
  check_round_trip<nvfp4_2d>({40, 24}, 40, 1, {3, 2});
  check_round_trip<BlockFormat<float8_e4m3fn, float, 128, 128>>({130, 256}, 130, 1, {2, 2});
}

TEST_CASE("safetensors: block tensors come back in every shape", "[safetensors]") {
  check_round_trip<mxfp4_e2m1>({64}, 1, 1, {2});
  check_round_trip<mxfp4_e2m1>({40, 4}, 40, 0, {2, 4});
  check_round_trip<mxfp4_e2m1>({4, 33}, 4, 1, {4, 2});  // rows that end within a byte
  check_round_trip<mxfp6_e3m2>({8, 5}, 8, 1, {8, 1});
}

TEST_CASE("safetensors: the names and metadata of a block tensor", "[safetensors]") {
  st::File file;
  st::add_blocks(file, "w", {4, 32}, blocks_of<nvfp4>(4, 32));
  REQUIRE(file.tensors.size() == 3);
  CHECK(file.tensors[0].dtype == st::Dtype::f4);
  CHECK(file.tensors[1].dtype == st::Dtype::f8_e4m3);
  CHECK(file.tensors[2].dtype == st::Dtype::f32);
  CHECK(file.tensors[2].shape.empty());
  CHECK(file.metadata == std::map<std::string, std::string>{
                             {"w.format", "nvfp4"}, {"w.block_size", "16"}, {"w.axis", "-1"}});
  st::File square;
  st::add_blocks(square, "w", {32, 32}, blocks_of<nvfp4_2d>(32, 32, 0));
  CHECK(square.metadata.at("w.block_size") == "16x16");
  CHECK(square.metadata.at("w.axis") == "-2");
  CHECK(st::block_format_name<BlockFormat<float8_e4m3fn, float, 128>>() == "F8_E4M3 by F32");
}

TEST_CASE("safetensors: codes as pairs and scales as bytes are read", "[safetensors]") {
  const auto blocks = blocks_of<mxfp4_e2m1>(4, 64);
  st::File file;
  st::add_blocks(file, "w", {4, 64}, blocks);
  file.metadata.clear();
  file.tensors[0].dtype = st::Dtype::u8;
  file.tensors[0].shape = {4, 32};
  file.tensors[1].dtype = st::Dtype::u8;
  CHECK(st::read_blocks<mxfp4_e2m1>(file, "w") == blocks);
}

TEST_CASE("safetensors: blocks that do not fit together are refused", "[safetensors]") {
  const auto scale_2 = [](float value) {
    return [value](st::File& file) {
      file.tensors[2] = st::make_tensor("w_scale_2", {}, std::vector{value});
    };
  };
  const auto says = [](const std::string& key, const std::string& value) {
    return [=](st::File& file) { file.metadata["w." + key] = value; };
  };
  const std::vector<std::pair<std::function<void(st::File&)>, std::string>> cases{
      {[](st::File&) {}, no_error},
      {[](st::File& f) { f.tensors[0].name = "v"; }, R"(tensor "w": is not in the file)"},
      {[](st::File& f) { f.tensors[1].name = "v"; }, R"(tensor "w_scale": is not in the file)"},
      {[](st::File& f) { f.tensors.pop_back(); }, R"(tensor "w_scale_2": is not in the file)"},
      {[](st::File& f) { f.tensors[0].dtype = st::Dtype::i8; }, R"(tensor "w": is I8, not F4)"},
      {[](st::File& f) { f.tensors[0].shape = {128}; },
       R"(tensor "w_scale": has the shape [4, 2], not [8])"},
      {[](st::File& f) { f.tensors[0].shape = {}; }, "has 4 bits, not whole bytes"},
      {[](st::File& f) {
         f.tensors[0].shape = {std::size_t{1} << 53, 0};
         f.tensors[0].data.clear();
       },
       "shape [9007199254740992, 0] has no elements"},
      {[](st::File& f) { f.tensors[0].data.pop_back(); }, "has 64 bytes, but its data have 63"},
      {[](st::File& f) { f.tensors[1].dtype = st::Dtype::f8_e5m2; },
       R"(tensor "w_scale": is F8_E5M2, not F8_E4M3)"},
      {[](st::File& f) {
         f.tensors[1].shape = {4, 1};
       },
       "has the shape [4, 1], not [4, 2]"},
      {[](st::File& f) { f.tensors[1].data.resize(7); }, "has 8 bytes, but its data have 7"},
      {[](st::File& f) { f.tensors[1].data[5] |= std::byte{0x80}; },
       R"(tensor "w_scale": scale 5 is negative)"},
      {[](st::File& f) { f.tensors[2].shape = {1}; }, no_error},
      {[](st::File& f) {
         f.tensors[2].shape = {1, 1};
       },
       "has the shape [1, 1], not []"},
      {scale_2(0), R"(tensor "w_scale_2": a tensor scale is positive and finite)"},
      {scale_2(-1), "positive and finite"},
      {scale_2(std::numeric_limits<float>::infinity()), "positive and finite"},
      {scale_2(std::numeric_limits<float>::quiet_NaN()), "positive and finite"},
      {says("format", "mxfp4_e2m1"),
       R"(tensor "w": its format is "mxfp4_e2m1" by the metadata, not "nvfp4")"},
      {says("block_size", "32"), R"(its block_size is "32" by the metadata, not "16")"},
      {says("axis", "1"), R"(its axis is "1", neither "-1" nor "-2")"},
      {says("axis", "-2"), R"(tensor "w_scale": has the shape [4, 2], not [1, 32])"},
      {says("rule", "anything"), no_error}};
  for (const auto& [change, reason] : cases) {
    const std::string got = refused(change);
    CAPTURE(got, reason);
    CHECK(got.find(reason) != got.npos);
  }

  st::File file;
  st::add_blocks(file, "w", {4, 32}, blocks_of<mxfp4_e2m1>(4, 32));
  file.tensors.push_back(st::make_tensor("w_scale_2", {}, std::vector{1.0f}));
  CHECK(reason_of([&] { st::read_blocks<mxfp4_e2m1>(file, "w"); }) ==
        "tensor \"w_scale_2\": mxfp4_e2m1 has no tensor scale");
}

TEST_CASE("safetensors: blocks under a shape that is not theirs are not added", "[safetensors]") {
  st::File file;
  const auto reason = [&](const Shape& shape, std::size_t rows, std::size_t cols, int axis = 1) {
    return reason_of(
        [&] { st::add_blocks(file, "w", shape, blocks_of<mxfp4_e2m1>(rows, cols, axis)); });
  };
  CHECK(reason({64, 2}, 2, 64) == "tensor \"w\": shape [64, 2] is not that of blocks of 2 x 64");
  CHECK(reason({2, 64}, 2, 32) == "tensor \"w\": shape [2, 64] is not that of blocks of 2 x 32");
  CHECK(reason({3, 3}, 3, 3).find("has 36 bits, not whole bytes") != std::string::npos);
  CHECK(reason({2, 2, 32}, 4, 32, 0) ==
        "tensor \"w\": shape [2, 2, 32]: blocks that span rows are those of a matrix");
  CHECK(file.tensors.empty());
  CHECK(file.metadata.empty());
}

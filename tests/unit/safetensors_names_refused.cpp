// SPDX-License-Identifier: MIT
// What does not fit the names of a stack, or another's, is refused with the name of the tensor.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
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
using deepseek_blocks = BlockFormat<float8_e4m3fn, float, 128, 128>;
const st::Dtype e4m3 = st::Dtype::f8_e4m3;

}  // namespace

TEST_CASE("safetensors: what does not fit a stack's layout is refused", "[safetensors]") {
  using Change = std::function<void(st::File&)>;
  const auto refused = [](auto format, const st::BlockNames& names, const Change& change) {
    using Format = decltype(format);
    st::File file;
    st::add_blocks(file, "w", {4, 32}, blocks_for<Format>(names, 4, 32), names);
    change(file);
    return reason_of([&] { st::read_blocks<Format>(file, "w", names); });
  };
  const auto global = [&](float value, const st::BlockNames& names) {
    return refused(nvfp4{}, names,
                   [&](st::File& f) { f.tensors[2].data = floats("", {}, {value}).data; });
  };
  const auto& ct = st::compressed_tensors;
  constexpr float inf = std::numeric_limits<float>::infinity();
  const std::string divisor = "tensor \"w_global_scale\": ",
                    usable = "a tensor scale is positive and finite, not ";
  CHECK(global(3, ct) == no_error);
  CHECK(global(0, ct) == divisor + usable + "0");
  CHECK(global(-2, ct) == divisor + usable + "-2");
  CHECK(global(inf, ct) == divisor + usable + "inf");
  CHECK(global(-std::numeric_limits<float>::quiet_NaN(), ct) == divisor + usable + "-nan");
  CHECK(global(0x1p-140f, ct) == divisor + "1 / 7.17e-43 is beyond the floats");
  CHECK(global(-0.0f, st::model_opt) == "tensor \"w_scale_2\": " + usable + "-0");
  const auto cases = [&](auto format, const st::BlockNames& names,
                         const std::vector<std::pair<Change, std::string>>& all) {
    for (const auto& [change, reason] : all) {
      const std::string got = refused(format, names, change);
      CAPTURE(got, reason);
      CHECK(got.find(reason) != got.npos);
    }
  };
  const auto rename = [](std::size_t i) { return [i](st::File& f) { f.tensors[i].name = "v"; }; };
  const auto shape = [](std::size_t i, const Shape& s) {
    return [i, s](st::File& f) { f.tensors[i].shape = s; };
  };
  const auto dtype = [](std::size_t i, st::Dtype d) {
    return [i, d](st::File& f) { f.tensors[i].dtype = d; };
  };
  cases(mxfp4_e2m1{}, st::gpt_oss,
        {{rename(0), R"(tensor "w_blocks": is not in the file)"},
         {rename(1), R"(tensor "w_scales": is not in the file)"},
         {dtype(0, st::Dtype::f4), R"(tensor "w_blocks": is F4, not U8)"},
         {shape(0, {4, 2, 8}),
          R"(tensor "w_blocks": has the shape [4, 2, 8], not [..., blocks, 16])"},
         {shape(0, {64}), R"(tensor "w_blocks": has the shape [64], not)"},
         {shape(0, {2, 2, 16}), R"(tensor "w_scales": has the shape [4, 1], not [2, 2])"},
         {dtype(1, st::Dtype::i8), R"(tensor "w_scales": is I8, not F8_E8M0)"},
         {[](st::File& f) { f.tensors[1].data.pop_back(); }, "has 4 bytes, but its data have 3"}});
  cases(nvfp4{}, ct,
        {{rename(2), divisor + "is not in the file"},
         {dtype(0, e4m3), R"(tensor "w_packed": is F8_E4M3, not F4)"},
         {shape(1, {2, 4}), R"(tensor "w_scale": has the shape [2, 4], not [4, 2])"},
         {[](st::File& f) { f.tensors[1].data[3] |= std::byte{0x80}; },
          R"(tensor "w_scale": scale 3 is negative)"}});
  cases(deepseek_blocks{}, st::deepseek,
        {{rename(1), R"(tensor "w_scale_inv": is not in the file)"},
         {shape(1, {1}), R"(tensor "w_scale_inv": has the shape [1], not [1, 1])"}});
  cases(mxfp8_e4m3{}, st::mxfp8_u8,
        {{rename(1), R"(tensor "w_scale": is not in the file, nor is "w_scale_inv")"}});

  st::File file;
  const auto added = [&](auto blocks, const Shape& as, const st::BlockNames& names) {
    return reason_of([&] { st::add_blocks(file, "w", as, blocks, names); });
  };
  const auto nv = BlockTensor<nvfp4>::quantize(numbers(64), 2, 32, {.tensor_scale = 0x1.e6666ap0f});
  CHECK(added(nv, {2, 32}, ct) == divisor +
                                      "the tensor scale 1.9000002 is 1 over no float: quantize "
                                      "with tensor_scale = stored(it), which is 1.9000001");
  for (const float scale : {0x1.000008p-128f, 0x1.fffffp127f}) {  // no divisor is farther from 1
    const auto far = BlockTensor<nvfp4>::quantize(numbers(64), 2, 32, {.tensor_scale = scale});
    st::File made;
    st::add_blocks(made, "w", {2, 32}, far, ct);
    CHECK(st::read_blocks<nvfp4>(made, "w", ct) == far);
  }
  CHECK(added(nv, {2, 32}, st::gpt_oss) ==
        "tensor \"w_blocks\": these names have no tensor scale, which nvfp4 has");
  const auto mx = [](std::size_t rows, std::size_t cols, int axis = 1) {
    return BlockTensor<mxfp4_e2m1>::quantize(numbers(rows * cols), rows, cols, {.axis = axis});
  };
  CHECK(added(mx(2, 48), {2, 48}, st::gpt_oss) ==
        "tensor \"w_blocks\": shape [2, 48]: rows of 48 codes are no whole blocks");
  CHECK(added(mx(2, 33), {2, 33}, ct) ==
        "tensor \"w_packed\": shape [2, 33]: rows of 33 codes are no whole bytes");
  CHECK(added(mx(32, 32, 0), {32, 32}, ct) ==
        "tensor \"w_packed\": blocks down the columns need metadata, which these names have not");
  CHECK(file.tensors.empty());
}

TEST_CASE("safetensors: codes that do not lie in blocks of bytes are not read so",
          "[safetensors]") {
  const auto refused = [](auto format, const Shape& codes, const Shape& scales) {
    const st::File file{{st::make_tensor("w_blocks", codes, std::vector<std::uint8_t>(codes[1])),
                         st::make_tensor("w_scales", scales, std::vector<std::uint8_t>(scales[1]))},
                        {}};
    return reason_of([&] { st::read_blocks<decltype(format)>(file, "w", st::gpt_oss); });
  };
  const std::string reason =
      "tensor \"w_blocks\": these names are for blocks of codes of 4 bits that fill bytes";
  using sixes = BlockFormat<float6_e2m3fn, float8_e8m0fnu, 2>;
  using odd = BlockFormat<float4_e2m1fn, float8_e8m0fnu, 3>;
  CHECK(refused(sixes{}, {1, 100001, 1}, {1, 100001}) == reason);
  CHECK(refused(odd{}, {1, 100001, 1}, {1, 100001}) == reason);
  CHECK(refused(mxfp8_e4m3{}, {1, 16, 1}, {1, 1}) == reason);
}

TEST_CASE("safetensors: what bitsandbytes would not read, or wrote otherwise, is refused",
          "[safetensors]") {
  const auto made = [](bool nested) {
    return CodebookTensor::quantize(numbers(130), nf4_codebook(), {.nested = nested});
  };
  const std::string state = "w.quant_state.bitsandbytes__nf4", said = "tensor \"" + state + "\": ";
  const auto refused = [&](bool nested, const std::function<void(st::File&)>& change) {
    st::File file;
    st::add_qlora(file, "w", {made(nested), {10, 13}});
    change(file);
    return reason_of([&] { st::read_qlora(file, "w"); });
  };
  const auto without = [](const std::string& name) {
    return [name](st::File& f) {
      std::erase_if(f.tensors, [&](const st::Tensor& t) { return t.name == name; });
    };
  };
  const auto resaid = [&](const std::string& text) {
    return [text](st::File& f) {
      const auto bytes = std::as_bytes(std::span(text));
      f.tensors.back().data.assign(bytes.begin(), bytes.end());
    };
  };
  const auto shortened = [](std::size_t i) {
    return [i](st::File& f) { f.tensors[i].data.resize(f.tensors[i].data.size() - 4); };
  };
  const std::string rest = R"("dtype": "float32", "shape": [10, 13])";
  const std::string usual = R"({"quant_type": "nf4", "blocksize": 64, )" + rest + "}";
  CHECK(refused(false, resaid(usual)) == no_error);
  CHECK(refused(true, [](st::File&) {}) == no_error);
  CHECK(refused(false, without("w")) == "tensor \"w\": is not in the file");
  CHECK(refused(false, without("w.absmax")) == "tensor \"w.absmax\": is not in the file");
  CHECK(refused(false, without(state)) ==
        said + "is not in the file, nor is \"w.quant_state.bitsandbytes__fp4\"");
  CHECK(refused(true, resaid(usual)) == "tensor \"w.absmax\": is U8, not F32");
  CHECK(refused(false, resaid("{\"quant_type\": ")) == said + "holds no JSON object");
  CHECK(refused(false, resaid("{" + rest + "}")) == said + "has no text \"quant_type\"");
  CHECK(refused(false, resaid(R"({"quant_type": "fp4", "blocksize": 64})")) ==
        said + "its quant_type is \"fp4\"");
  CHECK(refused(false, resaid(R"({"quant_type": "nf4", "blocksize": -64, )" + rest + "}")) ==
        said + "its blocksize holds -64, not a whole number from 1 to 2^53");
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  CHECK(
      refused(false, resaid(R"({"quant_type": "nf4", "blocksize": )" + deep + ", " + rest + "}")) ==
      said + "its blocksize holds a value of type array, not a whole number from 1 to 2^53");
  CHECK(refused(false,
                resaid(R"({"quant_type": "nf4", "dtype": "float32", "shape": )" + deep + "}")) ==
        said + "its shape holds a value of type array, not a whole number from 1 to 2^53");
  CHECK(refused(false, resaid(R"({"quant_type": "nf4", "shape": [1], "dtype": "float64"})")) ==
        said + "bitsandbytes has no dtype \"float64\"");
  CHECK(refused(false, resaid(R"({"quant_type": "nf4", "blocksize": 128, )" + rest + "}")) ==
        "tensor \"w.absmax\": has 12 bytes, not those of 2 elements");
  CHECK(refused(false,
                resaid(R"({"quant_type": "nf4", "blocksize": 64, "dtype": "float32", "shape": )"
                       "[4294967296, 4294967296]}")) ==
        said + "the shape has too many elements to count");
  CHECK(refused(true, resaid(usual.substr(0, usual.size() - 1) +
                             R"(, "nested_blocksize": 256, "nested_offset": 1e39})")) ==
        said + "its nested_offset is beyond the floats");
  CHECK(refused(true, resaid(usual.substr(0, usual.size() - 1) +
                             R"(, "nested_blocksize": 64, "nested_offset": 1})")) ==
        said + "its nested_blocksize is not 256");
  CHECK(refused(false, shortened(0)) == "tensor \"w\": has 61 bytes, not those of 65 elements");
  CHECK(refused(false, shortened(1)) ==
        "tensor \"w.quant_map\": has 60 bytes, not those of 16 elements");
  CHECK(refused(false, [](st::File& f) {
          f.tensors[1] = floats("w.quant_map", {16}, std::vector<float>(16));
        }).find("the 16 values of a code-book are all") != std::string::npos);

  st::File file;
  const auto added = [&](st::QloraTensor tensor) {
    return reason_of([&] { st::add_qlora(file, "w", tensor); });
  };
  CHECK(added({made(false), {10, 12}}) ==
        "tensor \"w\": the shape has 120 elements, the tensor 130");
  CHECK(added({made(false), {130}, "float64"}) ==
        "tensor \"w\": bitsandbytes has no dtype \"float64\"");
  CHECK(added({CodebookTensor::quantize(numbers(130), af4_codebook()), {130}}) ==
        "tensor \"w\": bitsandbytes has the code-books nf4 and fp4 alone");
  CHECK(added({CodebookTensor::quantize(numbers(130), nf4_codebook(), {.block_size = 48}),
               {130}}) == "tensor \"w\": bitsandbytes has no blocks of 48");
  CHECK(file.tensors.empty());
}

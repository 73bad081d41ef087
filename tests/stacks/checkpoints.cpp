// SPDX-License-Identifier: MIT
// Writes a checkpoint in the layout of every stack, with the numbers that are read back; reads
// those of the stacks. What scripts/check_checkpoints compares.
//
//   checkpoints write FOLDER    FOLDER/LAYOUT.FORMAT.safetensors: "w" and, as F32, "expected"
//   checkpoints read FILE LAYOUT FORMAT OUTPUT  the numbers of "w", as F32 without a header
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <narrowfloat/io/safetensors_blocks.hpp>
#include <narrowfloat/io/safetensors_qlora.hpp>
#include <narrowfloat/loops.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace nf = narrowfloat;
namespace st = narrowfloat::safetensors;
using nf::float4_e2m1fn, nf::float8_e4m3fn;

/// Spread over 40 binades, a block of zeros now and then.
std::vector<float> numbers(std::size_t n) {
  std::vector<float> values(n);
  std::uint64_t state = 1;
  for (std::size_t i = 0; i < n; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const auto word = static_cast<std::uint32_t>(state >> 32);
    const float digits = static_cast<float>(static_cast<std::int32_t>(word)) * 0x1p-31f;
    values[i] = i / 64 % 17 == 3 ? 0 : std::ldexp(digits, -static_cast<int>(i / 32 * 7 % 40) / 3);
  }
  return values;
}

/// What `Format` holds, read as the stacks compute: by scales that are rounded to float.
template <class Format>
struct as_read {
  using type = Format;
};
template <>
struct as_read<nf::nvfp4> {
  using type = nf::BlockFormat<float4_e2m1fn, float, 16>;
};

struct Layout {
  std::string_view name, format;
  st::BlockNames names;  // of blocks
  void (*add)(st::File& file, const st::BlockNames& names);
  std::vector<float> (*read)(const st::File& file, const st::BlockNames& names);
};

template <class Tensor>
std::vector<float> numbers_of(const Tensor& tensor) {
  std::vector<float> values(tensor.size());
  tensor.dequantize(values);
  return values;
}

template <class Format, std::size_t... Shape>
void add_blocks(st::File& file, const st::BlockNames& names) {
  const std::vector<std::size_t> shape{Shape...};
  const std::size_t n = (Shape * ...), cols = shape.back();
  const std::vector<float> values = numbers(n);
  nf::QuantizeOptions options;
  auto blocks = nf::BlockTensor<Format>::quantize(values, n / cols, cols, options);
  if (Format::tensor_scale != nf::TensorScale::none) {
    options.tensor_scale = names.stored(blocks.tensor_scale());
    blocks.assign(values, n / cols, cols, options);
  }
  st::add_blocks(file, "w", shape, blocks, names);
}

template <class Format>
std::vector<float> read_blocks(const st::File& file, const st::BlockNames& names) {
  return numbers_of(st::read_blocks<typename as_read<Format>::type>(file, "w", names));
}

template <bool IsNf4, bool IsNested>
void add_qlora(st::File& file, const st::BlockNames&) {
  const nf::Codebook book = IsNf4 ? nf::nf4_codebook() : nf::fp4_bitsandbytes_codebook();
  const std::vector<float> values = numbers(77 * 1001);
  st::add_qlora(
      file, "w",
      {nf::CodebookTensor::quantize(values, book, {.nested = IsNested}), {77, 1001}, "float32"});
}
std::vector<float> read_qlora(const st::File& file, const st::BlockNames&) {
  return numbers_of(st::read_qlora(file, "w").tensor);
}

using blocks_128 = nf::BlockFormat<float8_e4m3fn, float, 128, 128>;

const Layout layouts[] = {
    {"gpt-oss", "mxfp4", st::gpt_oss, add_blocks<nf::mxfp4_e2m1, 3, 96, 512>,
     read_blocks<nf::mxfp4_e2m1>},
    {"compressed-tensors", "nvfp4", st::compressed_tensors, add_blocks<nf::nvfp4, 96, 512>,
     read_blocks<nf::nvfp4>},
    {"compressed-tensors", "mxfp4", st::compressed_tensors, add_blocks<nf::mxfp4_e2m1, 96, 512>,
     read_blocks<nf::mxfp4_e2m1>},
    {"modelopt", "nvfp4", st::model_opt, add_blocks<nf::nvfp4, 96, 512>, read_blocks<nf::nvfp4>},
    {"modelopt", "mxfp4", st::model_opt, add_blocks<nf::mxfp4_e2m1, 96, 512>,
     read_blocks<nf::mxfp4_e2m1>},
    {"modelopt", "mxfp8", st::model_opt, add_blocks<nf::mxfp8_e4m3, 96, 512>,
     read_blocks<nf::mxfp8_e4m3>},
    {"deepseek", "fp8", st::deepseek, add_blocks<blocks_128, 300, 520>, read_blocks<blocks_128>},
    {"mxfp8", "mxfp8", st::mxfp8_u8, add_blocks<nf::mxfp8_e4m3, 96, 512>,
     read_blocks<nf::mxfp8_e4m3>},
    {"qlora", "nf4", {}, add_qlora<true, false>, read_qlora},
    {"qlora", "nf4-nested", {}, add_qlora<true, true>, read_qlora},
    {"qlora", "fp4", {}, add_qlora<false, false>, read_qlora},
    {"qlora", "fp4-nested", {}, add_qlora<false, true>, read_qlora}};

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() == 2 && arguments[0] == "write") {
    for (const Layout& layout : layouts) {
      st::File file;
      layout.add(file, layout.names);
      const std::vector<float> values = layout.read(file, layout.names);
      file.tensors.push_back(st::make_tensor("expected", {values.size()}, values));
      st::write(arguments[1] + "/" + std::string(layout.name) + "." + std::string(layout.format) +
                    ".safetensors",
                file);
    }
    return 0;
  }
  if (arguments.size() == 5 && arguments[0] == "read") {
    for (const Layout& layout : layouts) {
      if (layout.name != arguments[2] || layout.format != arguments[3]) continue;
      const std::vector<float> values = layout.read(st::read(arguments[1]), layout.names);
      std::ofstream out(arguments[4], std::ios::binary);
      out.write(reinterpret_cast<const char*>(values.data()),
                static_cast<std::streamsize>(values.size() * sizeof(float)));
      return out.flush() ? 0 : 2;
    }
  }
  throw std::invalid_argument("usage: write FOLDER | read FILE LAYOUT FORMAT OUTPUT");
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return run({arguments + 1, arguments + count});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "checkpoints: %s\n", error.what());
    return 2;
  }
}

// SPDX-License-Identifier: MIT
// Any bytes are a safetensors file or refused: no crash, and what is read can be written and read
// again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <narrowfloat/io/safetensors_blocks.hpp>
#include <narrowfloat/io/safetensors_qlora.hpp>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace narrowfloat;
namespace st = narrowfloat::safetensors;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Looks at every code, whose number depends on the data alone.
template <class F>
void view_codes(const st::Tensor& tensor) {
  if (tensor.dtype != *st::packed_dtype_of<F>()) return;
  const auto codes = tensor.packed<F>();
  require(codes.size_bytes() == tensor.data.size());
  for (const F code : codes) require(code.bits() < 1u << F::width);
}

void view_numbers(const auto& tensor) {
  std::vector<float> numbers(tensor.size());
  tensor.dequantize(numbers);
}

template <class Format>
void view_blocks(const st::File& file, const std::string& name, const st::BlockNames& names = {}) {
  BlockTensor<Format> blocks;
  try {
    blocks = st::read_blocks<Format>(file, name, names);
  } catch (const st::Error&) {
    return;
  }
  view_numbers(blocks);
  if (!names.describes) return;  // others write less than they read

  st::File again;
  try {
    st::add_blocks(again, name, {blocks.rows(), blocks.cols()}, blocks);
  } catch (const st::Error&) {
    std::abort();
  }
  require(st::read_blocks<Format>(again, name) == blocks);
}

/// Takes the tensor for the codes of each stack's formats, and for bitsandbytes'.
void view_stacks(const st::File& file, const std::string& codes) {
  for (const st::BlockNames& names :
       {st::gpt_oss, st::compressed_tensors, st::model_opt, st::deepseek, st::mxfp8_u8}) {
    if (!codes.ends_with(names.codes)) continue;
    const std::string name = codes.substr(0, codes.size() - names.codes.size());
    view_blocks<mxfp4_e2m1>(file, name, names);
    view_blocks<mxfp6_e3m2>(file, name, names);
    view_blocks<nvfp4>(file, name, names);
    view_blocks<mxfp8_e4m3>(file, name, names);
  }
  try {
    view_numbers(st::read_qlora(file, codes).tensor);
  } catch (const st::Error&) {
  }
}

/// The bytes that write() gives the file.
std::string bytes_of(const st::File& file) {
  st::detail::Header described{{}, file.metadata};
  std::string data;
  for (const st::Tensor& tensor : file.tensors) {
    const std::size_t begin = data.size();
    data.append(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size());
    described.entries.push_back(
        {tensor.name, std::string(st::dtype_name(tensor.dtype)), tensor.shape, begin, data.size()});
  }
  const std::string header = st::detail::print_header(described);
  std::string bytes;
  for (unsigned i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return bytes + header + data;
}

/// Reads each tensor by its name, whole and its last byte.
void read_each(const st::Reader& reader, const st::File& file) {
  require(reader.entries().size() == file.tensors.size());
  for (const st::Tensor& tensor : file.tensors) {
    require(file.find(tensor.name) == &tensor);
    require(reader.read(tensor.name).data == tensor.data);
    require(reader.find(tensor.name)->size_bytes() == tensor.data.size());
    if (tensor.data.empty()) continue;
    std::byte last{};
    reader.read(tensor.name, tensor.data.size() - 1, std::span(&last, 1));
    require(last == tensor.data.back());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  st::File file;
  try {
    file = st::read(input);
  } catch (const st::Error&) {
    return 0;
  }
  const st::Reader reader(input);
  read_each(reader, file);
  std::size_t held = 0;
  for (const st::Tensor& tensor : file.tensors) {
    held += tensor.data.size();
    view_codes<float4_e2m1fn>(tensor);
    view_codes<float6_e2m3fn>(tensor);
    view_codes<float6_e3m2fn>(tensor);
    view_codes<float8_e8m0fnu>(tensor);
    view_codes<bfloat16>(tensor);
    const st::File group = reader.read_group(tensor.name);
    view_blocks<mxfp4_e2m1>(group, tensor.name);
    view_blocks<mxfp6_e3m2>(group, tensor.name);
    view_blocks<mxint8>(group, tensor.name);
    view_blocks<nvfp4>(file, tensor.name);
    view_blocks<nvfp4_2d>(file, tensor.name);
    view_stacks(file, tensor.name);
  }
  require(held < size);

  const std::string bytes = bytes_of(file);
  require(bytes_of(st::read(std::as_bytes(std::span(bytes)))) == bytes);
  return 0;
}

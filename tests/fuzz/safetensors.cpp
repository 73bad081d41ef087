// SPDX-License-Identifier: MIT
// Any bytes are a safetensors file or refused: no crash, and what is read can be written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <narrowfloat/io/safetensors_blocks.hpp>
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

template <class Format>
void view_blocks(const st::File& file, const std::string& name) {
  BlockTensor<Format> blocks;
  try {
    blocks = st::read_blocks<Format>(file, name);
  } catch (const st::Error&) {
    return;
  }
  std::vector<float> numbers(blocks.size());
  blocks.dequantize(numbers);

  st::File again;
  try {
    st::add_blocks(again, name, {blocks.rows(), blocks.cols()}, blocks);
  } catch (const st::Error&) {
    std::abort();
  }
  require(st::read_blocks<Format>(again, name) == blocks);
}

/// The bytes that write() gives the file.
std::string bytes_of(const st::File& file) {
  const std::string header = st::detail::header_of(file);
  std::string bytes;
  for (unsigned i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 0xff);
  bytes += header;
  for (const st::Tensor& tensor : file.tensors)
    bytes.append(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size());
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  st::File file;
  try {
    file = st::read(std::as_bytes(std::span(data, size)));
  } catch (const st::Error&) {
    return 0;
  }
  std::size_t held = 0;
  for (const st::Tensor& tensor : file.tensors) {
    held += tensor.data.size();
    view_codes<float4_e2m1fn>(tensor);
    view_codes<float6_e2m3fn>(tensor);
    view_codes<float6_e3m2fn>(tensor);
    view_codes<float8_e8m0fnu>(tensor);
    view_codes<bfloat16>(tensor);
    view_blocks<mxfp4_e2m1>(file, tensor.name);
    view_blocks<mxfp6_e3m2>(file, tensor.name);
    view_blocks<mxint8>(file, tensor.name);
    view_blocks<nvfp4>(file, tensor.name);
    view_blocks<nvfp4_2d>(file, tensor.name);
  }
  require(held < size);

  const std::string bytes = bytes_of(file);
  require(bytes_of(st::read(std::as_bytes(std::span(bytes)))) == bytes);
  return 0;
}

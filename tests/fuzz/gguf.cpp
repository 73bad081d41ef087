// SPDX-License-Identifier: MIT
// Any bytes are a GGUF file or refused: no crash, and what is read is written as it was.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <narrowfloat/io/gguf_blocks.hpp>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace narrowfloat;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Reads the blocks, a matrix of a stack or all of them, and writes them again.
template <class Format>
void view_blocks(const gguf::File& file, const std::string& name, auto... matrix) {
  BlockTensor<Format> blocks;
  try {
    blocks = gguf::read_blocks<Format>(file, name, matrix...);
  } catch (const gguf::Error&) {
    return;
  }
  std::vector<float> numbers(blocks.size());
  blocks.dequantize(numbers);

  gguf::File again;
  try {
    gguf::add_blocks(again, name, {blocks.rows(), blocks.cols()}, blocks);
  } catch (const gguf::Error&) {
    std::abort();
  }
  require(gguf::read_blocks<Format>(again, name) == blocks);
}

template <class T>
void view_numbers(const gguf::Tensor& tensor) {
  if (tensor.type == *gguf::type_of<T>())
    require(tensor.as<T>().size_bytes() == tensor.data.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gguf::File file;
  try {
    file = gguf::read(std::as_bytes(std::span(data, size)));
  } catch (const gguf::Error&) {
    return 0;
  }
  std::size_t held = 0;
  for (const gguf::Tensor& tensor : file.tensors) {
    held += tensor.data.size();
    view_numbers<float>(tensor);
    view_numbers<bfloat16>(tensor);
    view_numbers<std::int64_t>(tensor);
    view_blocks<mxfp4_e2m1>(file, tensor.name);
    view_blocks<nvfp4>(file, tensor.name);
    view_blocks<nvfp4>(file, tensor.name, std::size_t{1});
  }
  require(held < size);

  // The same bytes, of version 3 and with the padding at the end.
  std::vector<std::byte> bytes;
  gguf::detail::write(file, [&](std::span<const std::byte> piece) {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  });
  const auto read = std::as_bytes(std::span(data, size));
  require(bytes.size() >= size && bytes[4] == std::byte{3});
  require(std::equal(read.begin() + 5, read.end(), bytes.begin() + 5));
  return 0;
}

// SPDX-License-Identifier: MIT
// What scripts/check_gguf asks of the library: a GGUF file written again, the numbers of its
// blocks, and its floats quantized to blocks.
#include <cstddef>
#include <iostream>
#include <narrowfloat/io/gguf_blocks.hpp>
#include <string>
#include <vector>

namespace {

using namespace narrowfloat;

template <class Format>
std::vector<float> numbers_of(const gguf::File& file, const gguf::Tensor& tensor) {
  const std::size_t matrices = tensor.shape.size() < 3 ? 1 : tensor.shape.front();
  std::vector<float> all;
  for (std::size_t i = 0; i < matrices; ++i) {
    const auto blocks = gguf::read_blocks<Format>(file, tensor.name, i);
    std::vector<float> numbers(blocks.size());
    blocks.dequantize(numbers);
    all.insert(all.end(), numbers.begin(), numbers.end());
  }
  return all;
}

/// A float tensor as the tensors NAME.mxfp4 and NAME.nvfp4.weight.
void add_quantized(gguf::File& to, const gguf::Tensor& tensor) {
  const std::size_t cols = tensor.shape.back(), rows = tensor.data.size() / sizeof(float) / cols;
  const auto values = tensor.as<float>();
  gguf::add_blocks(to, tensor.name + ".mxfp4", tensor.shape,
                   BlockTensor<mxfp4_e2m1>::quantize(values, rows, cols));
  gguf::add_blocks(to, tensor.name + ".nvfp4.weight", tensor.shape,
                   BlockTensor<nvfp4>::quantize(values, rows, cols));
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) {
    std::cerr << "usage: gguf INPUT COPY NUMBERS-OF-BLOCKS BLOCKS-OF-NUMBERS\n";
    return 2;
  }
  try {
    const gguf::File file = gguf::read(arguments[1]);
    gguf::write(arguments[2], file);
    gguf::File numbers, blocks;
    for (const gguf::Tensor& tensor : file.tensors) {
      if (tensor.type == gguf::Type::mxfp4)
        numbers.tensors.push_back(
            gguf::make_tensor(tensor.name, tensor.shape, numbers_of<mxfp4_e2m1>(file, tensor)));
      if (tensor.type == gguf::Type::nvfp4)
        numbers.tensors.push_back(
            gguf::make_tensor(tensor.name, tensor.shape, numbers_of<nvfp4>(file, tensor)));
      if (tensor.type == gguf::Type::f32 && tensor.shape.size() > 1) add_quantized(blocks, tensor);
    }
    gguf::write(arguments[3], numbers);
    gguf::write(arguments[4], blocks);
  } catch (const gguf::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}

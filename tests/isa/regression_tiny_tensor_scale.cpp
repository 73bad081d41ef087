// SPDX-License-Identifier: MIT
// A block scale times a tensor scale may be below half of the least float: its elements' products need not be.
#include <narrowfloat/mx.hpp>

#include "support/catch.hpp"

namespace nf = narrowfloat;

TEST_CASE("nvfp4: a factor that no float holds is not 0", "[isa]") {
  for (const float x : {0x1p-149f, 0x1.8p-148f, -0x1p-148f}) {  // 6 * 0.17, 0.5 and 0.34 * 2^-149
    const auto tensor = nf::BlockTensor<nf::nvfp4>::quantize(std::vector<float>(128, x), 1, 128,
                                                             {.tensor_scale = 0x1p-149f});
    std::vector<float> out(128);
    tensor.dequantize(out);
    CHECK(out == std::vector<float>(128, x));
  }
}

// SPDX-License-Identifier: MIT
// A Scale of -0 turns the sign of every product, in arrays as in the scalar.
#include <narrowfloat/convert.hpp>

#include "support/catch.hpp"

namespace nf = narrowfloat;

TEST_CASE("scaled arrays: the factor -0 keeps its sign", "[isa]") {
  const std::vector<float> in{1.0f, -1.0f, 0.0f, -0.0f};
  std::vector<nf::float8_e4m3fn> out(in.size());
  nf::convert(in, out, nf::Scale{-0.0f});
  for (std::size_t i = 0; i < in.size(); ++i) {
    const unsigned expected = i % 2 == 0 ? 0x80 : 0x00;
    CHECK(nf::convert<nf::float8_e4m3fn>(in[i], nf::Scale{-0.0f}).bits() == expected);
    CHECK(out[i].bits() == expected);
  }
}

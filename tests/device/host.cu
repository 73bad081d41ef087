// SPDX-License-Identifier: MIT
// Host code of a .cu file has the whole library: its loops are those of narrowfloat::compiled.
#include <narrowfloat/narrowfloat.hpp>

#include <cstdio>
#include <stdexcept>
#include <vector>

namespace nf = narrowfloat;

namespace {

int mismatches = 0;
void expect(bool holds, const char* what) {
  if (holds) return;
  std::printf("%s\n", what);
  ++mismatches;
}

template <class To, class R>
bool converts(const std::vector<float>& x, const R& rounding) {
  std::vector<To> codes(x.size());
  nf::convert(x, codes, rounding);
  bool same = true;
  for (std::size_t i = 0; i < x.size(); ++i) {
    R own = rounding;
    if constexpr (requires { own.offset; }) own.offset += i;
    same = same && codes[i].bits() == nf::convert<To>(x[i], own).bits();
  }
  return same;
}

}  // namespace

int main() {
  std::vector<float> x(1000);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>(static_cast<int>(i * 37 % 1000) - 500) / 64;

  expect(converts<nf::float8_e4m3fn>(x, nf::nearest_even), "convert");
  expect(converts<nf::bfloat16>(x, nf::Stochastic<>{.seed = 1, .offset = 5}),
         "convert, Stochastic");

  std::vector<nf::float8_e5m2> theirs(x.size());
  nf::convert(x, theirs, nf::compat::torch_2);
  bool same = true;
  for (std::size_t i = 0; i < x.size(); ++i)
    same =
        same && theirs[i].bits() == nf::convert<nf::float8_e5m2>(x[i], nf::compat::torch_2).bits();
  expect(same, "convert, a preset");

  const auto blocks = nf::BlockTensor<nf::mxfp4_e2m1>::quantize(x, 10, 100);
  std::vector<float> back(x.size());
  blocks.dequantize(back);
  double error = 0;
  for (std::size_t i = 0; i < x.size(); ++i) error += (back[i] - x[i]) * (back[i] - x[i]);
  expect(blocks.size_bytes() == 10 * (50 + 4) && 0 < error && error < 1000, "BlockTensor");

  const std::vector<nf::float8_e5m2> ones(5000, nf::float8_e5m2(1.0f));
  expect(nf::dot(ones, ones, nf::FusedAccumulator<nf::float12_e6m5>{}) == 64.0f, "dot");

  std::vector<float> weights(100, 1.0f);
  const std::vector<float> gradients(100, 0.5f);
  nf::AdamW<nf::Bfloat16State, nf::Bfloat16State> adam({.lr = 1e-2f}, weights.size());
  adam.step(weights, gradients);
  expect(weights[0] < 1.0f && weights[0] > 0.98f && weights[99] == weights[0], "AdamW");

  bool thrown = false;
  try {
    nf::convert(x, weights);
  } catch (const std::invalid_argument&) {
    thrown = true;
  }
  expect(thrown, "sizes that differ");
  std::printf("%d mismatches\n", mismatches);
  return mismatches == 0 ? 0 : 1;
}

// SPDX-License-Identifier: MIT
// One number that depends on every bit that the library computes over a fixed set of inputs: two
// builds, or two floating-point environments, that agree on it agree on all of them.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include <narrowfloat/convert.hpp>
#include <narrowfloat/math.hpp>

namespace test {
namespace {  // a copy in each translation unit: what may be shared is the library under test

/// Inputs with every exponent, ties and subnormals included; all integer work.
inline std::vector<float> checksum_inputs() {
  std::vector<float> inputs;
  std::uint32_t state = 1;
  for (std::uint32_t exponent = 0; exponent < 512; ++exponent) {  // with the sign bit
    for (std::uint32_t k = 0; k < 40; ++k) {
      state = state * 1664525u + 1013904223u;
      const std::uint32_t mantissa = k < 20 ? (k << 18) & 0x7fffffu : state >> 9;
      inputs.push_back(std::bit_cast<float>(exponent << 23 | mantissa));
    }
  }
  return inputs;
}

class Checksum {
 public:
  void add(std::uint64_t word) { sum_ = (sum_ ^ word) * 0x100000001b3u; }
  std::uint64_t value() const { return sum_; }

 private:
  std::uint64_t sum_ = 0xcbf29ce484222325u;
};

template <class F>
void add_format(Checksum& sum, const std::vector<float>& inputs) {
  using narrowfloat::convert;
  std::vector<F> codes(inputs.size());
  std::vector<float> back(inputs.size());
  convert(inputs, codes);
  convert(codes, back);
  for (const F x : codes) sum.add(x.bits());
  for (const float x : back) sum.add(std::bit_cast<std::uint32_t>(x));
  convert(inputs, codes, narrowfloat::toward_positive, narrowfloat::Saturation::none);
  for (const F x : codes) sum.add(x.bits());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    sum.add(convert<F>(inputs[i], narrowfloat::nearest_even, narrowfloat::Saturation::none,
                       narrowfloat::Subnormals::flush)
                .bits());
  }
  for (std::size_t i = 0; i + 7 < codes.size(); i += 3) {
    const F a = codes[i], b = codes[i + 7];
    sum.add((a + b).bits());
    sum.add((a - b).bits());
    sum.add((a * b).bits());
    sum.add((a / b).bits());
    sum.add(narrowfloat::fma(a, b, a).bits());
    sum.add(narrowfloat::sqrt(a).bits());
    sum.add(a < b);
    sum.add(a == b);
  }
}

inline std::uint64_t checksum() {
  using namespace narrowfloat;
  Checksum sum;
  const std::vector<float> inputs = checksum_inputs();
  add_format<float8_e4m3fn>(sum, inputs);
  add_format<float8_e5m2fnuz>(sum, inputs);
  add_format<float8_e8m0fnu>(sum, inputs);
  add_format<float4_e2m1fn>(sum, inputs);
  add_format<float16>(sum, inputs);
  add_format<bfloat16>(sum, inputs);
  add_format<Float<8, 7, 150>>(sum, inputs);
  add_format<Float<0, 7, 1, Specials::finite>>(sum, inputs);
  for (const float x : inputs) {
    for (const double y :
         {std::bit_cast<double>(std::uint64_t{std::bit_cast<std::uint32_t>(x)} << 32 | 0x80000000u),
          std::bit_cast<double>(std::uint64_t{std::bit_cast<std::uint32_t>(x)})}) {
      sum.add(convert<float16>(y).bits());
      sum.add(std::bit_cast<std::uint32_t>(convert<float>(y)));
    }
  }
  return sum.value();
}

}  // namespace
}  // namespace test

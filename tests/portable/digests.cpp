// SPDX-License-Identifier: MIT
// Prints what scalars, arrays, block tensors, products and texts give, as digests: programs for
// other machines print the same (the step `portable` of .ci/run).
#include "../support/checksum.hpp"

#include <narrowfloat/linalg.hpp>
#include <narrowfloat/mx.hpp>
#include <narrowfloat/quantize.hpp>
#include <narrowfloat/text.hpp>

#include <cstdio>
#include <string>

using namespace narrowfloat;

namespace {

constexpr std::size_t rows = 24, cols = 80;  // two blocks and a half in a row

std::vector<float> matrix(std::uint32_t seed) {
  std::vector<float> x(rows * cols);
  std::uint32_t state = seed;
  for (float& value : x) {
    state = state * 1664525u + 1013904223u;
    const std::uint32_t exponent = 120 + (state >> 4 & 15);
    value = std::bit_cast<float>((state & 0x80000000u) | exponent << 23 | state >> 9);
  }
  return x;
}

template <class Range>
void add_all(test::Checksum& sum, const Range& range) {
  for (const auto& x : range) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(x)>, float>)
      sum.add(std::bit_cast<std::uint32_t>(x));
    else
      sum.add(x.bits());
  }
}

template <class Format>
std::uint64_t blocks(const QuantizeOptions& options) {
  test::Checksum sum;
  const std::vector<float> x = matrix(1);
  const auto t = BlockTensor<Format>::quantize(x, rows, cols, options);
  add_all(sum, t.codes());
  add_all(sum, t.scales());
  std::vector<float> y(x.size());
  t.dequantize(y);
  add_all(sum, y);
  sum.add(t.size_bytes());
  return sum.value();
}

std::uint64_t products() {
  test::Checksum sum;
  const std::vector<float> x = matrix(2), w = matrix(3);
  const auto a = BlockTensor<mxfp8_e4m3>::quantize(x, rows, cols);
  std::vector<float> y(rows * rows);
  matmul(a, w, y, rows, rows, cols, FusedAccumulator<float>{}, {.b_transposed = true});
  add_all(sum, y);
  sum.add(std::bit_cast<std::uint32_t>(dot(x, w, ExactAccumulator{})));
  return sum.value();
}

std::uint64_t codebook() {
  test::Checksum sum;
  const std::vector<float> x = matrix(4);
  const auto t = CodebookTensor::quantize(x, nf4_codebook(), {.nested = true});
  std::vector<float> y(x.size());
  t.dequantize(y);
  add_all(sum, y);
  return sum.value();
}

std::uint64_t texts() {
  test::Checksum sum;
  for (unsigned code = 0; code < 0x7c00; ++code) {
    char text[64];
    const auto end = to_chars(text, text + sizeof text, float16::from_bits(code)).ptr;
    float16 back;
    from_chars(text, end, back);
    for (const char* at = text; at != end; ++at) sum.add(static_cast<unsigned char>(*at));
    sum.add(back.bits());
  }
  return sum.value();
}

void print(const char* what, std::uint64_t digest) {
  std::printf("%s %08x%08x\n", what, static_cast<unsigned>(digest >> 32),
              static_cast<unsigned>(digest & 0xffffffffu));
}

}  // namespace

int main() {
  print("scalars and arrays", test::small_checksum());
  print("mxfp4, round up", blocks<mxfp4_e2m1>({.rule = ScaleRule::rceil}));
  print("mxfp6, along columns", blocks<mxfp6_e3m2>({.axis = 0}));
  print("nvfp4", blocks<nvfp4>({}));
  print("products", products());
  print("code-book", codebook());
  print("texts", texts());
}

// SPDX-License-Identifier: MIT
// A program that has the single header and nothing else of the library: known bytes on every
// instruction set.
#include "narrowfloat.hpp"

#include <cmath>
#include <cstdio>
#include <vector>

namespace nf = narrowfloat;
using nf::float8_e4m3fn;

unsigned char code_of_other_unit(float x);

namespace {

int failures = 0;

void expect(bool holds, const char* what, nf::Isa isa) {
  if (holds) return;
  std::printf("wrong on instruction set %d: %s\n", static_cast<int>(isa), what);
  ++failures;
}

void check_conversions(nf::Isa isa) {
  constexpr std::size_t n = 8 * 37;
  // 1000 is too large, 2^-10 a tie between 0 and 2^-9, 0.3 between 0.28125 and 0.3125.
  const float values[8] = {0, 1, -1.5f, 448, 1000, 0x1p-10f, std::nanf(""), 0.3f};
  const unsigned char expected[8] = {0x00, 0x38, 0xbc, 0x7e, 0x7e, 0x00, 0x7f, 0x2a};
  std::vector<float> in(n);
  for (std::size_t i = 0; i < n; ++i) in[i] = values[i % 8];
  std::vector<float8_e4m3fn> codes(n);
  nf::convert(in, codes);
  bool same = true;
  for (std::size_t i = 0; i < n; ++i) {
    same = same && codes[i].bits() == expected[i % 8];
    same = same && nf::convert<float8_e4m3fn>(in[i]).bits() == expected[i % 8];
    same = same && code_of_other_unit(in[i]) == expected[i % 8];
  }
  expect(same, "convert to E4M3", isa);
  nf::ConversionStats stats;
  nf::convert(in, codes, stats);
  expect(stats.saturated == n / 8 && stats.flushed == n / 8, "what saturated and flushed", isa);
  std::vector<float> back(n);
  nf::convert(codes, back);
  same = true;
  for (std::size_t i = 0; i < n; i += 8) same = same && back[i + 1] == 1 && back[i + 7] == 0.3125f;
  expect(same, "convert from E4M3", isa);
}

void check_blocks(nf::Isa isa) {
  const float values[8] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};  // codes 0 to 7
  std::vector<float> in(4 * 32);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = values[i % 8] * 0x1p5f;
  const auto blocks = nf::BlockTensor<nf::mxfp4_e2m1>::quantize(in, 4, 32);
  bool same = true;
  for (std::size_t i = 0; i < in.size(); ++i) same = same && blocks.codes()[i].bits() == i % 8;
  for (std::size_t row = 0; row < 4; ++row) same = same && blocks.scales()[row].bits() == 127 + 5;
  std::vector<float> out(in.size());
  blocks.dequantize(out);
  expect(same && in == out, "MXFP4", isa);
}

void check_products(nf::Isa isa) {
  constexpr std::size_t m = 2, n = 3, k = 4096;
  const std::vector<float8_e4m3fn> a(m * k, float8_e4m3fn(1.0f)), b(k * n, float8_e4m3fn(1.0f));
  std::vector<float> y(m * n);
  nf::matmul(a, b, y, m, n, k, nf::FusedAccumulator<nf::float16>{});
  expect(y == std::vector<float>(m * n, 2048), "a sum in float16 stops at 2048", isa);
}

}  // namespace

int main() {
  for (const nf::Isa isa : {nf::Isa::generic, nf::Isa::avx2, nf::Isa::avx512, nf::Isa::neon}) {
    if (!nf::isa_available(isa)) continue;
    const nf::ScopedIsa scope(isa);
    check_conversions(isa);
    check_blocks(isa);
    check_products(isa);
  }
  return failures == 0 ? 0 : 1;
}

// SPDX-License-Identifier: MIT
// Blocks with NaN or Inf, by each policy; their neighbours do not change.
#include <limits>

#include "support/catch.hpp"
#include "support/codebooks.hpp"

using namespace test;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity(), largest = 0x1.fffffep127f;
const float not_a_number = std::nanf("");

/// Blocks {a, b} and {1, 0.5}.
nf::CodebookTensor quantized(float a, float b, nf::NonFinite policy, bool headroom = false) {
  const nf::CodebookOptions options{.block_size = 2, .non_finite = policy, .headroom = headroom};
  const auto t = nf::CodebookTensor::quantize(std::vector<float>{a, b, 1.0f, 0.5f},
                                              nf::dynamic_codebook(), options);
  const auto plain =
      nf::CodebookTensor::quantize(std::vector<float>{1.0f, 0.5f}, nf::dynamic_codebook(), options);
  CHECK(t.scales()[1] == plain.scales()[0]);
  CHECK(unsigned{t.codes()[2]} == plain.codes()[0]);
  CHECK(unsigned{t.codes()[3]} == plain.codes()[1]);
  return t;
}

void check(const nf::CodebookTensor& t, float absmax, unsigned first, unsigned second) {
  CHECK(word_of(t.scales()[0]) == word_of(absmax));
  CHECK(unsigned{t.codes()[0]} == first);
  CHECK(unsigned{t.codes()[1]} == second);
}

const float nan_absmax = std::bit_cast<float>(0x7fc00000u);

}  // namespace

TEST_CASE("a block with NaN or Inf is NaN", "[codebook]") {
  for (const float bad : {not_a_number, -not_a_number, inf, -inf}) {
    for (const bool headroom : {false, true}) {
      const auto t = quantized(3.0f, bad, nf::NonFinite::nan_block, headroom);
      check(t, nan_absmax, 127, 127);
      std::vector<float> out(4);
      t.dequantize(out);
      CHECK(std::isnan(out[0]));
      CHECK(std::isnan(out[1]));
      CHECK(out[2] > 0.9f);
      std::vector<double> wide(4);
      t.dequantize(wide);
      CHECK(std::isnan(wide[0]));
    }
  }
}

TEST_CASE("a saturating block keeps Inf as an end of the largest absmax", "[codebook]") {
  check(quantized(not_a_number, inf, nf::NonFinite::saturate), nan_absmax, 127, 127);
  check(quantized(inf, -inf, nf::NonFinite::saturate), largest, 255, 0);
  check(quantized(-inf, largest, nf::NonFinite::saturate), largest, 0, 255);
  check(quantized(-inf, 0.5f * largest, nf::NonFinite::saturate, true), largest, 0, 219);
}

TEST_CASE("propagated Inf and NaN are ends; absmax is that of the others", "[codebook]") {
  check(quantized(-inf, 4.0f, nf::NonFinite::propagate), 4.0f, 0, 255);
  check(quantized(not_a_number, -4.0f, nf::NonFinite::propagate), 4.0f, 255, 0);
  check(quantized(-not_a_number, 4.0f, nf::NonFinite::propagate), 4.0f, 255, 255);
  check(quantized(-inf, 0.0f, nf::NonFinite::propagate), 0.0f, 0, 127);
  check(quantized(not_a_number, inf, nf::NonFinite::propagate), 0.0f, 255, 255);
}

TEST_CASE("Inf and NaN anywhere in blocks of any length", "[codebook]") {
  for (const std::size_t block : {1u, 64u, 100u, 512u, 700u, 3000u}) {
    std::vector<float> values(2111, 1.0f);
    for (const std::size_t i : {0u, 99u, 512u, 1400u, 2110u}) values[i] = i % 2 == 0 ? inf : -inf;
    const auto lost =
        nf::CodebookTensor::quantize(values, nf::nf4_codebook(), {.block_size = block});
    const auto kept = nf::CodebookTensor::quantize(
        values, nf::nf4_codebook(), {.block_size = block, .non_finite = nf::NonFinite::propagate});
    const auto absmax = lost.scales();
    bool right = true;
    for (std::size_t i = 0; i < values.size(); ++i) {
      bool has_inf = false;
      for (std::size_t k = i / block * block; k < std::min(values.size(), (i / block + 1) * block);
           ++k)
        has_inf = has_inf || std::isinf(values[k]);
      right = right && std::isnan(absmax[i / block]) == has_inf;
      right = right && lost.codes()[i] == (has_inf ? 7 : 15);
      const bool alone = kept.scales()[i / block] == 0;
      right = right && (alone ? block == 1 : kept.scales()[i / block] == 1);
      right = right && kept.codes()[i] == (values[i] == -inf ? 0 : 15);
    }
    CHECK(right);
  }
}

// SPDX-License-Identifier: MIT
// The code-books that training code uses, by name: dynamic, linear, quantile, NF4, AF4, FP4 of
// bitsandbytes.
#pragma once

#include <ranges>
#include <span>

#include "../convert.hpp"
#include "../executor.hpp"
#include "codebook.hpp"
#include "detail/codebook_calls.hpp"

namespace narrowfloat {
/// The dynamic tree: decades of fractions, twice as many in each decade as in the one below it
/// (arXiv 2110.02861).
///
/// Result    0, 1, and for i = 0 ... exponent_bits - 1 the middles of n equal parts of [0.1, 1],
///           times 10^(i - exponent_bits + 1), with n = 2^(total_bits - 1 - exponent_bits + i);
///           with their negatives if signed, of twice as many parts if not. Codes that are left are
///           middles of as many parts of [0.1, 1]. Every value is rounded once. -1 is none of a
///           signed book's: see CodebookOptions::headroom.
/// Special   total_bits other than 2 to 8 and exponent_bits other than 1 to total_bits - 1 throw
///           std::invalid_argument.
/// Example   // of Adam's first and of its second moment, which must not become 0
///           const Codebook m = dynamic_codebook();
///           const Codebook v = dynamic_codebook(Signedness::is_unsigned).without_zero();
NF_INLINE Codebook dynamic_codebook(Signedness sign = Signedness::is_signed, int total_bits = 8,
                                    int exponent_bits = 0) {
  const bool is_signed = sign == Signedness::is_signed;
  return Codebook(detail::dynamic_values(detail::place_of<true>(), is_signed, total_bits,
                                         exponent_bits == 0 ? total_bits - 1 : exponent_bits));
}

/// Whose float arithmetic made a table of bitsandbytes: its create_dynamic_map() calls
/// torch.linspace().
enum class BitsandbytesTable {
  torch_1_13,  ///< PyTorch 1.13
  /// PyTorch 2.15 on a processor with fused multiply-adds: 42 of 256 signed and 43 unsigned values
  /// differ by up to 2 units in the last place
  torch_2_15
};

/// The 8-bit dynamic maps with the floats that bitsandbytes has, up to 2 units in the last place
/// from dynamic_codebook(): for codes that it wrote. A file that holds its table (quant_map, qmap1,
/// nested_quant_map) is best read with that: Codebook(table).
///
/// Example   auto t = CodebookTensor::quantize(weights, bitsandbytes_dynamic_codebook());
NF_INLINE Codebook
bitsandbytes_dynamic_codebook(Signedness sign = Signedness::is_signed,
                              BitsandbytesTable table = BitsandbytesTable::torch_2_15) {
  return Codebook(detail::bitsandbytes_values(detail::place_of<true>(),
                                              sign == Signedness::is_signed,
                                              table == BitsandbytesTable::torch_1_13));
}

/// Equal steps: the linear quantization that arXiv 2110.02861 compares with.
///
/// Result    unsigned k / (2^total_bits - 1); signed k / (2^(total_bits - 1) - 1) from -1 to 1,
///           with 0 twice, as bitsandbytes' create_linear_map() has it. Every value is rounded
///           once.
/// Special   total_bits other than 2 to 8 throw std::invalid_argument.
/// Example   auto t = CodebookTensor::quantize(weights, linear_codebook());
NF_INLINE Codebook linear_codebook(Signedness sign = Signedness::is_signed, int total_bits = 8) {
  return Codebook(
      detail::linear_values(detail::place_of<true>(), sign == Signedness::is_signed, total_bits));
}

/// The code-book of a sample: bins of equal mass, each with its middle (the quantile quantization
/// that arXiv 2110.02861 compares with).
///
/// Result    with a the largest magnitude and x the N sorted numbers divided by it, the boundaries
///           are the x of index floor(i (N - 1) / 2^total_bits), i = 0 ... 2^total_bits; a value is
///           the middle of two neighbouring ones, rounded to float before and after the division.
///           Heavy ties give equal values.
/// Special   total_bits other than 2 to 8, fewer than 2 numbers, Inf or NaN among them, and numbers
///           that give one value alone throw std::invalid_argument.
/// Promises  the same bits for every executor.
/// Cost      a sort of a copy, in parts of 64 Ki numbers, of more where those would be over 64;
///           then searches for the boundaries in all parts.
/// Example   const Codebook book = quantile_codebook(weights, 4);
template <float_range In, task_executor E = SerialExecutor>
NF_INLINE Codebook quantile_codebook(const In& sample, int total_bits = 8, E&& executor = {}) {
  return Codebook(detail::quantile_values(
      detail::place_of<true>(),
      std::span<const float>(std::ranges::data(sample), std::ranges::size(sample)), total_bits,
      detail::executor_ref::of(executor)));
}

/// NF4: quantiles of the normal distribution with an exact zero (QLoRA, arXiv 2305.14314).
///
/// Example   auto t = CodebookTensor::quantize(weights, nf4_codebook(), {.nested = true});
NF_INLINE Codebook nf4_codebook() {
  return {-1.0f,
          -0.6961928009986877f,
          -0.5250730514526367f,
          -0.39491748809814453f,
          -0.28444138169288635f,
          -0.18477343022823334f,
          -0.09105003625154495f,
          0.0f,
          0.07958029955625534f,
          0.16093020141124725f,
          0.24611230194568634f,
          0.33791524171829224f,
          0.44070982933044434f,
          0.5626170039176941f,
          0.7229568362236023f,
          1.0f};
}

/// AF4 for blocks of 64: the least absolute error for normal weights (arXiv 2306.06965), to the 8
/// decimals that it is published with. In ascending order, which bitsandbytes reverses.
///
/// Example   auto t = CodebookTensor::quantize(weights, af4_codebook());
NF_INLINE Codebook af4_codebook() {
  return {-1.0f,        -0.69441008f, -0.51243739f, -0.3736951f, -0.25607552f, -0.14982478f,
          -0.04934812f, 0.0f,         0.04273164f,  0.12934483f, 0.21961274f,  0.31675666f,
          0.42563882f,  0.55496234f,  0.72424863f,  1.0f};
}

/// bitsandbytes' FP4 in its own order of codes: bit 3 is the sign, the others stand for 0, 1/192,
/// 2/3, 1, 1/3, 1/2, 1/6, 1/4. Not the E2M1 of OCP. Code 8 is zero again; encoding gives code 0.
///
/// Example   auto t = CodebookTensor::quantize(weights, fp4_bitsandbytes_codebook(),
///                                             {.nibbles = NibbleOrder::high_first});
NF_INLINE Codebook fp4_bitsandbytes_codebook() {
  constexpr float a = 1.0f / 192, b = 2.0f / 3, c = 1.0f / 3, d = 1.0f / 6;
  return Codebook({0, a, b, 1, c, 0.5f, d, 0.25f, 0, -a, -b, -1, -c, -0.5f, -d, -0.25f},
                  CodeOrder::any);
}

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/codebook_values.hpp"
#endif

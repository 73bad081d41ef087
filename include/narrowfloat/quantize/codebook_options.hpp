// SPDX-License-Identifier: MIT
// How to quantize by a code-book.
#pragma once

#include <cstddef>

#include "../rounding.hpp"

namespace narrowfloat {

/// Which code of a byte comes first where codes have 4 bits.
enum class NibbleOrder {
  low_first,  ///< the one in the low nibble, as in PackedVector and in DLPack
  high_first  ///< the one in the high nibble, as in bitsandbytes
};

/// How the code of x in a block with the largest magnitude absmax is found.
enum class CodebookPipeline {
  exact,  ///< the value nearest to the exact quotient x / absmax; a tie goes to the lower value
  /// the product x * (1 / max(absmax, 1e-38)), both rounded to float and the product limited to
  /// [-1, 1], against midpoints in float: the default backend of bitsandbytes
  bitsandbytes
};

/// How to quantize by a code-book.
///
/// Example   // as bitsandbytes keeps the weights of QLoRA
///           const CodebookOptions options{.pipeline = CodebookPipeline::bitsandbytes,
///                                         .nibbles = NibbleOrder::high_first,
///                                         .nested = true};
///           auto t = CodebookTensor::quantize(weights, nf4_codebook(), options);
struct CodebookOptions {
  /// Elements that share an absmax. 0: 64 for code-books of up to 16 values (QLoRA), 256 for
  /// others, as bitsandbytes has it since 0.44 (arXiv 2110.02861 has 2048).
  std::size_t block_size = 0;
  /// What becomes of a block with Inf or NaN.
  NonFinite non_finite = NonFinite::nan_block;
  /// Store and divide by absmax / m, m the smaller magnitude of the two ends of the code-book: then
  /// both absmax and -absmax are values. The dynamic book has no -1, and without this a block whose
  /// largest magnitude is negative shrinks by 0.7 % each time it is quantized again.
  bool headroom = false;
  /// How quotients are formed, and compared with the values.
  CodebookPipeline pipeline = CodebookPipeline::exact;
  NibbleOrder nibbles = NibbleOrder::low_first;  ///< does not count where a code has 8 bits
  /// Quantize the absmax too (QLoRA's double quantization): less their mean, by the signed 8-bit
  /// dynamic code-book in blocks of 256; in the pipeline of bitsandbytes by
  /// bitsandbytes_dynamic_codebook(). What comes back is limited to the floats; bitsandbytes has
  /// Inf where the sum with the mean overflows.
  bool nested = false;
};

}  // namespace narrowfloat

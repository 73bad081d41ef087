// SPDX-License-Identifier: MIT
// State by code-books: 8 bits (8-bit Optimizers, arXiv 2110.02861) and 4 bits (Li et al., arXiv
// 2309.01507).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../quantize/codebook_tensor.hpp"
#include "storage.hpp"

namespace narrowfloat {
namespace detail {
inline namespace NF_BASELINE {

template <int Bits>
const Codebook& state_book(bool is_unsigned) {
  static const Codebook of_signed =
      Bits == 8 ? dynamic_codebook() : dynamic_codebook(Signedness::is_signed, 4, 3);
  static const Codebook of_unsigned = [] {
    if constexpr (Bits == 8) return dynamic_codebook(Signedness::is_unsigned).without_zero();
    std::vector<float> values;
    for (int k = 1; k <= 16; ++k) values.push_back(static_cast<float>(k) / 16);
    return Codebook(values);
  }();
  return is_unsigned ? of_unsigned : of_signed;
}

}  // namespace NF_BASELINE
}  // namespace detail

/// How a state is kept by a code-book.
struct CodebookStateOptions {
  /// Numbers that share a scale.
  std::size_t block_size = 256;
  std::size_t least_size = 4096;  ///< tensors with fewer elements stay floats
};

/// State by a code-book, in blocks that share a float scale. Tensors below `least_size` elements
/// stay floats, as in bitsandbytes (min_8bit_size).
///
/// The book of numbers that are positive or 0 has no 0: a second moment that became 0 would make of
/// m / (sqrt(v) + eps) thousands. The scale of the other leaves room for both signs
/// (CodebookOptions::headroom), so that no state shrinks by being kept.
///
/// Example   // 2.03 bytes a weight
///           AdamW<CodebookState, CodebookState> adam({.lr = 1e-3f}, weights.size());
///           const CodebookStateOptions paper{.block_size = 2048};
///           AdamW<CodebookState, CodebookState> large(
///               {}, CodebookState(weights.size(), Signedness::is_signed, paper),
///               CodebookState(weights.size(), Signedness::is_unsigned, paper));
///
/// Special   a block with Inf has the largest scale and Inf the end of the book; one with NaN is
///           NaN.
template <int Bits, bool Stochastic = false>
requires(Bits == 8 || Bits == 4) class CodebookStateOf {
 public:
  static constexpr bool draws = Stochastic;  ///< the codes are chosen by the rounding of the step

  /// The dynamic books; with 4 bits that of Li et al. and torchao, k / 16 for k = 1 ... 16, where
  /// nothing is negative.
  static NF_INLINE const Codebook& book(Signedness signedness) {
    return detail::state_book<Bits>(signedness == Signedness::is_unsigned);
  }

  CodebookStateOf() = default;
  /// n zeros. Signedness::is_unsigned says that no number will be negative.
  NF_INLINE explicit CodebookStateOf(std::size_t n, Signedness signedness,
                                     const CodebookStateOptions& options = usual_options()) {
    if (n < options.least_size) {
      floats_ = FloatState(n);
    } else {
      const bool is_signed = signedness == Signedness::is_signed;
      tensor_ = CodebookTensor::zeros(n, book(signedness),
                                      {.block_size = options.block_size,
                                       .non_finite = NonFinite::saturate,
                                       .headroom = is_signed});
    }
  }
  /// 256 elements a block, with 4 bits 128.
  static constexpr NF_INLINE CodebookStateOptions usual_options() {
    return {.block_size = Bits == 8 ? 256u : 128u};
  }

  /// What storage asks for: how many numbers there are, and where ranges of them begin.
  NF_INLINE std::size_t size() const noexcept { return tensor_ ? tensor_->size() : floats_.size(); }
  NF_INLINE std::size_t block() const noexcept { return tensor_ ? tensor_->block_size() : 1; }
  /// The codes, or nothing where the state is floats.
  NF_INLINE const std::optional<CodebookTensor>& tensor() const noexcept { return tensor_; }
  /// What storage asks for: numbers are read, written and saved.
  NF_INLINE float* direct(std::size_t first) noexcept {
    return tensor_ ? nullptr : floats_.direct(first);
  }
  NF_INLINE void read(std::size_t first, std::span<float> out) const {
    if (!tensor_) return floats_.read(first, out);
    const auto codes = tensor_->codes().bytes();
    detail::call_for(codes.data() + (first + out.size()) * Bits / 8, out.size() * Bits / 8);
    tensor_->dequantize(first, out.size(), out);
  }
  template <class R>
  NF_INLINE StorageCounts write(std::size_t first, std::span<const float> values,
                                const R& rounding) {
    if (!tensor_) {
      floats_.write(first, values, rounding);
      return {};
    }
    if constexpr (Stochastic)
      tensor_->assign(first, values, rounding);
    else
      tensor_->assign(first, values);
    using namespace detail;
    const Codebook& book = tensor_->codebook();
    const std::size_t codes = count_codes(place_of<true>(), active_isa(),
                                          tensor_->codes().bytes().data() + first * Bits / 8,
                                          values.size(), Bits, book.tables().zero),
                      zeros =
                          count_zeros(place_of<true>(), active_isa(), values.data(), values.size()),
                      lost = codes - std::min(codes, zeros);
    return book.least() > 0 ? StorageCounts{.at_floor = lost} : StorageCounts{.flushed = lost};
  }
  NF_INLINE std::vector<StatePart> parts() { return tensor_ ? tensor_->parts() : floats_.parts(); }
  NF_INLINE std::vector<ConstStatePart> parts() const {
    return tensor_ ? tensor_->parts() : floats_.parts();
  }

 private:
  FloatState floats_;
  std::optional<CodebookTensor> tensor_;
};

/// 8 bits: 1.016 bytes a number.
using CodebookState = CodebookStateOf<8>;
/// 4 bits: 0.531 bytes a number.
using Codebook4State = CodebookStateOf<4>;
/// 8 bits, the codes chosen at random by the keyed rounding of the step.
using StochasticCodebookState = CodebookStateOf<8, true>;

}  // namespace narrowfloat

// SPDX-License-Identifier: MIT
// Codebook: up to 256 numbers that codes stand for. The named ones are in codebooks.hpp.
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "../detail/exact/binary.hpp"
#include "detail/codebook_calls.hpp"

namespace narrowfloat {

/// How the values of a code-book follow each other.
enum class CodeOrder {
  ascending,  ///< code 0 has the least value; an order that is not ascending is refused
  any         ///< codes have values in any order, as bitsandbytes' FP4 has them
};

/// A table of 2 to 256 finite numbers; the index of one is its code (8-bit Optimizers, arXiv
/// 2110.02861, with values in [-1, 1]). A handle: copies share one table, which nothing changes.
///
/// A value may occur more than once, as 0 does in bitsandbytes' FP4 and linear code-books (+0 and
/// -0 are one number): the least of its codes is the one that encoding gives, decoding knows them
/// all.
///
/// Example   const Codebook five{-1, -0.25, 0, 0.25, 1};
///           five.nearest(0.3f);                          // 3
///           five.value(3);                               // 0.25
///           auto t = CodebookTensor::quantize(weights, five);
class Codebook {
 public:
  /// The code-book of these values, value i that of code i.
  ///
  /// Special   a number of values other than 2 to 256, one that is Inf or NaN, values that are all
  ///           equal, and under CodeOrder::ascending one that is less than its predecessor throw
  ///           std::invalid_argument.
  /// Promises  the same tables in every floating-point environment.
  /// Cost      some 0.1 ms: to be made once, not once a tensor.
  explicit NF_INLINE Codebook(std::span<const float> values, CodeOrder order = CodeOrder::ascending)
      : tables_(std::make_shared<const detail::codebook_tables>(detail::make_codebook(
            detail::place_of<true>(), values, order == CodeOrder::ascending))) {}
  NF_INLINE Codebook(std::initializer_list<float> values, CodeOrder order = CodeOrder::ascending)
      : Codebook(std::span<const float>(values.begin(), values.size()), order) {}

  /// The number of codes.
  NF_INLINE std::size_t size() const noexcept { return tables_->size; }
  /// The bits that a stored code takes: 4 up to 16 values, else 8.
  NF_INLINE int code_bits() const noexcept { return size() <= 16 ? 4 : 8; }
  /// The values by code.
  NF_INLINE std::span<const float> values() const noexcept { return {tables_->value, size()}; }
  /// The value of a code.
  ///
  /// Requires  code < size().
  NF_INLINE float value(std::size_t code) const noexcept { return tables_->value[code]; }
  /// The least and the greatest value.
  NF_INLINE float least() const noexcept { return value(tables_->code[0]); }
  NF_INLINE float greatest() const noexcept { return value(tables_->code[tables_->distinct - 1]); }

  /// The code of the value nearest to x.
  ///
  /// Result    a tie goes to the lower value.
  /// Special   beyond the ends, Inf included, the code of the end; NaN counts as +Inf.
  /// Promises  noexcept; exact, in every floating-point environment.
  NF_INLINE std::uint8_t nearest(float x) const noexcept {
    return detail::nearest_code(detail::place_of<true>(), *tables_, x);
  }

  /// The values without 0, in the same order: for what is divided by, as Adam's second moment is.
  /// Where that becomes 0 an update is m / eps, thousands of times the learning rate; without 0 the
  /// least value is kept instead.
  ///
  /// Special   fewer than two other values throw std::invalid_argument.
  /// Example   const Codebook v = dynamic_codebook(Signedness::is_unsigned).without_zero();
  ///           assert(v.size() == 255 && v.least() > 0);
  [[nodiscard]] NF_INLINE Codebook without_zero() const {
    std::vector<float> others;
    for (const float x : values())
      if (!detail::is_zero(x)) others.push_back(x);
    return Codebook(others, CodeOrder::any);
  }

  /// The same values, bit by bit, in the same order.
  friend NF_INLINE bool operator==(const Codebook& a, const Codebook& b) noexcept {
    return a.size() == b.size() &&
           __builtin_memcmp(a.tables_->value, b.tables_->value, a.size() * sizeof(float)) == 0;
  }

  /// Not for users: what the kernels read.
  NF_INLINE const detail::codebook_tables& tables() const noexcept { return *tables_; }

 private:
  std::shared_ptr<const detail::codebook_tables> tables_;
};

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/make_codebook.hpp"
#endif

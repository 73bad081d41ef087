// SPDX-License-Identifier: MIT
// The codes of a CodebookTensor: a byte each, or two a byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "../convert.hpp"
#include "../detail/array/index_iterator.hpp"
#include "../detail/codec/bit_stream.hpp"
#include "../executor.hpp"
#include "codebook.hpp"
#include "codebook_options.hpp"
#include "detail/convert_values.hpp"

namespace narrowfloat {
namespace detail {

/// Where codes lie, and which is meant.
struct code_place {
  using value_type = std::uint8_t;
  using reference = std::uint8_t;

  const std::uint8_t* bytes = nullptr;
  int bits = 8;
  NibbleOrder order = NibbleOrder::low_first;

  constexpr NF_FN std::uint8_t operator[](std::size_t i) const noexcept {
    if (bits == 8) return bytes[i];
    const bool high = (i % 2 != 0) == (order == NibbleOrder::low_first);
    return static_cast<std::uint8_t>(bytes[i / 2] >> (high ? 4 : 0) & 15);
  }
};

}  // namespace detail

/// The codes of a CodebookTensor, whose they stay: a range of numbers below codebook().size().
/// convert() takes it and gives the values that they stand for, before the scale.
///
/// Example   auto t = CodebookTensor::quantize(weights, nf4_codebook());
///           std::vector<float> values(weights.size());
///           convert(t.codes(), values);
///           assert(values[5] == nf4_codebook().value(t.codes()[5]));
class CodebookCodes {
 public:
  /// As of a std::span of bytes that is read only.
  using value_type = std::uint8_t;
  using iterator = detail::index_iterator<detail::code_place>;

  /// A view of n codes.
  ///
  /// Requires  the memory and the code-book live as long as this does.
  NF_INLINE CodebookCodes(const std::uint8_t* bytes, std::size_t n, const Codebook& book,
                          NibbleOrder order) noexcept
      : place_{bytes, book.code_bits(), order}, size_(n), book_(&book.tables()) {}
  /// How many codes there are, and whether there are none.
  NF_INLINE std::size_t size() const noexcept { return size_; }
  NF_INLINE bool empty() const noexcept { return size_ == 0; }
  /// Code i.
  ///
  /// Requires  i < size().
  NF_INLINE std::uint8_t operator[](std::size_t i) const noexcept { return place_[i]; }
  /// Iterators over the codes.
  NF_INLINE iterator begin() const noexcept { return {place_, 0}; }
  NF_INLINE iterator end() const noexcept { return {place_, size_}; }
  /// The codes as they lie in memory; the nibble after the last of an odd number of 4-bit codes is
  /// 0.
  NF_INLINE std::span<const std::uint8_t> bytes() const noexcept {
    return {place_.bytes, detail::bit_stream_bytes(size_, static_cast<std::size_t>(place_.bits))};
  }

  /// Not for users: what convert() reads.
  NF_INLINE const detail::codebook_tables& tables() const noexcept { return *book_; }

 private:
  detail::code_place place_;
  std::size_t size_;
  const detail::codebook_tables* book_;
};

/// The values that codes stand for, before the scale, converted as a range of floats is.
///
/// Special   sizes that differ throw std::invalid_argument, with both, before anything is written.
/// Promises  as convert() of floats; the same for every executor.
template <number_range Out, rounding_policy R = NearestEven>
NF_INLINE void convert(const CodebookCodes& codes, Out&& out, R rounding = {},
                       Saturation saturation = default_saturation<detail::number_of<Out>>,
                       Subnormals subnormals = Subnormals::keep) {
  detail::check_arrays("convert", codes, out, rounding);
  const float* const values = codes.tables().value;
  const auto value = [&](std::size_t i) NF_INLINED { return values[codes[i]]; };
  detail::convert_values(detail::executor_of_output(out), value, std::ranges::data(out),
                         codes.size(), rounding, saturation, subnormals);
}

}  // namespace narrowfloat

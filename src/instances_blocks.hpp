// SPDX-License-Identifier: MIT
// The block formats of narrowfloat::compiled: from float to nearest and by Stochastic<>, and back.
#pragma once

#include <narrowfloat/mx.hpp>

namespace narrowfloat::detail {

template <class Format, class T, class R>
void quantize_parts(in_library, std::span<const T> values, std::size_t rows, std::size_t cols,
                    const QuantizeOptions& options, const R& rounding, block_parts<Format>& parts) {
  quantize_parts<Format, T, R>(here{}, values, rows, cols, options, rounding, parts);
}
template <class Format, class T, class R>
void quantize_parts_both(in_library, std::span<const T> values, std::size_t rows, std::size_t cols,
                         const QuantizeOptions& options, const R& rounding,
                         block_parts<Format>& within_rows, block_parts<Format>& down_columns) {
  quantize_parts_both<Format, T, R>(here{}, values, rows, cols, options, rounding, within_rows,
                                    down_columns);
}
template <class Format, class T>
void dequantize_parts(in_library, const block_parts<Format>& parts, std::span<T> out) {
  dequantize_parts<Format, T>(here{}, parts, out);
}

}  // namespace narrowfloat::detail

#define NF_BLOCKS_IN(Format, R)                                                                  \
  template void narrowfloat::detail::quantize_parts<narrowfloat::Format, float, narrowfloat::R>( \
      in_library, std::span<const float>, std::size_t, std::size_t, const QuantizeOptions&,      \
      const narrowfloat::R&, block_parts<narrowfloat::Format>&);                                 \
  template void                                                                                  \
  narrowfloat::detail::quantize_parts_both<narrowfloat::Format, float, narrowfloat::R>(          \
      in_library, std::span<const float>, std::size_t, std::size_t, const QuantizeOptions&,      \
      const narrowfloat::R&, block_parts<narrowfloat::Format>&,                                  \
      block_parts<narrowfloat::Format>&);

#define NF_BLOCKS(Format)                                                          \
  NF_BLOCKS_IN(Format, NearestEven)                                                \
  NF_BLOCKS_IN(Format, Stochastic<>)                                               \
  template void narrowfloat::detail::dequantize_parts<narrowfloat::Format, float>( \
      in_library, const block_parts<narrowfloat::Format>&, std::span<float>);

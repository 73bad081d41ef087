// SPDX-License-Identifier: MIT
// The block formats of narrowfloat::compiled: from float to nearest and by Stochastic<>, and back.
#pragma once

#include <narrowfloat/mx.hpp>

namespace narrowfloat::detail {

template <class Format, class T, class R>
void quantize_parts(in_library, const part_values<const T>& values, const matrix_part& part,
                    const QuantizeOptions& options, scale_source source, const R& rounding,
                    block_parts<Format>& parts, block_parts<Format>* down_columns,
                    const mask_place& mask, const executor_ref& executor) {
  quantize_parts<Format, T, R>(here{}, values, part, options, source, rounding, parts, down_columns,
                               mask, executor);
}
template <class Format, class T>
void dequantize_parts(in_library, const block_parts<Format>& parts, const matrix_part& part,
                      const part_values<T>& out, const executor_ref& executor) {
  dequantize_parts<Format, T>(here{}, parts, part, out, executor);
}

}  // namespace narrowfloat::detail

#define NF_BLOCKS_IN(Format, R)                                                                  \
  template void narrowfloat::detail::quantize_parts<narrowfloat::Format, float, narrowfloat::R>( \
      in_library, const part_values<const float>&, const matrix_part&, const QuantizeOptions&,   \
      scale_source, const narrowfloat::R&, block_parts<narrowfloat::Format>&,                    \
      block_parts<narrowfloat::Format>*, const mask_place&, const executor_ref&);

#define NF_BLOCKS(Format)                                                          \
  NF_BLOCKS_IN(Format, NearestEven)                                                \
  NF_BLOCKS_IN(Format, Stochastic<>)                                               \
  template void narrowfloat::detail::dequantize_parts<narrowfloat::Format, float>( \
      in_library, const block_parts<narrowfloat::Format>&, const matrix_part&,     \
      const part_values<float>&, const executor_ref&);

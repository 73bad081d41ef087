// SPDX-License-Identifier: MIT
// Writes a Float, and the summary of a BlockTensor, to a std::ostream.
#pragma once

#include <ostream>

#include "../block/format.hpp"

namespace narrowfloat {

/// Writes the exact value as the stream writes a float or double: with its flags, width and
/// precision.
template <class Char, class Traits, narrow_float F>
std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out, F x) {
  if constexpr (lossless_to<F, float>)
    return out << static_cast<float>(x);
  else
    return out << static_cast<double>(x);
}

/// Writes the shape, the blocks and the size of a tensor: "4 x 64 in blocks of 1 x 32, 4.25 bits an
/// element". The tensor scale follows where there is one.
template <class Char, class Traits, block_format Format>
std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out,
                                             const BlockTensor<Format>& tensor) {
  const bool within_rows = tensor.axis() == 1;
  out << tensor.rows() << " x " << tensor.cols() << " in blocks of "
      << (within_rows ? Format::block_rows : Format::block_size) << " x "
      << (within_rows ? Format::block_size : Format::block_rows) << ", "
      << tensor.bits_per_element() << " bits an element";
  if constexpr (Format::tensor_scale != TensorScale::none)
    out << ", tensor scale " << tensor.tensor_scale();
  return out;
}

}  // namespace narrowfloat

// SPDX-License-Identifier: MIT
// Writes a Float, and the summary of a BlockTensor, to a std::ostream; reads a Float from a
// std::istream.
#pragma once

#include <istream>
#include <ostream>
#include <string>
#include <string_view>

#include "../block/format.hpp"
#include "../text.hpp"

namespace narrowfloat {

/// Writes the exact value as the stream writes a float or double: with its flags, width and
/// precision.
template <class Char, class Traits, narrow_float F>
NF_INLINE std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out, F x) {
  if constexpr (lossless_to<F, float>)
    return out << static_cast<float>(x);
  else
    return out << static_cast<double>(x);
}

namespace detail {
inline namespace NF_BASELINE {

/// Whether a number may have this character: a digit, a letter of its words and exponent, a sign or
/// a point.
constexpr bool is_of_number(char c) {
  return ('0' <= c && c <= '9') ||
         std::string_view("+-.efinatyEFINATY").find(c) != std::string_view::npos;
}

}  // namespace NF_BASELINE
}  // namespace detail

/// Reads a number after white space, as from_chars() reads it: rounded once. A '+' may stand before
/// it.
///
/// Special   what is no number, or none that the format has under its default saturation, sets
///           failbit, and x is left as it was; the characters that a number may have are taken from
///           the stream.
/// Example   std::stringstream text;
///           text << float8_e4m3fn(0.1f) << " 1e9";
///           float8_e4m3fn a, b;
///           text >> a >> b;
///           // as by convert()
///           assert(text.str() == "0.101562 1e9" && a == 0.1015625f && b == 448.0f);
template <class Char, class Traits, narrow_float F>
NF_INLINE std::basic_istream<Char, Traits>& operator>>(std::basic_istream<Char, Traits>& in, F& x) {
  const typename std::basic_istream<Char, Traits>::sentry ready(in);
  if (!ready) return in;
  std::string text;
  for (auto c = in.peek(); !Traits::eq_int_type(c, Traits::eof()); c = in.peek()) {
    const auto code = static_cast<unsigned long>(c);
    if (code >= 128 || !detail::is_of_number(static_cast<char>(code))) break;
    text.push_back(static_cast<char>(code));
    in.ignore();
  }
  const char* first = text.data();
  const char* const last = first + text.size();
  if (text.starts_with('+') && !text.starts_with("+-")) ++first;
  F number;
  const auto [end, error] = from_chars(first, last, number);
  if (error == std::errc{} && end == last)
    x = number;
  else
    in.setstate(std::ios_base::failbit);
  return in;
}

/// Writes the shape, the blocks and the size of a tensor: "4 x 64 in blocks of 1 x 32, 4.25 bits an
/// element". The tensor scale follows where there is one.
template <class Char, class Traits, block_format Format>
NF_INLINE std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out,
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

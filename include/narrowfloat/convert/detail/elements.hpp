// SPDX-License-Identifier: MIT
// Between floats and the elements of groups that share a factor, an array at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "../../detail/array/parts.hpp"
#include "../../detail/array/stream.hpp"
#include "decode.hpp"
#include "encode.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Bits below the leading one of a quotient that its rounding to a code of Layout by R looks at.
template <class Layout, class R>
inline constexpr int decisive_bits = Layout::mantissa_bits + R::random_bits + 2;
/// The bits of a float quotient below those that a rounding to a code of Layout without random bits
/// looks at.
template <class Layout>
inline constexpr std::uint32_t bits_near = (std::uint32_t{1}
                                            << (24 - (Layout::mantissa_bits + 2))) -
                                           1;
/// How far below zero a fixed-point number of so many bits reaches.
constexpr NF_FN std::uint32_t most_negative(int width, bool full_range) {
  return (std::uint32_t{1} << (width - 1)) - (full_range ? 0 : 1);
}

/// Rounds n floats, at most a part, times their factors to elements; element i takes the random
/// bits i of the rounding. Divides: the factors are rounded inverses, and `how` has what finds the
/// quotients. Within an environment that rounds to nearest: only other roundings need one of their
/// own.
template <class Code, bool Divides = false, class R>
void encode_within_nearest(Isa isa, const float* in, std::size_t n, std::size_t first, int shift,
                           const float* factors, const R& rounding, const element_encoding& how,
                           void* out) {
  const auto encode = encode_kernels<Code, R, Divides>[isa];
  if constexpr (direction_of(R::rule) == direction::nearest) {
    encode(in, n, first, shift, factors, rounding, how, out);
  } else {
    const float_environment environment(direction_of(R::rule));
    encode(in, n, first, shift, factors, rounding, how, out);
  }
}

/// The same in any environment.
template <class Code, bool Divides = false, class R>
void encode_products(const float* in, std::size_t n, std::size_t first, int shift,
                     const float* factors, const R& rounding, const element_encoding& how,
                     void* out) {
  const float_environment environment(direction::nearest);
  encode_within_nearest<Code, Divides>(active_isa(), in, n, first, shift, factors, rounding, how,
                                       out);
}

/// A shift so large that every element uses factors[0].
inline constexpr int one_for_all = sizeof(std::size_t) < 8 ? 31 : 40;

/// Rounds n floats, at most a part, to elements.
template <class Code, class R>
void encode_elements(const float* in, std::size_t n, const R& rounding, const element_encoding& how,
                     void* out) {
  const float one = 1;
  encode_products<Code>(in, n, 0, one_for_all, &one, rounding, how, out);
}
/// Rounds n doubles to elements.
template <class Code, class R>
void encode_elements(const double* in, std::size_t n, const R& rounding,
                     const element_encoding& how, void* out) {
  using to = typename Code::rounded;
  using W = word_for<binary64, to, R::random_bits>;
  const bounds<W> bound = bounds_for<to, R::rule, R::random_bits, W>(how.policy);
  for (std::size_t i = 0; i < n; ++i) {
    const auto rounded = transcode<binary64, to, R::rule, R::random_bits, W>(
        __builtin_bit_cast(std::uint64_t, in[i]), rounding.word(i), bound);
    const auto x = element_code<Code, W>(rounded, how.most_negative);
    const auto code = static_cast<code_for<typename Code::stored>>(
        join_sign<typename Code::stored>(x.magnitude, x.sign));
    __builtin_memcpy(static_cast<unsigned char*>(out) + i * sizeof code, &code, sizeof code);
  }
}

/// Elements that the kernels decode together, on the widest instruction set.
inline constexpr std::size_t decode_group = 64;

/// Factors of columns, by their kind: that of column i is at i >> shift. Where the shift is 0,
/// there are 2 * decode_group more of them than columns.
struct column_factors {
  const float *first, *second;
  int shift;
};

/// Decodes elements and multiplies them by their factors, in an environment that rounds to nearest.
template <class Code, factor_kind Kind>
class element_multiplier {
  static constexpr int width = Code::width;

 public:
  explicit element_multiplier(Isa isa) : decode_(decode_kernel_of<Code, Kind>(isa)) {}

  /// n elements of the columns from `first` on, of which the bytes up to `end` are readable; past
  /// the caches if `stream`, to an aligned `out`.
  void operator()(const std::uint8_t* codes, const std::uint8_t* end, std::size_t n,
                  std::size_t first, const column_factors& by, float* out, bool stream) const {
    if constexpr (width > 8 && width != 16) {
      for (std::size_t i = 0; i < n; i += decode_group) {
        const std::size_t count = std::min(decode_group, n - i);
        code_unit<width> units[decode_group] = {};
        unpack_bits<width>(codes + bit_stream_bytes(i, width), count, units);
        run_rest<decode_group>(reinterpret_cast<const std::uint8_t*>(units), count, first + i, by,
                               out + i);
      }
    } else {
      // The kernels read eight bytes at once.
      std::size_t whole = n / decode_group * decode_group;
      while (whole != 0 && end - codes < static_cast<std::ptrdiff_t>(whole / 8 * width + 8))
        whole -= decode_group;
      decode_(codes, whole, first, by.shift, by.first, by.second, out, stream);
      if (whole == n) return;
      std::uint8_t rest[2 * decode_group * width / 8 + 8] = {};
      std::copy_n(codes + whole / 8 * width, bit_stream_bytes(n - whole, width), rest);
      run_rest<2 * decode_group>(rest, n - whole, first + whole, by, out + whole);
    }
  }

 private:
  /// n of Capacity elements.
  template <std::size_t Capacity>
  void run_rest(const std::uint8_t* codes, std::size_t n, std::size_t first,
                const column_factors& by, float* out) const {
    float products[Capacity];
    decode_(codes, Capacity, first, by.shift, by.first, by.second, products, false);
    std::copy_n(products, n, out);
  }

  decode_kernel decode_;
};

/// The products of the elements of a tile in one row.
template <class Multiplier>
void multiply_row(const Multiplier& multiplier, const std::uint8_t* codes, const std::uint8_t* end,
                  std::size_t n, float* out, bool stream) {
  const bool aligned = reinterpret_cast<std::uintptr_t>(out) % unaligned_stream::alignment == 0;
  if (!stream || aligned) {
    multiplier.multiply(codes, end, n, 0, out, stream);
    return;
  }
  unaligned_stream writer(out, active_isa());
  for (std::size_t first = 0; first < n; first += part_elements) {
    const std::size_t count = std::min(part_elements, n - first);
    multiplier.multiply(codes + bit_stream_bytes(first, Multiplier::width), end, count, first,
                        writer.next(), false);
    writer.commit(count);
  }
  writer.finish();
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

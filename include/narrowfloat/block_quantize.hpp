// SPDX-License-Identifier: MIT
// private: include <narrowfloat/block.hpp>. The loops over blocks: scales first, a band of blocks at a
// time, then elements row by row in their logical order, so that random bits follow the index.
#pragma once

#include "block_divide.hpp"
#include "packed_matrix.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// n values as floats: themselves, or exact copies in `buffer`.
template <class T>
NF_INLINE const float* as_floats(const T* values, std::size_t n, std::vector<float>& buffer) {
  if constexpr (std::same_as<T, float>) {
    return values;
  } else {
    buffer.resize(n);
    narrowfloat::convert(std::span(values, n), std::span(buffer));
    return buffer.data();
  }
}

/// The bits of the largest magnitude; NaN above Inf, or of the finite values alone.
NF_INLINE std::uint32_t largest_magnitude(const float* values, std::size_t n, std::uint32_t so_far,
                                          bool finite_only) {
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t bits = bits_of_float(values[i]) & 0x7fffffffu;
    so_far = std::max(so_far, finite_only && bits >= float_infinity ? 0 : bits);
  }
  return so_far;
}

template <class T>
std::uint32_t largest_finite_magnitude(const T* values, std::size_t n) {
  std::vector<float> buffer;
  std::uint32_t largest = 0;
  for (std::size_t first = 0; first < n; first += packed_chunk) {
    const std::size_t count = std::min(packed_chunk, n - first);
    largest = largest_magnitude(as_floats(values + first, count, buffer), count, largest, true);
  }
  return largest;
}

/// Quantizes a matrix: writes a scale a block, in row-major order of the blocks, and the codes.
template <class Format, class T, class R>
void quantize_blocks(const T* values, const block_grid& grid, const QuantizeOptions& options,
                     const block_divider<Format>& divider, const R& rounding,
                     typename Format::scale* scales,
                     const PackedMatrix<typename Format::element>& codes) {
  using Element = typename Format::element;
  using real = typename block_divider<Format>::real;
  if (grid.rows == 0 || grid.cols == 0) return;  // however many empty rows
  const std::size_t across = grid.across();
  const std::size_t tile = grid.tile_columns();
  const bool finite_only = options.non_finite == NonFinite::propagate;
  const Saturation saturation =
      options.non_finite == NonFinite::propagate ? Saturation::propagate : Saturation::finite;
  std::vector<float> buffer, block_values;
  std::vector<std::uint32_t> amax(across);
  std::vector<typename block_divider<Format>::divisor> divisors(across);
  std::vector<real> scaled(tile);
  std::vector<Element> elements(tile);

  // Calls f(x, first, last, block) for the part of each block in a row: its values, from x on, are
  // those of columns first ... last - 1.
  const auto for_each_part = [&](std::size_t row, std::size_t left, std::size_t right, auto f) {
    const float* const x = as_floats(values + row * grid.cols + left, right - left, buffer);
    for (std::size_t block = left / grid.width, first = left; first < right; ++block) {
      const std::size_t last = grid.block_end(block);
      f(x + (first - left), first, last, block);
      first = last;
    }
  };
  for (std::size_t band = 0; band < grid.down(); ++band) {
    const std::size_t top = band * grid.height, bottom = grid.band_end(band);
    std::fill(amax.begin(), amax.end(), 0);
    for (std::size_t row = top; row < bottom; ++row) {
      for (std::size_t left = 0; left < grid.cols; left += tile) {
        for_each_part(row, left, std::min(grid.cols, left + tile),
                      [&](const float* x, std::size_t first, std::size_t last, std::size_t block) {
                        amax[block] = largest_magnitude(x, last - first, amax[block], finite_only);
                      });
      }
    }
    for (std::size_t block = 0; block < across; ++block) {
      block_values.clear();
      if (divider.needs_values()) {
        const std::size_t first = block * grid.width, last = grid.block_end(block);
        for (std::size_t row = top; row < bottom; ++row) {
          const float* const x = as_floats(values + row * grid.cols + first, last - first, buffer);
          block_values.insert(block_values.end(), x, x + (last - first));
        }
      }
      const auto choice = divider.choose(amax[block], block_values);
      scales[band * across + block] = choice.scale;
      divisors[block] = choice.by;
    }
    for (std::size_t row = top; row < bottom; ++row) {
      for (std::size_t left = 0; left < grid.cols; left += tile) {
        const std::size_t right = std::min(grid.cols, left + tile), count = right - left;
        for_each_part(row, left, right,
                      [&](const float* x, std::size_t first, std::size_t last, std::size_t block) {
                        divider.divide(x, last - first, divisors[block], &scaled[first - left]);
                      });
        encode_elements<Element>(
            std::span<const real>(scaled.data(), count), std::span(elements.data(), count),
            rounding_from(rounding, row * grid.cols + left), saturation, options.full_range);
        pack_bits<Element::width>(elements.data(), count,
                                  codes.row(row).data() + bit_stream_bytes(left, Element::width));
      }
    }
  }
}

/// The inverse: writes scale * element (* tensor scale), rounded once to the type of `out`.
template <class Format, class T>
void dequantize_blocks(const PackedMatrix<const typename Format::element>& codes,
                       const typename Format::scale* scales, float tensor_scale,
                       const block_grid& grid, T* out) {
  using Element = typename Format::element;
  using Scale = typename Format::scale;
  constexpr bool in_floats =
      power_of_two_scale<Scale> && float_suffices<Element> && std::same_as<T, float>;
  if (grid.rows == 0 || grid.cols == 0) return;
  const std::size_t across = grid.across();
  const std::size_t tile = grid.tile_columns();
  std::vector<Element> elements(tile);
  std::vector<double> products(in_floats ? 0 : tile);
  std::vector<block_multiplier<Element>> multipliers(across);
  for (std::size_t row = 0; row < grid.rows; ++row) {
    if (row % grid.height == 0) {
      const Scale* const band = scales + row / grid.height * across;
      for (std::size_t block = 0; block < across; ++block)
        multipliers[block] = block_multiplier<Element>::of(band[block], tensor_scale);
    }
    for (std::size_t left = 0; left < grid.cols; left += tile) {
      const std::size_t right = std::min(grid.cols, left + tile), count = right - left;
      unpack_bits<Element::width>(codes.row(row).data() + bit_stream_bytes(left, Element::width),
                                  count, elements.data());
      const std::span<const Element> in(elements.data(), count);
      const std::span<T> result(out + row * grid.cols + left, count);
      if constexpr (in_floats) {
        decode_elements(in, result);
      } else {
        decode_elements(in, std::span(products.data(), count));
      }
      for (std::size_t block = left / grid.width, first = left; first < right; ++block) {
        const std::size_t last = grid.block_end(block);
        const block_multiplier<Element> by = multipliers[block];
        if constexpr (in_floats) {
          by.multiply(&result[first - left], last - first);
        } else {
          for (std::size_t i = first - left; i < last - left; ++i)
            products[i] = scaled_up(products[i], by.factor);
        }
        first = last;
      }
      if constexpr (!in_floats)
        narrowfloat::convert(std::span<const double>(products.data(), count), result);
    }
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

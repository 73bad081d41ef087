// SPDX-License-Identifier: MIT
// Rows of sums on their way to the matrix that they are written to.
#pragma once

#include <vector>

#include "../../detail/array/place.hpp"
#include "../../detail/exact/arithmetic.hpp"
#include "../../detail/simd/environment.hpp"
#include "../epilogue.hpp"
#include "operands.hpp"

namespace narrowfloat::detail {

// Multiplies n floats by row * columns[i] and adds bias[i], rounded each time; arrays that fill
// packs, or null.
void finish_floats(in_library, Isa isa, float* x, std::size_t n, float row, const float* columns,
                   const float* bias);

inline namespace NF_BASELINE {

void finish_floats(here, Isa isa, float* x, std::size_t n, float row, const float* columns,
                   const float* bias);

template <class R>
void require_epilogue(const product_call& call, const Epilogue<R>& epilogue, std::size_t m,
                      std::size_t n) {
  const auto require = [&](const char* what, std::size_t have, std::size_t need) {
    if (have != 0 && have != need)
      throw_invalid(call.name, call.shapes + ": the epilogue has " + std::to_string(have) + " " +
                                   what + ", not " + std::to_string(need));
  };
  require("row scales", epilogue.row_scales.size(), m);
  require("column scales", epilogue.column_scales.size(), n);
  require("bias numbers", epilogue.bias.size(), n);
  if constexpr (requires { epilogue.rounding.size(); })
    require_words(call.name, epilogue.rounding.size(), m * n);
}

/// Some numbers of an array that fill packs; null of none.
class packed_floats {
 public:
  packed_floats(std::span<const float> all, std::size_t first, std::size_t count) {
    if (all.empty()) return;
    values_.resize(whole_packs(count));
    std::copy_n(all.data() + first, count, values_.data());
  }
  const float* data() const { return values_.empty() ? nullptr : values_.data(); }

 private:
  std::vector<float> values_;
};

/// Writes rows of sums through an epilogue.
template <class Range, class R>
void write_finished(const sum_writer<Range>& to, const Epilogue<R>& epilogue,
                    const auto* const sums, const matrix_part& part, std::size_t n) {
  using range = std::remove_cvref_t<Range>;
  using target = std::ranges::range_value_t<range>;
  const Isa isa = active_isa();
  const Saturation saturation = epilogue.saturation.value_or(default_saturation<target>);
  const packed_floats columns(epilogue.column_scales, part.left, part.cols),
      bias(epilogue.bias, part.left, part.cols);
  std::vector<float> row(whole_packs(part.cols));
  for (std::size_t r = 0; r < part.rows; ++r) {
    const std::size_t i = part.top + r, first = i * n + part.left;
    for (std::size_t j = 0; j < part.cols; ++j)
      row[j] = convert_number<float>(sums[r * part.cols + j], NearestEven{}, Saturation::none);
    const float factor = epilogue.row_scales.empty()
                             ? epilogue.scale
                             : float_product(epilogue.scale, epilogue.row_scales[i]);
    finish_floats(place_of<true>(), isa, row.data(), row.size(), factor, columns.data(),
                  bias.data());
    const auto rounding = rounding_from(epilogue.rounding, first);
    if constexpr (number_range<range>) {
      convert_by_kernel(isa, static_cast<const float*>(row.data()),
                        std::ranges::data(to.range) + to.places.at(i, part.left), part.cols,
                        rounding, saturation, Subnormals::keep);
    } else {
      for (std::size_t j = 0; j < part.cols; ++j)
        to.put(i, part.left + j,
               convert_number<target>(row[j], rounding, saturation, Subnormals::keep, j));
    }
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

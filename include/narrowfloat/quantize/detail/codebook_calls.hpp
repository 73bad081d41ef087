// SPDX-License-Identifier: MIT
// What code-books call, as the headers of the room see it: the tables and the values of a
// code-book.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../../detail/array/place.hpp"
#include "../../detail/array/tasks.hpp"
#include "codebook_tables.hpp"

namespace narrowfloat::detail {

// The tables of a code-book with these values.
codebook_tables make_codebook(in_library, std::span<const float> values, bool ascending);
// The code of the value nearest to a number; NaN counts as Inf.
std::uint8_t nearest_code(in_library, const codebook_tables& book, float x);
std::vector<float> dynamic_values(in_library, bool is_signed, int total_bits, int exponent_bits);
std::vector<float> bitsandbytes_values(in_library, bool is_signed, bool torch_1_13);
std::vector<float> linear_values(in_library, bool is_signed, int total_bits);
// The middles of the bins of equal mass of a sample, divided by its largest magnitude.
std::vector<float> quantile_values(in_library, std::span<const float> sample, int total_bits,
                                   const executor_ref& executor);

inline namespace NF_BASELINE {

codebook_tables make_codebook(here, std::span<const float> values, bool ascending);
std::uint8_t nearest_code(here, const codebook_tables& book, float x);
std::vector<float> dynamic_values(here, bool is_signed, int total_bits, int exponent_bits);
std::vector<float> bitsandbytes_values(here, bool is_signed, bool torch_1_13);
std::vector<float> linear_values(here, bool is_signed, int total_bits);
std::vector<float> quantile_values(here, std::span<const float> sample, int total_bits,
                                   const executor_ref& executor);

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

// SPDX-License-Identifier: MIT
// Arrays of codes of a format of run time, a part at a time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../detail/array/tasks.hpp"
#include "grid_calls.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class Word>
void encode_array(const float* in, Word* codes, std::size_t n, const float_grid& grid,
                  const executor_ref& executor) {
  const auto encode = [&](std::uint32_t* words, std::size_t first, std::size_t count) {
    encode_grid(place_of<true>(), active_isa(), in + first, words, count, grid);
    for (std::size_t i = 0; i < count; ++i) codes[first + i] = static_cast<Word>(words[i]);
  };
  run_parts<std::uint32_t>(executor, codes, n, encode);
}
template <class Word>
void decode_array(const Word* codes, float* out, std::size_t n, const float_grid& grid,
                  const executor_ref& executor) {
  const auto decode = [&](std::uint32_t* words, std::size_t first, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) words[i] = codes[first + i];
    decode_grid(place_of<true>(), active_isa(), words, out + first, count, grid);
  };
  run_parts<std::uint32_t>(executor, out, n, decode);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

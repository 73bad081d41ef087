// SPDX-License-Identifier: MIT
// Arrays of codes of a format of run time, a part at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "../../detail/array/parts.hpp"
#include "grid_calls.hpp"
#include "tiles.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// Calls f(words, first, count) for the parts of n elements that are written to `out`, by the tasks
/// of an executor; `words` has room for the codes of a part.
template <class To, class F>
void for_each_words(const executor_ref& executor, const To* out, std::size_t n, const F& f) {
  run_cuts(executor, task_cuts::of(out, n), [&](std::size_t begin, std::size_t size) {
    std::uint32_t words[part_elements];
    for (std::size_t first = begin, count = 0; first < begin + size; first += count) {
      count = std::min(part_elements, begin + size - first);
      f(words, first, count);
    }
  });
}

template <class Word>
void encode_array(const float* in, Word* codes, std::size_t n, const float_grid& grid,
                  const executor_ref& executor) {
  for_each_words(executor, codes, n,
                 [&](std::uint32_t* words, std::size_t first, std::size_t count) {
                   encode_grid(place_of<true>(), active_isa(), in + first, words, count, grid);
                   for (std::size_t i = 0; i < count; ++i)
                     codes[first + i] = static_cast<Word>(words[i]);
                 });
}
template <class Word>
void decode_array(const Word* codes, float* out, std::size_t n, const float_grid& grid,
                  const executor_ref& executor) {
  for_each_words(executor, out, n, [&](std::uint32_t* words, std::size_t first, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) words[i] = codes[first + i];
    decode_grid(place_of<true>(), active_isa(), words, out + first, count, grid);
  });
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

// SPDX-License-Identifier: MIT
// The kernels from floats to floats at every length and place, with inaccessible memory on both
// sides.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "guarded_pages.hpp"
#include "mismatches.hpp"

namespace test {

/// Runs a kernel on the first n of `in`, for every n, at every place in a cache line: at the start
/// and at the end of the memory, streaming or not, in place or not. It has to write the first n of
/// `expected` and nothing else; and run(source, out, n, stream) has to return true.
template <class Run>
void check_every_place(const std::vector<float>& in, const std::vector<float>& expected, Run run,
                       Mismatches& bad) {
  const std::size_t longest = in.size();
  GuardedPages in_pages(longest * 4 + 64), out_pages(longest * 4 + 64);
  constexpr unsigned char untouched = 0xa5;
  for (std::size_t n = 0; n <= longest; ++n) {
    for (std::size_t place = 0; place < 64; place += 4) {
      for (const int way : {0, 1, 2, 3, 4, 5, 6, 7}) {
        const bool stream = way & 1, at_end = way & 2, in_place = way & 4;
        unsigned char* const out =
            at_end ? out_pages.end() - 4 * n - place : out_pages.begin() + place;
        unsigned char* source = at_end ? in_pages.end() - 4 * n : in_pages.begin() + 60 - place;
        if (in_place) source = out;
        unsigned char* const first = std::max(out_pages.begin(), out - 64);
        unsigned char* const last = std::min(out_pages.end(), out + 4 * n + 64);
        std::fill(first, last, untouched);
        std::memcpy(source, in.data(), 4 * n);
        const bool returned =
            run(reinterpret_cast<const float*>(source), reinterpret_cast<float*>(out), n, stream);
        const auto where = [&] {
          return "length " + std::to_string(n) + ", place " + std::to_string(place) + ", way " +
                 std::to_string(way);
        };
        const auto is_untouched = [](unsigned char byte) { return byte == untouched; };
        bad.expect(std::memcmp(out, expected.data(), 4 * n) == 0 && returned &&
                       std::all_of(first, out, is_untouched) &&
                       std::all_of(out + 4 * n, last, is_untouched),
                   where, n, 1, returned);
      }
    }
  }
}

}  // namespace test

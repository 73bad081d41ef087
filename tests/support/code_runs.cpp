// SPDX-License-Identifier: MIT
// Runs of codes: looked for where rounding may change its mind, beside values and midpoints.
#include "support/code_runs.hpp"

#include <algorithm>
#include <cstdio>

namespace oracle {
namespace {

constexpr std::uint32_t infinity = 0x7f800000u, sign = 0x80000000u;

// Magnitudes of floats, sorted: zero, the smallest, the smallest normal and infinity, and those on
// both sides of each value and of each midpoint.
std::vector<std::uint32_t> turning_points(const Format& format) {
  std::vector<std::uint32_t> points{0, 1, 0x00800000u, infinity};
  const auto add = [&](const Exact& x) {
    const std::uint32_t below = round(binary32, x, {Mode::toward_zero}, Saturation::none);
    points.insert(points.end(), {below, below + 1});
  };
  Exact previous;
  for (std::uint64_t code = 0; code <= largest_finite_code(format, false); ++code) {
    const Exact value = decode(format, code);
    Exact midpoint = sum(previous, value);
    --midpoint.exponent;
    add(midpoint);
    add(value);
    previous = value;
  }
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  return points;
}

}  // namespace

std::vector<CodeRun> runs_of_codes(const Format& format, const Rounding& rounding,
                                   Saturation saturation, bool flush) {
  const auto code = [&](std::uint32_t bits) {
    return round(format, from_f32_bits(bits), rounding, saturation, flush);
  };
  const std::vector<std::uint32_t> points = turning_points(format);
  std::vector<CodeRun> runs;
  const auto add = [&](std::uint32_t first, std::uint32_t its_code) {
    if (runs.empty() || runs.back().code != its_code) runs.push_back({first, its_code});
  };
  for (const std::uint32_t negative : {0u, sign}) {
    std::uint32_t last = negative;
    add(last, code(last));
    // Rounding is monotone: between two points with one code there is no other code.
    for (const std::uint32_t point : points) {
      const std::uint32_t next = negative | point, next_code = code(next);
      while (runs.back().code != next_code) {
        std::uint32_t inside = last, outside = next;
        if (code(next - 1) == runs.back().code) inside = next - 1;
        while (outside - inside > 1) {
          const std::uint32_t middle = inside + (outside - inside) / 2;
          (code(middle) == runs.back().code ? inside : outside) = middle;
        }
        add(outside, code(outside));
        last = outside;
      }
      last = next;
    }
    add(negative | (infinity + 1), code(negative | (infinity + 1)));  // all the NaNs
  }
  return runs;
}

std::string digest(std::span<const CodeRun> runs) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const CodeRun& run : runs) {
    for (const std::uint32_t word : {run.first, run.code}) {
      for (int shift = 0; shift < 32; shift += 8) {
        hash = (hash ^ ((word >> shift) & 0xff)) * 0x100000001b3u;
      }
    }
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

}  // namespace oracle

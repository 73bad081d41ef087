// SPDX-License-Identifier: MIT
// The floats that are chosen where not all are read.
#include "conformance/inputs.hpp"

#include <algorithm>

#include "support/code_runs.hpp"

namespace conformance {
namespace {

// Splitmix64.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint32_t below(std::uint32_t bound) {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return static_cast<std::uint32_t>((z >> 32) * bound >> 32);
  }

 private:
  std::uint64_t state_;
};

}  // namespace

std::vector<std::uint32_t> stratified_floats(const oracle::Format& format, std::size_t count,
                                             std::uint64_t seed) {
  std::vector<std::uint32_t> deciding;
  for (const oracle::Mode mode : {oracle::Mode::nearest_even, oracle::Mode::toward_zero}) {
    for (const oracle::CodeRun& run :
         runs_of_codes(format, {.mode = mode}, oracle::Saturation::none))
      for (std::uint32_t offset = 0; offset < 5; ++offset)
        deciding.push_back(run.first + offset - 2);
  }
  // Both ends of every exponent, zeros, infinities and quiet NaNs among them.
  for (std::uint32_t exponent = 0; exponent < 512; ++exponent)
    for (const std::uint32_t offset : {0x7fffffu, 0u, 1u, 0x400000u})
      deciding.push_back((exponent << 23) + offset);
  std::sort(deciding.begin(), deciding.end());

  Random random(seed);
  const std::size_t rest = count > deciding.size() ? (count - deciding.size()) / 512 : 0;
  const std::size_t each = std::clamp<std::size_t>(rest, 16, std::size_t{1} << 23);
  std::vector<std::uint32_t> drawn;
  drawn.reserve(512 * each);
  for (std::uint64_t exponent = 0; exponent < 512; ++exponent) {
    for (std::uint64_t k = 0; k < each; ++k) {  // one from each of `each` equal parts
      const std::uint64_t begin = (k << 23) / each, end = ((k + 1) << 23) / each;
      drawn.push_back(static_cast<std::uint32_t>((exponent << 23) + begin) +
                      random.below(static_cast<std::uint32_t>(end - begin)));
    }
  }
  std::vector<std::uint32_t> floats(deciding.size() + drawn.size());
  std::merge(deciding.begin(), deciding.end(), drawn.begin(), drawn.end(), floats.begin());
  floats.erase(std::unique(floats.begin(), floats.end()), floats.end());
  return floats;
}

}  // namespace conformance

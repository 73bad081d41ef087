// SPDX-License-Identifier: MIT
// Codes are compared run by run: a run is right if its first code is, and each code is the one
// before it.
#include "digests/check.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "support/code_runs.hpp"
#include "support/every_format.hpp"

namespace digests {
namespace {

constexpr std::size_t piece = 4096;  // floats and codes stay in the first cache

/// A kernel and where its codes are to change next.
class Check {
 public:
  Check(const Kernel& kernel, oracle::Mode mode)
      : kernel_(kernel),
        runs_(oracle::runs_of_codes(kernel.format, {mode}, test::usual_saturation(kernel.format))) {
  }

  /// The next piece of floats, of which the first is this bit pattern.
  void take(std::uint64_t first, const float* in, void* out) {
    if (mismatch_) return;
    const int bits = kernel_.format.exponent_bits + kernel_.format.mantissa_bits +
                     (kernel_.format.is_signed ? 1 : 0);
    if (bits <= 8) {
      compare(first, in, static_cast<std::uint8_t*>(out));
    } else if (bits <= 16) {
      compare(first, in, static_cast<std::uint16_t*>(out));
    } else {
      compare(first, in, static_cast<std::uint32_t*>(out));
    }
  }
  Outcome outcome() const { return {oracle::digest(runs_), mismatch_}; }

 private:
  template <class Code>
  void compare(std::uint64_t first, const float* in, Code* out) {
    std::memset(out, static_cast<int>(~runs_[run_].code & 0xff), piece * sizeof(Code));
    kernel_.convert(in, out, piece);
    for (std::size_t i = 0; i < piece;) {
      const bool is_last = run_ + 1 == runs_.size();
      const std::uint64_t run_end = is_last ? std::uint64_t{1} << 32 : runs_[run_ + 1].first;
      const auto end = static_cast<std::size_t>(std::min<std::uint64_t>(piece, run_end - first));
      const std::uint32_t expected = runs_[run_].code;
      if (out[i] != expected ||
          std::memcmp(out + i, out + i + 1, (end - i - 1) * sizeof(Code)) != 0) {
        while (out[i] == expected) ++i;
        mismatch_ = Mismatch{static_cast<std::uint32_t>(first + i), expected, out[i]};
        return;
      }
      i = end;
      if (first + end == run_end && !is_last) ++run_;
    }
  }

  Kernel kernel_;
  std::vector<oracle::CodeRun> runs_;
  std::size_t run_ = 0;
  std::optional<Mismatch> mismatch_;
};

}  // namespace

std::vector<Outcome> check_every_float(std::span<const Kernel> kernels, oracle::Mode mode) {
  std::vector<Check> checks;
  for (const Kernel& kernel : kernels) checks.emplace_back(kernel, mode);
  alignas(64) float in[piece];
  alignas(64) std::uint32_t out[piece];
  for (std::uint64_t first = 0; first >> 32 == 0; first += piece) {
    for (std::size_t i = 0; i < piece; ++i)
      in[i] = std::bit_cast<float>(static_cast<std::uint32_t>(first + i));
    for (Check& check : checks) check.take(first, in, out);
  }
  std::vector<Outcome> outcomes;
  for (const Check& check : checks) outcomes.push_back(check.outcome());
  return outcomes;
}

}  // namespace digests

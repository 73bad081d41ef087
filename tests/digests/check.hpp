// SPDX-License-Identifier: MIT
// All 2^32 floats through some kernels, against the oracle.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "digests/kernels.hpp"

namespace digests {

struct Mismatch {
  std::uint32_t input, expected, got;
};

/// What became of a format: its digest, and the first float whose code is another one.
struct Outcome {
  std::string digest;
  std::optional<Mismatch> mismatch;
};

/// Result  An outcome for each kernel; the floats are made once for all of them.
std::vector<Outcome> check_every_float(std::span<const Kernel> kernels, oracle::Mode mode);

}  // namespace digests

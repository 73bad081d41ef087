// SPDX-License-Identifier: MIT
// What a kernel makes of the floats: all of them, or a stratified choice and then the ends of what
// was found.
#pragma once

#include <cstdint>
#include <vector>

#include "conformance/formats.hpp"
#include "conformance/kernel.hpp"
#include "support/code_runs.hpp"

namespace conformance {

/// A kernel's conversion as runs of floats with one code.
struct Sweep {
  std::vector<oracle::CodeRun> runs{};
  std::uint64_t inputs = 0;  ///< how many were converted
  bool has_all =
      false;  ///< all were; else a float between two with one code is taken to have it too
};

/// Result   All 2^32 floats.
/// Special  KernelFault as the kernel's, and where results are not written, differ from call to
///          call or are no rounding (more than 2^24 runs).
Sweep sweep_all(Kernel& kernel, const NamedFormat& format);

/// Result   About `count` floats, in every sign and exponent as many: the format's values and ties,
///          the floats beside them, and random ones drawn from `seed`; then those that lie between
///          two with different codes, until they touch.
/// Special  As sweep_all.
Sweep sweep_stratified(Kernel& kernel, const NamedFormat& format, std::size_t count,
                       std::uint64_t seed);

}  // namespace conformance

// SPDX-License-Identifier: MIT
// A conversion of all 2^32 floats as the oracle has it, in little memory: the runs of floats with
// one code, and their digest.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "support/oracle.hpp"

namespace oracle {

/// Floats with one code: from the bit pattern `first` to that before the next run's.
struct CodeRun {
  std::uint32_t first, code;
  friend bool operator==(const CodeRun&, const CodeRun&) = default;
};

/// Result    The code of every float, as the longest runs of equal codes in the order of the bit
///           patterns 0, 1, ... 0xffffffff; the first run begins at 0.
/// Requires  A format of at most 20 bits.
/// Cost      About ten roundings a code.
std::vector<CodeRun> runs_of_codes(const Format& format, const Rounding& rounding,
                                   Saturation saturation, bool flush = false);

/// Result  16 hexadecimal digits: 64-bit FNV-1a (offset basis 0xcbf29ce484222325, prime
///         0x100000001b3) of each run's first pattern and its code, each as 4 bytes, the lowest
///         first.
std::string digest(std::span<const CodeRun> runs);

}  // namespace oracle

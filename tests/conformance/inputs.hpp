// SPDX-License-Identifier: MIT
// The floats that are chosen where not all are read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/oracle.hpp"

namespace conformance {

/// Result  About `count` floats, or more, in the order of their bits: those that decide a
///         conversion to the format with their neighbours, both ends of every exponent, and as many
///         random ones of every sign and exponent.
std::vector<std::uint32_t> stratified_floats(const oracle::Format& format, std::size_t count,
                                             std::uint64_t seed);

}  // namespace conformance

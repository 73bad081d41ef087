// SPDX-License-Identifier: MIT
// The expected results as files and as digests, for those who cannot run the program against their
// kernel.
#pragma once

#include <string>

#include "conformance/checks.hpp"

namespace conformance {

/// Prints the digest of every named format: to nearest even, with its saturation, subnormals kept,
/// NaN canonical.
void print_digests();

/// Writes README and, for each format of at most 8 bits and each rounding and saturation (with
/// options.has_format, for that format alone, of any width), a file of runs into a folder, which it
/// makes.
/// Special  UsageError where a file cannot be written.
void write_vectors(const Options& options);

}  // namespace conformance

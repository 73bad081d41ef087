// SPDX-License-Identifier: MIT
// The conversions under test: one kernel for each format of the table, in one rounding on one
// instruction set.
#pragma once

#include <cstddef>
#include <vector>

#include "support/oracle.hpp"

namespace digests {

/// A format and what converts floats to its codes.
struct Kernel {
  oracle::Format format;
  void (*convert)(const float* in, void* out, std::size_t n);
};

/// The kernels of the formats with these exponent bits, in the order of the table: the one function
/// of a file that CMake makes of kernels.cpp.in.
template <int ExponentBits>
std::vector<Kernel> kernels_with();

}  // namespace digests

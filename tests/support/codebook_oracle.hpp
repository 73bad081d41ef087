// SPDX-License-Identifier: MIT
// The oracle for code-books: the nearest value by the exact distances, in integers of fixed length,
// without any header under test.
#pragma once

#include <cstdint>
#include <vector>

#include "support/oracle.hpp"

namespace oracle {

/// Result   The code of the value v with the least |x - v * absmax|; of two, the lower value; of
///          equal ones, the lower code.
/// Requires Bit patterns of finite floats, absmax > 0.
unsigned nearest_code(const std::vector<std::uint32_t>& values, std::uint32_t x,
                      std::uint32_t absmax);

/// Result   The float nearest to numerator / denominator; ties to even.
/// Requires A result in the range of normal floats, a denominator below 2^60.
std::uint32_t nearest_float(std::uint64_t numerator, std::uint64_t denominator);

/// Result   The mean of finite floats, all positive or 0, rounded once.
std::uint32_t mean_of_floats(const std::vector<std::uint32_t>& values);

/// The code of x / absmax by a stochastic choice between the values about it: with v the fraction
/// of the way from the lower to the upper one, the upper one where v 2^bits, rounded as `variant`
/// says (A: down, B: to nearest, ties up, C: to nearest, ties to even), plus `random` is at least
/// 2^bits.
unsigned chosen_code(const std::vector<std::uint32_t>& values, std::uint32_t x_bits,
                     std::uint32_t absmax_bits, char variant, int bits, std::uint32_t random);

}  // namespace oracle

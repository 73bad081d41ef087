// SPDX-License-Identifier: MIT
// Numbers as the reports show them, and the two ways in which a run can end early.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "support/oracle.hpp"

namespace conformance {

/// The command line asks for what cannot be done: exit status 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// The kernel gives no answer to judge: exit status 1.
struct KernelFault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Hexadecimal digits, as many as `bits` bits need.
std::string hex(std::uint32_t value, int bits);
/// The shortest decimal number that gives back the float.
std::string float_text(std::uint32_t bits);
/// The value of a code, in decimal.
std::string value_text(const oracle::Format& format, std::uint32_t code);
/// Floats from `first` to `last`, of one sign, all or none of them NaN, as an interval of values:
/// "[480, 496)".
std::string interval_text(std::uint32_t first, std::uint32_t last);
/// A number of things: "1 float", "2 floats".
std::string count_text(std::uint64_t count, const char* thing);

}  // namespace conformance

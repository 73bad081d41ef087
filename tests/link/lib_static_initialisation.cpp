// SPDX-License-Identifier: MIT
// The library at work before main(), where no other static object may be expected to be there yet.
#include "../support/checksum.hpp"

namespace {

/// Converts arrays in its constructor.
struct Early {
  std::uint64_t sum = test::small_checksum();
};
const Early early;

}  // namespace

std::uint64_t checksum_b();
std::uint64_t checksum_b() { return early.sum; }

// SPDX-License-Identifier: MIT
// One of two translation units that are built differently and linked into one program.
#include "../support/checksum.hpp"

std::uint64_t checksum_b();
std::uint64_t checksum_b() { return test::small_checksum(); }

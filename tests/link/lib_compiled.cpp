// SPDX-License-Identifier: MIT
// lib_b with the loops of the named formats from the library narrowfloat::compiled.
#ifndef NARROWFLOAT_COMPILED
#error "link narrowfloat::compiled"
#endif
#include <narrowfloat/loops.hpp>

#include "../support/checksum.hpp"

std::uint64_t checksum_b();
std::uint64_t checksum_b() { return test::small_checksum(); }

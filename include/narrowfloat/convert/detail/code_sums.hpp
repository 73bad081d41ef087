// SPDX-License-Identifier: MIT
// Codes of a byte as the low bits of sums, where an instruction set takes them from there.
#pragma once

#include "../../detail/codec/transcode.hpp"
#include "../../detail/simd/loops.hpp"

#define NF_LOOP "../../convert/detail/code_sums.inl"
#include "../../detail/simd/each_isa.inl"

// SPDX-License-Identifier: MIT
// One function for each instruction set, chosen by Isa.
#pragma once

#include <cstddef>

#include "../../isa.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class Function>
struct isa_table {
  Function of[all_isas.size()];
  constexpr NF_FN Function operator[](Isa isa) const { return of[static_cast<std::size_t>(isa)]; }
};

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

/// The table of a loop: what NF_LOOP defined under this name in each instruction set's namespace.
#define NF_EACH_ISA(...) \
  { &generic::__VA_ARGS__, &avx2::__VA_ARGS__, &avx512::__VA_ARGS__, &neon::__VA_ARGS__ }

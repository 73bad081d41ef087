// SPDX-License-Identifier: MIT
// The door to the kernels: for each array operation, one function pointer an instruction set.
#pragma once

#include <cstddef>

#include "avx2.hpp"
#include "avx512.hpp"
#include "generic.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class R>
using convert_kernel = void (*)(const void*, void*, std::size_t, const R&, const outcomes&);

/// The conversion kernels in the order of Isa; a null pointer where this build has none.
template <class From, class To, class R, bool Flush>
inline constexpr convert_kernel<R> convert_kernels[] = {
    &generic::convert_array<From, To, R, Flush>,
#if defined(__x86_64__)
    &avx2::convert_array<From, To, R, Flush>,
    &avx512::convert_array<From, To, R, Flush>,
#else
    nullptr,
    nullptr,
#endif
    nullptr,
};

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

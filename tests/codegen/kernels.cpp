// SPDX-License-Identifier: MIT
// The kernels whose machine code check_loops.py reads.
#include <narrowfloat/stats.hpp>

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

#define CONVERT(isa, From, To, Rounding)                                      \
  template void isa::convert_array<layout_of<From>, layout_of<To>, Rounding>( \
      const void*, void*, std::size_t, const Rounding&, saturates, bool, float);
#define COUNT(isa, To, Rounding)                                \
  template void isa::count_conversion<layout_of<To>, Rounding>( \
      const float*, void*, std::size_t, const Rounding&, saturates, bool, float, error_counts&);
#define WIDEN(isa, From) \
  template void isa::widen_array<layout_of<From>>(const void*, void*, std::size_t, bool);
#define LOOK_UP(isa, Bytes) \
  template void isa::look_up<Bytes>(const void*, void*, std::size_t, const code_table&, bool);

#if defined(__aarch64__)
CONVERT(neon, float, float8_e4m3fn, NearestEven)
CONVERT(neon, float, float8_e4m3fn, Stochastic<>)
#else
CONVERT(avx512, float, float8_e4m3fn, NearestEven)
CONVERT(avx512, float, float8_e5m2, NearestEven)
CONVERT(avx512, float, bfloat16, NearestEven)
CONVERT(avx512, float, float16, NearestEven)
WIDEN(avx512, bfloat16)
CONVERT(avx512, float16, float8_e4m3fn, NearestEven)
CONVERT(avx512, float, float8_e4m3fn, Stochastic<>)
CONVERT(avx2, float, float8_e4m3fn, NearestEven)
CONVERT(avx2, float, bfloat16, NearestEven)
CONVERT(avx2, float, float16, NearestEven)
WIDEN(avx2, float8_e5m2)
COUNT(avx512, float8_e4m3fn, NearestEven)
LOOK_UP(avx512_vbmi, 1)
LOOK_UP(avx512_vbmi, 2)
LOOK_UP(avx512_vbmi, 4)
#endif

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

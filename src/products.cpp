// SPDX-License-Identifier: MIT
// Products of matrices whose sums are in the formats of papers.
#include <narrowfloat/linalg.hpp>

namespace narrowfloat::detail {

template <class Inner, class Outer>
void run_narrow_sums(in_library, Isa isa, const narrow_task& task) {
  run_narrow_sums<Inner, Outer>(here{}, isa, task);
}

#define NF_SUMS(...)                           \
  static_assert(is_compiled_sum<__VA_ARGS__>); \
  template void run_narrow_sums<__VA_ARGS__>(in_library, Isa, const narrow_task&)
#define NF_NEAREST(A, First, Underflow)                                           \
  NF_SUMS(sum_kind<A, NearestEven, first_rounding::First, Underflow>, no_chunks); \
  NF_SUMS(sum_kind<A, NearestEven, first_rounding::First, Underflow>,             \
          sum_kind<A, NearestEven, first_rounding::plain, true>)
NF_NEAREST(float12_e6m5, plain, false);
NF_NEAREST(float12_e6m5, plain, true);
NF_NEAREST(float12_e6m5, watched, false);
NF_NEAREST(float12_e6m5, watched, true);
NF_NEAREST(float12_e6m5, odd, false);
NF_NEAREST(float12_e6m5, odd, true);
NF_NEAREST(float16_e6m9, plain, false);
NF_NEAREST(float16_e6m9, plain, true);
NF_NEAREST(float16_e6m9, watched, false);
NF_NEAREST(float16_e6m9, watched, true);
NF_NEAREST(float16_e6m9, odd, false);
NF_NEAREST(float16_e6m9, odd, true);

using mac_rounding = Stochastic<13, StochasticVariant::p3109_a>;  // Ali, Filip and Sentieys 2024
NF_SUMS(sum_kind<float12_e6m5, mac_rounding, first_rounding::plain, false>, no_chunks);
NF_SUMS(sum_kind<float12_e6m5, mac_rounding, first_rounding::plain, true>, no_chunks);

void finish_floats(in_library, Isa isa, float* x, std::size_t n, float row, const float* columns,
                   const float* bias) {
  finish_floats(here{}, isa, x, n, row, columns, bias);
}

template <class T, wide_step Step>
void run_wide_sums(in_library, Isa isa, const wide_task<T>& task) {
  run_wide_sums<T, Step>(here{}, isa, task);
}
template <class Part, class T, class Total>
void add_wide_sums(in_library, Isa isa, T* sums, Total* totals, std::size_t n) {
  add_wide_sums<Part>(here{}, isa, sums, totals, n);
}

template void run_wide_sums<float, wide_step::fused>(in_library, Isa, const wide_task<float>&);
template void run_wide_sums<float, wide_step::separate>(in_library, Isa, const wide_task<float>&);
template void run_wide_sums<double, wide_step::fused>(in_library, Isa, const wide_task<double>&);
template void run_wide_sums<std::int32_t, wide_step::pairs>(in_library, Isa,
                                                            const wide_task<std::int32_t>&);
template void add_wide_sums<float>(in_library, Isa, float*, float*, std::size_t);
template void add_wide_sums<float>(in_library, Isa, float*, double*, std::size_t);
template void add_wide_sums<float>(in_library, Isa, double*, float*, std::size_t);
template void add_wide_sums<float>(in_library, Isa, double*, double*, std::size_t);
template void add_wide_sums<double>(in_library, Isa, double*, double*, std::size_t);
template void add_wide_sums<double>(in_library, Isa, std::int32_t*, double*, std::size_t);

template <int Width, code_kind Kind>
void run_row_sums(in_library, Isa isa, const row_task& task) {
  run_row_sums<Width, Kind>(here{}, isa, task);
}
template void run_row_sums<4, code_kind::nibbles>(in_library, Isa, const row_task&);
template void run_row_sums<6, code_kind::finite>(in_library, Isa, const row_task&);
template void run_row_sums<8, code_kind::specials>(in_library, Isa, const row_task&);
template void run_row_sums<8, code_kind::fixed>(in_library, Isa, const row_task&);

template <bool Nibbles, int Digits>
void run_integer_sums(in_library, Isa isa, const integer_task& task) {
  run_integer_sums<Nibbles, Digits>(here{}, isa, task);
}
template void run_integer_sums<true, 1>(in_library, Isa, const integer_task&);
template void run_integer_sums<true, 2>(in_library, Isa, const integer_task&);
template void run_integer_sums<true, 3>(in_library, Isa, const integer_task&);
template void run_integer_sums<false, 1>(in_library, Isa, const integer_task&);
template void run_integer_sums<false, 2>(in_library, Isa, const integer_task&);
template void run_integer_sums<false, 3>(in_library, Isa, const integer_task&);

}  // namespace narrowfloat::detail

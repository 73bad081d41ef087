// SPDX-License-Identifier: MIT
// The door to the kernels: for each array operation, one function pointer an instruction set, in the order
// of Isa.
#pragma once

#include <cstddef>

#include "../cpu_features.hpp"
#include "avx2.hpp"
#include "avx512.hpp"
#include "avx512_vbmi.hpp"
#include "generic.hpp"
#include "neon.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

// An instruction set of another architecture has the names of generic here; no call gets through to it.
#if !defined(__x86_64__)
namespace avx2 = generic;
namespace avx512 = generic;
#endif
#if !defined(__aarch64__)
namespace neon = generic;
#endif

template <class R>
using convert_kernel = void (*)(const void*, void*, std::size_t, const R&, saturates, bool);
using look_up_kernel = void (*)(const void*, void*, std::size_t, const code_table&, bool);
using flush_kernel = void (*)(const void*, void*, std::size_t);
using scale_kernel = void (*)(const void*, void*, std::size_t, float, bool);
using unscale_kernel = std::uint32_t (*)(const void*, void*, std::size_t, float, bool);
using count_kernel = void (*)(const void*, const void*, std::size_t, std::uint32_t, error_counts&);
using pack_kernel = void (*)(const void*, std::size_t, std::uint8_t*);
using unpack_kernel = void (*)(const std::uint8_t*, std::size_t, void*);

using encode_codebook_kernel = void (*)(const void*, void*, std::size_t, const codebook_tables&,
                                        const float*, std::size_t, bool);
using decode_codebook_kernel = void (*)(const void*, void*, std::size_t, const codebook_tables&,
                                        const float*, std::size_t, std::size_t, bool);
template <class Word>
using largest_kernel = Word (*)(const void*, std::size_t);
using hadamard_kernel = void (*)(const void*, void*, std::size_t, std::size_t,
                                 const hadamard_factors&, bool);

using integer_kernel = void (*)(const std::int32_t*, std::size_t, float, const float*, int,
                                const float*, float*);

template <class From, class To, class R>
inline constexpr convert_kernel<R> convert_kernels[] = {
    &generic::convert_array<From, To, R>, &avx2::convert_array<From, To, R>,
    &avx512::convert_array<From, To, R>, &neon::convert_array<From, To, R>};

/// The kernel of a look-up, or a null pointer where the formula is faster.
template <std::size_t OutBytes>
look_up_kernel look_up_kernel_of(std::size_t isa) {
#if defined(__x86_64__)
  if (isa == 2 && find_cpu_features().avx512_vbmi) return &avx512_vbmi::look_up<OutBytes>;
  if constexpr (OutBytes == 4) {
    return isa == 0 ? &generic::look_up<OutBytes> : nullptr;
  } else {
    return isa == 0 ? &generic::look_up<OutBytes> : &avx2::look_up<OutBytes>;
  }
#elif defined(__aarch64__)
  return isa == 3 ? &neon::look_up<OutBytes> : &generic::look_up<OutBytes>;
#else
  return &generic::look_up<OutBytes>;
#endif
}

template <class Layout>
inline constexpr flush_kernel flush_kernels[] = {
    &generic::flush_array<Layout>, &avx2::flush_array<Layout>, &avx512::flush_array<Layout>,
    &neon::flush_array<Layout>};

inline constexpr scale_kernel scale_kernels[] = {&generic::scale_array, &avx2::scale_array,
                                                 &avx512::scale_array, &neon::scale_array};

inline constexpr unscale_kernel unscale_kernels[] = {&generic::unscale_array, &avx2::unscale_array,
                                                     &avx512::unscale_array, &neon::unscale_array};

inline constexpr integer_kernel integer_kernels[] = {&generic::scale_integers,
                                                     &avx2::scale_integers, &avx512::scale_integers,
                                                     &neon::scale_integers};

/// The loops over numbers that are rounded to a grid, see grid.inl.
struct grid_kernel_set {
  void (*round)(const void*, void*, std::size_t, const float_grid&, bool);
  void (*error)(const void*, std::size_t, const float_grid&, double&);
  double (*gradients)(const void*, const void*, void*, std::size_t, const float_grid&);
};
inline constexpr grid_kernel_set grid_kernels[] = {
    {&generic::round_to_grid, &generic::grid_error, &generic::grid_gradients},
    {&avx2::round_to_grid, &avx2::grid_error, &avx2::grid_gradients},
    {&avx512::round_to_grid, &avx512::grid_error, &avx512::grid_gradients},
    {&neon::round_to_grid, &neon::grid_error, &neon::grid_gradients}};

inline constexpr count_kernel count_kernels[] = {&generic::count_errors, &avx2::count_errors,
                                                 &avx512::count_errors, &neon::count_errors};

inline constexpr encode_codebook_kernel encode_codebook_kernels[] = {
    &generic::encode_codebook, &avx2::encode_codebook, &avx512::encode_codebook,
    &neon::encode_codebook};

inline decode_codebook_kernel decode_codebook_kernel_of(std::size_t isa,
                                                        [[maybe_unused]] std::size_t codes) {
  constexpr decode_codebook_kernel kernels[] = {&generic::decode_codebook, &avx2::decode_codebook,
                                                &avx512::decode_codebook, &neon::decode_codebook};
#if defined(__x86_64__)
  if (isa == 2 && codes > avx512::few_values::most && find_cpu_features().avx512_vbmi)
    return &avx512_vbmi::decode_codebook;
#endif
  return kernels[isa];
}

template <class Word>
inline constexpr largest_kernel<Word> largest_kernels[] = {
    &generic::largest_magnitude<Word>, &avx2::largest_magnitude<Word>,
    &avx512::largest_magnitude<Word>, &neon::largest_magnitude<Word>};

template <int Width>
inline constexpr pack_kernel pack_kernels[] = {&generic::pack_array<Width>,
                                               &avx2::pack_array<Width>, &avx512::pack_array<Width>,
                                               &neon::pack_array<Width>};
template <int Width>
inline constexpr unpack_kernel unpack_kernels[] = {
    &generic::unpack_array<Width>, &avx2::unpack_array<Width>, &avx512::unpack_array<Width>,
    &neon::unpack_array<Width>};

/// The loops over blocks that no type changes, see block.inl.
struct block_kernel_set {
  void (*join_magnitudes)(const float*, std::size_t, std::size_t, std::size_t, std::uint32_t,
                          std::uint32_t*);
  void (*choose_exponents)(const std::uint32_t*, std::size_t, const exponent_rule&, std::uint32_t*,
                           float*);
  void (*multiply_blocks)(const float*, std::size_t, std::size_t, int, const float*, bool, float*);
  void (*multiply_blocks_long)(const float*, std::size_t, std::size_t, int, const double*,
                               narrowing, float*);
  void (*invert_scales)(const float*, std::size_t, double, double*, float*);
  bool (*split_scales)(const float*, std::size_t, double, std::uint32_t, float*, float*);
  void (*stream_floats)(const float*, std::size_t, float*);
  void (*end_streaming)();
};
inline constexpr block_kernel_set block_kernels[] = {
    {&generic::join_magnitudes, &generic::choose_exponents, &generic::multiply_blocks,
     &generic::multiply_blocks_long, &generic::invert_scales, &generic::split_scales,
     &generic::stream_floats, &generic::end_streaming},
    {&avx2::join_magnitudes, &avx2::choose_exponents, &avx2::multiply_blocks,
     &avx2::multiply_blocks_long, &avx2::invert_scales, &avx2::split_scales, &avx2::stream_floats,
     &avx2::end_streaming},
    {&avx512::join_magnitudes, &avx512::choose_exponents, &avx512::multiply_blocks,
     &avx512::multiply_blocks_long, &avx512::invert_scales, &avx512::split_scales,
     &avx512::stream_floats, &avx512::end_streaming},
    {&neon::join_magnitudes, &neon::choose_exponents, &neon::multiply_blocks,
     &neon::multiply_blocks_long, &neon::invert_scales, &neon::split_scales, &neon::stream_floats,
     &neon::end_streaming}};

template <class R>
using encode_kernel = void (*)(const float*, std::size_t, std::size_t, int, const float*, const R&,
                               const element_encoding&, void*);
template <class Code, class R>
inline constexpr encode_kernel<R> encode_kernels[] = {
    &generic::encode_blocks<Code, R>, &avx2::encode_blocks<Code, R>,
    &avx512::encode_blocks<Code, R>, &neon::encode_blocks<Code, R>};

using decode_kernel = void (*)(const std::uint8_t*, std::size_t, std::size_t, int, const float*,
                               const float*, float*, bool);
template <class Code, factor_kind Kind>
inline constexpr decode_kernel decode_kernels[] = {
    &generic::decode_blocks<Code, Kind>, &avx2::decode_blocks<Code, Kind>,
    &avx512::decode_blocks<Code, Kind>, &neon::decode_blocks<Code, Kind>};

/// The kernel that decodes blocks of an element.
template <class Code, factor_kind Kind>
decode_kernel decode_kernel_of(std::size_t isa) {
#if defined(__x86_64__)
  if constexpr (has_decode_table<Code>()) {
    if (isa == 2 && find_cpu_features().avx512_vbmi) return &avx512_vbmi::decode_blocks<Code, Kind>;
  }
#endif
  return decode_kernels<Code, Kind>[isa];
}

template <std::size_t Group>
inline constexpr hadamard_kernel row_transform_kernels[] = {
    &generic::transform_rows<Group>, &avx2::transform_rows<Group>, &avx512::transform_rows<Group>,
    &neon::transform_rows<Group>};

template <std::size_t Group>
inline constexpr hadamard_kernel column_transform_kernels[] = {
    &generic::transform_columns<Group>, &avx2::transform_columns<Group>,
    &avx512::transform_columns<Group>, &neon::transform_columns<Group>};

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

// SPDX-License-Identifier: MIT
// The loops that no format changes: scales, maxima, counters, packed codes, transforms, loss
// scales.
#include <narrowfloat/hadamard.hpp>
#include <narrowfloat/packed.hpp>
#include <narrowfloat/scaling.hpp>
#include <narrowfloat/stats.hpp>

namespace narrowfloat::detail {

void scale_floats(in_library, Isa isa, const float* in, float* out, std::size_t n, float factor,
                  bool flush, bool stream) {
  scale_floats(here{}, isa, in, out, n, factor, flush, stream);
}
void scale_floats_long(in_library, Isa isa, const float* in, float* out, std::size_t n,
                       double factor, bool to_odd, bool stream) {
  scale_floats_long(here{}, isa, in, out, n, factor, to_odd, stream);
}
std::uint32_t largest_bits(in_library, Isa isa, const float* in, std::size_t n) {
  return largest_bits(here{}, isa, in, n);
}
std::uint64_t largest_bits(in_library, Isa isa, const double* in, std::size_t n) {
  return largest_bits(here{}, isa, in, n);
}
template <class Code>
Code largest_code(in_library, Isa isa, const void* in, std::size_t n, Code mask,
                  bool nan_is_negative_zero) {
  return largest_code(here{}, isa, in, n, mask, nan_is_negative_zero);
}
template std::uint8_t largest_code(in_library, Isa, const void*, std::size_t, std::uint8_t, bool);
template std::uint16_t largest_code(in_library, Isa, const void*, std::size_t, std::uint16_t, bool);
template std::uint32_t largest_code(in_library, Isa, const void*, std::size_t, std::uint32_t, bool);
std::uint32_t largest_finite_bits(in_library, Isa isa, const float* in, std::size_t n) {
  return largest_finite_bits(here{}, isa, in, n);
}
void count_errors(in_library, Isa isa, const float* in, const float* out, std::size_t n,
                  std::uint32_t largest, error_counts& counts) {
  count_errors(here{}, isa, in, out, n, largest, counts);
}
std::uint32_t unscale_floats(in_library, Isa isa, const float* in, float* out, std::size_t n,
                             float factor, bool stream) {
  return unscale_floats(here{}, isa, in, out, n, factor, stream);
}

template <std::size_t Group>
void transform_groups(in_library, Isa isa, const hadamard_matrix& matrix, bool within_rows,
                      const hadamard_factors& factors, bool stream) {
  transform_groups<Group>(here{}, isa, matrix, within_rows, factors, stream);
}

template <int Width>
void pack_bits(in_library, const void* codes, std::size_t n, std::uint8_t* bytes) {
  pack_bits<Width>(here{}, codes, n, bytes);
}
template <int Width>
void unpack_bits(in_library, const std::uint8_t* bytes, std::size_t n, void* codes) {
  unpack_bits<Width>(here{}, bytes, n, codes);
}

#define NF_GROUP(Group)                                                                \
  template void transform_groups<Group>(in_library, Isa, const hadamard_matrix&, bool, \
                                        const hadamard_factors&, bool)
NF_GROUP(16);
NF_GROUP(32);
NF_GROUP(64);
NF_GROUP(128);

#define NF_WIDTH(Width)                                                                \
  template void pack_bits<Width>(in_library, const void*, std::size_t, std::uint8_t*); \
  template void unpack_bits<Width>(in_library, const std::uint8_t*, std::size_t, void*)
NF_WIDTH(1);
NF_WIDTH(2);
NF_WIDTH(3);
NF_WIDTH(4);
NF_WIDTH(5);
NF_WIDTH(6);
NF_WIDTH(7);
NF_WIDTH(8);
NF_WIDTH(9);
NF_WIDTH(10);
NF_WIDTH(11);
NF_WIDTH(12);
NF_WIDTH(13);
NF_WIDTH(14);
NF_WIDTH(15);
NF_WIDTH(16);

}  // namespace narrowfloat::detail

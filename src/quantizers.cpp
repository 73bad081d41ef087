// SPDX-License-Identifier: MIT
// Code-books, int8 and formats of run time.
#include <narrowfloat/quantize.hpp>

namespace narrowfloat::detail {

codebook_tables make_codebook(in_library, std::span<const float> values, bool ascending) {
  return make_codebook(here{}, values, ascending);
}
std::uint8_t nearest_code(in_library, const codebook_tables& book, float x) {
  return nearest_code(here{}, book, x);
}
std::vector<float> dynamic_values(in_library, bool is_signed, int total_bits, int exponent_bits) {
  return dynamic_values(here{}, is_signed, total_bits, exponent_bits);
}
std::vector<float> bitsandbytes_values(in_library, bool is_signed, bool torch_1_13) {
  return bitsandbytes_values(here{}, is_signed, torch_1_13);
}
std::vector<float> linear_values(in_library, bool is_signed, int total_bits) {
  return linear_values(here{}, is_signed, total_bits);
}
std::vector<float> quantile_values(in_library, std::span<const float> sample, int total_bits,
                                   const executor_ref& executor) {
  return quantile_values(here{}, sample, total_bits, executor);
}

template <class T, class R>
void quantize_to(in_library, codebook_parts& parts, std::size_t first, std::span<const T> values,
                 const R& rounding, const executor_ref& executor) {
  quantize_to<T, R>(here{}, parts, first, values, rounding, executor);
}
template <class T>
void dequantize_codebook(in_library, const codebook_parts& parts, std::size_t first,
                         std::span<T> out, const executor_ref& executor) {
  dequantize_codebook<T>(here{}, parts, first, out, executor);
}
template void quantize_to<float, nearest_value>(in_library, codebook_parts&, std::size_t,
                                                std::span<const float>, const nearest_value&,
                                                const executor_ref&);
template void quantize_to<float, Stochastic<>>(in_library, codebook_parts&, std::size_t,
                                               std::span<const float>, const Stochastic<>&,
                                               const executor_ref&);
template void dequantize_codebook<float>(in_library, const codebook_parts&, std::size_t,
                                         std::span<float>, const executor_ref&);
std::vector<float> absmax_of_blocks(in_library, const codebook_parts& parts, std::size_t first,
                                    std::size_t count) {
  return absmax_of_blocks(here{}, parts, first, count);
}
const Codebook& absmax_codebook(in_library, CodebookPipeline pipeline) {
  return absmax_codebook(here{}, pipeline);
}

template <class T, class R>
void quantize_to_int8(in_library, MatrixView<const T> in, int8_sharing sharing,
                      NonFinite non_finite, const R& rounding, std::int8_t* codes, float* scales,
                      const executor_ref& executor) {
  quantize_to_int8(here{}, in, sharing, non_finite, rounding, codes, scales, executor);
}
template void quantize_to_int8(in_library, MatrixView<const float>, int8_sharing, NonFinite,
                               const NearestEven&, std::int8_t*, float*, const executor_ref&);
template void quantize_to_int8(in_library, MatrixView<const float>, int8_sharing, NonFinite,
                               const Stochastic<>&, std::int8_t*, float*, const executor_ref&);
void dequantize_int8_codes(in_library, const std::int8_t* codes, const float* scales,
                           MatrixView<float> out, int8_sharing sharing,
                           const executor_ref& executor) {
  dequantize_int8_codes(here{}, codes, scales, out, sharing, executor);
}
void dequantize_sums(in_library, const std::int32_t* sums, std::size_t rows, std::size_t cols,
                     const product_scales& by, float* out, const executor_ref& executor) {
  dequantize_sums(here{}, sums, rows, cols, by, out, executor);
}

void round_to_grid(in_library, Isa isa, const float* in, float* out, std::size_t n,
                   const float_grid& grid, bool stream) {
  round_to_grid(here{}, isa, in, out, n, grid, stream);
}
void clip_to_grid(in_library, Isa isa, const float* in, std::size_t n, const float_grid& grid,
                  std::uint8_t* bits) {
  clip_to_grid(here{}, isa, in, n, grid, bits);
}
void add_grid_error(in_library, Isa isa, const float* in, std::size_t n, const float_grid& grid,
                    double& sum) {
  add_grid_error(here{}, isa, in, n, grid, sum);
}
void encode_grid(in_library, Isa isa, const float* in, std::uint32_t* out, std::size_t n,
                 const float_grid& grid) {
  encode_grid(here{}, isa, in, out, n, grid);
}
void decode_grid(in_library, Isa isa, const std::uint32_t* in, float* out, std::size_t n,
                 const float_grid& grid) {
  decode_grid(here{}, isa, in, out, n, grid);
}
grid_slopes grid_gradients(in_library, Isa isa, const float* in, const float* gradients, float* out,
                           std::size_t n, const float_grid& grid) {
  return grid_gradients(here{}, isa, in, gradients, out, n, grid);
}

}  // namespace narrowfloat::detail

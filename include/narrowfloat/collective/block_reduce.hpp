// SPDX-License-Identifier: MIT
// Sums of gradients over ranks with blocks on the wire: MXFP8, and int8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ranges>
#include <span>
#include <string>
#include <vector>

#include "../block.hpp"
#include "../quantize/int8_matrix.hpp"
#include "detail/reduce_blocks.hpp"
#include "ranks.hpp"

namespace narrowfloat {

/// Blocks of a format on the wire, each with a scale of its own: BlockWire<mxfp8_e4m3>.
template <block_format Format>
requires(Format::tensor_scale == TensorScale::none && Format::block_rows == 1 &&
         Format::block_size * Format::element::width % 8 == 0)  //
    struct BlockWire {
  /// How gradients, and their sums, are quantized: by rceil nothing is clipped, where by floor, the
  /// rule of OCP MX, E4M3 ends at 1.75 times a power of two. The axis does not count.
  QuantizeOptions options = {.rule = ScaleRule::rceil};

  /// Not for users: elements of a block, and the bytes of codes and scales of so many elements.
  static constexpr std::uint32_t mantissa_bits =
      detail::power_of_two_scale<typename Format::scale> && Format::element::width <= 8 ? 7 : 23;
  static constexpr std::size_t block_elements() { return Format::block_size; }
  static constexpr std::size_t code_bytes(std::size_t n) {
    return (n * Format::element::width + 7) / 8;
  }
  static constexpr std::size_t scale_bytes(std::size_t n) {
    return (n / block_elements() + (n % block_elements() != 0 ? 1 : 0)) *
           sizeof(typename Format::scale);
  }
  NF_INLINE std::string problem() const {
    return options.three_quarters ? "three_quarters is not for the wire: its reader has 4/3" : "";
  }
  /// Not for users: a run of blocks as bytes, and back.
  template <class R>
  NF_INLINE void encode(std::span<const float> values, std::byte* codes, std::byte* scales,
                        const R& rounding) const {
    QuantizeOptions along_rows = options;
    along_rows.axis = 1;
    const auto tensor =
        BlockTensor<Format>::quantize(values, 1, values.size(), along_rows, rounding);
    std::memcpy(codes, tensor.codes().data(), code_bytes(values.size()));
    std::memcpy(scales, tensor.scales().data(), scale_bytes(values.size()));
  }
  NF_INLINE void decode(const std::byte* codes, const std::byte* scales,
                        std::span<float> out) const {
    std::vector<typename Format::scale> own(scale_bytes(out.size()) / sizeof(own[0]));
    std::memcpy(static_cast<void*>(own.data()), scales, scale_bytes(out.size()));
    const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(codes),
                                              code_bytes(out.size()));
    BlockTensor<Format>::from_parts(bytes, own, 1, out.size()).dequantize(out);
  }
};

/// Int8 codes on the wire, of which `block` elements share a float, their largest magnitude.
struct Int8Wire {
  /// Elements that share a scale.
  std::size_t block = 128;
  /// What becomes of a block with Inf or NaN.
  NonFinite non_finite = NonFinite::nan_block;

  /// Not for users: elements of a block, and the bytes of codes and scales of so many elements.
  static constexpr std::uint32_t mantissa_bits = 23;
  constexpr std::size_t block_elements() const { return block; }
  static constexpr std::size_t code_bytes(std::size_t n) { return n; }
  constexpr std::size_t scale_bytes(std::size_t n) const {
    return detail::ceil_divided(n, block) * sizeof(float);
  }
  NF_INLINE std::string problem() const { return block == 0 ? "the block is 0" : ""; }
  /// Not for users: a run of blocks as bytes, and back.
  template <class R>
  NF_INLINE void encode(std::span<const float> values, std::byte* codes, std::byte* scales,
                        const R& rounding) const {
    for_each_matrix(
        values.size(), [&](std::size_t first, std::size_t rows, std::size_t cols) NF_INLINED {
          const auto matrix = Int8Matrix::quantize(values.subspan(first, rows * cols), rows, cols,
                                                   {.non_finite = non_finite},
                                                   detail::rounding_from(rounding, first));
          std::memcpy(codes + first, matrix.codes().data(), rows * cols);
          std::memcpy(scales + first / block * sizeof(float), matrix.scales().data(),
                      rows * sizeof(float));
        });
  }
  NF_INLINE void decode(const std::byte* codes, const std::byte* scales,
                        std::span<float> out) const {
    std::vector<float> own(scale_bytes(out.size()) / sizeof(float));
    std::memcpy(own.data(), scales, scale_bytes(out.size()));
    for_each_matrix(out.size(), [&](std::size_t first, std::size_t rows,
                                    std::size_t cols) NF_INLINED {
      dequantize_int8(std::span(reinterpret_cast<const std::int8_t*>(codes) + first, rows * cols),
                      std::span(own).subspan(first / block, rows), out.subspan(first, rows * cols),
                      rows, cols, {1, whole});
    });
  }

 private:
  /// Calls f(first, rows, cols) for the whole blocks, and for what is left.
  template <class F>
  NF_INLINE void for_each_matrix(std::size_t n, const F& f) const {
    const std::size_t rows = n / block, done = rows * block;
    if (rows != 0) f(std::size_t{0}, rows, block);
    if (done != n) f(done, std::size_t{1}, n - done);
  }
};

/// Options of all_reduce() with blocks on the wire: those of AllReduceOptions that it has.
struct BlockReduceOptions {
  /// Error feedback; empty: none.
  std::span<float> residuals = {};
  /// Gives the sums, not the means.
  bool sums = false;
  /// Elements on the way at a time.
  std::size_t segment = std::size_t{1} << 20;
};

namespace detail {
inline namespace NF_BASELINE {

template <class Ranks, class Wire, class R>
void all_reduce_blocks(Ranks& ranks, float* gradients, std::size_t n, const Wire& wire,
                       const BlockReduceOptions& options, const R& rounding,
                       const executor_ref& executor) {
  constexpr const char* call = "all_reduce";
  std::string problem = wire.problem();
  if (problem.empty()) problem = reduction_problem(options.residuals.size(), n, options.segment);
  require_agreement(call, ranks, n, problem);
  const float divisor = options.sums ? 1.0f : nearest_float(exact_integer(ranks.size()));
  const block_reduction<Wire, R> of{wire,
                                    {gradients, options.residuals, n, 1, 1, 1, rounding,
                                     rounding_of_sums(rounding), Saturation::none, executor},
                                    divisor,
                                    options.segment};
  reduce_blocks(ranks, of, gradients);
}

}  // namespace NF_BASELINE
}  // namespace detail

/// Replaces the gradients of each rank by the mean of all ranks, with blocks on the wire. Each rank
/// has scales of its own, and so have the sums: nothing is agreed on before, and blocks with scales
/// that are powers of two clip no sum under the rules rceil, that of BlockWire, and ceil.
///
/// Result    As all_reduce() with codes of a Float, but that each rank quantizes by its own scales,
///           as BlockTensor and Int8Matrix do, in blocks that are counted from element 0; what is
///           read back from all ranks, floats, is added up exactly and quantized again (from the
///           sum rounded to odd, to a float, which for MX is one rounding); the gradient is what
///           is read back of that, divided by the number of ranks and rounded to float; or not
///           divided: `sums`.
/// Special   a block with Inf or NaN by the wire's options: NaN. A sum beyond the floats is the
///           largest float, rounded once more with its block: Inf where its scale leaves E8M0.
///           Lengths that differ between ranks or from the residuals, a segment or a block of 0,
///           and three_quarters, whose reader would have to multiply by 4/3, throw
///           std::invalid_argument on every rank, whoever of them has the fault.
/// Requires  the same wire, options and rounding on all ranks.
/// Promises  as all_reduce() with a Float.
/// Cost      2 (ranks - 1) / ranks times the bytes of codes and scales: 2.06 bytes an element and
///           rank of MXFP8 and of int8 in blocks of 128.
///
/// Example   SingleRank ranks;
///           std::vector<float> mean = gradients, residuals(gradients.size());
///           all_reduce(ranks, mean, BlockWire<BlockFormat<float8_e4m3fn, float8_e8m0fnu, 32>>{},
///                      {.residuals = residuals}, Stochastic<>{.seed = 1});
///           assert(std::abs(mean[7] + residuals[7] - gradients[7]) < 1e-10f);
///           all_reduce(ranks, mean, Int8Wire{.block = 64});
template <rank_group Ranks, float_range Values, class Wire, rounding_policy R = NearestEven,
          task_executor E = SerialExecutor>
requires requires(const Wire& wire) { wire.block_elements(); }
NF_INLINE void all_reduce(Ranks& ranks, Values&& gradients, const Wire& wire,
                          const BlockReduceOptions& options = {}, R rounding = {},
                          E&& executor = {}) {
  detail::explain_reduction<R>();
  detail::all_reduce_blocks(ranks, std::ranges::data(gradients), std::ranges::size(gradients), wire,
                            options, rounding, detail::executor_ref::of(executor));
}

}  // namespace narrowfloat

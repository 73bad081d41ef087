// SPDX-License-Identifier: MIT
// The products of a linear layer: of two operands, with their factors, to floats.
#pragma once

#include "../../quantize/int8_matrix.hpp"
#include "../layer_product.hpp"
#include "../layer_tensor.hpp"
#include "../products.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The parts of a layer whose roundings have random bits of their own.
enum class layer_part { x, w, dy, forward, input_gradient, weight_gradient };
inline constexpr std::uint64_t streams_of_part = 8, streams_of_pass = 64,
                               passes_of_training = std::uint64_t{1} << 50;

/// Moves the keyed roundings of a part on to a pass, and by a seed.
struct pass_draw {
  std::uint64_t seed, pass;
  layer_part part;
  template <class R>
  constexpr R operator()(R rounding) const {
    if constexpr (is_keyed<R>) rounding.seed += seed;
    return in_stream(rounding,
                     streams_of_pass * pass + streams_of_part * static_cast<std::uint64_t>(part));
  }
  /// The same for all roundings of an accumulator.
  template <class Acc>
  constexpr Acc accumulator(Acc policy) const {
    if constexpr (requires { policy.inner; }) {
      policy.inner = accumulator(policy.inner);
      policy.outer = accumulator(policy.outer);
    }
    if constexpr (requires { policy.rounding; }) policy.rounding = (*this)(policy.rounding);
    if constexpr (requires { policy.product_rounding; })
      policy.product_rounding = (*this)(policy.product_rounding);
    return policy;
  }
};
/// A rounding of the caller's in the place of a cast's.
template <class R>
struct given_draw {
  R rounding;
  template <class Own>
  constexpr R operator()(const Own&) const {
    return rounding;
  }
};

/// What sums are multiplied by: a float, and a power of two where the factor is no normal float.
struct layer_factor {
  float by = 1;
  int exponent = 0;
};
inline layer_factor factor_of(double a, double b, double of_layer) {
  exact all = product(product(exact_of(a), exact_of(b)), exact_of(of_layer));
  const int leading = all.exponent + exact::leading;
  if (all.what != exact::kind::finite || (leading >= -126 && leading < 127))
    return {nearest_float(all)};
  all.exponent -= leading;
  return {nearest_float(all), leading};
}
/// Multiplies floats by a power of two that may be none of theirs.
template <class E>
void multiply_by_power(std::span<float> x, int exponent, E& executor) {
  while (exponent != 0) {
    const int step = std::clamp(exponent, -126, 126);
    convert(x, x, Scale{power_of_two<float>(step)}, executor);
    exponent -= step;
  }
}

/// Whether each scale of an int8 matrix belongs to one row of the left operand, or one column of
/// the right one.
inline bool is_outside_sums(const Int8Matrix& x, bool sums_along_rows) {
  const BlockShape block = x.options().block;
  return block == BlockShape{whole, whole} ||
         block == (sums_along_rows ? BlockShape{1, whole} : BlockShape{whole, 1});
}

template <class Acc, class A, class B>
inline constexpr bool is_int8_product =
    std::same_as<Acc, ExactAccumulator>&& std::same_as<A, Int8Matrix>&& std::same_as<B, Int8Matrix>;

/// Special   more products of int8 codes than int32 holds the sum of throw std::invalid_argument.
template <class Acc, class Out, class R, class A, class B>
void require_depth(const char* call, const LayerProduct<Acc, Out, R>&, const ProductOperand<A>&,
                   const ProductOperand<B>&, std::size_t k) {
  if (is_int8_product<Acc, A, B> && k > int8_product_depth)
    throw_invalid(call, "a sum of " + std::to_string(k) +
                            " products of int8 codes does not fit in int32: at most " +
                            std::to_string(int8_product_depth));
}

/// c = a * b of int8 codes by integers, and SwitchBack's epilogue.
template <class E>
void multiply_int8(const Int8Matrix& a, const Int8Matrix& b, std::span<float> c,
                   const product_size& size, const MatmulOptions& options, E& executor) {
  const auto [m, n, k] = size;
  std::vector<double> sums(m * n);
  matmul(a.codes(), b.codes(), sums, m, n, k, FusedAccumulator<double>{}, options, executor);
  std::vector<std::int32_t> integers(sums.size());
  run_cuts(executor, task_cuts::of(integers.data(), integers.size()),
           [&](std::size_t first, std::size_t count) {
             for (std::size_t i = first; i < first + count; ++i)
               integers[i] = static_cast<std::int32_t>(sums[i]);
           });
  dequantize_product(integers, a.scales(), b.scales(), c, m, n, std::span<const float>(), executor);
}

/// c = (a * b) * factor by a layer's product, to the floats of its output type.
template <class Acc, class Out, class R, class A, class B, class E>
void multiply_operands(const char* call, const LayerProduct<Acc, Out, R>& how,
                       const ProductOperand<A>& a, const ProductOperand<B>& b, std::span<float> c,
                       const product_size& size, const MatmulOptions& options, double of_layer,
                       const pass_draw& draw, E& executor) {
  const auto [m, n, k] = size;
  require_depth(call, how, a, b, k);
  const Acc acc = draw.accumulator(how.accumulator);
  layer_factor factor = factor_of(a.factor, b.factor, of_layer);
  bool is_done = false;
  if constexpr (is_int8_product<Acc, A, B>) {
    if (is_outside_sums(a.values, !options.a_transposed) &&
        is_outside_sums(b.values, options.b_transposed)) {
      multiply_int8(a.values, b.values, c, size, options, executor);
      if (factor.by != 1) convert(c, c, Scale{factor.by}, executor);
      is_done = true;
    }
  }
  if constexpr (sum_range<std::span<float>, Acc>) {
    if (!is_done && factor.by == 1) {
      matmul(a.values, b.values, c, m, n, k, acc, options, executor);
      is_done = true;
    }
  }
  if (!is_done)
    matmul(a.values, b.values, c, m, n, k, acc, options, Epilogue<>{.scale = factor.by}, executor);
  multiply_by_power(c, factor.exponent, executor);
  if constexpr (!std::same_as<Out, float>) {
    std::vector<Out> narrow(c.size());
    convert(c, narrow, draw(how.rounding), how.saturation, executor);
    convert(narrow, c, executor);
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

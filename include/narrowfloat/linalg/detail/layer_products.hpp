// SPDX-License-Identifier: MIT
// The products of a linear layer: of two operands, with their factors, to floats.
#pragma once

#include "../../quantize/int8_matrix.hpp"
#include "../layer_product.hpp"
#include "../layer_tensor.hpp"
#include "../products.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The streams of random bits that a pass of a layer has for its roundings.
inline constexpr std::uint64_t streams_of_pass = 16;

/// Moves keyed roundings on to a pass, and by a seed.
struct pass_draw {
  std::uint64_t seed, pass;
  template <class R>
  constexpr R operator()(R rounding) const {
    if constexpr (is_keyed<R>) rounding.seed += seed;
    return in_stream(rounding, streams_of_pass * pass);
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

inline HadamardOptions hadamard_of(const Rotation& rotation, int axis, const pass_draw& draw) {
  return {rotation.group, axis,
          rotation.random_signs ? HadamardSigns::random(draw.seed, draw.pass) : rotation.signs};
}

/// What a product of two operands with these shapes, stored as they are or transposed, is multiplied by.
inline float factor_of(double a, double b, double of_layer) {
  return nearest_float(product(product(exact_of(a), exact_of(b)), exact_of(of_layer)));
}

/// Whether each scale of an int8 matrix belongs to one row of the left operand, or one column of the right one.
inline bool is_outside_sums(const Int8Matrix& x, bool sums_along_rows) {
  const BlockShape block = x.options().block;
  return block == BlockShape{whole, whole} ||
         block == (sums_along_rows ? BlockShape{1, whole} : BlockShape{whole, 1});
}

/// c = a * b of int8 codes by integers, and SwitchBack's epilogue. Doubles hold the sums.
template <class E>
void multiply_int8(const char* call, const Int8Matrix& a, const Int8Matrix& b, std::span<float> c,
                   const product_size& size, const MatmulOptions& options, E& executor) {
  const auto [m, n, k] = size;
  if (k > int8_product_depth)
    throw_invalid(call, "a sum of " + std::to_string(k) +
                            " products of int8 codes does not fit in int32: at most " +
                            std::to_string(int8_product_depth));
  std::vector<double> sums(m * n);
  matmul(a.codes(), b.codes(), sums, m, n, k, FusedAccumulator<double>{}, options, executor);
  std::vector<std::int32_t> integers(sums.size());
  std::ranges::transform(sums, integers.begin(),
                         [](double x) { return static_cast<std::int32_t>(x); });
  dequantize_product(integers, a.scales(), b.scales(), c, m, n);
}

/// c = (a * b) * factor by a layer's product, to the floats of its output type.
template <class Acc, class Out, class R, class A, class B, class E>
void multiply_operands(const char* call, const LayerProduct<Acc, Out, R>& how,
                       const ProductOperand<A>& a, const ProductOperand<B>& b, std::span<float> c,
                       const product_size& size, const MatmulOptions& options, double of_layer,
                       const pass_draw& draw, E& executor) {
  const auto [m, n, k] = size;
  const float factor = factor_of(a.factor, b.factor, of_layer);
  const Acc acc = draw.accumulator(how.accumulator);
  if constexpr (std::same_as<A, Int8Matrix> && std::same_as<B, Int8Matrix> &&
                std::same_as<Acc, ExactAccumulator>) {
    if (is_outside_sums(a.values, !options.a_transposed) &&
        is_outside_sums(b.values, options.b_transposed)) {
      multiply_int8(call, a.values, b.values, c, size, options, executor);
      if constexpr (std::same_as<Out, float>) {
        if (factor != 1) convert(c, c, Scale{factor});
      } else {
        std::vector<Out> narrow(c.size());
        convert(c, narrow, Scale{factor}, draw(how.rounding), how.saturation);
        convert(narrow, c);
      }
      return;
    }
  }
  const Epilogue<R> epilogue{
      .scale = factor, .rounding = draw(how.rounding), .saturation = how.saturation};
  if constexpr (std::same_as<Out, float>) {
    if (factor == 1) {
      if constexpr (sum_range<std::span<float>, Acc>) {
        matmul(a.values, b.values, c, m, n, k, acc, options, executor);
        return;
      }
    }
    matmul(a.values, b.values, c, m, n, k, acc, options, epilogue, executor);
  } else {
    std::vector<Out> narrow(m * n);
    matmul(a.values, b.values, narrow, m, n, k, acc, options, epilogue, executor);
    convert(narrow, c);
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

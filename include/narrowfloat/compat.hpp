// SPDX-License-Identifier: MIT
// The bits of other stacks: a preset takes the place of rounding and saturation in convert().
#pragma once

#include "compat/detail/cast.hpp"
#include "compat/gpu.hpp"
#include "compat/onnx.hpp"
#include "compat/python.hpp"
#include "packed.hpp"

namespace narrowfloat {

/// Presets: convert(in, out, compat::torch_2) gives the bits that x.to(dtype) of PyTorch gives, NaN
/// included. Each has the casts that its stack has; others do not compile. docs/policies.md has
/// what was measured, and what differs.
namespace compat {}

namespace detail {
inline namespace NF_BASELINE {
/// What a cast does with a part.
template <class P>
struct stack_step {
  Isa isa;
  template <class From, class To>
  NF_INLINE void operator()(const From* from, To* to, std::size_t, std::size_t count) const {
    stack_part<P>(isa, from, to, count, false);
  }
};
/// One line for a cast that a stack has not.
template <class P, class To, class From>
constexpr NF_FN void require_cast() {
  static_assert(
      cast_of<P, To, From>.exists,
      "narrowfloat::convert: the preset has no such cast; docs/policies.md has those that it has");
}
template <class Other>
constexpr void explain_after_preset() {
  static_assert(
      std::is_void_v<Other>,
      "narrowfloat::convert: a preset takes the place of rounding, Saturation and Subnormals: nothing follows it");
}
}  // namespace NF_BASELINE
}  // namespace detail

/// Converts one number as another stack does: convert<float8_e5m2>(x, compat::torch_2).
///
/// Result    the code that the stack gives, NaN included.
/// Requires  a cast that the stack has.
/// Promises  noexcept, constexpr; the same bits in every floating-point environment.
template <number To, number From, compat::preset P>
constexpr NF_FN To convert(From x, P) noexcept {
  detail::require_cast<P, To, From>();
  return detail::stack_number<P, To>(x);
}

/// Converts each number of `in` as another stack does: convert(in, out, compat::torch_2).
///
/// Requires  as convert() without a preset, and a cast that the stack has.
/// Special   sizes that differ throw std::invalid_argument, with both, before anything is written.
/// Promises  no allocation; the same bits on every instruction set, in constant expressions and in
///           every floating-point environment.
/// Cost      that of convert(), and where the stack has its own codes for NaN one more read of
///           `in`, in parts that lie in the first-level cache.
/// Example   std::vector<float8_e4m3fn> torch(2), ml_dtypes(2);
///           const float values[] = {0.1f, 1e6f};
///           // torch.tensor(values).to(torch.float8_e4m3fn)
///           convert(values, torch, compat::torch_2);
///           // numpy.array(values).astype(ml_dtypes.float8_e4m3fn)
///           convert(values, ml_dtypes, compat::ml_dtypes);
///           // too large: the largest value, NaN
///           assert(torch[1] == 448.0f && ml_dtypes[1].bits() == 0x7f);
template <number_range In, number_output Out, compat::preset P>
constexpr NF_INLINE void convert(In&& in, Out&& out, P) {
  using from = detail::number_of<In>;
  using to = detail::number_of<Out>;
  detail::require_cast<P, to, from>();
  detail::check_arrays("convert", in, out, nearest_even);
  const auto* const source = std::ranges::data(in);
  auto* const target = std::ranges::data(out);
  const auto n = static_cast<std::size_t>(std::ranges::size(in));
  if (std::is_constant_evaluated()) {
    for (std::size_t i = 0; i < n; ++i) target[i] = detail::stack_number<P, to>(source[i]);
    return;
  }
  const Isa isa = active_isa();
  const auto piece = [&](std::size_t first, std::size_t count) NF_INLINED {
    detail::stack_array<P>(isa, source + first, target + first, count, n);
  };
  detail::run_pieces(detail::executor_of_output(out), target, n, piece);
}

/// The same where the input, the output or both are packed.
template <detail::packed_or_plain In, detail::packed_or_plain_output Out, compat::preset P>
requires(detail::packed_codes<In> || detail::packed_codes<Out>)  //
    NF_INLINE void convert(In&& in, Out&& out, P) {
  detail::require_cast<P, detail::number_of<Out>, detail::number_of<In>>();
  detail::check_packed("convert", in, out, nearest_even);
  detail::convert_parts(detail::executor_of_output(out), detail::source_parts(in),
                        detail::parts(out), static_cast<std::size_t>(std::ranges::size(in)),
                        detail::stack_step<P>{active_isa()});
}

/// Does not compile: nothing follows a preset, and the message says so in one line.
template <class In, class Out, compat::preset P, class Other, class... Rest>
requires(!detail::ends_in_executor<Other, Rest...>)  //
    void convert(In&&, Out&&, P, Other&&, Rest&&...) {
  detail::explain_after_preset<Other>();
}
template <number To, class From, compat::preset P, class Other, class... Rest>
constexpr To convert(const From&, P, Other&&, Rest&&...) {
  detail::explain_after_preset<Other>();
  return To{};
}

}  // namespace narrowfloat

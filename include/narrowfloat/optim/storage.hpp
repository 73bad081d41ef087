// SPDX-License-Identifier: MIT
// Storages: where an optimizer keeps a state, or its weights, in a format of its own; floats and
// narrow floats.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../convert.hpp"
#include "../detail/array/checks.hpp"
#include "../specials.hpp"
#include "../state.hpp"
#include "detail/limit_state.hpp"
#include "storage_counts.hpp"

namespace narrowfloat {

/// Numbers in a format of one's own, read and written as floats a range at a time:
///
///   size()                        how many
///   read(first, out)              writes the numbers from `first` on to a std::span<float>
///   write(first, values, rounding)    replaces them; may return StorageCounts
///   parts()                       what is saved: a std::vector<StatePart>, const: ConstStatePart
///
/// and, where it serves,
///
///   block()                       ranges begin at multiples of it (and end there, or at the end);
///                                 1 without it
///   draws                         a constant: write() needs a keyed rounding
///   direct(first)                 a float*: the numbers themselves, which are then not read and
///                                 written
///   observe(amax), commit()       for one scale of all: the largest magnitude of what write() will
///                                 get, while read() goes on with the scale that is; commit() ends
///                                 that. The step then makes the numbers twice
///
/// Element first + i draws the random bits of index first + i of the rounding. Threads write apart
/// ranges at a time.
///
/// docs/optimizers.md has one.
template <class S>
concept storage = requires(S& s, const S& c, std::size_t first, std::span<float> out,
                           std::span<const float> values, const NearestEven& rounding) {
  { c.size() } -> std::convertible_to<std::size_t>;
  c.read(first, out);
  s.parts();
  c.parts();
};
/// A storage of n zeros, made for numbers of any sign, or for numbers that are positive or 0.
template <class S>
concept state_storage = storage<S> && std::constructible_from<S, std::size_t, Signedness>;

namespace detail {
inline namespace NF_BASELINE {

template <class S>
inline constexpr bool storage_draws = false;
template <class S>
requires requires { S::draws; }
inline constexpr bool storage_draws<S> = S::draws;
template <class S>
inline constexpr bool observes = requires(S& s) {
  s.observe(1.0f);
};
/// Calls for memory that the next part of a pass reads. A part of floats is a page: no processor
/// reads ahead of its end.
NF_INLINE void call_for(const void* memory, std::size_t bytes) {
  const auto* const from = static_cast<const unsigned char*>(memory);
  for (std::size_t i = 0; i < bytes; i += 64) __builtin_prefetch(from + i);
}
template <class S>
NF_INLINE std::size_t block_of(const S& s) {
  if constexpr (requires { s.block(); })
    return s.block();
  else
    return 1;
}
template <class S>
NF_INLINE float* direct_of(S& s, std::size_t first) {
  if constexpr (requires { s.direct(first); })
    return s.direct(first);
  else
    return nullptr;
}
template <class S, class R>
NF_INLINE StorageCounts write_to(S& s, std::size_t first, std::span<const float> values,
                                 const R& rounding) {
  if constexpr (std::same_as<decltype(s.write(first, values, rounding)), StorageCounts>) {
    return s.write(first, values, rounding);
  } else {
    s.write(first, values, rounding);
    return {};
  }
}

}  // namespace NF_BASELINE
}  // namespace detail

/// Floats: 4 bytes a number.
class FloatState {
 public:
  FloatState() = default;
  /// n zeros.
  NF_INLINE explicit FloatState(std::size_t n, Signedness = Signedness::is_signed) : values_(n) {}

  /// How many numbers there are.
  NF_INLINE std::size_t size() const noexcept { return values_.size(); }
  /// The numbers.
  NF_INLINE std::span<const float> values() const noexcept { return values_; }
  /// What storage asks for: numbers are read, written and saved; direct() gives them in place.
  NF_INLINE void read(std::size_t first, std::span<float> out) const {
    std::copy_n(values_.data() + first, out.size(), out.data());
  }
  template <class R>
  NF_INLINE void write(std::size_t first, std::span<const float> values, const R&) {
    std::copy_n(values.data(), values.size(), values_.data() + first);
  }
  NF_INLINE float* direct(std::size_t first) noexcept { return values_.data() + first; }
  NF_INLINE std::vector<StatePart> parts() { return {state_part("values", std::span(values_))}; }
  NF_INLINE std::vector<ConstStatePart> parts() const {
    return {state_part("values", std::span(values_))};
  }

 private:
  std::vector<float> values_;
};

/// Numbers of a narrow format F, a code each, without a scale: bfloat16 and float16 state. To
/// nearest, or, where Stochastic is true, as the rounding of the step says, which must then be a
/// keyed one.
///
/// A positive number of a storage made for Signedness::is_unsigned never becomes 0 but the least
/// positive number of F: what divides by its root would jump. Beyond the largest number it is kept
/// as that.
///
/// Example   // 4 bytes of state a weight
///           AdamW<Bfloat16State, Bfloat16State> adam({.lr = 1e-3}, weights.size());
///           NarrowState<bfloat16> m(weights.size(), Signedness::is_signed);
///           m.write(0, std::span(weights).first(16), nearest_even);
///           std::vector<float> out(16);
///           m.read(0, out);
///           assert(out[3] == bfloat16(weights[3]) && m.codes()[16] == 0.0f);
template <narrow_float F, bool Stochastic = false>
requires lossless_to<F, float>
class NarrowState {
 public:
  /// Whether write() needs a keyed rounding.
  static constexpr bool draws = Stochastic;

  NarrowState() = default;
  /// n zeros. Signedness::is_unsigned says that no number will be negative.
  NF_INLINE explicit NarrowState(std::size_t n, Signedness signedness)
      : codes_(n), floor_(signedness == Signedness::is_unsigned) {}

  /// How many numbers there are.
  NF_INLINE std::size_t size() const noexcept { return codes_.size(); }
  /// The codes, one a number.
  NF_INLINE std::span<const F> codes() const noexcept { return codes_; }
  /// What storage asks for: numbers are read, written and saved.
  NF_INLINE void read(std::size_t first, std::span<float> out) const {
    detail::call_for(codes_.data() + first + out.size(), out.size() * sizeof(F));
    convert(std::span(codes_).subspan(first, out.size()), out);
  }
  template <class R>
  NF_INLINE StorageCounts write(std::size_t first, std::span<const float> values,
                                const R& rounding) {
    const auto to = std::span(codes_).subspan(first, values.size());
    if constexpr (Stochastic)
      return detail::write_limited(values, to, floor_, detail::rounding_from(rounding, first));
    else
      return detail::write_limited(values, to, floor_, nearest_even);
  }
  NF_INLINE std::vector<StatePart> parts() { return {state_part("codes", std::span(codes_))}; }
  NF_INLINE std::vector<ConstStatePart> parts() const {
    return {state_part("codes", std::span(codes_))};
  }

 private:
  std::vector<F> codes_;
  bool floor_ = false;
};
/// State of 2 bytes a number: rounded to nearest or, where the name begins with Stochastic, by the
/// rounding of the step.
using Bfloat16State = NarrowState<bfloat16>;
using Float16State = NarrowState<float16>;
using StochasticBfloat16State = NarrowState<bfloat16, true>;
using StochasticFloat16State = NarrowState<float16, true>;

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/limit_loop.hpp"
#endif

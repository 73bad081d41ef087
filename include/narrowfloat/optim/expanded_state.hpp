// SPDX-License-Identifier: MIT
// ExpandedState: FP8 state whose range is spread over that of the format first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "../convert.hpp"
#include "detail/expansion.hpp"
#include "detail/form_calls.hpp"
#include "detail/limit_state.hpp"
#include "storage.hpp"

namespace narrowfloat {

/// State in float8_e4m3fn after a dynamic range expansion (COAT, Xi et al., arXiv 2410.19313), in
/// groups of 128: 1.04 bytes a number. State seldom needs all of the range of E4M3; a power k > 1
/// spreads it there, so that its relative steps are k times finer.
///
/// Result    of a group with the largest magnitude a and the least one b that is not 0: k is the
///           largest multiple of 1/16 with (a / b)^k <= 448^2 / 2, at least 1/4 and at most 255/16;
///           the code of x is the float8_e4m3fn nearest to sign(x) 448 (|x| / a)^k, and is read as
///           sign a (|code| / 448)^(1/k). Both powers are within 2^-18 of themselves, k is found
///           from logarithms of 20 bits; the largest number of a group comes back exactly. These
///           are the numbers of the kernel of COAT, which keeps sqrt(a b) too, adds 1e-20 to a and
///           b, and takes zeros for b.
/// Special   a group of zeros is zeros, and one with NaN is NaN; Inf is taken as the largest float.
///           A positive number of a storage made for Signedness::is_unsigned never becomes 0 but
///           what code 1 stands for.
/// Promises  the same bits on every instruction set: the powers are sums and products of floats in
///           a fixed order.
///
/// Example   AdamW<ExpandedState, ExpandedState> adam({.lr = 1e-3f}, weights.size());
///           std::vector<float> w = weights;
///           adam.step(w, gradients);
///           assert(std::get<0>(adam.states).power(0) > 0.25f);
class ExpandedState {
 public:
  /// Numbers that share a range and a power.
  static constexpr std::size_t group_size = 128;

  ExpandedState() = default;
  /// n zeros. Signedness::is_unsigned says that no number will be negative.
  NF_INLINE explicit ExpandedState(std::size_t n, Signedness signedness)
      : codes_(n),
        scales_(detail::ceil_divided(n, group_size)),
        powers_(scales_.size(), 16),
        floor_(signedness == Signedness::is_unsigned) {}

  /// What storage asks for: how many numbers there are, and where ranges of them begin.
  NF_INLINE std::size_t size() const noexcept { return codes_.size(); }
  NF_INLINE std::size_t block() const noexcept { return group_size; }
  /// The codes, one a number.
  NF_INLINE std::span<const float8_e4m3fn> codes() const noexcept { return codes_; }
  /// The largest magnitude of each group.
  NF_INLINE std::span<const float> scales() const noexcept { return scales_; }
  /// k of a group.
  NF_INLINE float power(std::size_t group) const { return static_cast<float>(powers_[group]) / 16; }
  /// What storage asks for: numbers are read, written and saved.
  NF_INLINE void read(std::size_t first, std::span<float> out) const {
    const Isa isa = active_isa();
    for_each_group(
        first, out.size(), [&](std::size_t i, std::size_t count, std::size_t group) NF_INLINED {
          const auto to = out.subspan(i, count);
          const float scale = scales_[group];
          if (!detail::is_usable(scale)) {
            std::fill(to.begin(), to.end(), scale);
            return;
          }
          convert(codes().subspan(first + i, count), to);
          detail::power_floats(detail::place_of<true>(), isa, to.data(), to.data(), count,
                               {largest, detail::inverse_sixteenths(powers_[group]), scale});
        });
  }
  template <class R>
  NF_INLINE StorageCounts write(std::size_t first, std::span<const float> values, const R&) {
    const Isa isa = active_isa();
    StorageCounts counts;
    for_each_group(first, values.size(),
                   [&](std::size_t i, std::size_t count, std::size_t group) NF_INLINED {
                     const auto to = std::span(codes_).subspan(first + i, count);
                     const float* x = values.data() + i;
                     detail::magnitude_range range = detail::magnitudes_of(x, count);
                     float finite[group_size];
                     if (range.largest == detail::float_infinity) {
                       detail::limit_floats(detail::place_of<true>(), isa, x, finite, count,
                                            {0, detail::float_infinity - 1, false, 0});
                       x = finite;
                       range = detail::magnitudes_of(x, count);
                     }
                     if (range.largest == 0 || range.largest > detail::float_infinity) {
                       scales_[group] = detail::float_of_bits(range.largest == 0 ? 0 : 0x7fc00000u);
                       std::fill(to.begin(), to.end(), float8_e4m3fn());
                       powers_[group] = 16;
                       return;
                     }
                     scales_[group] = detail::float_of_bits(range.largest);
                     powers_[group] = detail::expansion_of(range.largest, range.least);
                     float expanded[group_size];
                     detail::power_floats(detail::place_of<true>(), isa, x, expanded, count,
                                          {scales_[group], power(group), largest});
                     counts += detail::write_limited(std::span<const float>(expanded, count), to,
                                                     floor_, nearest_even);
                   });
    return counts;
  }
  NF_INLINE std::vector<StatePart> parts() { return parts_of<StatePart>(*this); }
  NF_INLINE std::vector<ConstStatePart> parts() const { return parts_of<ConstStatePart>(*this); }

 private:
  static constexpr float largest = 448;
  template <class F>
  static NF_INLINE void for_each_group(std::size_t first, std::size_t n, F f) {
    for (std::size_t i = 0; i < n; i += group_size)
      f(i, std::min(group_size, n - i), (first + i) / group_size);
  }
  template <class Part, class Self>
  static NF_INLINE std::vector<Part> parts_of(Self& self) {
    return {state_part("codes", std::span(self.codes_)),
            state_part("scales", std::span(self.scales_)),
            state_part("powers", std::span(self.powers_))};
  }
  std::vector<float8_e4m3fn> codes_;
  std::vector<float> scales_;
  std::vector<std::uint8_t> powers_;
  bool floor_ = false;
};

}  // namespace narrowfloat

#ifndef NARROWFLOAT_COMPILED
#include "detail/form_loop.hpp"
#include "detail/limit_loop.hpp"
#endif

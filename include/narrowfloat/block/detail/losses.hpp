// SPDX-License-Identifier: MIT
// What the blocks of a tile lose under scales that compete, in float with a bound on its error: it
// tells nearly all of them apart, and says so where it does not.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "../../convert/detail/elements.hpp"
#include "../../detail/array/parts.hpp"
#include "../../detail/array/widen.hpp"
#include "element_traits.hpp"

#define NF_LOOP "../../block/detail/losses.inl"
#include "../../detail/simd/each_isa.inl"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

using loss_kernel = void (*)(const float*, std::size_t, std::size_t, int, const float*,
                             const element_encoding&, float*, std::uint32_t*, float*);
template <class Code, bool IsSquared, bool Divides>
inline constexpr isa_table<loss_kernel> loss_kernels
    NF_EACH_ISA(add_losses<Code, IsSquared, Divides>);

/// Where the factor of a column is: at column >> shift. As many columns share one as the width of
/// the blocks allows: all of a block where that is a power of two from 16 on, else 16 or one.
constexpr NF_FN int block_shift(std::size_t width) {
  if (width % 16 != 0) return 0;
  return std::has_single_bit(width) ? std::countr_zero(width) : 4;
}

/// Repeats the factor of each block, `times` or in the last one less often, up to n factors;
/// `spare` is overwritten.
template <class T>
void repeat_factors(std::vector<T>& factors, std::vector<T>& spare, std::size_t n,
                    std::size_t times) {
  constexpr std::size_t step = 4;
  spare.resize(n + step);
  T* const to = spare.data();
  for (std::size_t first = 0, block = 0; first < n; first += times, ++block) {
    const T x = factors[block], together[step] = {x, x, x, x};
    // The last few may be too many: the next block overwrites them.
    const std::size_t end = first + std::min(times, n - first);
    for (std::size_t i = first; i < end; i += step)
      __builtin_memcpy(to + i, together, sizeof together);
  }
  factors.swap(spare);
}

/// What each block of a tile loses under a scale on trial, in units of the scale, or of its square.
struct trial_losses {
  std::vector<float> sums;
  /// Not 0 where elements are not half of those of the trial before.
  std::vector<std::uint32_t> changes;
};

/// How far a loss may be off: by a share of itself, and by so much in units of the scale, or of its
/// square.
struct loss_error {
  double share, more;
};

/// Quantizes the blocks of a tile to nearest even under scales on trial and adds up what they lose.
template <class Format>
class scale_trials {
  using Element = typename Format::element;
  using Scale = typename Format::scale;
  using code = typename element_traits<Element>::code;
  using layout = layout_of<typename element_traits<Element>::rounded>;
  static constexpr bool is_power = power_of_two_scale<Scale>;

 public:
  /// Whether float quotients decide as the exact ones do, and squares of elements are normal
  /// floats.
  static constexpr bool serves = float_suffices<Element> && float_holds<Scale> &&
                                 layout::quantum >= -30 && layout::max_exponent <= 30 &&
                                 (is_power || decisive_bits<layout, NearestEven> <= 22);

  scale_trials(const QuantizeOptions& options, std::size_t width, Isa isa)
      : how_{.most_negative = most_negative(Element::width, options.full_range)},
        is_squared_(options.four_over_six != FourOverSix::absolute_error),
        width_(width),
        shift_(block_shift(width)),
        isa_(isa) {}

  /// Tries factors, one a block and whole packs of them: inverses of the scales; as doubles as well
  /// where those are no powers of two. They are repeated.
  template <class Values>
  void run(std::vector<float>& factors, std::vector<double>& inverses, const Values& values,
           trial_losses& losses) {
    const std::size_t blocks = factors.size(), columns = values.columns();
    const std::size_t times = width_ >> shift_, groups = whole_packs(columns) >> shift_;
    if (times != 1) {
      repeat_factors(factors, spare_factors_, groups, times);
      if (!is_power) repeat_factors(inverses, spare_, groups, times);
    }
    losses.sums.assign(std::max(groups, blocks), 0.0f);
    losses.changes.assign(std::max(groups, blocks), 0);
    elements_.resize(values.rows() * whole_packs(columns));
    if (!is_power) how_.inverses = inverses.data(), how_.mask = bits_near<layout>;
    loss_kernel add = loss_kernels<code, true, !is_power>[isa_];
    if constexpr (!is_power) {
      if (!is_squared_) add = loss_kernels<code, false, true>[isa_];
    }
    float* elements = elements_.data();
    values.for_each([&](const float* x, std::size_t n, std::size_t first) {
      float padded[part_elements];
      if (n != whole_packs(n)) {
        std::fill(std::copy_n(x, n, padded), padded + whole_packs(n), 0.0f);
        x = padded;
      }
      add(x, n, first, shift_, factors.data(), how_, losses.sums.data(), losses.changes.data(),
          elements);
      elements += whole_packs(n);
    });
    for (std::size_t b = 0; times != 1 && b * times < groups; ++b) {
      const std::size_t first = b * times, last = std::min(groups, first + times);
      losses.sums[b] = std::accumulate(&losses.sums[first], &losses.sums[0] + last, 0.0f);
      for (std::size_t i = first + 1; i < last; ++i) losses.changes[first] |= losses.changes[i];
      losses.changes[b] = losses.changes[first];
    }
  }

  /// The unit of losses under a scale.
  double unit(double scale) const { return is_squared_ ? scale * scale : scale; }
  /// The error of a loss whose n terms have been added up in float. Sums and squares are off by
  /// 2^-24 of themselves, or by 2^-149. A quotient q by an inverse that is not exact is off by
  /// 2^-22 |q|, and |q| is at most the largest element plus the error of q's element. With d =
  /// 2^-22 times twice the largest element a sum of squares s changes by at most 2 d sqrt(n s) + n
  /// d^2 <= s / 2^12 + 2^13 n d^2, one of magnitudes by n d; what the errors of elements add is
  /// within `share`.
  loss_error error_of(std::size_t n) const {
    constexpr double off = is_power ? 0 : power_of_two<double>(layout::max_exponent + 2 - 22);
    const double count = static_cast<double>(n);
    return {(count + 32) * 0x1p-21 + (is_power ? 0 : 0x1p-12),
            ((is_squared_ ? 0x1p13 * off * off : off) + 0x1p-120) * count};
  }

 private:
  element_encoding how_;
  bool is_squared_;
  std::size_t width_;
  int shift_;
  Isa isa_;
  std::vector<float> spare_factors_, elements_;
  std::vector<double> spare_;
};

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

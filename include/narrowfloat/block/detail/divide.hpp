// SPDX-License-Identifier: MIT
// Chooses the scales of a tile, blocks that lie side by side, and divides its values by them: a
// float for each that every rounding to an element takes for the exact quotient. Long because both
// share the tile's arrays.
#pragma once

#include <algorithm>
#include <bit>
#include <span>
#include <vector>

#include "../../detail/array/clip_bits.hpp"
#include "../../detail/array/magnitude.hpp"
#include "../../detail/array/parts.hpp"
#include "calls.hpp"
#include "choose.hpp"
#include "clip_ends.hpp"
#include "exponents.hpp"
#include "losses.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class Format, class R>
class tile_divider {
  using Element = typename Format::element;
  using Scale = typename Format::scale;
  using code = typename element_traits<Element>::code;
  using layout = layout_of<typename element_traits<Element>::rounded>;
  using scale_code = std::conditional_t<sizeof(Scale) == 1, std::uint8_t, std::uint16_t>;
  static constexpr bool is_power = power_of_two_scale<Scale>;
  static constexpr bool is_random = R::random_bits != 0;
  /// Whether a product by a power of two can overflow where the quotient's element is still chosen.
  static constexpr bool is_bounded = [] {
    if constexpr (is_power) {
      using traits = scale_traits<Scale>;
      return traits::lowest >= -127 && traits::highest == 127;
    }
    return true;
  }();

 public:
  /// What quotients are: floats where these are as good as exact, doubles rounded to odd elsewhere.
  using real = std::conditional_t<float_suffices<Element> && float_holds<Scale> && is_bounded &&
                                      (is_power || decisive_bits<layout, R> <= 22),
                                  float, double>;
  static constexpr bool in_floats = std::same_as<real, float>;

  tile_divider(const QuantizeOptions& options, const tensor_factors& tensor, std::size_t width)
      : options_(options),
        choose_(options, tensor),
        width_(width),
        shift_(block_shift(width)),
        isa_(active_isa()),
        trials_(options, width, isa_) {}

  /// Begins a tile of so many columns; whether its blocks span several rows.
  void start(std::size_t columns, bool spans_rows) {
    columns_ = columns;
    blocks_ = ceil_divided(columns, width_);
    if (least_.size() != whole_packs(blocks_))
      least_.assign(whole_packs(blocks_), bits_of_float(options_.least_amax));
    amax_ = least_;
    joins_columns_ = spans_rows && width_ != 1;
    if (joins_columns_) column_amax_.assign(columns, 0);
  }

  /// Takes in rows of n values, which begin `leading` values apart, of the columns from `first` on.
  void join(const float* values, std::size_t rows, std::size_t leading, std::size_t n,
            std::size_t first) {
    const std::uint32_t limit =
        options_.non_finite == NonFinite::propagate ? float_infinity - 1 : ~std::uint32_t{0} >> 1;
    if (joins_columns_ || width_ == 1) {
      std::uint32_t* const amax = joins_columns_ ? column_amax_.data() : amax_.data();
      join_rows_kernels[isa_](values, rows, leading, n, limit, amax + first);
      return;
    }
    for (std::size_t row = 0; row < rows; ++row)
      join_kernels[isa_](values + row * leading, n, first, width_, limit, amax_.data());
  }

  /// Writes the scales, or takes those that are there; values_of(block) gives all values of one.
  template <class Values>
  void choose(Scale* scales, scale_source source, const Values& values_of) {
    scales_ = scales;
    factors_.resize(amax_.size());
    if (joins_columns_) join_columns();
    if constexpr (is_power) {
      choose_powers(source == scale_source::given, values_of);
    } else {
      const std::uint32_t largest = largest_kernels<std::uint32_t>[isa_](amax_.data(), blocks_);
      has_blank_ = choose_.is_blank(largest);
      is_near_the_end_ = largest >= near_the_end;
      if (source != scale_source::given) choose_values(values_of);
      is_zero_given_ = source == scale_source::given && largest >= float_infinity &&
                       std::ranges::any_of(std::span(scales_, blocks_), [](const Scale& scale) {
                         return is_zero(real_number<float>(scale));
                       });
      take_values();
    }
    if constexpr (in_floats) finish_factors();
  }

  /// Where magnitudes begin that the scales of the tile cut.
  void find_ends() {
    const double tensor = [&] {
      if constexpr (is_power)
        return 1.0;
      else
        return choose_.tensor_scale();
    }();
    spare_.resize(blocks_);
    if constexpr (float_holds<Scale>) {
      values_.resize(blocks_);
      decode_elements(scales_, blocks_, values_.data());
      for (std::size_t b = 0; b < blocks_; ++b)
        spare_[b] = static_cast<double>(values_[b]) * tensor;
    } else {
      for (std::size_t b = 0; b < blocks_; ++b) spare_[b] = scale_value(scales_[b]) * tensor;
    }
    const auto find = [&](std::vector<std::uint32_t>& ends, double element) {
      ends.assign(whole_packs(blocks_), 0);
      for (std::size_t b = 0; b < blocks_; ++b)
        ends[b] = clip_end(spare_[b], element, options_.three_quarters);
      const std::size_t times = width_ >> shift_;
      if (times != 1) repeat_factors(ends, steps_, whole_packs(columns_) >> shift_, times);
    };
    find(ends_, greatest_magnitude<Element>(options_.full_range, false));
    if (is_lopsided()) find(negative_ends_, greatest_magnitude<Element>(options_.full_range, true));
  }
  /// A bit for each of n values, at most part_elements: 0 where it is cut, or no number.
  void find_clipped(const float* values, std::size_t n, std::size_t first,
                    std::uint8_t* bits) const {
    clip_bits_kernels[isa_](values, n, first, shift_, ends_.data(),
                            is_lopsided() ? negative_ends_.data() : ends_.data(), bits);
  }

  /// The elements of n values, at most part_elements, of the columns from `first` on.
  void encode(const float* values, std::size_t n, std::size_t first, const R& rounding,
              Element* out) const {
    element_encoding how{
        .policy = saturates_in(options_.non_finite == NonFinite::propagate ? Saturation::propagate
                                                                           : Saturation::finite),
        .most_negative = most_negative(Element::width, options_.full_range)};
    if constexpr (in_floats && (is_power || !(is_random || looks_below<R>))) {
      constexpr bool divides = !is_power;
      if (!uses_long() && !has_blank_ && !is_exact_only() && !(divides && folds())) {
        how.reads_ahead = true;
        if (divides) how.inverses = inverses_.data(), how.mask = bits_near<layout>;
        encode_within_nearest<code, divides>(isa_, values, n, first, shift_, factors_.data(),
                                             rounding, how, out);
        return;
      }
    }
    real quotients[part_elements];
    divide(values, n, first, quotients);
    encode_elements<code>(quotients, n, rounding, how, out);
  }

 private:
  /// The quotients of values of the columns from `first` on.
  void divide(const float* values, std::size_t n, std::size_t first, real* out) const {
    if constexpr (in_floats) {
      if (is_exact_only()) {
        for (std::size_t i = 0; i < n; ++i)
          out[i] = real_number<float>(exact_quotient(values[i], first + i), to_odd);
      } else if (is_power ? uses_long() : !folds()) {
        multiply_long_kernels[isa_](values, n, first, shift_, inverses_.data(),
                                    looks_below<R> ? narrowing::odd_above_zero : narrowing::odd,
                                    out);
      } else {
        multiply_kernels[isa_](values, n, first, shift_, factors_.data(), looks_below<R>, out);
      }
      if (has_blank_) {
        for (std::size_t i = 0; i < n; ++i)
          if (choose_.is_blank(amax_[(first + i) / width_])) out[i] = float_of_bits(0);
      }
    } else {
      for (std::size_t i = 0; i < n; ++i) out[i] = exact_quotient(values[i], first + i);
    }
  }

  /// Whether float has room around the scales: no rounding to one sees more of a ratio than its
  /// float, rounded to odd.
  static constexpr bool ratios_suffice = [] {
    if constexpr (narrow_float<Scale>) return layout_of<Scale>::quantum >= -120;
    return true;
  }();

  bool is_lopsided() const { return detail::is_lopsided<Element>(options_.full_range); }
  bool folds() const { return choose_.folds(); }
  /// Whether an Inf may meet a scale of 0.
  bool is_exact_only() const {
    return !is_power && (options_.non_finite == NonFinite::propagate || is_zero_given_);
  }
  bool uses_long() const {
    return options_.three_quarters || (!is_power && !folds() && (is_random || looks_below<R>));
  }

  double exact_quotient(float x, std::size_t column) const {
    const std::size_t block = column / width_;
    return choose_.quotient(x, scales_[block], amax_[block]);
  }

  void join_columns() {
    values_.resize(columns_);
    __builtin_memcpy(values_.data(), column_amax_.data(), columns_ * sizeof(float));
    join_kernels[isa_](values_.data(), columns_, 0, width_, ~std::uint32_t{0} >> 1, amax_.data());
  }
  template <class Values>
  void choose_powers(bool is_given, const Values& values_of) {
    using traits = scale_traits<Scale>;
    if (choose_.folds() && !is_given) divide_largest();
    steps_.resize(amax_.size());
    codes_.resize(amax_.size());
    // Straight to their place, where whole packs of them have room.
    const bool is_in_place = sizeof(Scale) == 1 && !is_given && blocks_ == amax_.size();
    auto* const codes = is_in_place ? reinterpret_cast<std::uint8_t*>(scales_) : codes_.data();
    const std::uint32_t largest = exponent_kernels[isa_](
        amax_.data(), amax_.size(), choose_.rule(),
        __builtin_bit_cast(scale_code, choose_.scale_of(0)), steps_.data(), codes, factors_.data());
    has_blank_ = choose_.is_blank(largest);
    if (is_given) {
      for (std::size_t b = 0; b < blocks_; ++b) {
        if (!choose_.is_blank(amax_[b]))
          take_steps(b, traits::exponent(scales_[b]) - traits::lowest);
      }
    } else if (options_.rule == ScaleRule::search) {
      search_tile(values_of);
    } else if constexpr (sizeof(Scale) == 1) {
      if (!is_in_place) __builtin_memcpy(scales_, codes, blocks_);
      return;
    }
    for (std::size_t b = 0; b < blocks_; ++b) scales_[b] = choose_.scale_of(steps_[b]);
  }
  /// By the largest element, in float.
  void divide_largest() {
    values_.resize(amax_.size());
    const float reciprocal = choose_.reciprocal();
    __builtin_memcpy(values_.data(), amax_.data(), amax_.size() * sizeof(float));
    multiply_kernels[isa_](values_.data(), values_.size(), 0, one_for_all, &reciprocal, false,
                           values_.data());
    __builtin_memcpy(amax_.data(), values_.data(), amax_.size() * sizeof(float));
  }

  /// Takes the exponents with the least losses: trials tell most of them apart, exact sums the
  /// rest.
  template <class Values>
  void search_tile(const Values& values_of) {
    if constexpr (scale_trials<Format>::serves) {
      constexpr int count = 4;  // of exponents, from one below the floor rule's on
      trial_losses losses[count];
      for (int k = 0; k < count; ++k) {
        values_.resize(amax_.size());
        const float to_trial = power_of_two<float>(1 - k);
        for (std::size_t b = 0; b < amax_.size(); ++b) values_[b] = factors_[b] * to_trial;
        trials_.run(values_, inverses_, values_of, losses[k]);
      }
      const loss_error error = trials_.error_of(values_of.size(0));
      for (std::size_t b = 0; b < blocks_; ++b) {
        const int best = least_loss(b, losses, error);
        if (best < 0) {
          search(b, values_of);
        } else {
          take_steps(b, static_cast<int>(steps_[b]) + best - 1);
        }
      }
    } else {
      for (std::size_t b = 0; b < blocks_; ++b) search(b, values_of);
    }
  }
  /// The last one of the trials with the least loss; -1 where the error leaves it open, or near the
  /// ends of float's range.
  template <std::size_t Count>
  int least_loss(std::size_t block, const trial_losses (&losses)[Count],
                 const loss_error& error) const {
    using traits = scale_traits<Scale>;
    constexpr int count = static_cast<int>(Count);
    constexpr std::uint32_t least = bits_of_float(0x1p-60f), most = bits_of_float(0x1p60f);
    const int steps = static_cast<int>(steps_[block]);
    if (amax_[block] < least || amax_[block] > most || steps < 1 ||
        steps + count - 2 > traits::highest - traits::lowest || error.share > 0.25)
      return -1;
    double loss[Count];  // in units of the square of the first scale
    int best = 0;
    for (int k = 0; k < count; ++k) {
      if (bits_of_float(losses[k].sums[block]) >= float_infinity) return -1;  // of an Inf or a NaN
      loss[k] = static_cast<double>(losses[k].sums[block]) * power_of_two<double>(2 * k);
      if (loss[k] <= loss[best]) best = k;
    }
    const double more = error.more * power_of_two<double>(2 * count),
                 limit = (loss[best] * (1 + error.share) + 2 * more) / (1 - error.share);
    bool has_same_images = true;  // as the best one, so the same loss
    for (int k = best; k >= 0; --k) {
      if (!has_same_images && loss[k] <= limit) return -1;
      has_same_images = has_same_images && losses[k].changes[block] == 0;
    }
    for (int k = best + 1; k < count; ++k) {
      if (loss[k] <= limit) return -1;
    }
    return best;
  }

  template <class Values>
  void search(std::size_t block, const Values& values_of) {
    if (amax_[block] == 0 || amax_[block] >= float_infinity) return;
    const std::span<const float> values = values_of(block);
    const auto makes_infinity = [&](int e) {
      if constexpr (R::rule == rule::half_even && !is_random)
        return false;
      else
        return std::ranges::any_of(values, [&](float x) { return becomes_infinite(x, e); });
    };
    take_steps(block, choose_.searched_steps(amax_[block], values, makes_infinity));
  }
  /// Whether a finite value may read back as Inf under the scale 2^e; random bits may take it to
  /// either neighbour.
  bool becomes_infinite(float x, int e) const {
    if (!is_finite(x)) return false;
    const bool is_negative = (bits_of_float(x) & 0x80000000u) != 0;
    const double quotient = scaled_up(real_number<double>(x), power_of_two<double>(-e));
    const element_encoding how{.most_negative = most_negative(Element::width, options_.full_range)};
    Element element;
    double image = 0;
    if constexpr (!is_random) {
      encode_elements<code>(&quotient, 1, R{}, how, &element);
    } else if (is_negative) {
      encode_elements<code>(&quotient, 1, toward_negative, how, &element);
    } else {
      encode_elements<code>(&quotient, 1, toward_positive, how, &element);
    }
    decode_elements(&element, 1, &image);
    return !is_finite(real_number<float>(scaled_up(image, power_of_two<double>(e))));
  }
  void take_steps(std::size_t block, int steps) {
    steps_[block] = static_cast<std::uint32_t>(steps);
    factors_[block] = float_of_bits(choose_.inverse_of(steps_[block]));
  }

  template <class Values>
  void choose_values(const Values& values_of) {
    if (options_.four_over_six != FourOverSix::none) {
      choose_fours_or_sixes(values_of);
    } else if (folds()) {
      for (std::size_t b = 0; b < blocks_; ++b) scales_[b] = choose_.folded(amax_[b]);
    } else if constexpr (ratios_suffice) {
      choose_ratios(largest_binary<Element>(), scales_);
    } else {
      for (std::size_t b = 0; b < blocks_; ++b)
        scales_[b] = choose_.mapped(amax_[b], largest_binary<Element>());
    }
    if (!options_.normal_scales && !is_near_the_end_) return;
    for (std::size_t b = 0; b < blocks_; ++b) scales_[b] = choose_.usable(scales_[b], amax_[b]);
  }

  /// What depends on the scales alone.
  void take_values() {
    for (std::size_t b = 0; folds() && b < blocks_; ++b)
      factors_[b] = choose_.is_blank(amax_[b]) ? 0.0f : choose_.reciprocal(scales_[b]);
    if (!has_blank_) return;
    for (std::size_t b = 0; b < blocks_; ++b) {
      if (choose_.is_blank(amax_[b])) scales_[b] = choose_.nan();
    }
  }

  /// Of the two scales of each block the one that loses less: trials tell most of them apart, exact
  /// sums the rest.
  template <class Values>
  void choose_fours_or_sixes(const Values& values_of) {
    std::vector<bool> is_known(blocks_, false);
    if constexpr (scale_trials<Format>::serves && ratios_suffice && has_four_over_six<Format>) {
      if (!folds()) try_fours_and_sixes(values_of, is_known);
    }
    for (std::size_t b = 0; b < blocks_; ++b) {
      if (!is_known[b] && !choose_.is_blank(amax_[b]))
        scales_[b] = choose_.four_or_six(amax_[b], values_of(b), values_of.rows());
    }
  }
  template <class Values>
  void try_fours_and_sixes(const Values& values_of, std::vector<bool>& is_known) {
    std::vector<Scale> four(blocks_);
    choose_ratios(largest_binary<Element>(), scales_);
    choose_ratios(choose_.four_binary, four.data());
    trial_losses losses[2];
    std::vector<float> numbers[2];
    for (std::size_t k = 0; k < 2; ++k) {
      Scale* const scales = k == 0 ? scales_ : four.data();
      for (std::size_t b = 0; options_.normal_scales && b < blocks_; ++b)
        scales[b] = choose_.usable(scales[b], 0);
      numbers[k].resize(amax_.size());
      decode_elements(scales, blocks_, numbers[k].data());
      factors_.resize(amax_.size());
      inverses_.resize(amax_.size());
      invert_kernels[isa_](numbers[k].data(), amax_.size(), choose_.tensor_scale(),
                           inverses_.data(), factors_.data());
      trials_.run(factors_, inverses_, values_of, losses[k]);
    }
    factors_.resize(amax_.size());
    const loss_error error = trials_.error_of(values_of.size(0));
    const double tensor = choose_.tensor_scale();
    for (std::size_t b = 0; b < blocks_; ++b) {
      const double scale6 = static_cast<double>(numbers[0][b]) * tensor,
                   scale4 = static_cast<double>(numbers[1][b]) * tensor;
      is_known[b] = amax_[b] == 0 || scale4 == scale6;  // the losses are the same
      if (is_known[b] || amax_[b] >= near_the_end || scale6 < 0x1p-100 || scale4 > 0x1p100 ||
          std::max(bits_of_float(losses[0].sums[b]), bits_of_float(losses[1].sums[b])) >
              bits_of_float(0x1p100f))
        continue;
      const double unit6 = trials_.unit(scale6), unit4 = trials_.unit(scale4),
                   loss6 = static_cast<double>(losses[0].sums[b]) * unit6,
                   loss4 = static_cast<double>(losses[1].sums[b]) * unit4,
                   more = error.more * (unit6 + unit4);
      is_known[b] = __builtin_fabs(loss6 - loss4) > error.share * (loss6 + loss4) + more;
      if (is_known[b] && loss4 < loss6) scales_[b] = four[b];
    }
  }

  /// The scales amax / (an element * tensor scale), rounded to nearest.
  void choose_ratios(const binary& element, Scale* scales) {
    values_.resize(amax_.size());
    __builtin_memcpy(values_.data(), amax_.data(), amax_.size() * sizeof(float));
    const double inverse = choose_.inverse_of(element);
    multiply_long_kernels[isa_](values_.data(), values_.size(), 0, one_for_all, &inverse,
                                std::same_as<Scale, float> ? narrowing::nearest : narrowing::odd,
                                values_.data());
    convert_by_kernel(isa_, values_.data(), scales, blocks_, nearest_even, Saturation::finite,
                      Subnormals::keep);
  }

  /// What multiplies instead of dividing.
  void finish_factors() {
    if constexpr (!is_power) {
      if (!folds()) {
        values_.resize(factors_.size());
        decode_elements(scales_, blocks_, values_.data());
        inverses_.resize(factors_.size());
        invert_kernels[isa_](values_.data(), values_.size(), choose_.tensor_scale(),
                             inverses_.data(), factors_.data());
      }
    }
    if (options_.three_quarters) {
      if constexpr (is_power) {
        inverses_.resize(factors_.size());
        decode_elements(factors_.data(), factors_.size(), inverses_.data());
      }
      for (double& inverse : inverses_) inverse = scaled_up(inverse, 0.75);
    }
    const std::size_t times = width_ >> shift_, n = whole_packs(columns_) >> shift_;
    if (times == 1) return;
    repeat_factors(factors_, values_, n, times);
    if (!inverses_.empty()) repeat_factors(inverses_, spare_, n, times);
  }

  QuantizeOptions options_;
  scale_chooser<Format> choose_;
  std::size_t width_, columns_ = 0, blocks_ = 0;
  int shift_;
  bool has_blank_ = false, is_near_the_end_ = false, is_zero_given_ = false;
  Isa isa_;
  scale_trials<Format> trials_;
  Scale* scales_ = nullptr;
  bool joins_columns_ = false;  ///< the largest magnitudes of columns, then those of blocks
  std::vector<std::uint32_t> column_amax_, least_, amax_, steps_, ends_, negative_ends_;
  std::vector<std::uint8_t> codes_;      ///< of the scales that are powers of two
  std::vector<float> factors_, values_;  ///< `values_` of scales, or of what they are made from
  std::vector<double> inverses_, spare_;
};

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

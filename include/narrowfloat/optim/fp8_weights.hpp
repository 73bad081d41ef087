// SPDX-License-Identifier: MIT
// Fp8LmWeights: a float16 master copy with a scale, and FP8 codes for the products.
#pragma once

#include <cstddef>
#include <ranges>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../convert.hpp"
#include "../detail/array/checks.hpp"
#include "../stats.hpp"
#include "detail/one_scale.hpp"
#include "weights.hpp"

namespace narrowfloat {

/// How FP8-LM's weights are kept.
struct Fp8LmOptions {
  bool keeps_codes =
      false;  ///< 3 bytes a weight instead of 2: the codes need not be made again for each product
};

/// The weights of FP8-LM (Peng et al., arXiv 2310.18313): a float16 master copy and codes in
/// float8_e4m3fn for the products, each with a scale that is a power of two. With Fp8LmFirst,
/// Fp8LmSecond and gradients in FP8 a parameter takes 6 bytes (2 + 1 + 1 + 2); 7 where the codes
/// are kept.
///
/// Result    scale() is what master codes are multiplied by: the least power of two for which the
///           largest magnitude of the new weights is not beyond 65504; code_scale() is the same for
///           the FP8 codes, with 448 in the place of 65504. Master codes are rounded by the
///           rounding of the step, FP8 codes to the nearest of them.
/// Special   a largest magnitude of 0, Inf or NaN makes both scales 1.
/// Promises  make_codes() gives the codes that are kept. Executors change nothing.
/// Cost      a step makes the new weights twice: their largest magnitude comes first.
///
/// Example   Fp8LmWeights w(weights);
///           AdamW<Fp8LmFirst, Fp8LmSecond> adam({.lr = 1e-3f}, w.size());
///           adam.step(w, gradients);
///           std::vector<float8_e4m3fn> codes(w.size());
///           w.make_codes(codes);  // times w.code_scale()
///           assert(std::abs(convert<float>(codes[0]) * w.code_scale() - weights[0]) < 0.01f);
class Fp8LmWeights {
 public:
  Fp8LmWeights() = default;
  /// A master copy of these weights, and codes where the options keep them, by an executor.
  template <float_source Range, task_executor E = SerialExecutor>
  NF_INLINE explicit Fp8LmWeights(const Range& weights, const Fp8LmOptions& options = {},
                                  E&& executor = {})
      : master_(std::ranges::size(weights)), codes_(options.keeps_codes ? master_.size() : 0) {
    observe(amax(weights, NanAmax::keep, executor));
    detail::write_range(*this, weights, executor);
    commit();
  }

  /// How many weights there are.
  NF_INLINE std::size_t size() const noexcept { return master_.size(); }
  /// The master copy: each times scale() is a weight.
  NF_INLINE std::span<const float16> master() const noexcept { return master_; }
  /// What master codes are multiplied by.
  NF_INLINE float scale() const noexcept { return scale_; }
  /// What FP8 codes are multiplied by.
  NF_INLINE float code_scale() const noexcept { return code_scale_; }
  /// The FP8 codes; none unless they are kept.
  NF_INLINE std::span<const float8_e4m3fn> codes() const noexcept { return codes_; }
  /// Writes the FP8 codes, by an executor.
  ///
  /// Special   a size that differs throws std::invalid_argument, with both.
  template <task_executor E = SerialExecutor>
  NF_INLINE void make_codes(std::span<float8_e4m3fn> out, E&& executor = {}) const {
    if (out.size() != size())
      detail::throw_invalid("Fp8LmWeights::make_codes", "there are " + std::to_string(size()) +
                                                            " weights, the output has " +
                                                            std::to_string(out.size()));
    // the quotient of two powers of two at most 2^8 apart: products are exact
    convert(master_, out, Scale{scale_ / code_scale_}, nearest_even, Saturation::finite, executor);
  }

  /// What storage asks for: weights are read, written, measured before and saved.
  NF_INLINE void read(std::size_t first, std::span<float> out) const {
    convert(master().subspan(first, out.size()), out, Scale{scale_});
  }
  template <class R>
  NF_INLINE void write(std::size_t first, std::span<const float> from, const R& rounding) {
    convert(from, std::span(master_).subspan(first, from.size()),
            Scale{detail::inverse_power(new_scale_)}, detail::rounding_from(rounding, first));
    if (!codes_.empty())
      convert(master().subspan(first, from.size()), std::span(codes_).subspan(first, from.size()),
              Scale{new_scale_ / new_code_scale_}, nearest_even, Saturation::finite);
  }
  NF_INLINE void observe(float amax) {
    new_scale_ = detail::scale_for<float16, true>(amax);
    new_code_scale_ = detail::scale_for<float8_e4m3fn, true>(amax);
  }
  NF_INLINE void commit() {
    scale_ = new_scale_;
    code_scale_ = new_code_scale_;
  }
  NF_INLINE std::vector<StatePart> parts() { return parts_of<StatePart>(*this); }
  NF_INLINE std::vector<ConstStatePart> parts() const { return parts_of<ConstStatePart>(*this); }

 private:
  template <class Part, class Self>
  static NF_INLINE std::vector<Part> parts_of(Self& self) {
    std::vector<Part> all{state_part("master", std::span(self.master_)),
                          detail::one_scale_part("scale", self.scale_),
                          detail::one_scale_part("code_scale", self.code_scale_)};
    if (!self.codes_.empty()) all.push_back(state_part("codes", std::span(self.codes_)));
    return all;
  }
  std::vector<float16> master_;
  std::vector<float8_e4m3fn> codes_;
  float scale_ = 1, code_scale_ = 1, new_scale_ = 1, new_code_scale_ = 1;
};

}  // namespace narrowfloat

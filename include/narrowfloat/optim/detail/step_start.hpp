// SPDX-License-Identifier: MIT
// What every step begins with: options that make sense, and gradients that are looked at where that
// is asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "../gradients.hpp"
#include "../rule.hpp"
#include "../step_options.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// The rounding of one of the storages in step t.
template <class R>
NF_INLINE R rounding_of(const R& rounding, std::uint64_t t, std::uint64_t which) {
  R mine = rounding;
  if constexpr (is_keyed<R>) mine.stream += 8 * t + which;
  return mine;
}

inline void require_equal_counts(const char* rule, std::size_t weights, std::size_t gradients,
                                 std::size_t state) {
  if (weights != state || gradients != state)
    throw_invalid(rule, "there are " + std::to_string(weights) + " weights, " +
                            std::to_string(gradients) + " gradients and state of " +
                            std::to_string(state) + " elements");
}

inline void require_options(const char* rule, const StepOptions& options) {
  const option_check is{rule};
  is.require(is_usable(options.inverse_loss_scale) &&
                 bits_of_float(options.inverse_loss_scale) < float_infinity,
             "inverse_loss_scale", static_cast<double>(options.inverse_loss_scale),
             "a positive float");
  is.positive_or_zero("max_norm", options.max_norm);
}

/// inverse_loss_scale, and less where the norm is above its maximum.
inline float gradient_factor(const StepOptions& options, double norm) {
  if (!(options.max_norm > 0 && norm > options.max_norm)) return options.inverse_loss_scale;
  const exact wanted = product(exact_of(options.inverse_loss_scale), exact_of(options.max_norm));
  return nearest_float(quotient(wanted, exact_of(norm)));
}

/// Whether the step must not be taken, which it then counts. measure(norm) looks at the gradients,
/// of which a rule may keep the squares.
template <class Measure>
bool is_skipped(const StepOptions& options, bool squares, std::uint64_t& steps,
                std::uint64_t& skipped, StepReport& report, const Measure& measure) {
  GradientNorm own;
  const GradientNorm* norm = options.measured;
  const bool checks = options.on_overflow != OnOverflow::unchecked;
  if (norm == nullptr && (checks || options.max_norm > 0)) {
    measure(own);
    norm = &own;
  }
  if (norm != nullptr) report.gradient_norm = norm->norm();
  const bool overflowed = checks && (norm->overflowed() || (squares && norm->amax() >= 0x1p64f));
  if (!overflowed) return false;
  report.skipped = true;
  ++skipped;
  if (options.on_overflow == OnOverflow::skip_tensor) ++steps;
  return true;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

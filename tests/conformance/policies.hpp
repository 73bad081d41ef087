// SPDX-License-Identifier: MIT
// What a conversion may do on purpose, and which of these a kernel does.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/formats.hpp"
#include "support/code_runs.hpp"

namespace conformance {

/// The code that a NaN gets.
enum class NanCode {
  canonical,  ///< the quiet NaN with the first mantissa bit alone, or the one NaN; its sign kept
  positive,   ///< the same, without its sign
  payload,    ///< quiet, with as much of the payload and the sign as fits
  /// what fits of sign, quiet bit and payload; of the last two 1, if they are 0
  signaling_payload,
  all_ones,           ///< every exponent and mantissa bit; its sign kept
  positive_all_ones,  ///< the same, without its sign
};

struct Policy {
  oracle::Mode mode = oracle::Mode::nearest_even;
  oracle::Saturation saturation = oracle::Saturation::finite;
  bool flush = false;
  NanCode nan = NanCode::canonical;
};

/// The value of an option that has this name; UsageError, with the names there are, for another.
oracle::Mode mode_by_name(std::string_view name);
oracle::Saturation saturation_by_name(std::string_view name);
bool flush_by_name(std::string_view name);
NanCode nan_by_name(std::string_view name);

std::string name_of(oracle::Mode mode);
std::string name_of(oracle::Saturation saturation);
std::string name_of(NanCode nan);
/// "nearest_even, saturation finite, subnormals keep, NaN canonical"
std::string name_of(const Policy& policy);

bool is_nan_pattern(std::uint32_t bits);
/// Requires  the bits of a NaN.
std::uint32_t nan_code(const oracle::Format& format, NanCode kind, std::uint32_t bits);

/// The conversion of every float by a policy.
std::vector<oracle::CodeRun> runs_of(const oracle::Format& format, const Policy& policy);

/// Floats from `first` to `last` for which a kernel has one code and another is right.
struct Difference {
  std::uint32_t first, last, got, right;
};
/// Result  Every interval in which two conversions differ, cut between signs and before the NaNs.
std::vector<Difference> differences(std::span<const oracle::CodeRun> got,
                                    std::span<const oracle::CodeRun> right);
std::uint64_t count_of(std::span<const Difference> differences);

/// Result  The policy from which a conversion differs in the fewest intervals, of equals for the
///         fewest floats, of equals the first, `preferred` before all. The NaNs are looked at
///         apart.
Policy nearest_policy(const oracle::Format& format, std::span<const oracle::CodeRun> got,
                      const Policy& preferred);

/// Result  Whether a float lies halfway between two neighbours of the format.
bool is_tie(const oracle::Format& format, std::uint32_t bits);

}  // namespace conformance

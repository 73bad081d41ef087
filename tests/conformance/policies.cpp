// SPDX-License-Identifier: MIT
// Policies as runs of codes by the oracle, and the search for the nearest.
#include "conformance/policies.hpp"

#include <algorithm>
#include <array>
#include <compare>

#include "conformance/text.hpp"

namespace conformance {
namespace {

using oracle::CodeRun, oracle::Mode, oracle::Saturation;

constexpr std::uint32_t sign = 0x80000000u, infinity = 0x7f800000u;

// In the order of their enumerations.
constexpr std::array<std::string_view, 6> mode_names = {
    "nearest_even", "nearest_away", "toward_zero", "toward_positive", "toward_negative", "to_odd"};
constexpr std::array<std::string_view, 3> saturation_names = {"finite", "propagate", "none"};
constexpr std::array<std::string_view, 2> subnormal_names = {"keep", "flush"};
constexpr std::array<std::string_view, 6> nan_names = {
    "canonical", "positive", "payload", "signaling_payload", "all_ones", "positive_all_ones"};

template <class Value, class Names>
Value by_name(const Names& names, std::string_view name, const char* option) {
  std::string list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Value>(static_cast<int>(i));
    list += (i == 0 ? "" : ", ") + std::string(names[i]);
  }
  throw UsageError(std::string(option) + " " + std::string(name) + ": it is one of " + list);
}

void append(std::vector<CodeRun>& runs, std::uint32_t first, std::uint32_t code) {
  if (runs.empty() || runs.back().code != code) runs.push_back({first, code});
}

// All floats but NaN, for every saturation and both ways with subnormals: where a rounding has one
// code without saturation, each of the others has one.
class Rounded {
 public:
  Rounded(const oracle::Format& format, Mode mode) : format_(format), mode_(mode) {
    for (const CodeRun& run : oracle::runs_of_codes(format, {.mode = mode}, Saturation::none))
      starts_.push_back(run.first);
    for (const std::uint32_t negative : {0u, sign})
      for (const std::uint32_t start : {0u, 1u, 0x00800000u, infinity, infinity + 1})
        starts_.push_back(negative | start);
    std::sort(starts_.begin(), starts_.end());
    starts_.erase(std::unique(starts_.begin(), starts_.end()), starts_.end());
  }
  std::vector<CodeRun> runs(const Policy& policy) const {
    std::vector<CodeRun> runs;
    for (const std::uint32_t start : starts_) {
      if (is_nan_pattern(start))
        append_nans(runs, start, policy.nan);
      else
        append(runs, start,
               oracle::round(format_, oracle::from_f32_bits(start), {.mode = mode_},
                             policy.saturation, policy.flush));
    }
    return runs;
  }

 private:
  void append_nans(std::vector<CodeRun>& runs, std::uint32_t first, NanCode kind) const {
    const std::uint32_t step = 1u << (23 - std::min(format_.mantissa_bits, 23));
    append(runs, first, nan_code(format_, kind, first));
    for (std::uint32_t next = first - 1 + step; is_nan_pattern(next); next += step)
      append(runs, next, nan_code(format_, kind, next));
  }

  oracle::Format format_;
  Mode mode_;
  std::vector<std::uint32_t> starts_;
};

// How far two conversions are apart, in intervals, then in floats.
struct Distance {
  std::size_t intervals = 0;
  std::uint64_t floats = 0;
  friend auto operator<=>(const Distance&, const Distance&) = default;
};
// Of the NaNs alone, or of all others.
Distance distance_of(std::span<const Difference> all, bool of_nans) {
  Distance distance;
  for (const Difference& d : all) {
    if (is_nan_pattern(d.first) != of_nans) continue;
    ++distance.intervals;
    distance.floats += d.last - d.first + 1;
  }
  return distance;
}

}  // namespace

bool is_nan_pattern(std::uint32_t bits) { return (bits & ~sign) > infinity; }

std::uint32_t nan_code(const oracle::Format& f, NanCode kind, std::uint32_t bits) {
  const bool negative =
      bits >= sign && kind != NanCode::positive && kind != NanCode::positive_all_ones;
  const auto canonical = static_cast<std::uint32_t>(oracle::nan_code(f, negative));
  if (f.special != oracle::Special::ieee || f.mantissa_bits == 0) return canonical;
  const std::uint32_t payload = (bits & 0x007fffff) >> std::max(23 - f.mantissa_bits, 0);
  if (kind == NanCode::payload) return canonical | payload;
  if (kind == NanCode::signaling_payload)
    return (canonical ^ 1u << (f.mantissa_bits - 1)) | std::max(payload, 1u);
  const bool ones = kind == NanCode::all_ones || kind == NanCode::positive_all_ones;
  return ones ? canonical | ((1u << f.mantissa_bits) - 1) : canonical;
}

Mode mode_by_name(std::string_view name) { return by_name<Mode>(mode_names, name, "--rounding"); }
Saturation saturation_by_name(std::string_view name) {
  return by_name<Saturation>(saturation_names, name, "--saturation");
}
bool flush_by_name(std::string_view name) {
  return by_name<int>(subnormal_names, name, "--subnormals") == 1;
}
NanCode nan_by_name(std::string_view name) { return by_name<NanCode>(nan_names, name, "--nan"); }

std::string name_of(Mode mode) {
  return std::string(mode_names.at(static_cast<std::size_t>(static_cast<int>(mode))));
}
std::string name_of(Saturation saturation) {
  return std::string(saturation_names.at(static_cast<std::size_t>(static_cast<int>(saturation))));
}
std::string name_of(NanCode nan) {
  return std::string(nan_names.at(static_cast<std::size_t>(static_cast<int>(nan))));
}
std::string name_of(const Policy& policy) {
  return name_of(policy.mode) + ", saturation " + name_of(policy.saturation) + ", subnormals " +
         std::string(subnormal_names.at(policy.flush ? 1 : 0)) + ", NaN " + name_of(policy.nan);
}

std::vector<CodeRun> runs_of(const oracle::Format& format, const Policy& policy) {
  return Rounded(format, policy.mode).runs(policy);
}

std::vector<Difference> differences(std::span<const CodeRun> got, std::span<const CodeRun> right) {
  std::vector<Difference> all;
  const auto add = [&](Difference next) {
    for (const std::uint32_t cut : {infinity + 1, sign, sign | (infinity + 1)}) {
      if (next.first >= cut || next.last < cut) continue;
      all.push_back({next.first, cut - 1, next.got, next.right});
      next.first = cut;
    }
    all.push_back(next);
  };
  std::size_t i = 0, j = 0;
  while (i < got.size() && j < right.size()) {
    const std::uint64_t end = std::uint64_t{1} << 32;
    const std::uint64_t got_end = i + 1 < got.size() ? got[i + 1].first : end;
    const std::uint64_t right_end = j + 1 < right.size() ? right[j + 1].first : end;
    if (got[i].code != right[j].code)
      add({std::max(got[i].first, right[j].first),
           static_cast<std::uint32_t>(std::min(got_end, right_end) - 1), got[i].code,
           right[j].code});
    if (got_end <= right_end) ++i;
    if (right_end <= got_end) ++j;
  }
  return all;
}

std::uint64_t count_of(std::span<const Difference> all) {
  return distance_of(all, false).floats + distance_of(all, true).floats;
}

Policy nearest_policy(const oracle::Format& format, std::span<const CodeRun> got,
                      const Policy& preferred) {
  Policy nearest = preferred;
  const std::vector<Difference> from_preferred = differences(got, runs_of(format, preferred));
  Distance least = distance_of(from_preferred, true);
  for (std::size_t kind = 0; kind < nan_names.size(); ++kind) {
    Policy policy = preferred;
    policy.nan = static_cast<NanCode>(static_cast<int>(kind));
    const Distance distance = distance_of(differences(got, runs_of(format, policy)), true);
    if (distance >= least) continue;
    least = distance;
    nearest.nan = policy.nan;
  }
  least = distance_of(from_preferred, false);
  for (std::size_t mode = 0; mode < mode_names.size(); ++mode) {
    Policy policy = nearest;
    policy.mode = static_cast<Mode>(static_cast<int>(mode));
    const Rounded rounded(format, policy.mode);
    for (std::size_t saturation = 0; saturation < saturation_names.size(); ++saturation) {
      policy.saturation = static_cast<Saturation>(static_cast<int>(saturation));
      for (const bool flush : {false, true}) {
        policy.flush = flush;
        const Distance distance = distance_of(differences(got, rounded.runs(policy)), false);
        if (distance >= least) continue;
        least = distance;
        nearest = policy;
      }
    }
  }
  return nearest;
}

bool is_tie(const oracle::Format& format, std::uint32_t bits) {
  const oracle::Exact x = oracle::from_f32_bits(bits);
  if (x.kind != oracle::Exact::Kind::finite || x.is_zero()) return false;
  const std::uint32_t nearer = oracle::round(format, x, {Mode::toward_zero}, Saturation::finite);
  const oracle::Exact a = oracle::decode(format, nearer), b = oracle::decode(format, nearer + 1);
  if (a.is_nan() || b.kind != oracle::Exact::Kind::finite) return false;
  oracle::Exact middle = oracle::sum(a, b);
  --middle.exponent;
  return oracle::same(middle, x);
}

}  // namespace conformance

// SPDX-License-Identifier: MIT
// Stochastic conversions by explicit random words: which of the three variants of IEEE P3109.
#include <array>
#include <cstdio>

#include "conformance/checks.hpp"
#include "conformance/inputs.hpp"
#include "conformance/text.hpp"

namespace conformance {
namespace {

using oracle::Mode;

struct Case {
  std::uint32_t bits, word, got;
};

/// A way to round stochastically.
struct Manner {
  Mode variant;
  oracle::Saturation saturation;
  NanCode nan;
  bool high_bits;  ///< the word's high bits are taken, not its low ones
};

std::string name_of(const Manner& manner) {
  return std::string("p3109_") +
         "abc"[static_cast<int>(manner.variant) - static_cast<int>(Mode::stochastic_a)] +
         ", saturation " + conformance::name_of(manner.saturation) + ", NaN " +
         conformance::name_of(manner.nan) +
         (manner.high_bits ? ", by the high bits of the words" : "");
}

std::uint32_t right_code(const oracle::Format& format, const Case& c, const Manner& manner, int n) {
  if (is_nan_pattern(c.bits)) return nan_code(format, manner.nan, c.bits);
  const std::uint32_t r = manner.high_bits ? c.word >> (32 - n) : c.word;
  return oracle::round(format, oracle::from_f32_bits(c.bits), {manner.variant, n, r},
                       manner.saturation);
}

// Words on both sides of the one from which on a float is rounded away, and others.
std::vector<Case> cases_of(const Options& options) {
  const oracle::Format& format = options.format.format;
  const int n = options.random_bits;
  const std::uint64_t words = std::uint64_t{1} << n;
  std::vector<Case> cases;
  std::uint32_t noise = static_cast<std::uint32_t>(options.seed);
  const std::vector<std::uint32_t> floats = stratified_floats(format, 0, options.seed);
  const std::size_t stride = floats.size() / 16384 + 1;
  for (std::size_t i = 0; i < floats.size(); i += stride) {
    const oracle::Exact x = oracle::from_f32_bits(floats[i]);
    const auto code = [&](std::uint64_t r) {
      return oracle::round(format, x, {Mode::stochastic_a, n, static_cast<std::uint32_t>(r)},
                           oracle::Saturation::none);
    };
    std::uint64_t down = 0, up = words - 1;
    while (code(down) != code(up) && up - down > 1) {
      const std::uint64_t middle = down + (up - down) / 2;
      (code(middle) == code(down) ? down : up) = middle;
    }
    for (const std::uint64_t r :
         {std::uint64_t{0}, words - 1, words / 2, down - 1, down, up, up + 1}) {
      noise = noise * 1664525u + 1013904223u;
      const std::uint32_t above = n < 32 ? noise << n : 0;  // bits that must not matter
      cases.push_back({floats[i], static_cast<std::uint32_t>(r % words) | above, 0});
    }
  }
  return cases;
}

void check_pair_lengths(Kernel& kernel, const NamedFormat& format, std::span<const Case> cases) {
  std::vector<std::uint32_t> in(2 * cases.size());
  std::vector<std::byte> codes;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    in[i] = cases[i].bits;
    in[cases.size() + i] = cases[i].word;
    append_code(codes, format, cases[i].got);
  }
  check_lengths(kernel, {"pair", {sizeof(float), sizeof(std::uint32_t)}, {format.code_bytes()}},
                std::as_bytes(std::span(in)), codes);
}

}  // namespace

bool check_stochastic(Kernel& kernel, const Options& options) {
  const NamedFormat& format = options.format;
  const Manner expected{options.variant, options.policy().saturation, options.nan, false};
  const int n = options.random_bits;
  std::printf("expected: %s, %s of each word\n", name_of(expected).c_str(),
              count_text(static_cast<std::uint64_t>(n), "bit").c_str());
  std::fflush(stdout);
  std::vector<Case> cases = cases_of(options);
  const std::size_t size = format.code_bytes();
  for (std::size_t first = 0; first < cases.size(); first += kernel.batch()) {
    const std::size_t count = std::min(kernel.batch(), cases.size() - first);
    std::vector<std::uint32_t> in(2 * count);
    for (std::size_t i = 0; i < count; ++i) {
      in[i] = cases[first + i].bits;
      in[count + i] = cases[first + i].word;
    }
    const std::vector<std::byte> codes =
        call_twice(kernel, std::as_bytes(std::span(in)), count * size, count);
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t k = 0; k < size; ++k)
        cases[first + i].got |= std::to_integer<std::uint32_t>(codes[i * size + k]) << (8 * k);
  }
  std::printf("read: %zu pairs of a float and a word\n", cases.size());
  check_pair_lengths(kernel, format, cases);

  const auto count_wrong = [&](const Manner& manner, bool of_nans) {
    std::size_t wrong = 0;
    for (const Case& c : cases)
      wrong +=
          is_nan_pattern(c.bits) == of_nans && right_code(format.format, c, manner, n) != c.got;
    return wrong;
  };
  Manner nearest = expected;
  const std::size_t wrong_nans = count_wrong(expected, true), wrong = count_wrong(expected, false);
  if (wrong + wrong_nans == 0) {
    std::printf("verdict: equal\n");
    return true;
  }
  std::size_t least_nans = wrong_nans;
  for (int kind = 0; kind <= static_cast<int>(NanCode::positive_all_ones); ++kind) {
    Manner manner = expected;
    manner.nan = static_cast<NanCode>(kind);
    const std::size_t its_wrong = count_wrong(manner, true);
    if (its_wrong >= least_nans) continue;
    least_nans = its_wrong;
    nearest.nan = manner.nan;
  }
  std::size_t least = wrong;
  for (const Mode variant : {Mode::stochastic_a, Mode::stochastic_b, Mode::stochastic_c}) {
    for (const auto saturation :
         {oracle::Saturation::finite, oracle::Saturation::propagate, oracle::Saturation::none}) {
      for (const bool high_bits : {false, true}) {
        const Manner manner{variant, saturation, nearest.nan, high_bits};
        const std::size_t its_wrong = count_wrong(manner, false);
        if (its_wrong >= least) continue;
        least = its_wrong;
        nearest = manner;
      }
    }
  }
  std::printf("verdict: differs for %s\n%s: %s\n", count_text(wrong + wrong_nans, "pair").c_str(),
              least + least_nans == 0 ? "equal to" : "nearest", name_of(nearest).c_str());
  Listing list(options.most_intervals);
  for (const Case& c : cases) {
    const std::uint32_t right = right_code(format.format, c, nearest, n);
    if (right == c.got) continue;
    list.add("  but " + float_text(c.bits) + " by the word " + hex(c.word, 32) + " gives " +
             value_text(format.format, c.got) + " where " + value_text(format.format, right) +
             " is right: " + hex(c.bits, 32) + ", code " + hex(c.got, static_cast<int>(8 * size)) +
             " for " + hex(right, static_cast<int>(8 * size)));
  }
  list.finish("pair");
  return false;
}

}  // namespace conformance

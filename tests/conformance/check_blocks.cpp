// SPDX-License-Identifier: MIT
// Blocks of 32 floats with an E8M0 scale: by which rule the scale was chosen.
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <vector>

#include "conformance/checks.hpp"
#include "conformance/text.hpp"

namespace conformance {
namespace {

using oracle::Exact, oracle::Rule;

constexpr std::size_t block_size = 32;
constexpr const char* rule_names[] = {"floor", "ceil", "rceil", "even"};

struct Manner {
  Rule rule;
  oracle::Mode mode;
};
std::string name_of(const Manner& manner) {
  return std::string("rule ") + rule_names[static_cast<int>(manner.rule)] + ", " +
         conformance::name_of(manner.mode);
}

bool is_zero(const oracle::Element& element, std::uint32_t code) {
  return code >> 8 == 0 && oracle::value(element, code).is_zero();
}
bool is_finite(std::uint32_t bits) { return (bits & 0x7fffffff) < 0x7f800000; }

// Blocks that tell the rules apart: the largest magnitude takes many exponents, with significands
// at and beside all that a rule may compare it with; the others spread below it, on values and ties
// of the elements.
std::vector<std::uint32_t> hard_blocks(std::uint64_t seed) {
  std::vector<std::uint32_t> floats(block_size);  // a block of zeros is the first
  auto noise = static_cast<std::uint32_t>(seed);
  const auto next = [&] { return noise = noise * 1664525u + 1013904223u; };
  const auto add = [&](std::uint32_t largest) {
    const std::uint32_t place = next() >> 27;
    for (std::uint32_t i = 0; i < block_size; ++i) {
      // A multiple of 2^-7 of the largest exponent, at or below the largest itself, and half of
      // them those on either side of it.
      const std::uint32_t down = (next() >> 16) % 12 << 23;
      std::uint32_t magnitude = largest > down ? largest - down : 0;
      magnitude = std::min(largest, (magnitude & 0xff800000) | (next() >> 25 << 16));
      if (next() >> 31 != 0) magnitude = std::min(largest, magnitude + 1 - 2 * (next() >> 31));
      floats.push_back((i == place ? largest : magnitude) | (next() & 0x80000000));
    }
  };
  for (std::uint32_t exponent = 0; exponent < 255; ++exponent) {
    if (exponent > 20 && exponent < 235 && exponent % 5 != 0) continue;
    for (std::uint32_t part = 0; part < 32; ++part) {
      const std::uint32_t significand = part << 18;
      for (const std::uint32_t beside : {0u, 1u, 0xffffffffu}) {
        const std::uint32_t largest = (exponent << 23) + significand + beside;
        if (largest < 0x7f800000) add(largest);
      }
    }
  }
  for (std::uint32_t bit = 0; bit < 23; ++bit) add(1u << bit);
  for (const std::uint32_t special : {0x7f800000u, 0xff800000u, 0x7fc00000u, 0xffffffffu}) {
    add(0x3f800000);
    floats[floats.size() - 7] = special;
  }
  return floats;
}

std::uint8_t right_scale(std::span<const std::uint32_t> block, const oracle::Element& element,
                         Rule rule) {
  std::uint32_t largest = 0;
  for (const std::uint32_t bits : block) {
    if (!is_finite(bits)) return 255;
    largest = std::max(largest, bits & 0x7fffffff);
  }
  if (largest == 0) return 0;
  const int exponent = oracle::scale_exponent(element, oracle::from_f32_bits(largest), rule);
  return static_cast<std::uint8_t>(std::clamp(exponent, -127, 127) + 127);
}

}  // namespace

bool check_blocks(Kernel& kernel, const Options& options) {
  const oracle::Element element{.format = options.format.format};
  const Manner expected{options.rule, options.policy().mode};
  std::printf("expected: %s, elements saturated\n", name_of(expected).c_str());
  std::fflush(stdout);
  const std::vector<std::uint32_t> floats = hard_blocks(options.seed);
  const std::size_t blocks = floats.size() / block_size;
  std::vector<std::uint8_t> codes, scales;
  for (std::size_t first = 0; first < floats.size(); first += kernel.batch()) {
    const std::size_t n = std::min(kernel.batch(), floats.size() - first);
    const std::vector<std::byte> out = call_twice(
        kernel, std::as_bytes(std::span(floats).subspan(first, n)), n + n / block_size, n);
    for (std::size_t i = 0; i < out.size(); ++i)
      (i < n ? codes : scales).push_back(std::to_integer<std::uint8_t>(out[i]));
  }
  std::printf("read: %zu blocks of %zu floats\n", blocks, block_size);
  std::vector<std::byte> results;
  for (const auto* bytes : {&codes, &scales})
    std::ranges::copy(std::as_bytes(std::span(*bytes)), std::back_inserter(results));
  check_lengths(kernel, {"block", {block_size * sizeof(float)}, {block_size, 1}, block_size},
                std::as_bytes(std::span(floats)), results);

  std::vector<std::uint8_t> right_scales[std::size(rule_names)];  // made when they are asked for
  const auto scale_of = [&](std::size_t b, Rule rule) -> std::uint32_t {
    std::vector<std::uint8_t>& its = right_scales[static_cast<int>(rule)];
    for (std::size_t i = its.size(); i < blocks; ++i)
      its.push_back(
          right_scale(std::span(floats).subspan(i * block_size, block_size), element, rule));
    return its[b];
  };

  // The text of what is wrong with a block, empty if nothing is; a zero of the other sign apart.
  std::size_t zero_signs = 0;
  const auto fault = [&](std::size_t b, const Manner& manner) -> std::string {
    const auto block = std::span(floats).subspan(b * block_size, block_size);
    const std::uint32_t scale = scale_of(b, manner.rule);
    const std::string where = "  but block " + std::to_string(b);
    if (scales[b] != scale) {
      std::uint32_t largest = 0;
      for (const std::uint32_t bits : block) largest = std::max(largest, bits & 0x7fffffff);
      return where + ", largest magnitude " + float_text(largest) + " (" + hex(largest, 32) +
             "), has scale " + hex(scales[b], 8) + " where " + hex(scale, 8) + " is right";
    }
    if (scale == 255) return {};
    const Exact divisor = oracle::power_of_two(static_cast<int>(scale) - 127);
    for (std::size_t i = 0; i < block_size; ++i) {
      const std::uint32_t got = codes[b * block_size + i];
      const std::uint32_t right =
          oracle::divide(element, oracle::from_f32_bits(block[i]), divisor, {.mode = manner.mode});
      if (got == right) continue;
      if (is_zero(element, got) && is_zero(element, right)) {
        ++zero_signs;
        continue;
      }
      return where + ", scale " + hex(scale, 8) + ", gives " + value_text(element.format, got) +
             " where " + value_text(element.format, right) + " is right: " + float_text(block[i]) +
             " (" + hex(block[i], 32) + "), code " + hex(got, 8) + " for " + hex(right, 8);
    }
    return {};
  };
  const auto count_wrong = [&](const Manner& manner) {
    std::size_t wrong = 0;
    for (std::size_t b = 0; b < blocks; ++b) wrong += !fault(b, manner).empty();
    return wrong;
  };
  const std::size_t wrong = count_wrong(expected);
  if (wrong == 0 && zero_signs == 0) {
    std::printf("verdict: equal\n");
    return true;
  }
  Manner nearest = expected;
  std::size_t least = wrong;
  for (const Rule rule : {Rule::floor, Rule::ceil, Rule::rceil, Rule::even}) {
    for (int mode = 0; mode <= static_cast<int>(oracle::Mode::to_odd); ++mode) {
      const Manner manner{rule, static_cast<oracle::Mode>(mode)};
      const std::size_t its_wrong = count_wrong(manner);
      if (its_wrong >= least) continue;
      least = its_wrong;
      nearest = manner;
    }
  }
  std::printf("verdict: differs in %s\n", count_text(wrong, "block").c_str());
  zero_signs = 0;
  std::vector<std::string> by_scale, by_code;
  for (std::size_t b = 0; b < blocks; ++b) {
    std::string text = fault(b, nearest);
    if (text.empty()) continue;
    const bool has_scale = scales[b] == scale_of(b, nearest.rule);
    (has_scale ? by_code : by_scale).push_back(std::move(text));
  }
  std::printf("%s: %s", least == 0 && zero_signs == 0 ? "equal to" : "nearest",
              name_of(nearest).c_str());
  if (least != 0)
    std::printf(", with another scale in %s and another code in %s",
                count_text(by_scale.size(), "block").c_str(),
                count_text(by_code.size(), "block").c_str());
  std::printf("\n");
  for (const auto* texts : {&by_scale, &by_code}) {
    Listing list(options.most_intervals);
    for (const std::string& text : *texts) list.add(text);
    list.finish("block");
  }
  if (zero_signs != 0)
    std::printf(
        "  but %s the other sign\n",
        zero_signs == 1 ? "1 zero has" : (std::to_string(zero_signs) + " zeros have").c_str());
  return false;
}

}  // namespace conformance

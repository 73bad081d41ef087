// SPDX-License-Identifier: MIT
// Formats by name, from their definitions.
#include "conformance/formats.hpp"

#include <charconv>
#include <vector>

#include "conformance/text.hpp"
#include "support/every_format.hpp"

namespace conformance {
namespace {

using oracle::Special;

NamedFormat with_default(std::string name, const oracle::Format& format) {
  return {std::move(name), format, test::usual_saturation(format)};
}

std::string_view without_prefix(std::string_view name) {
  const std::size_t bar = name.find('_');
  return name.starts_with("float") && bar != name.npos ? name.substr(bar + 1) : name;
}

// Takes a letter and the number behind it, of which no part of a format's name has one above 2000,
// from the front of the text.
bool take(std::string_view& text, char letter, int& number) {
  if (!text.starts_with(letter)) return false;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), number);
  if (error != std::errc() || number < -2000 || number > 2000) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

// As narrowfloat::Float has them.
bool is_possible(const oracle::Format& f) {
  if (!test::format_exists(f.exponent_bits, f.mantissa_bits, f.special, f.is_signed)) return false;
  const std::uint64_t largest = oracle::largest_finite_code(f, false);
  for (const std::uint64_t code : {std::uint64_t{1}, largest}) {  // exact in double
    const oracle::Exact x = oracle::decode(f, code);
    if (!oracle::same(oracle::from_f64_bits(oracle::round_to_f64(x)), x)) return false;
  }
  return true;
}

}  // namespace

std::span<const NamedFormat> named_formats() {
  static const std::vector<NamedFormat> formats = {
      with_default("float8_e4m3fn", {4, 3, 7, Special::fn, true}),
      with_default("float8_e5m2", {5, 2, 15, Special::ieee, true}),
      with_default("float8_e4m3", {4, 3, 7, Special::ieee, true}),
      with_default("float8_e3m4", {3, 4, 3, Special::ieee, true}),
      with_default("float8_e4m3fnuz", {4, 3, 8, Special::fnuz, true}),
      with_default("float8_e5m2fnuz", {5, 2, 16, Special::fnuz, true}),
      with_default("float8_e4m3b11fnuz", {4, 3, 11, Special::fnuz, true}),
      with_default("float8_e4m3b11", {4, 3, 11, Special::finite, true}),
      with_default("float8_e8m0fnu", {8, 0, 127, Special::scale, false}),
      with_default("float8_ue4m3", {4, 3, 7, Special::fn, false}),
      with_default("float8_ue5m3", {5, 3, 15, Special::fn, false}),
      with_default("float6_e2m3fn", {2, 3, 1, Special::finite, true}),
      with_default("float6_e3m2fn", {3, 2, 3, Special::finite, true}),
      with_default("float4_e2m1fn", {2, 1, 1, Special::finite, true}),
      with_default("float16", {5, 10, 15, Special::ieee, true}),
      with_default("bfloat16", {8, 7, 127, Special::ieee, true}),
      with_default("float16_e6m9", {6, 9, 31, Special::ieee, true}),
      with_default("float12_e6m5", {6, 5, 31, Special::ieee, true}),
  };
  return formats;
}

NamedFormat format_by_name(std::string_view name) {
  for (const NamedFormat& named : named_formats())
    if (name == named.name || name == without_prefix(named.name)) return named;
  const UsageError unknown("unknown format " + std::string(name) + " (--help lists them)");
  std::string_view rest = name;
  oracle::Format format{0, 0, 0, Special::ieee, true};
  if (rest.starts_with('u')) {
    format.is_signed = false;
    rest.remove_prefix(1);
  }
  if (!take(rest, 'e', format.exponent_bits) || !take(rest, 'm', format.mantissa_bits) ||
      !take(rest, 'b', format.bias))
    throw unknown;
  const std::pair<std::string_view, Special> specials[] = {
      {"", Special::ieee},         {"fn", Special::fn},       {"fnuz", Special::fnuz},
      {"finite", Special::finite}, {"scale", Special::scale}, {"p3109", Special::p3109}};
  bool found = false;
  for (const auto& [text, special] : specials) {
    if (rest != text) continue;
    format.special = special;
    found = true;
  }
  NamedFormat named = with_default(std::string(name), format);
  const int width = named.width();
  if (!found || format.exponent_bits < 0 || format.exponent_bits > 8 || format.mantissa_bits < 0)
    throw unknown;
  if (width < 2 || width > 16)
    throw UsageError("format " + named.name + " has " + std::to_string(width) +
                     " bits, and codes have 2 to 16");
  if (!is_possible(format))
    throw UsageError("format " + named.name +
                     ": no such bits, bias, special codes and sign together");
  return named;
}

}  // namespace conformance

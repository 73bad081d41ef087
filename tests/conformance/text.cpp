// SPDX-License-Identifier: MIT
// Numbers as the reports show them.
#include "conformance/text.hpp"

#include <bit>
#include <charconv>
#include <cmath>

namespace conformance {
namespace {

template <class T>
std::string shortest(T x) {
  char text[64];
  const std::to_chars_result end = std::to_chars(text, text + sizeof text, x);
  return {text, end.ptr};
}

}  // namespace

std::string hex(std::uint32_t value, int bits) {
  std::string text;
  for (int shift = (bits + 3) / 4 * 4 - 4; shift >= 0; shift -= 4)
    text += "0123456789abcdef"[value >> shift & 15];
  return text;
}

std::string float_text(std::uint32_t bits) {
  const auto x = std::bit_cast<float>(bits);
  return std::isnan(x) ? "nan" : shortest(x);
}

std::string value_text(const oracle::Format& format, std::uint32_t code) {
  if (code >> (format.exponent_bits + format.mantissa_bits + (format.is_signed ? 1 : 0)) != 0)
    return "no code";
  const oracle::Exact x = oracle::decode(format, code);
  const std::string sign = x.negative ? "-" : "";
  if (x.is_nan()) return sign + "nan";
  if (x.is_infinity()) return sign + "inf";
  const double magnitude = std::ldexp(static_cast<double>(x.significand), x.exponent);
  const auto as_float = static_cast<float>(magnitude);
  return sign +
         (static_cast<double>(as_float) == magnitude ? shortest(as_float) : shortest(magnitude));
}

std::string interval_text(std::uint32_t first, std::uint32_t last) {
  constexpr std::uint32_t sign = 0x80000000u, infinity = 0x7f800000u;
  if ((first & ~sign) > infinity) return first < sign ? "nan" : "-nan";
  if (first == last) return float_text(first);
  const bool with_infinity = (last & ~sign) == infinity;
  const std::string near = float_text(first), far = float_text(with_infinity ? last : last + 1);
  if (first < sign) return "[" + near + ", " + far + (with_infinity ? "]" : ")");
  return (with_infinity ? "[" : "(") + far + ", " + near + "]";
}

std::string count_text(std::uint64_t count, const char* thing) {
  return std::to_string(count) + ' ' + thing + (count == 1 ? "" : "s");
}

}  // namespace conformance

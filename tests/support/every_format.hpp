// SPDX-License-Identifier: MIT
// The formats of docs/digests.csv, by a rule: all of at most 15 bits beside the sign that Float
// allows, at three biases.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "support/oracle.hpp"

namespace test {

inline constexpr int most_exponent_bits = 8, most_bits = 15;

/// Whether Float<E, M, Bias, S, Sign> exists, at biases that a double has room for.
constexpr bool format_exists(int exponent_bits, int mantissa_bits, oracle::Special special,
                             bool is_signed) {
  using oracle::Special;
  const int bits = exponent_bits + mantissa_bits;
  switch (special) {
    case Special::ieee:
      return exponent_bits > 1 || (exponent_bits == 1 && mantissa_bits > 0);
    case Special::fn:
      return bits > 1;
    case Special::fnuz:
      return is_signed;
    case Special::finite:
      return true;
    case Special::scale:
      return !is_signed && mantissa_bits == 0 && bits > 1;
    case Special::p3109:
      return exponent_bits > 0 && bits > 1;
  }
  return false;
}

/// The usual bias: IEEE's, one more where +0 has the code of -0 to itself; that of IEEE, 1, without
/// exponent bits.
constexpr int usual_bias(int exponent_bits, oracle::Special special) {
  if (exponent_bits == 0) return 1;
  const bool is_symmetric = special == oracle::Special::fnuz || special == oracle::Special::p3109;
  return (1 << exponent_bits) / 2 - (is_symmetric ? 0 : 1);
}

/// Calls f(format) for the formats with these exponent bits: for each number of mantissa bits,
/// special codes and sign, the bias that puts exponent field 2^(E-1) (0 without exponent bits) at
/// the largest floats, 2^127, the usual one, and the one that puts it at the smallest normal
/// floats, 2^-126. And the named formats that this leaves out.
template <class Function>
constexpr void for_each_format_with(int exponent_bits, Function f) {
  using oracle::Special;
  const int middle = (1 << exponent_bits) / 2;
  for (int m = exponent_bits == 0 ? 1 : 0; m <= most_bits - exponent_bits; ++m) {
    for (const Special special : {Special::ieee, Special::fn, Special::fnuz, Special::finite,
                                  Special::scale, Special::p3109}) {
      for (const bool is_signed : {true, false}) {
        if (!format_exists(exponent_bits, m, special, is_signed)) continue;
        f(oracle::Format{exponent_bits, m, middle - 127, special, is_signed});
        f(oracle::Format{exponent_bits, m, usual_bias(exponent_bits, special), special, is_signed});
        const bool takes_bias_11 = special == Special::finite || special == Special::fnuz;
        if (exponent_bits == 4 && m == 3 && is_signed && takes_bias_11)
          f(oracle::Format{4, 3, 11, special, true});
        f(oracle::Format{exponent_bits, m, middle + 126, special, is_signed});
      }
    }
  }
  if (exponent_bits == 8) f(oracle::Format{8, 10, 127, Special::ieee, true});
}

/// The same as an array.
template <int ExponentBits>
constexpr auto formats_with() {
  constexpr std::size_t count = [] {
    std::size_t n = 0;
    for_each_format_with(ExponentBits, [&n](const oracle::Format&) { ++n; });
    return n;
  }();
  std::array<oracle::Format, count> formats{};
  std::size_t i = 0;
  for_each_format_with(ExponentBits, [&](const oracle::Format& format) { formats[i++] = format; });
  return formats;
}

/// All of them, in the order of the table.
inline std::vector<oracle::Format> every_format() {
  std::vector<oracle::Format> formats;
  for (int e = 0; e <= most_exponent_bits; ++e)
    for_each_format_with(e, [&](const oracle::Format& format) { formats.push_back(format); });
  return formats;
}

inline const char* name_of(oracle::Special special) {
  const char* const names[] = {"ieee", "fn", "fnuz", "finite", "scale", "p3109"};
  return names[static_cast<int>(special)];
}

/// A format's name in the table: widths, bias, and the special codes but where they are IEEE's; u
/// before it without a sign. So e4m3b7fn, ue4m3b7fn, e5m2b15.
inline std::string name_of(const oracle::Format& f) {
  return (f.is_signed ? "e" : "ue") + std::to_string(f.exponent_bits) + "m" +
         std::to_string(f.mantissa_bits) + "b" + std::to_string(f.bias) +
         (f.special == oracle::Special::ieee ? "" : name_of(f.special));
}

/// A format's first columns in the table.
inline std::string row_of(const oracle::Format& f) {
  return name_of(f) + "," + std::to_string(f.exponent_bits) + "," +
         std::to_string(f.mantissa_bits) + "," + std::to_string(f.bias) + "," + name_of(f.special) +
         "," + (f.is_signed ? "1" : "0");
}

/// default_saturation of a format, in the oracle's words.
constexpr oracle::Saturation usual_saturation(const oracle::Format& f) {
  const bool is_wide = f.exponent_bits + f.mantissa_bits + (f.is_signed ? 1 : 0) >= 12;
  return f.special == oracle::Special::ieee && is_wide ? oracle::Saturation::none
                                                       : oracle::Saturation::propagate;
}

/// The roundings of the table.
inline constexpr std::array table_modes{oracle::Mode::nearest_even, oracle::Mode::toward_zero,
                                        oracle::Mode::to_odd};
inline constexpr std::array table_mode_names{"nearest_even", "toward_zero", "to_odd"};
/// The table's first line.
inline constexpr const char table_header[] =
    "name,exponent_bits,mantissa_bits,bias,specials,signed,nearest_even,toward_zero,to_odd";

}  // namespace test

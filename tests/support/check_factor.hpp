// SPDX-License-Identifier: MIT
// What the files isa/convert_divided.cpp and isa/decode_scaled.cpp do: products and quotients
// rounded once, as the oracle rounds the exact ones.
#pragma once

#include <narrowfloat/convert.hpp>

#include <array>
#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

namespace test {

inline const std::vector<float>& divisors() {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  static const std::vector<float> all = {
      1.0f,     0x1.47c8aep-5f, 3.0f,     -0.1f,     0x1.fffffep-3f, 0x1p-20f,
      0x1p100f, 0x1p-149f,      1e-40f,   3.4e38f,   -3.4e38f,       0x1.8p-60f,
      0.0f,     -0.0f,          infinity, -infinity, std::nanf("")};
  return all;
}

/// The floats about x * factor, where x, one of a sample, decides a rounding: so that the quotients
/// by the factor are close to x.
inline std::vector<float> scaled_near(const std::vector<float>& deciding, float factor) {
  std::vector<float> in;
  const std::size_t step = deciding.size() / 1500 + 1;  // the oracle is slow
  for (std::size_t i = bits_of(factor) % step; i < deciding.size(); i += step) {
    const float x = deciding[i];
    const float product = x * factor;
    in.push_back(x);
    in.push_back(product);
    in.push_back(std::nextafter(product, 0.0f));
    in.push_back(std::nextafter(product, 2 * product));
  }
  return in;
}

template <class T>
oracle::Exact oracle_value(T x) {
  if constexpr (std::is_floating_point_v<T>)
    return exact_of(x);
  else
    return oracle::decode(oracle_format<T>(), x.bits());
}

/// The bits of the exact product or quotient rounded once.
template <class To, class From, class Factor>
std::uint64_t expected_bits(From x, Factor factor, const oracle::Rounding& rounding,
                            nf::Saturation saturation, bool flush) {
  oracle::Exact value = oracle_value(x), result = value;
  if (flush && value.subnormal) value = {.negative = value.negative};
  if constexpr (nf::narrow_float<From>) {  // the zero of a flushed subnormal has the format's sign
    if (value.is_zero() && !oracle::has_negative_zero(oracle_format<From>()))
      value.negative = false;
  }
  if (!value.is_nan()) {
    if constexpr (std::same_as<Factor, nf::Divide>)
      result = oracle::quotient(value, exact_of(factor.divisor));
    else
      result = oracle::product(value, exact_of(factor.factor));
  }
  const oracle::Saturation s = oracle_saturation(saturation);
  if constexpr (std::same_as<To, double>)
    return oracle::round_to_f64(result, rounding, s, flush);
  else if constexpr (std::same_as<To, float>)
    return oracle::round(oracle::binary32, result, rounding, s, flush);
  else
    return oracle::round(oracle_format<To>(), result, rounding, s, flush);
}

/// Array and scalar against the oracle; word_of(i) is the oracle's random word of element i.
template <class To, class From, class Factor, class R, class Words>
void check_factor(const std::vector<From>& in, Factor factor, const R& rounding, oracle::Mode mode,
                  const Words& word_of, nf::Saturation saturation, nf::Subnormals subnormals,
                  Mismatches& bad) {
  const bool flush = subnormals == nf::Subnormals::flush;
  std::vector<To> out(in.size());
  nf::convert(in, out, factor, rounding, saturation, subnormals);
  for (std::size_t i = 0; i < in.size(); ++i) {
    const oracle::Rounding how{mode, R::random_bits, word_of(i)};
    const std::uint64_t expected = expected_bits<To>(in[i], factor, how, saturation, flush);
    const auto where = [&](const char* what) {
      return [&, what] {
        const float by = std::bit_cast<float>(factor);
        return name_of<From>() + " to " + name_of<To>() +
               (std::same_as<Factor, nf::Divide> ? " divided by " : " times ") +
               std::to_string(std::bit_cast<std::uint32_t>(by)) + what + ", mode " +
               std::to_string(static_cast<int>(mode)) + ", saturation " +
               std::to_string(static_cast<int>(saturation)) + (flush ? ", flush" : "");
      };
    };
    // float and double take over the payload of a NaN.
    const auto same = [&](To got) {
      return bits_of(got) == expected ||
             (std::is_floating_point_v<To> && oracle_value(got).is_nan() && got != got &&
              oracle_value(in[i]).is_nan());
    };
    bad.expect(same(out[i]), where(", arrays"), bits_of(in[i]), expected, bits_of(out[i]));
    if constexpr (R::random_bits == 0) {
      const To scalar = nf::convert<To>(in[i], factor, rounding, saturation, subnormals);
      bad.expect(same(scalar), where(", scalar"), bits_of(in[i]), expected, bits_of(scalar));
    }
  }
}

/// The deterministic roundings.
template <class To, class From, class Factor, class R>
void check_factor(const std::vector<From>& in, Factor factor, R rounding, oracle::Mode mode,
                  nf::Saturation saturation, nf::Subnormals subnormals, Mismatches& bad) {
  check_factor<To>(
      in, factor, rounding, mode, [](std::size_t) { return 0u; }, saturation, subnormals, bad);
}

}  // namespace test

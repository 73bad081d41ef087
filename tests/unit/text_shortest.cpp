// SPDX-License-Identifier: MIT
// to_chars: the text reads back as the same code, and nothing shorter or closer does. Texts are
// read by strtod, rounding toward zero and upward, and then by the oracle, so nothing is rounded
// twice.
#include <narrowfloat/text.hpp>

#include <array>
#include <cfenv>
#include <cmath>
#include <cstdlib>
#include <string>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

template <class F>
std::string text_of(F x) {
  std::array<char, 32> buffer{};
  const auto [end, error] = nf::to_chars(buffer.data(), buffer.data() + buffer.size(), x);
  return error == std::errc{} ? std::string(buffer.data(), end) : "error";
}

double read(const char* text, int mode) {
  std::fesetround(mode);
  const double value = std::strtod(text, nullptr);
  std::fesetround(FE_TONEAREST);
  return value;
}

/// The code to which a positive text rounds, to nearest even, as if the codes went on at both ends.
template <class F>
std::uint32_t read_back(const char* text) {
  const double down = read(text, FE_TOWARDZERO);
  oracle::Exact exact = oracle::from_f64_bits(bits_of(down));
  exact.tail = down != read(text, FE_UPWARD);
  const int below = F::specials == nf::Specials::scale ? 2 : 0;
  const oracle::Format endless{F::exponent_bits + 1, F::mantissa_bits, F::bias + below,
                               oracle::Special::finite, false};
  return oracle::round(endless, exact, {}, oracle::Saturation::none) -
         static_cast<std::uint32_t>(below);
}

template <class F>
bool is_positive(F x) {
  const double value = static_cast<double>(x);
  return value > 0 && value - value == 0;
}

template <class F>
std::uint32_t magnitudes() {
  return F::is_signed ? 1u << (F::width - 1) : code_count<F>();
}

template <class F>
void check_reading(Mismatches& bad) {
  // Above 16 bits a sample; its step is odd, so that it meets every pattern of the low bits.
  const std::uint32_t step = F::width <= 16 ? 1 : (magnitudes<F>() >> 15) | 1;
  for (std::uint32_t code = 0; code < magnitudes<F>(); code += step) {
    const F x = from_code<F>(code);
    if (!is_positive(x)) continue;
    const std::string text = text_of(x);
    const auto where = [&] { return name_of<F>() + " " + text; };
    bad.expect_equal(where, code, code, read_back<F>(text.c_str()));
    if constexpr (F::is_signed) {
      const F negative = from_code<F>(code | magnitudes<F>());
      bad.expect(text_of(negative) == "-" + text, where, negative.bits(), 0, 1);
    }
  }
}

/// significand * 10^exponent in scientific or fixed notation.
std::string notation(const std::string& digits, int exponent, bool scientific) {
  const auto count = static_cast<int>(digits.size());
  if (scientific) {
    const int e = exponent + count - 1;
    const std::string distance = std::to_string(std::abs(e));
    return digits.substr(0, 1) + (count > 1 ? "." + digits.substr(1) : "") + (e < 0 ? "e-" : "e+") +
           (distance.size() < 2 ? "0" : "") + distance;
  }
  if (exponent >= 0) return digits + std::string(static_cast<std::size_t>(exponent), '0');
  const int whole = count + exponent;
  if (whole <= 0) return "0." + std::string(static_cast<std::size_t>(-whole), '0') + digits;
  const auto at = static_cast<std::size_t>(whole);
  return digits.substr(0, at) + "." + digits.substr(at);
}

/// The text of x by trial of every decimal of up to 3 digits near it, which is enough for 8 bits.
template <class F>
std::string text_by_trial(F x) {
  const double value = static_cast<double>(x);
  const int decade = static_cast<int>(std::floor(std::log10(value)));
  for (int count = 1, first = 1; count <= 3; ++count, first *= 10) {
    std::string digits;
    int exponent = 0;
    double gap = value;
    for (int significand = first; significand < 10 * first; ++significand) {
      for (int e = decade - count; e <= decade - count + 2; ++e) {
        const std::string text = notation(std::to_string(significand), e, true);
        const double distance = std::fabs(std::strtod(text.c_str(), nullptr) - value);
        // 1e-12: room for the rounding of two equal distances, of which the even digit wins.
        const double slack = value * (significand % 2 == 0 ? 1e-12 : -1e-12);
        if (distance > gap + slack || read_back<F>(text.c_str()) != x.bits()) continue;
        gap = distance, exponent = e, digits = std::to_string(significand);
      }
    }
    if (digits.empty()) continue;
    const std::string scientific = notation(digits, exponent, true);
    const std::string fixed = value == std::floor(value) && value < 1e15
                                  ? std::to_string(static_cast<std::uint64_t>(value))
                                  : notation(digits, exponent, false);
    return fixed.size() <= scientific.size() ? fixed : scientific;
  }
  return "more than 3 digits";
}

template <class List>
std::string check_all() {
  Mismatches reading, shortest;
  for_each_format<List>([&]<class F>() {
    check_reading<F>(reading);
    if (F::width > 8) return;
    for (std::uint32_t code = 0; code < magnitudes<F>(); ++code) {
      const F x = from_code<F>(code);
      if (!is_positive(x)) continue;
      const auto where = [&] { return name_of<F>() + " " + text_of(x) + " " + text_by_trial(x); };
      shortest.expect(text_of(x) == text_by_trial(x), where, code, 0, 1);
    }
  });
  return reading.report() + shortest.report();
}

}  // namespace

TEST_CASE("named formats: the text is the shortest that reads back", "[text]") {
  CHECK(check_all<named_formats>() == "");
}

TEST_CASE("custom formats: the text is the shortest that reads back", "[text]") {
  CHECK(check_all<custom_formats>() == "");
}

TEST_CASE("integers are exact, other numbers short", "[text]") {
  CHECK(text_of(nf::float16(65504)) == "65504");
  CHECK(text_of(nf::bfloat16(3.140625)) == "3.14");
  CHECK(text_of(nf::float8_e4m3fn(448)) == "448");
  CHECK(text_of(nf::float8_e5m2(57344)) == "57344");
  CHECK(text_of(nf::float8_e5m2(1024)) == "1024");
  CHECK(text_of(nf::bfloat16::from_bits(0x7f7f)) == "3.39e+38");
  CHECK(text_of(nf::float16(0.1)) == "0.1");
  CHECK(text_of(nf::float16::from_bits(1)) == "6e-08");
  CHECK(text_of(nf::float4_e2m1fn(-6)) == "-6");
  CHECK(text_of(nf::float8_e8m0fnu::from_bits(0)) == "6e-39");
  CHECK(text_of(nf::Float<5, 3, 300, Specials::fnuz>::from_bits(1)) == "1e-91");
}

TEST_CASE("a text halfway between two numbers belongs to the even one", "[text]") {
  CHECK(text_of(nf::tfloat32(199936)) == "2e+05");
  CHECK(text_of(nf::tfloat32(200064)) == "200064");
  using format = Float<8, 15, 127, Specials::fn>;
  CHECK(text_of(format(7000064)) == "7e+06");
  CHECK(text_of(format(6999936)) == "6999936");
}

TEST_CASE("zeros, infinities and NaNs have their names", "[text]") {
  CHECK(text_of(nf::float16(0)) == "0");
  CHECK(text_of(nf::float16(-0.0)) == "-0");
  CHECK(text_of(nf::float16::from_bits(0x7c00)) == "inf");
  CHECK(text_of(nf::float16::from_bits(0xfc00)) == "-inf");
  CHECK(text_of(nf::float16::from_bits(0x7e00)) == "nan");
  CHECK(text_of(nf::float16::from_bits(0xfe01)) == "-nan");
  CHECK(text_of(nf::float8_e4m3fn::from_bits(0xff)) == "-nan");
  CHECK(text_of(nf::float8_e4m3fnuz::from_bits(0x80)) == "nan");
  CHECK(text_of(nf::float8_e8m0fnu::from_bits(0xff)) == "nan");
  CHECK(text_of(nf::Float<4, 3, 8, Specials::p3109>::from_bits(0xff)) == "-inf");
}

TEST_CASE("a range that is too small is left untouched", "[text]") {
  char buffer[] = "xxxxx";
  const auto full = nf::to_chars(buffer, buffer + 4, nf::float16(65504));
  CHECK(full.ec == std::errc::value_too_large);
  CHECK(full.ptr == buffer + 4);
  CHECK(std::string(buffer) == "xxxxx");
  const auto fits = nf::to_chars(buffer, buffer + 5, nf::float16(65504));
  CHECK(fits.ec == std::errc{});
  CHECK(std::string(buffer) == "65504");
}

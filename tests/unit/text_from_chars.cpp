// SPDX-License-Identifier: MIT
// from_chars: a decimal of any length is rounded once, as GNU MPFR reads it; every code comes back from its text in every
// style; and what is no number, or none that the format has, is told as the standard tells it.
#include <mpfr.h>
#include <narrowfloat/text.hpp>

#include <array>
#include <charconv>
#include <random>
#include <string>
#include <string_view>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

using nf::Saturation;
constexpr auto general = std::chars_format::general;

/// The oracle's code of a decimal: MPFR reads it with more bits than any format has, and what it left out is a tail.
std::uint32_t expected_code(const oracle::Format& format, const std::string& text,
                            oracle::Mode mode, oracle::Saturation saturation) {
  mpfr_t x;
  mpfr_init2(x, 64);
  oracle::Exact exact;
  exact.tail = mpfr_strtofr(x, text.c_str(), nullptr, 10, MPFR_RNDZ) != 0;
  exact.negative = mpfr_signbit(x) != 0;
  if (mpfr_zero_p(x) == 0) {
    mpz_t significand;
    mpz_init(significand);
    exact.exponent = static_cast<int>(mpfr_get_z_2exp(significand, x));
    exact.significand = mpz_get_ui(significand);
    if (mpz_sgn(significand) < 0) mpz_neg(significand, significand);
    exact.significand = mpz_get_ui(significand);
    mpz_clear(significand);
  }
  mpfr_clear(x);
  return oracle::round(format, exact, {mode}, saturation);
}

template <class F, class R>
void check(Mismatches& bad, const std::string& text, R rounding, oracle::Mode mode) {
  F x = F::from_bits(0);
  const auto [end, error] =
      nf::from_chars(text.data(), text.data() + text.size(), x, general, rounding);
  const std::uint32_t expected =
      expected_code(oracle_format<F>(), text, mode, oracle_saturation(nf::default_saturation<F>));
  if (error == std::errc::result_out_of_range) {  // an overflow or nothing left
    const auto value = oracle::decode(oracle_format<F>(), expected);
    bad.expect(
        value.is_zero() || value.is_infinity(), [&] { return name_of<F>() + text; }, 0, 0, 1);
    return;
  }
  bad.expect(
      error == std::errc{} && end == text.data() + text.size() && x.bits() == expected,
      [&] { return name_of<F>() + " " + text; }, 0, expected, x.bits());
}

/// The decimals of numbers, of midpoints between neighbours, and of both a digit above and below.
std::string exact_decimal(double x) {
  std::array<char, 1200> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x,
                                 std::chars_format::scientific, 766);
  std::string text(buffer.data(), end.ptr);
  const std::size_t e = text.find('e'), last = text.find_last_not_of('0', e - 1);
  return text.substr(0, last + 1) + text.substr(e);
}
std::string with_digits(std::string text, const std::string& digits) {
  return text.insert(text.find('e'), digits);
}

template <class F>
void check_near_midpoints(Mismatches& bad, std::mt19937_64& random) {
  const std::uint32_t codes = nf::detail::layout_of<F>::max_code;
  for (int i = 0; i < 1400; ++i) {
    const auto code = static_cast<std::uint32_t>(random() % codes);
    const double here = static_cast<double>(from_code<F>(code)),
                 next = static_cast<double>(from_code<F>(code + 1));
    for (const double x : {here, here + (next - here) / 2}) {
      std::string text = exact_decimal(x);
      if (text.find('.') == std::string::npos) text.insert(1, ".");
      for (const std::string& t :
           {text, with_digits(text, "0000000000000000000001"),
            with_digits(text, std::string(900, '0') + "1"), exact_decimal(std::nextafter(x, 0.0)),
            std::to_string(random() % 100000) + "e-3"}) {
        check<F>(bad, t, nf::nearest_even, oracle::Mode::nearest_even);
        check<F>(bad, "-" + t, nf::toward_positive, oracle::Mode::toward_positive);
        check<F>(bad, t, nf::nearest_away, oracle::Mode::nearest_away);
        check<F>(bad, t, nf::to_odd, oracle::Mode::to_odd);
      }
    }
  }
}

template <class F>
void check_round_trips(Mismatches& bad) {
  const std::uint32_t step = F::width <= 16 ? 1 : (code_count<F>() >> 15) | 1;
  for (std::uint64_t wide = 0; wide < code_count<F>(); wide += step) {
    const auto code = static_cast<std::uint32_t>(wide);
    const F x = from_code<F>(code);
    const bool nan = x != x;
    std::array<char, 400> text{};
    const auto read = [&](std::to_chars_result written, std::chars_format format) {
      F back = F::from_bits(0);
      const auto got = nf::from_chars(text.data(), written.ptr, back, format);
      const bool same = nan ? back != back : back.bits() == code;
      bad.expect(
          written.ec == std::errc{} && got.ec == std::errc{} && got.ptr == written.ptr && same,
          [&] { return name_of<F>() + " " + std::string(text.data(), written.ptr); }, code, code,
          back.bits());
    };
    char* const last = text.data() + text.size();
    read(nf::to_chars(text.data(), last, x), general);
    for (const auto format :
         {std::chars_format::fixed, std::chars_format::scientific, general, std::chars_format::hex})
      read(nf::to_chars(text.data(), last, x, format), format);
  }
}

template <class F>
std::string read(std::string_view text, std::chars_format format = general,
                 Saturation saturation = nf::default_saturation<F>) {
  F x = F::from_bits(1);
  const auto [end, error] = nf::from_chars(text.data(), text.data() + text.size(), x, format,
                                           nf::nearest_even, saturation);
  const std::string rest(end, text.data() + text.size());
  if (error == std::errc::invalid_argument) return x.bits() == 1 ? "invalid|" + rest : "changed";
  if (error == std::errc::result_out_of_range) return x.bits() == 1 ? "range|" + rest : "changed";
  std::array<char, 32> out{};
  return std::string(out.data(), nf::to_chars(out.data(), out.data() + 32, x).ptr) + "|" + rest;
}

}  // namespace

TEST_CASE("decimals round once, near midpoints and far from them", "[text]") {
  Mismatches bad;
  std::mt19937_64 random(1);
  for_each_format<named_formats>([&]<class F>() { check_near_midpoints<F>(bad, random); });
  CHECK(bad.report() == "");
}

TEST_CASE("every code comes back from its text in every style", "[text]") {
  Mismatches bad;
  for_each_format<named_formats>([&]<class F>() { check_round_trips<F>(bad); });
  check_round_trips<nf::Float<5, 3, 300, Specials::fnuz>>(bad);
  check_round_trips<nf::Float<8, 3, -700, Specials::ieee>>(bad);
  CHECK(bad.report() == "");
}

TEST_CASE("a decimal that double rounding would get wrong", "[text]") {
  // just above 1 + 2^-4, halfway between two codes of e4m3; the nearest float, and double, is the midpoint itself
  CHECK(read<nf::float8_e4m3fn>("1.0625000000000000000000000001") == "1.1|");
  CHECK(read<nf::float8_e4m3fn>("1.0625") == "1|");
  CHECK(read<nf::float8_e4m3fn>("1.0625" + std::string(1000, '0') + "1") == "1.1|");
}

TEST_CASE("the grammar is that of std::from_chars", "[text]") {
  using F = nf::float16;
  for (const char* text : {"1.5,",   ".5x",
                           "5.",     "1e",
                           "1e+",    "1e4x",
                           "1e-2.",  "-0",
                           "+1",     "-",
                           "",       ".",
                           "inf",    "-INFINITYx",
                           "infin",  "NaN",
                           "nan(",   "nan(ab_1)x",
                           "nan(-)", "- 1",
                           " 1",     "0x1",
                           "1..2",   "00012",
                           "-nan",   "1e99999999999999999999"}) {
    float standard = 1;
    const std::string_view view = text;
    const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), standard);
    const std::string rest(end, view.data() + view.size()), got = read<F>(text);
    INFO(text << ": " << got);
    CHECK(got.substr(got.find('|') + 1) == rest);
    CHECK((got.starts_with("invalid")) == (error == std::errc::invalid_argument));
    CHECK((got.starts_with("range")) == (error == std::errc::result_out_of_range));
  }
  CHECK(read<F>("1.8p+1", std::chars_format::hex) == "3|");
  CHECK(read<F>("ap", std::chars_format::hex) == "10|p");
  CHECK(read<F>("1.00200000000000000000000001p0", std::chars_format::hex) == "1.001|");
  CHECK(read<F>("1e2", std::chars_format::fixed) == "1|e2");
  CHECK(read<F>("12", std::chars_format::scientific) == "invalid|12");
}

TEST_CASE("overflow, zero and negative numbers are as the policy has them", "[text]") {
  using E4m3 = nf::float8_e4m3fn;
  CHECK(read<E4m3>("1e9") == "448|");
  CHECK(read<E4m3>("1e9", general, Saturation::none) == "range|");
  CHECK(read<E4m3>("1e-9") == "0|");
  CHECK(read<E4m3>("1e-9", general, Saturation::none) == "range|");
  CHECK(read<E4m3>("-inf") == "-nan|");
  CHECK(read<E4m3>("-inf", general, Saturation::finite) == "-448|");
  CHECK(read<nf::float16>("65520") == "range|");
  CHECK(read<nf::float16>("65519.999") == "65504|");
  CHECK(read<nf::float16>("inf") == "inf|");
  CHECK(read<nf::float8_ue4m3>("-1") == "0|");
  CHECK(read<nf::float8_ue4m3>("-1", general, Saturation::none) == "range|");
  CHECK(read<nf::float8_e8m0fnu>("0", general, Saturation::none) == "range|");
  CHECK(read<nf::float4_e2m1fn>("nan") == "6|");
  CHECK(read<E4m3>("-nan") == "-nan|");
}

TEST_CASE("texts are read in constant expressions", "[text]") {
  constexpr auto third = [] {
    nf::bfloat16 x;
    const std::string_view text = "0.333333333333333333333333333333333333333333333333333333333";
    nf::from_chars(text.data(), text.data() + text.size(), x);
    return x;
  }();
  STATIC_REQUIRE(third.bits() == 0x3eab);
}

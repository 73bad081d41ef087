// SPDX-License-Identifier: MIT
// from_chars: a decimal of any length is rounded once, as GNU MPFR reads it.
#include <mpfr.h>
#include <narrowfloat/text.hpp>

#include <array>
#include <charconv>
#include <random>
#include <string>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

constexpr auto general = std::chars_format::general;

/// The oracle's code of a decimal: MPFR reads it with more bits than any format has, and what it
/// left out is a tail.
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

}  // namespace

TEST_CASE("decimals round once, near midpoints and far from them", "[text]") {
  Mismatches bad;
  std::mt19937_64 random(1);
  for_each_format<named_formats>([&]<class F>() { check_near_midpoints<F>(bad, random); });
  CHECK(bad.report() == "");
}

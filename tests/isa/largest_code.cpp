// SPDX-License-Identifier: MIT
// amax() of codes, found without decoding: the largest decoded magnitude for every format, length
// and place; NaN wins wherever it stands, or counts for nothing.
#include <narrowfloat/stats.hpp>

#include <cmath>
#include <random>
#include <span>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

/// The largest magnitude by the scalar conversion to double.
template <class F>
double largest(std::span<const F> codes, bool drops_nan) {
  double most = 0;
  for (const F code : codes) {
    const double x = std::fabs(static_cast<double>(code));
    if (std::isnan(x) && !drops_nan) return x;
    if (x > most) most = x;
  }
  return most;
}

template <class F>
void check(Mismatches& bad) {
  std::mt19937 random(7);
  const std::uint64_t codes = std::uint64_t{1} << F::width;
  for (const bool has_all : {false, true}) {  // or few codes, which are hardly ever NaN
    for (std::size_t n = 0; n < 420; n += n < 140 ? 1 : 23) {
      std::vector<F> all(n + 3);
      for (F& code : all)
        code =
            from_code<F>(static_cast<std::uint32_t>(random() % (has_all ? codes : codes / 4 + 1)));
      for (const std::size_t place : {std::size_t{0}, std::size_t{3}}) {
        const std::span<const F> in(all.data() + place, n);
        for (const bool drops : {false, true}) {
          const double expected = largest<F>(in, drops);
          const auto got =
              static_cast<double>(nf::amax(in, drops ? nf::NanAmax::drop : nf::NanAmax::keep));
          bad.expect_equal([&] { return name_of<F>() + ", " + std::to_string(n); }, drops,
                           std::isnan(expected) ? 1 : bits_of(expected),
                           std::isnan(got) ? 1 : bits_of(got));
        }
      }
    }
  }
}

template <class... F>
void check_all() {
  Mismatches bad;
  (check<F>(bad), ...);
  CHECK(bad.report() == "");
}

}  // namespace

TEST_CASE("amax: a NaN that is the sign alone wins in words of 32 bits, too", "[isa]") {
  using Wide = Float<8, 23, 128, nf::Specials::fnuz>;
  for (std::size_t n = 1; n < 150; ++n) {
    std::vector<Wide> all(n, Wide(1.0f));
    all[n / 2] = Wide::from_bits(0x80000000u);
    CHECK(std::isnan(nf::amax(all)));
    CHECK(nf::amax(all, nf::NanAmax::drop) == (n == 1 ? 0 : 1));
  }
}

TEST_CASE("amax: of codes, without decoding them", "[isa]") {
  check_all<nf::float8_e4m3fn, nf::float8_e5m2, nf::float8_e4m3fnuz, nf::float8_e8m0fnu,
            nf::bfloat16, nf::float16, nf::float6_e3m2fn, nf::float4_e2m1fn, nf::float8_ue5m3,
            nf::tfloat32>();
  check_all<Float<4, 3, 8, nf::Specials::p3109>, Float<5, 10, 16, nf::Specials::fnuz>,
            Float<8, 8, 127, nf::Specials::fn, nf::Signedness::is_unsigned>,
            Float<3, 4, 3, nf::Specials::finite>, Float<8, 7, 200>>();
}

// SPDX-License-Identifier: MIT
// One step of an accumulator is the exact sum of the accumulator and the product, rounded once (or
// the product first), for every rounding, saturation and treatment of subnormals.
#include <narrowfloat/linalg.hpp>

#include "support/catch.hpp"
#include "support/mac_oracle.hpp"
#include "support/mismatches.hpp"
#include "support/stratified.hpp"
#include "support/sum_oracle.hpp"

using namespace test;

namespace {

/// A sum that a product may cancel, to a few units of its last place.
template <class A>
std::uint32_t near(const oracle::Exact& product, std::mt19937_64& random) {
  constexpr oracle::Format format = oracle_format<A>();
  if (product.kind != oracle::Exact::Kind::finite || product.is_zero()) return 0;
  oracle::Exact opposite = product;
  opposite.negative = !opposite.negative;
  const std::uint32_t code = oracle::round(format, opposite, {}, oracle::Saturation::finite);
  return (code + static_cast<std::uint32_t>(random() % 5) - 2) & (code_count<A>() - 1);
}

/// Random steps with operands of F and G, and sums of A; a third of the sums nearly cancel.
template <class A, class F, class G, class R, class MakeRounding>
void check_steps(Mismatches& bad, int count, oracle::Mode mode, MakeRounding make) {
  std::mt19937_64 random(static_cast<std::uint64_t>(A::width) * 97 + R::random_bits);
  for (int i = 0; i < count; ++i) {
    const F a = random_number<F>(random);
    const G b = random_number<G>(random);
    const oracle::Exact x = exact_number(a), y = exact_number(b);
    const std::uint32_t sum =
        i % 3 == 0 ? near<A>(oracle::product(x, y), random) : random_number<A>(random).bits();
    const auto r = static_cast<std::uint32_t>(random());
    const auto saturation = saturations[random() % 3];
    const auto subnormals = random() % 4 == 0 ? nf::Subnormals::flush : nf::Subnormals::keep;
    const std::uint32_t mask = R::random_bits == 0 ? 0 : ~0u >> (32 - R::random_bits);
    const SumRounding to{.format = oracle_format<A>(),
                         .rounding = {.mode = mode, .n = R::random_bits},
                         .saturation = oracle_saturation(saturation),
                         .flush = subnormals == nf::Subnormals::flush,
                         .words = [=](std::uint64_t) { return r & mask; }};
    const auto where = [&] { return name_of<A>() + " mode " + std::to_string(int(mode)); };
    const std::uint64_t input = std::uint64_t{sum} << 32 | std::uint64_t{a.bits()} << 16 | b.bits();
    const nf::FusedAccumulator<A, R> fused{
        .rounding = make(r), .saturation = saturation, .subnormals = subnormals};
    bad.expect_equal(where, input, fused_step(to, sum, x, y, 0),
                     fused.step(from_code<A>(sum), a, b).bits());
    SumRounding product = to;
    product.words = [=](std::uint64_t) { return ~r & mask; };
    const nf::SeparateAccumulator<A, R> separate{.rounding = make(r),
                                                 .saturation = saturation,
                                                 .subnormals = subnormals,
                                                 .product_rounding = make(~r)};
    bad.expect_equal(where, input, separate_step(to, product, sum, x, y, 0),
                     separate.step(from_code<A>(sum), a, b).bits());
  }
}

template <class A, class F, class G>
void check_modes(Mismatches& bad, int count) {
  for_each_mode([&]<class R>(R rounding, oracle::Mode mode) {
    check_steps<A, F, G, R>(bad, count, mode, [&](std::uint32_t) { return rounding; });
  });
}

template <class A, class F, class G, int N>
void check_stochastic(Mismatches& bad, int count) {
  const auto make = []<class R>(std::uint32_t r) { return R(r); };
  using RA = nf::StochasticA<N>;
  using RB = nf::StochasticB<N>;
  using RC = nf::StochasticC<N>;
  check_steps<A, F, G, RA>(bad, count, oracle::Mode::stochastic_a,
                           [&](std::uint32_t r) { return make.template operator()<RA>(r); });
  check_steps<A, F, G, RB>(bad, count, oracle::Mode::stochastic_b,
                           [&](std::uint32_t r) { return make.template operator()<RB>(r); });
  check_steps<A, F, G, RC>(bad, count, oracle::Mode::stochastic_c,
                           [&](std::uint32_t r) { return make.template operator()<RC>(r); });
}

/// One step of E5M2 into E6M5 with the low bits of a word.
template <class R>
void check_mac_step(Mismatches& bad, std::uint32_t sum, std::uint32_t a, std::uint32_t b,
                    std::uint32_t word, nf::Saturation saturation, nf::Subnormals subnormals) {
  using E6M5 = nf::float12_e6m5;
  using E5M2 = nf::float8_e5m2;
  nf::FusedAccumulator<E6M5, R> acc = [&] {
    if constexpr (R::random_bits == 0) {
      return nf::FusedAccumulator<E6M5, R>{};
    } else {
      return nf::FusedAccumulator<E6M5, R>{.rounding = R(word)};
    }
  }();
  acc.saturation = saturation;
  acc.subnormals = subnormals;
  const oracle::mac::Rounding how{.bits = R::random_bits,
                                  .r = word & ((1u << R::random_bits) - 1),
                                  .saturates = saturation != nf::Saturation::none,
                                  .saturates_infinity = saturation == nf::Saturation::finite,
                                  .flush = subnormals == nf::Subnormals::flush};
  bad.expect_equal(
      [] { return std::to_string(R::random_bits) + " bits"; },
      std::uint64_t{sum} << 48 | std::uint64_t{a} << 40 | std::uint64_t{b} << 32 | word,
      oracle::mac::step(sum, a, b, how),
      acc.step(from_code<E6M5>(sum), from_code<E5M2>(a), from_code<E5M2>(b)).bits());
}

/// Random steps, and all products with sums that they cancel but for at most 4 units in the last
/// place.
template <class R>
void check_mac(Mismatches& bad) {
  std::mt19937_64 random(R::random_bits + 1);
  const auto check = [&](std::uint32_t sum, std::uint32_t a, std::uint32_t b, std::uint64_t word) {
    check_mac_step<R>(bad, sum, a, b, static_cast<std::uint32_t>(word),
                      saturations[(word >> 32) % 3],
                      (word >> 40) % 4 == 0 ? nf::Subnormals::flush : nf::Subnormals::keep);
  };
  for (std::uint64_t i = std::uint64_t{1} << log2_inputs(); i > 0; --i) {
    const auto codes = static_cast<std::uint32_t>(random());
    check(codes & 0xfff, codes >> 12 & 0xff, codes >> 20 & 0xff, random());
  }
  for (std::uint32_t pair = 0; pair < 1u << 16; ++pair) {
    const std::uint32_t a = pair >> 8, b = pair & 0xff;
    if ((a & 0x7f) >= 0x7c || (b & 0x7f) >= 0x7c) continue;  // no numbers
    for (int units = -4; units <= 4; ++units)
      check(oracle::mac::near_cancellation(a, b, units), a, b, random());
  }
}

using e5m6 = nf::Float<5, 6>;
using wide = nf::Float<8, 23>;

}  // namespace

TEST_CASE("stochastic steps of E5M2 into E6M5 agree with integers of 128 bits", "[linalg]") {
  Mismatches bad;
  check_mac<nf::NearestEven>(bad);
  check_mac<nf::StochasticA<4>>(bad);
  check_mac<nf::StochasticA<9>>(bad);
  check_mac<nf::StochasticA<13>>(bad);
  check_mac<nf::StochasticA<16>>(bad);
  CHECK(bad.report() == "");
}

TEST_CASE("steps with any number of random bits", "[linalg]") {
  Mismatches bad;
  check_stochastic<nf::float12_e6m5, nf::float8_e5m2, nf::float8_e5m2, 13>(bad, 1 << 16);
  check_stochastic<nf::float12_e6m5, nf::float8_e5m2, nf::float8_e5m2, 4>(bad, 1 << 14);
  check_stochastic<nf::float12_e6m5, nf::float8_e4m3fn, nf::float8_e5m2, 9>(bad, 1 << 14);
  check_stochastic<e5m6, nf::float8_e4m3fn, nf::float8_e4m3fn, 16>(bad, 1 << 14);
  check_stochastic<nf::float16, nf::float8_e5m2, nf::float8_e4m3fn, 1>(bad, 1 << 14);
  check_stochastic<nf::bfloat16, nf::bfloat16, nf::float16, 24>(bad, 1 << 14);
  check_stochastic<wide, nf::float16, nf::bfloat16, 32>(bad, 1 << 14);
  check_stochastic<nf::tfloat32, nf::tfloat32, nf::tfloat32, 27>(bad, 1 << 14);
  CHECK(bad.report() == "");
}

TEST_CASE("steps in every rounding without random bits", "[linalg]") {
  Mismatches bad;
  check_modes<nf::float12_e6m5, nf::float8_e5m2, nf::float8_e5m2>(bad, 1 << 14);
  check_modes<nf::float16_e6m9, nf::float8_e4m3fn, nf::float8_e5m2>(bad, 1 << 14);
  check_modes<e5m6, nf::float8_e5m2, nf::float8_e4m3fnuz>(bad, 1 << 14);
  check_modes<nf::float16, nf::float16, nf::float4_e2m1fn>(bad, 1 << 14);
  check_modes<nf::bfloat16, nf::bfloat16, nf::bfloat16>(bad, 1 << 14);
  check_modes<nf::float8_e4m3fn, nf::float6_e3m2fn, nf::float8_e3m4>(bad, 1 << 14);
  check_modes<nf::Float<4, 3, 8, nf::Specials::fnuz>, nf::float8_e4m3, nf::float8_e5m2>(bad,
                                                                                        1 << 14);
  check_modes<wide, nf::float16, nf::bfloat16>(bad, 1 << 14);
  CHECK(bad.report() == "");
}

TEST_CASE("a sum that is exactly zero is +0", "[linalg]") {
  using A = nf::float12_e6m5;
  using F = nf::float8_e5m2;
  const A negative_zero = -from_code<A>(0);
  const nf::FusedAccumulator<A, nf::TowardNegative> down;
  CHECK(down.step(A(2.0f), F(-1.0f), F(2.0f)).bits() == 0);
  CHECK(down.step(negative_zero, F(-0.0f), F(2.0f)).bits() == 0);
  CHECK(nf::FusedAccumulator<double>{}.step(-0.0, F(-0.0f), F(2.0f)) == 0.0);
  CHECK(!std::signbit(nf::FusedAccumulator<double>{}.step(-0.0, F(-0.0f), F(2.0f))));
}

// SPDX-License-Identifier: MIT
// Every policy against the oracle: dot products and, on every instruction set, matrix products of
// random shapes, of two formats at a time, under every rounding, saturation and treatment of
// subnormal numbers.
#include <narrowfloat/linalg.hpp>

#include <cmath>

#include "products_page/two_lanes.hpp"
#include "support/big_sum.hpp"
#include "support/catch.hpp"
#include "support/check_policy.hpp"

using namespace test;

namespace {

using nf::ChunkedAccumulator, nf::FusedAccumulator, nf::SeparateAccumulator;
using e6m5 = nf::float12_e6m5;
using e6m9 = nf::float16_e6m9;
using e5m2 = nf::float8_e5m2;
using e4m3 = nf::float8_e4m3fn;
using bf16 = nf::bfloat16;

template <class A, class F, class G, class R>
void check_fused(const char* what, const Rounding<R>& rounding) {
  Mismatches bad;
  for_each_option([&](nf::Saturation saturation, nf::Subnormals subnormals) {
    check<F, G>(bad, what, FusedAccumulator<A, R>{rounding.rounding, saturation, subnormals},
                fused_oracle(rounding.template to<A>(saturation, subnormals)));
  });
  CHECK(bad.report() == "");
}
/// With the roundings of products apart.
template <class A, class F, class G, class R, class P>
void check_separate(const char* what, const Rounding<R>& rounding, const Rounding<P>& product) {
  Mismatches bad;
  for_each_option([&](nf::Saturation saturation, nf::Subnormals subnormals) {
    check<F, G>(
        bad, what,
        SeparateAccumulator<A, R, P>{rounding.rounding, saturation, subnormals, product.rounding},
        separate_oracle(rounding.template to<A>(saturation, subnormals),
                        product.template to<A>(saturation, subnormals)));
  });
  CHECK(bad.report() == "");
}

}  // namespace

TEST_CASE("one rounding a step, by the oracle", "[isa]") {
  check_fused<e6m5, e5m2, e4m3>("E6M5", nearest);
  check_fused<e6m5, e5m2, e5m2>("E6M5, 13 bits", keyed<13, V::p3109_a>(5));
  check_fused<e6m9, e4m3, std::int8_t>("E6M9", nearest);
  check_fused<bf16, bf16, nf::float16>("bfloat16",
                                       plain(nf::toward_negative, Mode::toward_negative));
  check_fused<nf::float16, nf::float8_e4m3fnuz, bf16>(
      "float16", plain(nf::toward_positive, Mode::toward_positive));
  check_fused<e4m3, nf::float6_e3m2fn, e5m2>("E4M3", plain(nf::to_odd, Mode::to_odd));
  check_fused<float, float, bf16>("float", nearest);
  check_fused<float, float, e5m2>("float, toward zero", plain(nf::toward_zero, Mode::toward_zero));
  check_fused<float, bf16, e4m3>("float, 24 bits", keyed<24, V::p3109_c>(1));
  check_fused<bf16, bf16, e4m3>("bfloat16, words of 32 bits",
                                worded<nf::StochasticB<32>>(Mode::stochastic_b, words));
  check_fused<nf::Float<4, 3, 8, nf::Specials::p3109>, e4m3, e4m3>(
      "P3109, away", plain(nf::nearest_away, Mode::nearest_away));
}

TEST_CASE("two roundings a step, by the oracle", "[isa]") {
  check_separate<e6m5, e5m2, e4m3>("E6M5, 9 bits", keyed<9, V::p3109_b>(2),
                                   keyed<9, V::p3109_b>(9));
  check_separate<e6m9, e4m3, bf16>("E6M9", nearest, plain(nf::toward_zero, Mode::toward_zero));
  check_separate<bf16, bf16, e5m2>("bfloat16, words",
                                   worded<nf::StochasticA<8>>(Mode::stochastic_a, words),
                                   worded<nf::StochasticC<11>>(Mode::stochastic_c, other_words));
  check_separate<float, float, bf16>("float", nearest, nearest);
}

TEST_CASE("chunks by the oracle", "[isa]") {
  const auto keep = nf::Subnormals::keep;
  const auto none = nf::Saturation::none;
  Mismatches bad;
  const auto e6m9_sums = nearest.to<e6m9>(none, keep);
  for (const std::size_t chunk : {1u, 5u, 7u, 100u}) {
    using E6M9 = FusedAccumulator<e6m9>;
    check<e5m2, e4m3>(bad, "E6M9", ChunkedAccumulator<E6M9, E6M9>{.chunk = chunk},
                      chunked_oracle(fused_oracle(e6m9_sums), fused_oracle(e6m9_sums), chunk));
    using F32 = FusedAccumulator<float>;
    const auto floats = fused_oracle(nearest.to<float>(none, keep));
    check<bf16, e4m3>(bad, "float", ChunkedAccumulator<F32, F32>{.chunk = chunk},
                      chunked_oracle(floats, floats, chunk));
    check<e4m3, e4m3>(bad, "exact, E6M9",
                      ChunkedAccumulator<nf::ExactAccumulator, E6M9>{.chunk = chunk},
                      chunked_oracle(exact_oracle(), fused_oracle(e6m9_sums), chunk));
  }
  for_each_option([&](nf::Saturation saturation, nf::Subnormals subnormals) {
    // chunks of chunks, each level in its own stream
    const auto draws = keyed<13, V::p3109_a>(5);
    using Inner = FusedAccumulator<e6m5, decltype(draws.rounding)>;
    using Outer = FusedAccumulator<bf16, decltype(draws.rounding)>;
    const Inner inner{draws.rounding, saturation, subnormals};
    const Outer outer{draws.rounding, none, subnormals};
    const auto level = [&](std::uint64_t further) { return keyed<13, V::p3109_a>(5, further); };
    check<e5m2, e4m3>(
        bad, "chunks of chunks",
        ChunkedAccumulator<ChunkedAccumulator<Inner, Inner>, Outer>{{inner, inner, 3}, outer, 7},
        chunked_oracle(chunked_oracle(fused_oracle(level(0).to<e6m5>(saturation, subnormals)),
                                      fused_oracle(level(1).to<e6m5>(saturation, subnormals)), 3),
                       fused_oracle(level(2).to<bf16>(none, subnormals)), 7));
    check<e5m2, bf16>(bad, "Kahan, pairwise",
                      ChunkedAccumulator<nf::KahanAccumulator<e6m5>, nf::PairwiseAccumulator<bf16>>{
                          {saturation, subnormals}, {none, keep}, 6},
                      chunked_oracle(kahan_oracle(nearest.to<e6m5>(saturation, subnormals)),
                                     pairwise_oracle(nearest.to<bf16>(none, keep)), 6));
  });
  check<e4m3, e4m3>(
      bad, "aligned, two numbers",
      ChunkedAccumulator<nf::AlignedAccumulator, nf::TwoSumAccumulator<bf16>>{{4, 14, true}, {}, 9},
      chunked_oracle(aligned_oracle(4, 14, true), two_sum_oracle(nearest.to<bf16>(none, keep)), 9));
  check<bf16, bf16>(bad, "VDPBF16PS, BFDOT",
                    ChunkedAccumulator<nf::Vdpbf16psAccumulator, nf::BfdotAccumulator>{.chunk = 5},
                    chunked_oracle(vdpbf16ps_oracle(), bfdot_oracle(), 5));
  CHECK(bad.report() == "");
}

TEST_CASE("other sums by the oracle", "[isa]") {
  Mismatches bad;
  for_each_option([&](nf::Saturation saturation, nf::Subnormals subnormals) {
    check<e5m2, e4m3>(bad, "Kahan", nf::KahanAccumulator<e6m5>{saturation, subnormals},
                      kahan_oracle(nearest.to<e6m5>(saturation, subnormals)));
    check<bf16, e4m3>(bad, "two numbers", nf::TwoSumAccumulator<bf16>{saturation, subnormals},
                      two_sum_oracle(nearest.to<bf16>(saturation, subnormals)));
    check<e5m2, nf::float16>(bad, "pairwise",
                             nf::PairwiseAccumulator<float>{saturation, subnormals},
                             pairwise_oracle(nearest.to<float>(saturation, subnormals)));
  });
  for (const bool truncate : {true, false}) {
    check<e4m3, e5m2>(bad, "aligned", nf::AlignedAccumulator{32, 14, truncate},
                      aligned_oracle(32, 14, truncate));
    check<bf16, std::int8_t>(bad, "aligned in fives", nf::AlignedAccumulator{5, 25, truncate},
                             aligned_oracle(5, 25, truncate));
  }
  check<bf16, e5m2>(bad, "VDPBF16PS", nf::Vdpbf16psAccumulator{}, vdpbf16ps_oracle());
  check<bf16, e4m3>(bad, "BFDOT", nf::BfdotAccumulator{}, bfdot_oracle());
  check<e4m3, std::int8_t>(bad, "exact", nf::ExactAccumulator{}, exact_oracle());
  check<bf16, float>(bad, "exact, long", nf::ExactAccumulator{}, exact_oracle());
  check<e5m2, e5m2>(bad, "exact, in two parts", nf::ExactAccumulator{}, exact_oracle());
  CHECK(bad.report() == "");
}

TEST_CASE("sums in parts, across the ends of tiles and depths, by the oracle", "[isa]") {
  const auto backwards = [](std::size_t tasks, const auto& f) {
    for (std::size_t i = tasks; i-- > 0;) f(i);
  };
  Mismatches bad;
  std::mt19937_64 random(7);
  const auto sums = [](auto number) {
    return fused_oracle(nearest.to<decltype(number)>(nf::Saturation::none, nf::Subnormals::keep));
  };
  const auto check_large = [&](const char* what, auto a, auto b, const auto& acc,
                               const PolicyOracle& expected) {
    compare<decltype(a), decltype(b)>(bad, what, acc, expected, {70, 75, 261}, random, backwards);
  };
  using F32 = FusedAccumulator<float>;
  using E6M9 = FusedAccumulator<e6m9>;
  check_large("float", bf16(), e4m3(), F32{}, sums(0.0f));
  check_large("exact", e4m3(), e4m3(), nf::ExactAccumulator{}, exact_oracle());
  check_large("E6M9", e5m2(), e4m3(), E6M9{}, sums(e6m9()));
  for (const std::size_t chunk : {127u, 129u}) {
    check_large("chunks of floats", bf16(), e4m3(), ChunkedAccumulator<F32, F32>{.chunk = chunk},
                chunked_oracle(sums(0.0f), sums(0.0f), chunk));
    check_large("chunks in E6M9", e5m2(), e4m3(), ChunkedAccumulator<E6M9, E6M9>{.chunk = chunk},
                chunked_oracle(sums(e6m9()), sums(e6m9()), chunk));
  }
  CHECK(bad.report() == "");
}

TEST_CASE("sums in double are those of the C library's fma()", "[isa]") {
  constexpr std::size_t m = 7, n = 35, k = 131;
  std::mt19937_64 random(8);
  std::normal_distribution<float> normal;
  std::vector<float> a(m * k), b(k * n);
  for (float& x : a) x = normal(random);
  for (float& x : b) x = normal(random);
  std::vector<double> c(m * n);
  nf::matmul(a, b, c, m, n, k, FusedAccumulator<double>{});
  Mismatches bad;
  for (std::size_t i = 0; i < m * n; ++i) {
    double sum = 0;
    for (std::size_t l = 0; l < k; ++l)
      sum = std::fma(double{a[i / n * k + l]}, double{b[l * n + i % n]}, sum);
    bad.expect_equal([] { return std::string("double"); }, i, bits_of(sum), bits_of(c[i]));
  }
  CHECK(bad.report() == "");
}

TEST_CASE("the policy of the products page, by the oracle", "[isa]") {
  const auto to = nearest.to<e6m9>(nf::Saturation::none, nf::Subnormals::keep);
  const PolicyOracle sum = fused_oracle(to);
  const PolicyOracle two_lanes = rounded_oracle(to, [=](Terms terms, std::uint64_t) {
    std::vector<Term> lanes[2], both;
    for (std::size_t l = 0; l < terms.size(); ++l) lanes[l % 2].push_back(terms[l]);
    for (const auto& lane : lanes) both.push_back({to.value(sum.sum(lane, 0)), 0});
    return sum.sum(both, 0);
  });
  Mismatches bad;
  check<e5m2, e4m3>(bad, "two lanes", TwoLanesAccumulator<FusedAccumulator<e6m9>>{}, two_lanes);
  CHECK(bad.report() == "");
}

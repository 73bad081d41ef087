// SPDX-License-Identifier: MIT
// Matrix products of E5M2 summed up in E6M5 with random bits agree with integers of 128 bits, on
// every instruction set.
#include <narrowfloat/linalg.hpp>
#include <narrowfloat/loops.hpp>
#include <narrowfloat/random.hpp>

#include "support/catch.hpp"
#include "support/mac_oracle.hpp"
#include "support/mismatches.hpp"
#include "support/stratified.hpp"
#include "support/sum_oracle.hpp"

using namespace test;

namespace {

/// Products of some steps whose first three make a sum of E5M2 products exactly, and whose last is
/// any of the 256 codes by another: with sums that are near its opposite, or random, in all of the
/// range. An element draws for its last step. Eight steps at a time are made more quickly than
/// fewer.
template <class R>
void check_mac(Mismatches& bad, R rounding) {
  using E6M5 = nf::float12_e6m5;
  using E5M2 = nf::float8_e5m2;
  constexpr std::size_t n = 256;
  const std::size_t m = (std::size_t{1} << log2_inputs()) / n / 12;
  std::mt19937_64 random(R::random_bits + 1);
  for (unsigned kind = 0; kind < 12; ++kind) {
    const std::size_t k = kind % 2 == 0 ? 5 : 8;
    const int least = kind < 6 ? -16 : -14;  // of E5M2, and of its normal numbers
    const int log2 = kind % 3 == 0 ? least : kind % 3 == 1 ? 0 : 15;
    const auto saturation = saturations[random() % 3];
    oracle::mac::Rounding how{.bits = R::random_bits,
                              .saturates = saturation != nf::Saturation::none,
                              .saturates_infinity = saturation == nf::Saturation::finite,
                              .flush = kind >= 6};
    std::vector<E5M2> a(m * k), b(k * n, from_code<E5M2>(oracle::mac::e5m2_code(1, log2)));
    std::vector<std::uint32_t> sums(m);
    for (std::uint32_t j = 0; j < n; ++j) b[(k - 1) * n + j] = from_code<E5M2>(j);
    for (std::size_t i = 0; i < m; ++i) {
      auto codes = static_cast<std::uint32_t>(random());
      if (i % 4 == 1)  // more of the products that such sums cancel
        codes = log2 < 0 ? codes & ~0x6060u : log2 > 0 ? codes | 0x6060u : codes;
      const std::uint32_t last = codes & 0xff, factor = codes >> 8 & 0xff;
      const bool is_near = i % 2 != 0 && (last & 0x7f) < 0x7c && (factor & 0x7f) < 0x7c;
      const oracle::mac::Parts parts = oracle::mac::parts_of(
          is_near
              ? oracle::mac::near_cancellation(last, factor, static_cast<int>(codes >> 16) % 9 - 4)
              : codes >> 16 & 0xfff,
          log2);
      std::uint32_t row[8] = {parts.h, parts.h, parts.l};
      row[k - 1] = last;
      for (std::size_t l = 0; l < k; ++l) a[i * k + l] = from_code<E5M2>(row[l]);
      for (std::size_t l = 0; l + 1 < k; ++l)
        sums[i] = oracle::mac::step(sums[i], row[l], b[l * n].bits(), how);
    }
    std::vector<E6M5> c(m * n);
    nf::matmul(a, b, c, m, n, k,
               nf::FusedAccumulator<E6M5, R>{
                   rounding, saturation, how.flush ? nf::Subnormals::flush : nf::Subnormals::keep});
    for (std::size_t at = 0; at < m * n; ++at) {
      const std::uint32_t last = a[at / n * k + k - 1].bits();
      if constexpr (R::random_bits != 0)
        how.r = nf::element_bits<R::random_bits>(rounding.seed, rounding.stream,
                                                 rounding.offset + at * k + k - 1);
      bad.expect_equal(
          [] { return std::to_string(R::random_bits) + " bits"; },
          std::uint64_t{sums[at / n]} << 32 | last << 8 | at % n,
          oracle::mac::step(sums[at / n], last, static_cast<std::uint32_t>(at % n), how),
          c[at].bits());
    }
  }
}

template <int N>
nf::Stochastic<N, nf::StochasticVariant::p3109_a> drawn() {
  return {.seed = 0x123456789abcdef, .stream = 5, .offset = 0xfffffffffffffff3};  // indices wrap
}

}  // namespace

TEST_CASE("stochastic products of E5M2 in E6M5 agree with integers of 128 bits", "[isa]") {
  Mismatches bad;
  check_mac(bad, nf::nearest_even);
  check_mac(bad, drawn<4>());
  check_mac(bad, drawn<9>());
  check_mac(bad, drawn<13>());
  check_mac(bad, drawn<16>());
  CHECK(bad.report() == "");
}

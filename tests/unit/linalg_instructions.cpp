// SPDX-License-Identifier: MIT
// The sums of VDPBF16PS and BFDOT are those of their definitions; the first is compared with the
// processor's own instruction where it has one.
#include <narrowfloat/linalg.hpp>

#include "support/catch.hpp"
#include "support/mismatches.hpp"
#include "support/policy_oracle.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace test;

namespace {

using Numbers = std::vector<nf::bfloat16>;

#if defined(__x86_64__)
__attribute__((target("avx512bf16,avx512vl"))) std::uint32_t instruction(const Numbers& a,
                                                                         const Numbers& b) {
  __m128 sum = _mm_setzero_ps();
  for (std::size_t l = 0; l < a.size(); l += 2) {
    const auto pair = [&](const Numbers& x) {
      const std::uint32_t high = l + 1 < x.size() ? x[l + 1].bits() : 0u;
      return static_cast<int>(high << 16 | x[l].bits());
    };
    const __m128i x = _mm_set1_epi32(pair(a)), y = _mm_set1_epi32(pair(b));
    sum = _mm_dpbf16_ps(sum, reinterpret_cast<__m128bh>(x), reinterpret_cast<__m128bh>(y));
  }
  return std::bit_cast<std::uint32_t>(_mm_cvtss_f32(sum));
}
#endif

/// Numbers whose products lie all over the range, round 1 or round the least normal float.
Numbers numbers(std::size_t n, std::mt19937_64& random, unsigned kind) {
  Numbers all;
  for (std::size_t i = 0; i < n; ++i) {
    const auto code = static_cast<std::uint32_t>(random());
    const std::uint32_t round_1 = (code & 0x807f) | (0x3f00 + (code >> 7 & 3) * 0x80);
    const std::uint32_t low = (code & 0x807f) | (0x1f00 + (code >> 8 & 15) * 0x80);
    all.push_back(kind == 0   ? random_number<nf::bfloat16>(random)
                  : kind == 1 ? from_code<nf::bfloat16>(round_1)
                              : from_code<nf::bfloat16>(low));
  }
  return all;
}

bool same_float(std::uint32_t a, std::uint32_t b) {
  return a == b || (oracle::is_nan(oracle::binary32, a) && oracle::is_nan(oracle::binary32, b));
}

/// Both operands of sums that also cancel nearly: sometimes a product is followed by nearly its
/// negative.
void operands(std::size_t n, std::mt19937_64& random, unsigned kind, Numbers& a, Numbers& b) {
  if (kind == 3) {  // the least normal float, from which the first product takes a little away
    const auto few = [&](unsigned below) {
      return from_code<nf::bfloat16>(0x80 * (127 - 71 - below) +
                                     static_cast<unsigned>(random() % 128));
    };
    const nf::bfloat16 root = from_code<nf::bfloat16>(0x80 * (127 - 63));
    a = {-few(static_cast<unsigned>(random() % 6)), root};
    b = {few(6), root};
    return;
  }
  a = numbers(n, random, kind);
  b = numbers(n, random, kind);
  for (std::size_t i = 1; i < n; ++i) {
    if (random() % 3 != 0) continue;
    a[i] = -a[i - 1];
    b[i] = from_code<nf::bfloat16>(b[i - 1].bits() ^ (random() % 4));
  }
}

template <class Expected, class Got>
std::string compare(Expected expected, Got got) {
  Mismatches bad;
  std::mt19937_64 random(4);
  Numbers a, b;
  for (int i = 0; i < 60000; ++i) {
    operands(random() % 9, random, static_cast<unsigned>(i % 4), a, b);
    const std::uint32_t want = expected(a, b), have = got(a, b);
    bad.expect(
        same_float(want, have), [&] { return std::to_string(a.size()) + " products"; },
        static_cast<std::uint64_t>(i), want, have);
  }
  return bad.report();
}

auto of(const PolicyOracle& policy) {
  return [=](const Numbers& a, const Numbers& b) {
    return policy(exact_numbers(a), exact_numbers(b));
  };
}

template <class Acc>
std::uint32_t dot_bits(const Numbers& a, const Numbers& b) {
  return std::bit_cast<std::uint32_t>(nf::dot(a, b, Acc{}));
}

}  // namespace

TEST_CASE("sums as VDPBF16PS and BFDOT make them", "[linalg]") {
  CHECK(compare(of(vdpbf16ps_oracle()), dot_bits<nf::Vdpbf16psAccumulator>) == "");
  CHECK(compare(of(bfdot_oracle()), dot_bits<nf::BfdotAccumulator>) == "");
}

#if defined(__x86_64__)
TEST_CASE("sums as the processor's VDPBF16PS makes them", "[linalg]") {
  if (!__builtin_cpu_supports("avx512bf16")) {
    WARN("this processor has no VDPBF16PS");
    return;
  }
  CHECK(compare(instruction, dot_bits<nf::Vdpbf16psAccumulator>) == "");
}
#endif

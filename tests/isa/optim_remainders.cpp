// SPDX-License-Identifier: MIT
// bfloat16 weights and 16 remainder bits: exactly the floats, and the bfloat16 nearest to them.
#include <narrowfloat/optim.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/guarded_pages.hpp"
#include "support/mismatches.hpp"

using namespace narrowfloat;
using test::Mismatches;

namespace {

std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }

/// What the model must see of a float.
void check_value(std::uint32_t bits, bfloat16 value, Mismatches& bad) {
  constexpr oracle::Format format = test::oracle_format<bfloat16>();
  const auto where = [] { return std::string("value"); };
  const bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
  if (!is_nan) {
    const std::uint32_t nearest =
        oracle::round(format, oracle::from_f32_bits(bits), {oracle::Mode::nearest_away},
                      oracle::Saturation::none);
    bad.expect_equal(where, bits, nearest, value.bits());
  } else if ((bits & 0x7f0000u) != 0) {  // not in the lower half alone
    bad.expect_equal(where, bits, bits >> 16, value.bits());
  } else {
    bad.expect((value.bits() & 0x7fff) == 0 || (value.bits() & 0x7fff) == 0x7f80, where, bits, 0,
               value.bits());
  }
}

}  // namespace

TEST_CASE("remainder weights: every upper half with lower ones on both sides of a tie", "[isa]") {
  constexpr std::uint32_t lower[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff, 0x1234, 0xabcd};
  std::vector<float> x;
  for (std::uint32_t upper = 0; upper < 0x10000; ++upper)
    for (const std::uint32_t low : lower) x.push_back(std::bit_cast<float>(upper << 16 | low));
  const RemainderWeights weights(x);
  std::vector<float> back(x.size());
  weights.read(0, back);
  Mismatches bad;
  for (std::size_t i = 0; i < x.size(); ++i) {
    bad.expect_equal([] { return std::string("join"); }, i, bits_of(x[i]), bits_of(back[i]));
    check_value(bits_of(x[i]), weights.values()[i], bad);
  }
  CHECK(bad.report() == "");
}

TEST_CASE("remainder weights: 2^20 floats, and all of them where the inputs are 2^24", "[isa]") {
  const char* const log2_inputs = std::getenv("NARROWFLOAT_TEST_LOG2_INPUTS");
  const bool all = log2_inputs != nullptr && std::atoi(log2_inputs) >= 24;
  constexpr std::uint32_t batch = 1 << 16;
  std::vector<float> x(batch), back(batch);
  RemainderWeights weights(x);
  std::uint64_t wrong = 0;
  for (std::uint64_t first = 0; first < std::uint64_t{1} << 32;
       first += all ? batch : batch << 12) {
    for (std::uint32_t i = 0; i < batch; ++i)
      x[i] =
          std::bit_cast<float>(all ? static_cast<std::uint32_t>(first) + i
                                   : (static_cast<std::uint32_t>(first >> 16) + i) * 2654435761u);
    weights.write(0, x, nearest_even);
    weights.read(0, back);
    for (std::uint32_t i = 0; i < batch; ++i) wrong += bits_of(x[i]) != bits_of(back[i]);
  }
  CHECK(wrong == 0);
}

TEST_CASE("remainder weights: every length and place, nothing outside is touched", "[isa]") {
  constexpr std::size_t longest = 2 * 32 + 3;
  std::vector<float> x(longest);
  for (std::size_t i = 0; i < longest; ++i)
    x[i] = std::bit_cast<float>(static_cast<std::uint32_t>(i) * 2654435761u);
  test::GuardedPages floats(longest * 4), high(longest * 2), low(longest * 2);
  std::size_t wrong = 0;
  for (std::size_t n = 0; n <= longest; ++n) {
    auto* const in = reinterpret_cast<float*>(floats.end()) - n;
    auto* const upper = high.end() - 2 * n;
    auto* const lower = low.end() - 2 * n;
    std::copy_n(x.begin(), n, in);
    detail::split_floats(detail::place_of<true>(), active_isa(), in, upper, lower, n);
    std::fill_n(in, n, 0.0f);
    detail::join_floats(detail::place_of<true>(), active_isa(), upper, lower, in, n);
    for (std::size_t i = 0; i < n; ++i) wrong += bits_of(in[i]) != bits_of(x[i]);
  }
  CHECK(wrong == 0);
}

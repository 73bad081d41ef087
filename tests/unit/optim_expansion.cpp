// SPDX-License-Identifier: MIT
// State whose range is spread over that of E4M3: codes and numbers against the exact powers.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "support/optim_forms.hpp"

using namespace narrowfloat;
using namespace test;

TEST_CASE("expansion: the power fills the range of E4M3, codes are those of the exact powers") {
  const double range = std::log2(448.0 * 448 / 2);
  for (const float spread : {0.0f, 0.3f, 2.0f, 6.0f, 15.0f}) {
    for (const bool lifts : {false, true}) {
      INFO("spread " << spread << (lifts ? ", squares" : ""));
      std::vector<float> x = draws(128 * 3 + 50, 3, spread, lifts);
      x[7] = 0;
      ExpandedState state(x.size(), lifts ? Signedness::is_unsigned : Signedness::is_signed);
      state.write(0, x, nearest_even);
      std::vector<float> read(x.size());
      state.read(0, read);
      std::size_t wrong_codes = 0, wrong_reads = 0, zeros = 0;
      for (std::size_t group = 0; group < 4; ++group) {
        const std::size_t first = 128 * group, n = group < 3 ? 128 : 50;
        const float most = largest(std::span(x).subspan(first, n));
        float least = most;
        for (std::size_t i = first; i < first + n; ++i)
          if (x[i] != 0) least = std::min(least, std::abs(x[i]));
        const double a = static_cast<double>(most), k = static_cast<double>(state.power(group)),
                     wanted = range / std::log2(a / static_cast<double>(least));
        REQUIRE(std::abs(k - std::clamp(std::floor(wanted * 16) / 16, 0.25, 255.0 / 16)) < 1e-9);
        REQUIRE(state.scales()[group] == most);
        for (std::size_t i = first; i < first + n; ++i) {
          const double y = 448 * std::pow(std::abs(static_cast<double>(x[i])) / a, k);
          const auto code_of = [&](double up) {
            const std::uint32_t code =
                oracle::round(e4m3, oracle::from_f64_bits(std::bit_cast<std::uint64_t>(y * up)), {},
                              oracle::Saturation::finite);
            return lifts && x[i] > 0 ? std::max(code, 1u) : code;
          };
          const std::uint32_t code = state.codes()[i].bits() & 0x7f;
          wrong_codes += code < code_of(1 - 0x1p-17) || code > code_of(1 + 0x1p-17);
          const oracle::Exact value = oracle::decode(e4m3, code);
          const double c = std::ldexp(static_cast<double>(value.significand), value.exponent);
          const double back =
              std::copysign(a * std::pow(c / 448, 1 / k), static_cast<double>(x[i]));
          wrong_reads +=
              std::abs(static_cast<double>(read[i]) - back) > std::abs(back) * 0x1p-17 + 0x1p-149;
          zeros += read[i] == 0 && x[i] > 0;
          if (std::abs(x[i]) == most) REQUIRE(read[i] == x[i]);
        }
      }
      CHECK((wrong_codes == 0 && wrong_reads == 0));
      CHECK((zeros == 0 || !lifts));
    }
  }
}

TEST_CASE("expansion: numbers in a narrow range keep more than in FP8 blocks; NaN and zeros") {
  std::vector<float> x = draws(128 * 100, 5, 0);
  for (float& each : x) each = std::exp2(each);
  const auto error = [&](auto state) {
    state.write(0, x, nearest_even);
    std::vector<float> read(x.size());
    state.read(0, read);
    double total = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      total += std::abs(static_cast<double>(read[i] / x[i] - 1));
    return total;
  };
  CHECK(error(ExpandedState(x.size(), Signedness::is_signed)) <
        0.5 * error(Fp8BlockState(x.size(), Signedness::is_signed)));
  std::vector<float> even = draws(128, 6, 0);
  for (float& each : even) each = 1 + std::abs(each);  // within a factor of 5
  ExpandedState state(256, Signedness::is_signed);
  even.resize(256, 0.0f);
  state.write(0, even, nearest_even);
  std::vector<float> read(256);
  state.read(0, read);
  for (std::size_t i = 0; i < 128; ++i) CHECK(std::abs(read[i] / even[i] - 1) < 0.0625f / 2);
  CHECK(std::count(read.begin() + 128, read.end(), 0.0f) == 128);
  even[3] = INFINITY;
  state.write(0, even, nearest_even);
  state.read(0, read);
  CHECK((read[3] == 0x1.fffffep127f && std::isfinite(read[0]) && read[200] == 0));
  even[3] = NAN;
  state.write(0, even, nearest_even);
  state.read(0, read);
  CHECK((std::isnan(read[0]) && read[200] == 0));
}

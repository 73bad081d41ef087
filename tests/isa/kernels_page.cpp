// SPDX-License-Identifier: MIT
// The loop of docs/kernels.md on every instruction set: each element is the scalar's, nothing
// outside is touched, and no floating-point environment moves a bit.
#include "kernels_page/caller.hpp"

#include <narrowfloat/convert.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/check_places.hpp"
#include "support/environments.hpp"
#include "support/mismatches.hpp"
#include "support/stratified.hpp"

using namespace test;
namespace nf = narrowfloat;

namespace {

constexpr std::size_t longest = 2 * 4 * 16 + 3;  // two groups of the widest set

std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }

/// The scalar: integers alone.
std::uint32_t clipped(float x, float factor, float bound) {
  const std::uint32_t product = bits_of(nf::convert<float>(x, nf::Scale{factor}));
  const std::uint32_t magnitude = product & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return 0x7fc00000u;
  return std::min(magnitude, bits_of(bound)) | (product & 0x80000000u);
}

}  // namespace

TEST_CASE("kernels page: the scalar's results, for every kind of float", "[isa]") {
  const std::vector<float> in = stratified_floats(14);
  std::vector<float> out(in.size());
  Mismatches bad;
  for (const float factor : {1.0f, -3.0f, 0x1p-20f, 0x1.8p-128f, 3e38f, 0.0f}) {
    for (const float bound : {1.0f, 0.0f, 0x1p-140f, 3e38f, __builtin_inff()}) {
      nf::clip(in, out, factor, bound);
      for (std::size_t i = 0; i < in.size(); ++i) {
        const auto where = [&] { return std::to_string(factor) + ", " + std::to_string(bound); };
        bad.expect_equal(where, bits_of(in[i]), clipped(in[i], factor, bound), bits_of(out[i]));
      }
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("kernels page: every length at every place, and nothing outside is touched", "[isa]") {
  std::vector<float> in(longest), expected(longest);
  for (std::size_t i = 0; i < longest; ++i) {
    in[i] = std::bit_cast<float>(static_cast<std::uint32_t>(i) * 2654435761u);
    expected[i] = std::bit_cast<float>(clipped(in[i], 0.1f, 0.5f));
  }
  Mismatches bad;
  check_every_place(
      in, expected,
      [](const float* source, float* out, std::size_t n, bool stream) {
        nf::detail::clip_floats(nf::detail::here{}, nf::active_isa(), source, out, n, 0.1f, 0.5f,
                                stream);
        return true;
      },
      bad);
  CHECK(bad.report() == "");
}

TEST_CASE("kernels page: no floating-point environment moves a bit", "[isa]") {
  const std::vector<float> in = stratified_floats(12);
  const auto run = [&] {
    std::vector<float> out(in.size());
    nf::clip(in, out, 0x1.8p-20f, 1.0f);
    std::vector<std::uint32_t> bits;
    for (const float x : out) bits.push_back(bits_of(x));
    return bits;
  };
  check_rounding_modes(run);
  check_flush_flags(run);
}

TEST_CASE("kernels page: what the call refuses", "[isa]") {
  const std::vector<float> in(3, 1.0f);
  std::vector<float> out(3, 7.0f), fewer(2);
  CHECK_THROWS_WITH(nf::clip(in, fewer, 1.0f, 1.0f),
                    "narrowfloat::clip: the input has 3 elements, the output 2");
  CHECK_THROWS_WITH(nf::clip(in, out, 1.0f, -1.0f), "narrowfloat::clip: the bound is -1.000000");
  CHECK_THROWS_AS(nf::clip(in, out, 1.0f, __builtin_nanf("")), std::invalid_argument);
  CHECK(out == std::vector<float>(3, 7.0f));
}

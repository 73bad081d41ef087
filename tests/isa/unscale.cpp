// SPDX-License-Identifier: MIT
// unscale() on every instruction set: each element is the scalar's product, the check sees each
// element, nothing outside is touched, and no floating-point environment moves a bit.
#include <narrowfloat/scaling/loss.hpp>

#include "support/catch.hpp"
#include "support/check_places.hpp"
#include "support/environments.hpp"
#include "support/formats.hpp"
#include "support/guarded_pages.hpp"
#include "support/mismatches.hpp"
#include "support/stratified.hpp"

using namespace test;

namespace {

constexpr std::size_t longest = 4 * 16 * 4 + 3;

/// Runs the kernel at an address, streaming or not.
bool run(const void* in, void* out, std::size_t n, float factor, bool stream) {
  const auto kernel = nf::detail::unscale_kernels[nf::active_isa()];
  const nf::detail::float_environment environment(nf::detail::direction::nearest);
  return kernel(in, out, n, factor, stream) >= 0x7f800000u;
}

std::uint32_t product(float x, float factor) {
  return static_cast<std::uint32_t>(bits_of(nf::convert<float>(x, nf::Scale{factor})));
}

}  // namespace

TEST_CASE("unscale: the products of the scalar, for every kind of float", "[isa]") {
  const std::vector<float> in = stratified_floats(14);
  std::vector<float> out(in.size());
  Mismatches bad;
  for (const float scale : {1.0f, 65536.0f, 3.0f, 0x1p-20f, 0x1.8p-128f, 3e38f, 1e-30f}) {
    const float factor = static_cast<float>(1 / static_cast<double>(scale));
    CHECK(nf::unscale(in, out, scale));  // it has Inf and NaN
    for (std::size_t i = 0; i < in.size(); ++i) {
      bad.expect_equal([] { return std::string("product"); }, bits_of(in[i]),
                       product(in[i], factor), bits_of(out[i]));
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("unscale: every length at every place, and nothing outside is touched", "[isa]") {
  std::vector<float> in(longest), expected(longest);
  const float factor = 0.1f;
  for (std::size_t i = 0; i < longest; ++i) {
    in[i] = std::bit_cast<float>(static_cast<std::uint32_t>(i) * 2654435761u >> 4 | 0x30000000u);
    expected[i] = std::bit_cast<float>(product(in[i], factor));
  }
  Mismatches bad;
  check_every_place(
      in, expected,
      [&](const float* source, float* out, std::size_t n, bool stream) {
        return !run(source, out, n, factor, stream);
      },
      bad);
  CHECK(bad.report() == "");
}

TEST_CASE("unscale: the check sees each place of each length", "[isa]") {
  GuardedPages pages(longest * 4);
  std::vector<float> in(longest, 1.0f), out(longest);
  Mismatches bad;
  for (std::size_t n = 1; n <= longest; ++n) {
    for (std::size_t at = 0; at < n; ++at) {
      for (const std::uint32_t special : {0x7f800000u, 0xff800000u, 0x7f800001u, 0xffc00000u}) {
        in[at] = std::bit_cast<float>(special);
        const bool found = run(in.data(), out.data(), n, 0.5f, false);
        bad.expect(
            found, [&] { return "length " + std::to_string(n); }, at, 1, found);
      }
      in[at] = 3.4e38f;
      const bool found = run(in.data(), out.data(), n, 1.5f, at % 2 != 0);
      bad.expect(
          found, [&] { return "overflow, length " + std::to_string(n); }, at, 1, found);
      in[at] = 1.0f;
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("unscale: an array that leaves the caches", "[isa]") {
  const std::size_t n = nf::detail::find_cpu_features().last_level_cache / 8 + 1001;
  if (n > std::size_t{1} << 28) return;  // a machine whose cache is too large for a test
  std::vector<float> in(n);
  for (std::size_t i = 0; i < n; ++i) in[i] = static_cast<float>(i % 1000);
  std::vector<float> out(n);
  CHECK_FALSE(nf::unscale(in, out, 4.0f));
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < n; ++i) wrong += out[i] != in[i] / 4;
  CHECK(wrong == 0);
  in[n - 1] = std::bit_cast<float>(0x7fc00000u);
  CHECK(nf::unscale(in, out, 4.0f));
}

TEST_CASE("unscale: no floating-point environment moves a bit", "[isa]") {
  const std::vector<float> in = stratified_floats(12);
  const auto run = [&] {
    std::vector<float> out(in.size());
    std::vector<std::uint32_t> bits{nf::unscale(in, out, 3e38f)};  // subnormal products
    for (const float x : out) bits.push_back(std::bit_cast<std::uint32_t>(x));
    return bits;
  };
  REQUIRE(run()[0] == 1);
  check_rounding_modes(run);
  check_flush_flags(run);
}

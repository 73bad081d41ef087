// SPDX-License-Identifier: MIT
// Packed codes that end, or start, at an inaccessible page: no byte outside is read or written.
#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/guarded_pages.hpp"
#include "support/mismatches.hpp"
#include "support/packing.hpp"

using namespace test;

namespace {

template <class F, class L>
void check_at(std::uint8_t* bytes, std::size_t n, Mismatches& bad) {
  const nf::PackedSpan<F, L> span(bytes, n);
  const auto codes = sample_codes(n, F::width, 1);
  std::vector<F> plain;
  for (const std::uint32_t code : codes) plain.push_back(from_code<F>(code));
  const auto where = [&] { return name_of<F>() + " length " + std::to_string(n); };
  nf::convert(plain, span);
  std::vector<F> back(n);
  nf::convert(span, back);
  for (std::size_t i = 0; i < n; ++i) bad.expect_equal(where, i, codes[i], back[i].bits());
  for (std::size_t i = 0; i < n; ++i) span[i] = plain[n - 1 - i];
  for (std::size_t i = 0; i < n; ++i) bad.expect_equal(where, i, codes[n - 1 - i], span[i].bits());
}

template <class L, class F>
void check_layout(Mismatches& bad) {
  GuardedPages memory(1000);
  for (std::size_t n = 0; n <= 300; ++n) {
    check_at<F, L>(memory.begin(), n, bad);
    check_at<F, L>(memory.end() - L::template bytes<F::width>(n), n, bad);
  }
}

}  // namespace

TEST_CASE("no byte outside is touched", "[packed]") {
  Mismatches bad;
  for_each_width([&]<class F>() {
    check_layout<nf::BitStream, F>(bad);
    if constexpr (F::width % 5 == 0) {
      check_layout<nf::AdjacentPlanes, F>(bad);
      check_layout<nf::StridedPlanes, F>(bad);
    }
  });
  check_layout<nf::SplitNibbles, nf::float4_e2m1fn>(bad);
  check_layout<nf::HighNibbleFirst, nf::float4_e2m1fn>(bad);
  check_layout<nf::OnePerByte, nf::float6_e2m3fn>(bad);
  CHECK(bad.report() == "");
}

TEST_CASE("the padding becomes 0", "[packed]") {
  Mismatches bad;
  const auto check = [&]<class L, class F>() {
    for (std::size_t n = 1; n <= 70; ++n) {
      std::vector<std::uint8_t> bytes(L::template bytes<F::width>(n), 0xff), clean(bytes.size());
      const std::vector<F> plain(n, from_code<F>((1u << F::width) - 1));
      nf::convert(plain, nf::PackedSpan<F, L>(bytes, n));
      for (std::size_t i = 0; i < n; ++i)
        L::template set<F::width>(clean.data(), n, i, (1u << F::width) - 1);
      for (std::size_t i = 0; i < bytes.size(); ++i)
        bad.expect_equal([&] { return name_of<F>() + " length " + std::to_string(n); }, i, clean[i],
                         bytes[i]);
    }
  };
  for_each_width([&]<class F>() {
    check.template operator()<nf::BitStream, F>();
    if constexpr (F::width % 5 == 0) {
      check.template operator()<nf::AdjacentPlanes, F>();
      check.template operator()<nf::StridedPlanes, F>();
    }
  });
  check.template operator()<nf::SplitNibbles, nf::float4_e2m1fn>();
  check.template operator()<nf::HighNibbleFirst, nf::float4_e2m1fn>();
  check.template operator()<nf::OnePerByte, nf::float6_e2m3fn>();
  CHECK(bad.report() == "");
}

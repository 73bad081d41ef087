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
  MemoryBetweenGuards memory(1000);
  for (std::size_t n = 0; n <= 300; ++n) {
    check_at<F, L>(memory.first(), n, bad);
    check_at<F, L>(memory.last(L::template bytes<F::width>(n)), n, bad);
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

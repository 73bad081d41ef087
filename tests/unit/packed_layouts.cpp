// SPDX-License-Identifier: MIT
// Every layout puts every bit where its description says, for every width and length, through
// element access and through convert(); nothing outside is read or written.
#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"
#include "support/packing.hpp"

using namespace test;

namespace {

using Bytes = std::vector<std::uint8_t>;

/// Bytes between guards.
class Guarded {
 public:
  explicit Guarded(std::size_t n) : bytes_(n + 32, 0xa5) {}
  std::uint8_t* data() { return bytes_.data() + 16; }
  Bytes inside() const { return {bytes_.begin() + 16, bytes_.end() - 16}; }
  bool intact() const {
    const auto untouched = [](std::uint8_t byte) { return byte == 0xa5; };
    return std::all_of(bytes_.begin(), bytes_.begin() + 16, untouched) &&
           std::all_of(bytes_.end() - 16, bytes_.end(), untouched);
  }

 private:
  Bytes bytes_;
};

template <class F>
std::vector<F> numbers(const std::vector<std::uint32_t>& codes) {
  std::vector<F> all;
  for (const std::uint32_t code : codes) all.push_back(from_code<F>(code));
  return all;
}

template <class F, class L>
void check_length(Layout layout, std::size_t n, Mismatches& bad) {
  const auto where = [&] {
    return "layout " + std::to_string(static_cast<int>(layout)) + " width " +
           std::to_string(F::width) + " length " + std::to_string(n);
  };
  const std::vector<std::uint32_t> codes = sample_codes(n, F::width, static_cast<std::uint32_t>(n));
  const std::vector<F> plain = numbers<F>(codes);
  const Bytes expected = packed_bytes(layout, F::width, codes);
  nf::PackedVector<F, L> vector(n);
  bad.expect_equal(where, 0, expected.size(), vector.size_bytes());
  for (std::size_t i = 0; i < n; ++i) vector[i] = plain[i];
  bad.expect_equal(where, 1, true, Bytes(vector.bytes().begin(), vector.bytes().end()) == expected);
  for (std::size_t i = 0; i < n; ++i)
    bad.expect_equal(where, i, codes[i], std::as_const(vector)[i].bits());

  Guarded memory(expected.size());
  const nf::PackedSpan<F, L> span(memory.data(), n);
  nf::convert(plain, span);
  bad.expect_equal(where, 2, true, memory.inside() == expected && memory.intact());
  std::vector<F> back(n + 1, from_code<F>(1));
  nf::convert(span, std::span(back).first(n));
  bad.expect_equal(where, 3, 1, back[n].bits());
  for (std::size_t i = 0; i < n; ++i) bad.expect_equal(where, i, codes[i], back[i].bits());

  nf::PackedVector<F> stream(n);
  nf::convert(vector, stream);
  nf::PackedVector<F, L> again(n);
  nf::convert(stream, again);
  bad.expect_equal(where, 4, true, again == vector);

  // One element at a time: the others stay.
  if (n > 40) return;
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<std::uint32_t> changed = codes;
    changed[i] ^= code_count<F>() - 1;
    nf::PackedVector<F, L> copy = vector;
    copy[i] = from_code<F>(changed[i]);
    const Bytes wanted = packed_bytes(layout, F::width, changed);
    bad.expect_equal(where, i, true, Bytes(copy.bytes().begin(), copy.bytes().end()) == wanted);
    bad.expect_equal(where, i, false, copy == vector);
  }
}

template <class L, class F>
void check_layout(Layout layout, Mismatches& bad) {
  if constexpr (nf::layout_for<L, F>) {
    for (std::size_t n = 0; n <= 300; ++n) check_length<F, L>(layout, n, bad);
    for (const std::size_t n : {511u, 512u, 513u, 1024u, 1100u}) check_length<F, L>(layout, n, bad);
  }
}

}  // namespace

TEST_CASE("the bit stream", "[packed]") {
  Mismatches bad;
  for_each_width([&]<class F>() { check_layout<nf::BitStream, F>(Layout::bit_stream, bad); });
  CHECK(bad.report() == "");
}

TEST_CASE("one code a byte, and nibbles", "[packed]") {
  Mismatches bad;
  for_each_width([&]<class F>() { check_layout<nf::OnePerByte, F>(Layout::one_per_byte, bad); });
  check_layout<nf::SplitNibbles, nf::float4_e2m1fn>(Layout::split_nibbles, bad);
  check_layout<nf::HighNibbleFirst, nf::float4_e2m1fn>(Layout::high_nibble_first, bad);
  CHECK(bad.report() == "");
}

TEST_CASE("planes", "[packed]") {
  Mismatches bad;
  for_each_width([&]<class F>() {
    check_layout<nf::AdjacentPlanes, F>(Layout::adjacent_planes, bad);
    check_layout<nf::StridedPlanes, F>(Layout::strided_planes, bad);
  });
  CHECK(bad.report() == "");
}

TEST_CASE("the layouts of the field, by example", "[packed]") {
  using nf::float4_e2m1fn, nf::float6_e2m3fn;
  const auto bytes = []<class V>(V vector) {
    return Bytes(vector.bytes().begin(), vector.bytes().end());
  };
  const auto fp4 = []<class L>(L, std::size_t n) {
    nf::PackedVector<float4_e2m1fn, L> vector(n);
    for (std::uint32_t i = 0; i < n; ++i) vector[i] = from_code<float4_e2m1fn>(i % 16);
    return vector;
  };
  CHECK(bytes(fp4(nf::BitStream{}, 3)) == Bytes{0x10, 0x02});
  CHECK(bytes(fp4(nf::HighNibbleFirst{}, 3)) == Bytes{0x01, 0x20});
  const Bytes split = bytes(fp4(nf::SplitNibbles{}, 32));
  CHECK(split.size() == 16);
  CHECK(split[1] == 0x11);
  CHECK(split[15] == 0xff);
  // c0 | c1 << 6, c1 >> 2 | c2 << 4, c2 >> 4 | c3 << 2
  nf::PackedVector<float6_e2m3fn> fp6{
      from_code<float6_e2m3fn>(0x3f), from_code<float6_e2m3fn>(0x01),
      from_code<float6_e2m3fn>(0x3e), from_code<float6_e2m3fn>(0x20)};
  CHECK(bytes(fp6) == Bytes{0x7f, 0xe0, 0x83});
  // Strided: the low 4 bits of codes 0 and 4 share a byte, then the high 2 bits of 0, 2, 4, 6.
  nf::PackedVector<float6_e2m3fn, nf::StridedPlanes> planes(8);
  for (std::uint32_t i = 0; i < 8; ++i) planes[i] = from_code<float6_e2m3fn>(i % 4 << 4 | i);
  CHECK(bytes(planes) == Bytes{0x40, 0x51, 0x62, 0x73, 0x88, 0xdd});
}

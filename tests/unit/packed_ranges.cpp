// SPDX-License-Identifier: MIT
// Packed arrays behave like ranges of numbers: references, iterators, parts, comparison, errors.
#include <numeric>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/packing.hpp"

using namespace narrowfloat;

namespace {

using fp6 = float6_e2m3fn;
using Vector = PackedVector<fp6>;

static_assert(std::random_access_iterator<Vector::iterator>);
static_assert(std::random_access_iterator<Vector::const_iterator>);
static_assert(std::indirectly_writable<Vector::iterator, fp6> && std::sortable<Vector::iterator>);
static_assert(std::ranges::random_access_range<Vector> && std::ranges::sized_range<Vector>);
static_assert(std::ranges::random_access_range<PackedSpan<const fp6>>);
static_assert(std::is_same_v<decltype(std::declval<const Vector&>()[0]), fp6>);
static_assert(std::is_convertible_v<PackedSpan<fp6>, PackedSpan<const fp6>> &&
              !std::is_convertible_v<PackedSpan<const fp6>, PackedSpan<fp6>>);
static_assert(std::is_trivially_copyable_v<PackedSpan<fp6>>);

template <class F, class L = BitStream>
concept packs = requires {
  typename PackedVector<F, L>;
};
static_assert(packs<bfloat16> && !packs<tfloat32> && !packs<bfloat16, OnePerByte> &&
              !packs<bfloat16, StridedPlanes> && !packs<fp6, SplitNibbles> &&
              !packs<fp6, HighNibbleFirst>);

Vector counted(std::size_t n) {
  Vector vector(n);
  for (std::size_t i = 0; i < n; ++i) vector[i] = fp6(static_cast<float>(i % 8));
  return vector;
}

}  // namespace

TEST_CASE("a reference reads and writes one element", "[packed]") {
  Vector v{fp6(1.0f), fp6(2.0f), fp6(3.0f)};
  const float sum = v[0] + v[1];
  CHECK(sum == 3.0f);
  CHECK(v[1] == fp6(2.0f));
  CHECK(v[1] < v[2]);
  v[0] = v[2];
  v[2] = fp6(-7.5f);
  CHECK(static_cast<float>(v[0]) == 3.0f);
  CHECK(v.front().bits() == v.at(0).bits());
  CHECK(v.back().bits() == 0x3f);
  swap(v[0], v[1]);
  CHECK(v[0] == fp6(2.0f));
  const fp6 copy = v[1];
  CHECK(copy == 3.0f);
  const Vector& reader = v;
  CHECK(reader[2] == -7.5f);
  CHECK(reader.front() == 2.0f);
  CHECK(reader.back() == reader.at(2));
}

TEST_CASE("algorithms run over packed elements", "[packed]") {
  Vector v = counted(100);
  CHECK(std::accumulate(v.begin(), v.end(), 0.0f) == 12 * 28.0f + 0 + 1 + 2 + 3);
  std::reverse(v.begin(), v.end());
  CHECK(v[0] == fp6(3.0f));
  std::sort(v.begin(), v.end());
  CHECK(std::is_sorted(v.begin(), v.end()));
  std::ranges::fill(v, fp6(0.5f));
  CHECK(v == Vector(100, fp6(0.5f)));
  CHECK(v.end() - v.begin() == 100);
  CHECK(*(2 + v.begin()) == fp6(0.5f));
  CHECK(v.begin() < v.end());
}

TEST_CASE("parts of a view start and end on a byte", "[packed]") {
  Vector v = counted(18);
  const PackedSpan<fp6> all = v;
  const PackedSpan<fp6> part = all.subspan(4, 8);
  CHECK(part.data() == v.data() + 3);
  CHECK(part[1] == fp6(5.0f));
  CHECK(all.subspan(16, 2).size_bytes() == 2);
  CHECK(all.subspan(16, 0).empty());
  CHECK_THROWS_AS(all.subspan(18, 0), std::invalid_argument);
  CHECK_THROWS_AS(all.subspan(2, 4), std::invalid_argument);
  CHECK_THROWS_AS(all.subspan(4, 3), std::invalid_argument);
  CHECK_THROWS_AS(all.subspan(4, 15), std::invalid_argument);
  CHECK_THROWS_AS(all.subspan(~std::size_t{0}, 2), std::invalid_argument);
  CHECK_THROWS_WITH(
      all.subspan(20, 0),
      "narrowfloat::PackedSpan::subspan: elements 20 to 20 + 0 of 18, 6 bits each, are no part that starts "
      "and ends on a byte");
}

TEST_CASE("equality is of sizes and codes, not of padding", "[packed]") {
  std::uint8_t a[3] = {0x41, 0x20, 0x0c}, b[3] = {0x41, 0x20, 0xfc};
  using Span = PackedSpan<const fp6>;
  CHECK(Span(a, 3) == Span(b, 3));
  CHECK(!(Span(a, 4) == Span(b, 4)));
  CHECK(!(Span(a, 2) == Span(a, 3)));
  // Codes, not values: NaN equals itself, -0 is not +0.
  using fp8 = float8_e4m3fn;
  CHECK(PackedVector<fp8>(9, fp8::from_bits(0x7f)) == PackedVector<fp8>(9, fp8::from_bits(0x7f)));
  CHECK(!(PackedVector<fp8>(9, fp8(0.0f)) == PackedVector<fp8>(9, fp8(-0.0f))));
}

TEST_CASE("resizing keeps the first elements and clears what follows", "[packed]") {
  Vector v = counted(13);
  v.resize(9);
  CHECK(v == [] {
    Vector expected(9);
    std::ranges::copy(counted(9), expected.begin());
    return expected;
  }());
  CHECK(v.size_bytes() == 7);
  CHECK((v.bytes()[6] & 0xc0) == 0);
  v.resize(20);
  CHECK(v[8] == fp6(0.0f));
  CHECK(v[7] == fp6(7.0f));
  CHECK(v[19].bits() == 0);
  CHECK(Vector().empty());
}

TEST_CASE("what is not there is refused with the numbers", "[packed]") {
  Vector v(5);
  CHECK_THROWS_AS(v.at(5), std::out_of_range);
  CHECK_THROWS_WITH(std::as_const(v).at(7), "narrowfloat::PackedVector::at: element 7 of 5");
  std::vector<std::uint8_t> bytes(3);
  CHECK(PackedSpan<fp6>(std::span(bytes), 4).size_bytes() == 3);
  CHECK_THROWS_AS(PackedSpan<fp6>(std::span(bytes), 5), std::invalid_argument);
  CHECK_THROWS_WITH(PackedSpan<fp6>(std::span(bytes), 5),
                    "narrowfloat::PackedSpan: 5 packed elements need 4 bytes, not 3");
  // counts whose bytes are a number that wraps
  constexpr std::size_t most = ~std::size_t{0}, half = most / 2 + 1;
  CHECK_THROWS_WITH((PackedVector<bfloat16>(half)),
                    "narrowfloat::PackedVector: a matrix of 1 x 9223372036854775808 elements does "
                    "not fit in memory");
  CHECK_THROWS_AS((PackedVector<float4_e2m1fn, HighNibbleFirst>(most)), std::invalid_argument);
  CHECK_THROWS_AS(v.resize(most), std::invalid_argument);
  CHECK_THROWS_AS(PackedSpan<bfloat16>(std::span(bytes), half), std::invalid_argument);
}

// SPDX-License-Identifier: MIT
// Memory of others is viewed as codes without a copy, or refused with the numbers; tables are made
// of codes.
#include <narrowfloat/codes.hpp>
#include <narrowfloat/formats.hpp>

#include <vector>

#include "support/catch.hpp"

using namespace narrowfloat;

namespace {

constexpr auto table = from_codes<float4_e2m1fn>(0x0, 0x3, 0xfu);
static_assert(std::is_same_v<decltype(table), const std::array<float4_e2m1fn, 3>>);
static_assert(table[0] == 0 && table[1] == 1.5f && table[2] == -6);
static_assert(from_codes<tfloat32>(0x7ffff).front().bits() == 0x7ffff &&
              from_codes<float16>().empty());

template <class F>
constexpr bool views_shorts = requires(std::vector<std::uint16_t> x) {
  as_codes<F>(x);
};
template <class F>
constexpr bool views_temporaries = requires {
  as_codes<F>(std::vector<unsigned char>());
};
static_assert(views_shorts<bfloat16> && !views_shorts<float8_e5m2> &&
              !views_temporaries<float8_e5m2>);

}  // namespace

TEST_CASE("memory is viewed as codes, not copied", "[codes]") {
  std::array<std::byte, 4> bytes{std::byte{0x38}, std::byte{0xff}};
  const auto codes = as_codes<float8_e4m3fn>(bytes);
  static_assert(std::is_same_v<decltype(codes), const std::span<float8_e4m3fn>>);
  CHECK(codes.size() == 4);
  CHECK(codes[0] == 1);
  codes[1] = float8_e4m3fn(-2);
  CHECK(bytes[1] == std::byte{0xc0});
  const std::vector<std::uint16_t> words{0x3f80, 0xbf80};
  const auto halves = as_codes<bfloat16>(std::span(words));
  static_assert(std::is_same_v<decltype(halves), const std::span<const bfloat16>>);
  CHECK((halves.size() == 2 && halves[1] == -1));
  CHECK(as_codes<float16>(std::span<const std::byte>()).empty());
}

TEST_CASE("memory that holds no codes is refused with the numbers", "[codes]") {
  alignas(8) std::array<unsigned char, 9> bytes{0, 1, 15, 16};
  CHECK(as_codes<float4_e2m1fn>(std::span(bytes).first(3))[2] == -6);
  CHECK_THROWS_WITH(as_codes<float4_e2m1fn>(bytes),
                    "narrowfloat::as_codes: code 16 at 3 has more than the 4 bits of the format");
  CHECK_THROWS_WITH(
      as_codes<float16>(bytes),
      "narrowfloat::as_codes: the memory has 9 bytes, no multiple of the 2 of a code");
  CHECK_THROWS_WITH(as_codes<tfloat32>(std::span(bytes).subspan(3, 4)),
                    "narrowfloat::as_codes: the memory begins 3 bytes behind a multiple of 4");
}

// SPDX-License-Identifier: MIT
// _Float16 and __bf16, where the compiler has them, are numbers like float16 and bfloat16: the same
// codes, in scalars and in arrays.
#include <narrowfloat/narrowfloat.hpp>

#include <bit>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

/// What is said of `Native`, whose codes are those of F.
template <class Native, class F>
struct Half {
  static_assert(nf::number<Native> && !nf::narrow_float<Native>);
  static_assert(nf::lossless_to<Native, F> && nf::lossless_to<F, Native>);
  static_assert(std::is_constructible_v<nf::float8_e5m2, Native> &&
                !std::is_convertible_v<Native, F>);
  // as with a float: no operand is narrowed
  static_assert(std::is_same_v<decltype(F(1) + Native(1)), float>);
  static_assert(std::is_same_v<decltype(Native(1) * nf::float8_e5m2(1)), float>);
  static_assert(std::is_same_v<decltype(Float<5, 3, 300>() / Native(1)), double>);
  static_assert(nf::float8_e5m2(3) - Native(0.5f) == 2.5f && Native(3) / F(2) == 1.5f);
  static_assert(F(2) == Native(2) && Native(1) < F(2) && F(2) >= Native(1) &&
                !(Native(1) == nf::float8_e5m2(2)));
  static_assert(F(Native(-1.5f)) == -1.5f && static_cast<Native>(F(-1.5f)) == Native(-1.5f));
  static_assert(nf::default_saturation<Native> == nf::Saturation::none);

  static std::uint16_t bits(Native x) { return std::bit_cast<std::uint16_t>(x); }

  template <class To>
  static void check_scalars(Mismatches& bad) {
    for (std::uint32_t code = 0; code < 0x1'0000; ++code) {
      const F x = from_code<F>(code);
      const auto native = std::bit_cast<Native>(static_cast<std::uint16_t>(code));
      bad.expect_equal(name_of<To>, code, To(x).bits(), To(native).bits());
      bad.expect_equal(name_of<To>, code,
                       nf::convert<To>(x, nf::to_odd, nf::Saturation::none).bits(),
                       nf::convert<To>(native, nf::to_odd, nf::Saturation::none).bits());
    }
    for (std::uint32_t code = 0; code < 0x1'0000 && code < code_count<To>(); ++code) {
      const To x = from_code<To>(code);
      bad.expect_equal(name_of<To>, code,
                       nf::convert<F>(x, nf::nearest_even, nf::Saturation::none).bits(),
                       bits(static_cast<Native>(x)));
      bad.expect_equal(name_of<To>, code,
                       nf::convert<F>(x, nf::nearest_away, nf::Saturation::finite).bits(),
                       bits(nf::convert<Native>(x, nf::nearest_away, nf::Saturation::finite)));
    }
  }

  static void check() {
    Mismatches bad;
    for_each_format<
        std::tuple<F, nf::float8_e4m3fn, nf::float8_ue4m3, nf::tfloat32, Float<5, 3, 300>>>(
        [&]<class To>() { check_scalars<To>(bad); });

    std::vector<F> codes(0x1'0000);
    std::vector<Native> natives(codes.size());
    for (std::size_t i = 0; i < codes.size(); ++i) {
      codes[i] = from_code<F>(static_cast<std::uint32_t>(i));
      natives[i] = std::bit_cast<Native>(static_cast<std::uint16_t>(i));
    }
    std::vector<float> floats(codes.size()), from_natives(codes.size());
    const auto expect_same = [&](const auto& expected, const auto& got) {
      for (std::size_t i = 0; i < expected.size(); ++i)
        bad.expect_equal(name_of<F>, i, bits_of(static_cast<float>(expected[i])),
                         bits_of(static_cast<float>(got[i])));
    };
    nf::convert(codes, floats);
    nf::convert(natives, from_natives);
    expect_same(floats, from_natives);
    nf::convert(codes, floats, nf::Scale{0.3f});
    nf::convert(natives, from_natives, nf::Scale{0.3f});
    expect_same(floats, from_natives);

    nf::convert(floats, codes, nf::Stochastic<>{.seed = 3});
    nf::convert(floats, natives, nf::Stochastic<>{.seed = 3});
    expect_same(codes, natives);
    nf::convert(floats, codes, nf::Scale{3}, nf::toward_zero, nf::Saturation::finite,
                nf::Subnormals::flush);
    nf::convert(floats, natives, nf::Scale{3}, nf::toward_zero, nf::Saturation::finite,
                nf::Subnormals::flush);
    expect_same(codes, natives);
    nf::convert(floats, codes, nf::Divide{7});
    nf::convert(floats, natives, nf::Divide{7});
    expect_same(codes, natives);
    nf::convert(natives, codes);
    expect_same(codes, natives);
    bad.expect_equal(name_of<F>, 0, bits_of(nf::amax(codes)), bits_of(nf::amax(natives)));
    CHECK(bad.report() == "");
  }
};

}  // namespace

TEST_CASE("the compiler's types of 16 bits are numbers", "[native]") {
#if defined(NF_HAS_FLOAT16)
  Half<nf::detail::native_float16, nf::float16>::check();
#endif
#if defined(NF_HAS_BFLOAT16)
  Half<nf::detail::native_bfloat16, nf::bfloat16>::check();
#endif
  SUCCEED();
}

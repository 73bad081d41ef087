// SPDX-License-Identifier: MIT
// Explicit random bits for an array: element i takes the low N bits of word i; a range of another
// length is refused before anything is written.
#include <narrowfloat/convert.hpp>

#include <array>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

std::vector<std::uint32_t> random_words(std::size_t n) {
  std::vector<std::uint32_t> words(n);
  std::uint64_t state = 1;
  for (std::uint32_t& word : words) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    word = static_cast<std::uint32_t>(state >> 32);
  }
  return words;
}

template <class To, int N, nf::StochasticVariant V, class From>
void check(const std::vector<From>& in, Mismatches& bad) {
  const std::vector<std::uint32_t> words = random_words(in.size());
  std::vector<To> out(in.size());
  nf::convert(in, out, nf::StochasticBits<N, V>{words}, nf::Saturation::none);
  for (std::size_t i = 0; i < in.size(); ++i) {
    const To expected =
        nf::convert<To>(in[i], nf::StochasticBits<N, V>{words[i]}, nf::Saturation::none);
    bad.expect_equal(
        [&] { return name_of<To>() + ", N " + std::to_string(N) + ", i " + std::to_string(i); },
        bits_of(in[i]), bits_of(expected), bits_of(out[i]));
  }
}

template <class To, nf::StochasticVariant V, class From>
void check_all_bits(const std::vector<From>& in) {
  Mismatches bad;
  check<To, 1, V>(in, bad);
  check<To, 8, V>(in, bad);
  check<To, 16, V>(in, bad);
  check<To, 17, V>(in, bad);
  check<To, 32, V>(in, bad);
  CHECK(bad.report() == "");
}

template <class To, class From>
void check_variants(const std::vector<From>& in) {
  check_all_bits<To, nf::StochasticVariant::p3109_a>(in);
  check_all_bits<To, nf::StochasticVariant::p3109_b>(in);
  check_all_bits<To, nf::StochasticVariant::p3109_c>(in);
}

const char* const wrong_number =
    "narrowfloat::convert: the rounding has 3 words of random bits, the input 7 elements";

}  // namespace

TEST_CASE("explicit words: element i takes the low bits of word i", "[isa]") {
  check_variants<nf::float8_e4m3fn>(deciding_floats<nf::float8_e4m3fn>());
  check_variants<nf::bfloat16>(deciding_floats<nf::bfloat16>());
  check_all_bits<nf::float8_e5m2, nf::StochasticVariant::p3109_c>(
      deciding_doubles<nf::float8_e5m2>());
}

TEST_CASE("explicit words: a range of another length is refused before anything is written",
          "[isa]") {
  const std::vector<float> in(7, 1.3f);
  std::vector<nf::float8_e4m3fn> out(7, nf::float8_e4m3fn::from_bits(0x55));
  const std::vector<std::uint32_t> words(3, 0u);
  CHECK_THROWS_AS(nf::convert(in, out, nf::StochasticA<8>{words}), std::invalid_argument);
  CHECK_THROWS_WITH(nf::convert(in, out, nf::StochasticA<8>{words}), wrong_number);
  CHECK_THROWS_WITH(nf::convert(nf::active_isa(), in, out, nf::StochasticB<17>{std::span(words)}),
                    wrong_number);
  CHECK_THROWS_WITH(nf::convert(in, out, nf::Scale{2}, nf::StochasticC<8>{words}), wrong_number);
  CHECK_THROWS_WITH(
      nf::convert(in, out, nf::StochasticA<8>{std::array<std::uint32_t, 8>{}}),
      "narrowfloat::convert: the rounding has 8 words of random bits, the input 7 elements");
  for (const nf::float8_e4m3fn x : out) CHECK(x.bits() == 0x55);
}

TEST_CASE("explicit words: one word is for one element", "[isa]") {
  // Between 1 and 1.125, a fifth of the way: up where r / 2^16 is at least four fifths.
  const std::vector<float> one(1, 1.025f), seven(7, 1.025f);
  std::vector<nf::float8_e4m3fn> out(1), outs(7, nf::float8_e4m3fn::from_bits(0x55));
  nf::convert(one, out, nf::StochasticC<16>{1u});
  CHECK(out[0].bits() == 0x38);
  nf::convert(one, out, nf::StochasticC<16>{0xffffu});
  CHECK(out[0].bits() == 0x39);
  CHECK_THROWS_WITH(
      nf::convert(seven, outs, nf::StochasticC<16>{1u}),
      "narrowfloat::convert: the rounding has 1 words of random bits, the input 7 elements");
  for (const nf::float8_e4m3fn x : outs) CHECK(x.bits() == 0x55);
}

TEST_CASE("explicit words: none for an empty array", "[isa]") {
  const std::vector<float> in;
  std::vector<nf::float8_e4m3fn> out;
  CHECK_NOTHROW(nf::convert(in, out, nf::StochasticC<16>{std::vector<std::uint32_t>{}}));
  CHECK_THROWS_AS(nf::convert(in, out, nf::StochasticC<16>{1u}), std::invalid_argument);
}

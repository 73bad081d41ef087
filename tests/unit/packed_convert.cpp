// SPDX-License-Identifier: MIT
// convert() to and from packed ranges gives what the scalar convert() gives, for every cut of the
// array and on every instruction set; a key's random bits follow the index.
#include <narrowfloat/mx.hpp>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"
#include "support/packing.hpp"

using namespace test;

namespace {

std::vector<float> sample_floats(std::size_t n) {
  std::vector<float> values(n);
  for (std::size_t i = 0; i < n; ++i)
    values[i] = static_cast<float>(static_cast<int>(i * 7919 % 4001) - 2000) / 301.0f;
  return values;
}

/// Compares two lists of bits.
void expect_same(const std::string& what, const std::vector<std::uint64_t>& expected,
                 const std::vector<std::uint64_t>& got, Mismatches& bad) {
  for (std::size_t i = 0; i < expected.size(); ++i)
    bad.expect_equal([&] { return what; }, i, expected[i], got[i]);
}

/// The bits of the numbers of a range, read one by one.
template <class F, class Range>
[[gnu::noinline]] std::vector<std::uint64_t> bits_in(const Range& numbers) {
  std::vector<std::uint64_t> bits;
  for (std::size_t i = 0; i < numbers.size(); ++i) bits.push_back(bits_of(F(numbers[i])));
  return bits;
}

template <class F, class R>
[[gnu::noinline]] std::vector<F> convert_each(const std::vector<float>& in, R rounding,
                                              nf::Saturation saturation) {
  std::vector<F> out;
  for (const float x : in) {
    out.push_back(nf::convert<F>(x, rounding, saturation));
    if constexpr (R::random_bits != 0) ++rounding.offset;
  }
  return out;
}

template <class F, class R>
void check_encode(std::size_t n, R rounding, nf::Saturation saturation, Mismatches& bad) {
  const std::vector<float> in = sample_floats(n);
  const std::vector<F> expected = convert_each<F>(in, rounding, saturation);
  std::vector<double> values;
  for (const F x : expected) values.push_back(static_cast<double>(x));
  const auto codes = bits_in<F>(expected), doubles = bits_in<double>(values);
  for (const nf::Isa isa : nf::all_isas) {
    if (!nf::isa_available(isa)) continue;
    const nf::ScopedIsa scope(isa);
    const std::string name =
        name_of<F>() + " length " + std::to_string(n) + " " + std::string(nf::isa_name(isa));
    nf::PackedVector<F> packed(n);
    nf::convert(in, packed, rounding, saturation);
    expect_same(name, codes, bits_in<F>(packed), bad);
    std::vector<double> back(n);
    nf::convert(packed, back);
    expect_same(name + " to double", doubles, bits_in<double>(back), bad);
  }
}

}  // namespace

TEST_CASE("from and to contiguous ranges", "[packed][convert]") {
  Mismatches bad;
  for (const std::size_t n : {0u, 1u, 7u, 8u, 9u, 63u, 511u, 512u, 513u, 1025u, 2000u}) {
    for_each_width([&]<class F>() {
      check_encode<F>(n, nf::nearest_even, nf::Saturation::finite, bad);
      // random bits go by the index, whatever the width: those of named formats, and an odd one
      constexpr int w = F::width;
      if constexpr (w == 4 || w == 6 || w == 8 || w == 11 || w == 12 || w == 16)
        check_encode<F>(n, nf::Stochastic<>{.seed = 5, .stream = 2, .offset = 1000003},
                        nf::Saturation::finite, bad);
    });
    check_encode<nf::float8_e5m2>(n, nf::toward_positive, nf::Saturation::none, bad);
    check_encode<nf::float12_e6m5>(n, nf::Stochastic<32>{.seed = 7}, nf::Saturation::none, bad);
  }
  CHECK(bad.report() == "");
}

TEST_CASE("between packed formats, in one step, in place too", "[packed][convert]") {
  Mismatches bad;
  for (const std::size_t n : {5u, 600u, 1536u}) {
    const auto where = [&] { return "length " + std::to_string(n); };
    nf::PackedVector<nf::float12_e6m5> wide(n);
    nf::convert(sample_floats(n), wide);
    nf::PackedVector<nf::float4_e2m1fn, nf::HighNibbleFirst> narrow(n);
    nf::convert(wide, narrow, nf::nearest_away);
    for (std::size_t i = 0; i < n; ++i) {
      const auto expected =
          nf::convert<nf::float4_e2m1fn>(nf::float12_e6m5(wide[i]), nf::nearest_away);
      bad.expect_equal(where, i, expected.bits(), narrow[i].bits());
    }
    nf::PackedVector<nf::float6_e2m3fn> six(n);
    nf::convert(wide, six);
    const nf::PackedVector<nf::float6_e2m3fn> before = six;
    nf::convert(six, nf::PackedSpan<nf::float6_e3m2fn>(six.data(), n));
    const nf::PackedSpan<const nf::float6_e3m2fn> after(six.data(), n);
    for (std::size_t i = 0; i < n; ++i)
      bad.expect_equal(where, i, nf::convert<nf::float6_e3m2fn>(before[i]).bits(), after[i].bits());
  }
  CHECK(bad.report() == "");
}

TEST_CASE("codes move between layouts unchanged: NaN, Inf and -0 too", "[packed][convert]") {
  nf::PackedVector<nf::float8_e5m2> codes(256);
  for (std::uint32_t i = 0; i < 256; ++i) codes[i] = from_code<nf::float8_e5m2>(i);
  nf::PackedVector<nf::float8_e5m2, nf::OnePerByte> bytes(256);
  nf::convert(codes, bytes);
  Mismatches bad;
  for (std::uint32_t i = 0; i < 256; ++i)
    bad.expect_equal([] { return std::string("code"); }, i, i, bytes[i].bits());
  CHECK(bad.report() == "");
}

TEST_CASE("subnormals are flushed on request", "[packed][convert]") {
  const std::vector<float> in{0.25f, -0.75f, 1.0f};
  nf::PackedVector<nf::float6_e2m3fn> out(3);
  nf::convert(in, out, nf::nearest_even, nf::Saturation::finite, nf::Subnormals::flush);
  CHECK(out[0].bits() == 0x00);
  CHECK(out[1].bits() == 0x20);
  CHECK(out[2].bits() == 0x08);
}

TEST_CASE("packed ranges of different sizes are refused before anything is written",
          "[packed][convert]") {
  const std::vector<float> in(7, 1.0f);
  nf::PackedVector<nf::float4_e2m1fn> out(6);
  CHECK_THROWS_AS(nf::convert(in, out), std::invalid_argument);
  CHECK_THROWS_WITH(nf::convert(in, out),
                    "narrowfloat::convert: the input has 7 elements, the output 6");
  CHECK(out == nf::PackedVector<nf::float4_e2m1fn>(6));
}

TEST_CASE("packed: with a Scale and a Divide, as contiguous codes", "[packed]") {
  std::vector<float> in(2500), out(in.size()), expected(in.size());
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = 0.011f * static_cast<float>(i % 601) - 3.0f;
  std::vector<nf::float6_e3m2fn> codes(in.size());
  nf::PackedVector<nf::float6_e3m2fn> packed(in.size());
  nf::convert(in, codes, nf::Divide{0.3f}, nf::Stochastic<8>{.seed = 7});
  nf::convert(in, packed, nf::Divide{0.3f}, nf::Stochastic<8>{.seed = 7});
  CHECK(std::equal(codes.begin(), codes.end(), packed.begin()));
  nf::convert(codes, expected, nf::Scale{0.3f});
  nf::convert(packed, out, nf::Scale{0.3f});
  CHECK(out == expected);
  nf::PackedVector<nf::float4_e2m1fn> nibbles(in.size());
  std::vector<nf::float4_e2m1fn> few(in.size());
  nf::convert(packed, nibbles, nf::Scale{0.1f});
  nf::convert(codes, few, nf::Scale{0.1f});
  CHECK(std::equal(few.begin(), few.end(), nibbles.begin()));
  CHECK_THROWS_WITH(nf::convert(packed, std::span(out).first(7), nf::Scale{2}),
                    "narrowfloat::convert: the input has 2500 elements, the output 7");
}

namespace {

/// The codes of a tensor whose rows end within bytes, and the same in one range.
template <class Format>
void check_matrix(std::size_t rows, std::size_t cols, Mismatches& bad) {
  const auto where = [&] { return std::to_string(rows) + " x " + std::to_string(cols); };
  const auto tensor = nf::BlockTensor<Format>::quantize(sample_floats(rows * cols), rows, cols);
  const auto codes = tensor.codes();
  const std::size_t n = codes.size();
  std::vector<float> numbers(n), products(n), quotients(n), of_row(cols);
  nf::convert(codes, numbers);
  nf::convert(codes, products, nf::Scale{0.3f});
  nf::convert(codes, quotients, nf::Divide{0.7f});
  std::vector<nf::float16> drawn(n);
  nf::Stochastic<8> key{.seed = 3};
  nf::convert(codes, drawn, nf::Scale{0.3f}, key);
  for (std::size_t i = 0; i < n; ++i, ++key.offset) {
    const auto x = static_cast<float>(codes[i]);
    const double product = static_cast<double>(x) * static_cast<double>(0.3f);  // exact
    bad.expect_equal(where, i, bits_of(x), bits_of(numbers[i]));
    bad.expect_equal(where, i, bits_of(static_cast<float>(product)), bits_of(products[i]));
    bad.expect_equal(where, i, bits_of(nf::convert<float>(x, nf::Divide{0.7f})),
                     bits_of(quotients[i]));
    bad.expect_equal(where, i, nf::convert<nf::float16>(product, key).bits(), drawn[i].bits());
  }
  for (std::size_t row = 0; row < rows; ++row) {
    nf::convert(codes.row(row), of_row, nf::Divide{0.7f});
    bad.expect(std::equal(of_row.begin(), of_row.end(), &quotients[row * cols]), where, row, 0, 0);
  }
}

}  // namespace

TEST_CASE("the codes of a matrix, with a Scale and a Divide, as those of a range",
          "[packed][convert]") {
  Mismatches bad;
  for (const nf::Isa isa : nf::all_isas) {
    if (!nf::isa_available(isa)) continue;
    const nf::ScopedIsa scope(isa);
    for (const auto& [rows, cols] :
         {std::pair<std::size_t, std::size_t>{1, 1}, {3, 5}, {7, 67}, {3, 1030}, {40, 64}}) {
      check_matrix<nf::mxfp6_e2m3>(rows, cols, bad);
      check_matrix<nf::mxfp4_e2m1>(rows, cols, bad);
      check_matrix<nf::mxint8>(rows, cols, bad);
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("a matrix of codes is written as a range is, and clears its padding",
          "[packed][convert]") {
  using F = nf::float6_e2m3fn;
  for (const std::size_t cols : {1u, 5u, 67u, 1030u}) {
    const std::size_t rows = 3, stride = (cols * 6 + 7) / 8;
    const auto in = sample_floats(rows * cols);
    std::vector<std::uint8_t> bytes(rows * stride, 0xff), copy(bytes);
    const nf::PackedMatrix<F> matrix(bytes.data(), rows, cols), other(copy.data(), rows, cols);
    nf::PackedVector<F> expected(in.size()), back(in.size());
    nf::convert(in, matrix, nf::Scale{0.9f}, nf::toward_zero);
    nf::convert(in, expected, nf::Scale{0.9f}, nf::toward_zero);
    nf::convert(matrix, back);
    CHECK(back == expected);
    nf::convert(expected, other);
    CHECK(copy == bytes);
    if (cols % 4 != 0) CHECK(bytes[stride - 1] >> (cols * 6 % 8) == 0);
    nf::convert(matrix, other, nf::Divide{2});
    nf::convert(expected, back, nf::Divide{2});
    for (std::size_t i = 0; i < in.size(); ++i) CHECK(F(other[i]).bits() == F(back[i]).bits());
  }
  std::vector<std::uint8_t> bytes(15);
  const nf::PackedMatrix<F> wide(bytes.data(), 3, 4), high(bytes.data(), 4, 3);
  CHECK_THROWS_WITH(nf::convert(wide, high),
                    "narrowfloat::convert: the input is 3 x 4, the output 4 x 3");
  std::vector<float> few(11);
  CHECK_THROWS_WITH(nf::convert(wide, few, nf::Scale{2}),
                    "narrowfloat::convert: the input has 12 elements, the output 11");
}

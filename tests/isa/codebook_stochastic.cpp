// SPDX-License-Identifier: MIT
// A stochastic choice of codes goes by the exact fraction of the way between two values: against
// the oracle, in integers, for every kind of code-book, each variant, given and keyed bits; and by
// the element of the array, however it is cut.
#include <cmath>

#include "support/catch.hpp"
#include "support/codebooks.hpp"

using namespace test;
using nf::StochasticVariant;

namespace {

const nf::CodebookOptions one_block{.block_size = 1 << 20};

/// The codes of one block against the oracle's.
template <class R>
void check(const NamedBook& named, const std::vector<float>& values, const R& rounding,
           char variant, Mismatches& bad) {
  const auto t = nf::CodebookTensor::quantize(values, named.book, one_block, rounding);
  const auto wanted = bits_of_values(named.book);
  const float absmax = t.scales()[0];
  const auto where = [&] { return named.name + ", " + variant + std::to_string(R::random_bits); };
  for (std::size_t i = 0; i < values.size(); ++i) {
    bad.expect_equal(where, word_of(values[i]),
                     oracle::chosen_code(wanted, word_of(values[i]), word_of(absmax), variant,
                                         R::random_bits, rounding.word(i)),
                     t.codes()[i]);
  }
}

}  // namespace

TEST_CASE("code-books: keyed bits choose by the exact fraction", "[isa][codebook]") {
  Mismatches bad;
  std::uint32_t state = 77;
  for (const NamedBook& named : every_book()) {
    for (const float absmax : {1.0f, 0.3f, 1234.567f, 3.3e38f, 0x1.23p-127f}) {
      const auto values = block_for(named.book, 150, absmax, state);
      check(named, values, nf::Stochastic<>{5, 1, 3}, 'C', bad);
      check(named, values, nf::Stochastic<3, StochasticVariant::p3109_c, nf::Philox4x32_7>{6, 0, 9},
            'C', bad);
      check(named, values, nf::Stochastic<32>{7, 2}, 'C', bad);
      check(named, values, nf::Stochastic<8, StochasticVariant::p3109_a>{8}, 'A', bad);
      check(named, values,
            nf::Stochastic<16, StochasticVariant::p3109_b>{9, 1, std::uint64_t{1} << 40}, 'B', bad);
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("code-books: the last random bit decides, ties as the variant says", "[isa][codebook]") {
  // between 0 and 1 the fraction of x is x: t / 2^17 and its neighbours; the bits that just do and
  // just do not
  const NamedBook book{"0 to 1", nf::Codebook{0, 1}},
      narrow{"narrow", nf::Codebook{0.25f, 0.375f, 1}};
  Mismatches bad;
  std::vector<float> values{1.0f}, inside{1.0f};
  std::vector<std::uint32_t> words{0};
  for (std::uint32_t t = 1; t < 1u << 17; t += 211) {
    for (const std::uint32_t off : {0u, 1u, ~0u}) {
      for (const std::uint32_t r : {0u, 1u, ~0u}) {
        const float x = std::ldexp(static_cast<float>(t), -17);
        values.push_back(std::bit_cast<float>(word_of(x) + off));
        inside.push_back(0.25f + 0.125f * x);
        words.push_back((1u << 16) - (t + 1) / 2 + r);
      }
    }
  }
  for (const auto& [named, x] : {std::pair(book, values), std::pair(narrow, inside)}) {
    check(named, x, nf::StochasticA<16>(words), 'A', bad);
    check(named, x, nf::StochasticB<16>(words), 'B', bad);
    check(named, x, nf::StochasticC<16>(words), 'C', bad);
    check(named, x, nf::StochasticC<17>(words), 'C', bad);
  }
  CHECK(bad.report() == "");
}

TEST_CASE("code-books: bits go by the element of the array, however it is cut", "[isa][codebook]") {
  std::uint32_t state = 4;
  for (const auto& [book, block, n] :
       {std::tuple(nf::nf4_codebook(), 100, 5000), std::tuple(nf::dynamic_codebook(), 37, 3001),
        std::tuple(nf::linear_codebook(), 1100, 20000)}) {
    const auto values = block_for(book, static_cast<std::size_t>(n), 2.5f, state);
    const nf::CodebookOptions options{.block_size = static_cast<std::size_t>(block)};
    const nf::Stochastic<> key{11, 4, 6};
    const auto whole = nf::CodebookTensor::quantize(values, book, options, key);
    CHECK(!(whole == nf::CodebookTensor::quantize(values, book, options)));
    CHECK(!(whole ==
            nf::CodebookTensor::quantize(values, book, options, nf::Stochastic<>{11, 5, 6})));
    auto parts = nf::CodebookTensor::zeros(values.size(), book, options);
    const std::size_t step = 6 * options.block_size;
    for (std::size_t first = 0; first < values.size(); first += step)
      parts.assign(first, std::span(values).subspan(first, std::min(step, values.size() - first)),
                   key);
    CHECK(parts == whole);
    parts.assign(values, key);
    CHECK(parts == whole);
    std::vector<std::uint32_t> words(values.size());
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = key.word(i);
    CHECK(nf::CodebookTensor::quantize(values, book, options, nf::StochasticC<16>(words)) == whole);
    const std::size_t first = 2 * step;
    parts.assign(first, std::span(values).subspan(first, step));
    parts.assign(first, std::span(values).subspan(first, step),
                 nf::StochasticC<16>(std::span(words).subspan(first, step)));
    CHECK(parts == whole);
    words.pop_back();
    CHECK_THROWS_WITH(parts.assign(values, nf::StochasticC<16>(words)),
                      "narrowfloat::CodebookTensor::assign: the rounding has " +
                          std::to_string(n - 1) + " words of random bits, the input " +
                          std::to_string(n) + " elements");
  }
}

TEST_CASE("code-books: bitsandbytes' quotient in float is chosen by, Inf and NaN are as ever",
          "[isa][codebook]") {
  Mismatches bad;
  std::uint32_t state = 14;
  const nf::Stochastic<> key{3};
  const auto book = nf::bitsandbytes_dynamic_codebook();
  const auto values = block_for(book, 999, 0.37f, state);
  nf::CodebookOptions options{.block_size = 999, .pipeline = nf::CodebookPipeline::bitsandbytes};
  const auto t = nf::CodebookTensor::quantize(values, book, options, key);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float q = std::clamp(values[i] * (1.0f / t.scales()[0]), -1.0f, 1.0f);
    bad.expect_equal(
        [] { return std::string("in float"); }, i,
        oracle::chosen_code(bits_of_values(book), word_of(q), word_of(1.0f), 'C', 16, key.word(i)),
        t.codes()[i]);
  }
  CHECK(bad.report() == "");
  options.non_finite = nf::NonFinite::propagate;
  auto damaged = values;
  damaged[5] = std::nanf("");
  damaged[6] = -INFINITY;
  const auto u = nf::CodebookTensor::quantize(damaged, book, options, key);
  CHECK(unsigned{u.codes()[5]} == 255);
  CHECK(unsigned{u.codes()[6]} == 0);
  CHECK(u.scales() == t.scales());
  bool same = true;
  for (std::size_t i = 7; i < 999; ++i) same = same && u.codes()[i] == t.codes()[i];
  CHECK(same);
}

// SPDX-License-Identifier: MIT
// A result does not depend on how an array is cut, on the threads that convert the pieces, or on
// the instruction set of each: keyed random bits follow the index, explicit ones go with the
// elements.
#include <narrowfloat/convert.hpp>
#include <narrowfloat/loops.hpp>

#include <algorithm>
#include <random>
#include <span>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

constexpr std::size_t elements = 20011, threads = 4;

std::vector<float> inputs() {
  std::mt19937 random(1);
  std::vector<float> in(elements);
  for (float& x : in) {
    const auto bits = static_cast<std::uint32_t>(random());
    x = std::bit_cast<float>((bits & 0x83ffffffu) | 0x3c000000u);
  }
  return in;
}

/// Ascending places, 0 and `elements` among them; a third of the pieces are shorter than a vector.
std::vector<std::size_t> random_cuts(std::mt19937& random) {
  std::vector<std::size_t> cuts{0, elements};
  for (int k = 0; k < 40; ++k) {
    const std::size_t place = random() % elements;
    cuts.push_back(place);
    if (k % 3 == 0) cuts.push_back(std::min(elements, place + random() % 64));
  }
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

std::vector<nf::Isa> available_isas() {
  std::vector<nf::Isa> found;
  std::copy_if(nf::all_isas.begin(), nf::all_isas.end(), std::back_inserter(found),
               [](nf::Isa isa) { return nf::isa_available(isa); });
  return found;
}

/// convert_piece(first, count) for all pieces, dealt out to threads, each at work on several pieces
/// at once.
template <class Convert>
void convert_in_pieces(const std::vector<std::size_t>& cuts, const Convert& convert_piece) {
  std::vector<std::thread> workers;
  for (std::size_t worker = 0; worker < threads; ++worker) {
    workers.emplace_back([&, worker] {
      for (std::size_t k = worker; k + 1 < cuts.size(); k += threads) {
        convert_piece(k, cuts[k], cuts[k + 1] - cuts[k]);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
}

/// policy_of(first, count) is the policy for a piece.
template <class To, class From, class Policy>
void check(const std::vector<From>& in, const Policy& policy_of) {
  std::vector<To> whole(elements);
  nf::convert(in, whole, policy_of(0, elements));
  const std::vector<nf::Isa> isas = available_isas();
  std::mt19937 random(2);
  Mismatches bad;
  for (int round = 0; round < 20; ++round) {
    const std::vector<std::size_t> cuts = random_cuts(random);
    std::vector<To> pieces(elements);
    convert_in_pieces(cuts, [&](std::size_t k, std::size_t first, std::size_t count) {
      // half of the rounds on the active instruction set, half on all of them in turns
      const nf::Isa isa = round % 2 == 0 ? nf::active_isa() : isas[k % isas.size()];
      nf::convert(isa, std::span(in).subspan(first, count), std::span(pieces).subspan(first, count),
                  policy_of(first, count));
    });
    for (std::size_t i = 0; i < elements; ++i) {
      bad.expect_equal([] { return "pieces to " + name_of<To>(); }, i, bits_of(whole[i]),
                       bits_of(pieces[i]));
    }
  }
  CHECK(bad.report() == "");
}

/// A keyed policy whose index advances with the elements.
template <int N>
auto keyed(std::uint64_t offset) {
  return [offset](std::size_t first, std::size_t) {
    return nf::Stochastic<N>{.seed = 11, .stream = 13, .offset = offset + first};
  };
}

}  // namespace

TEST_CASE("pieces: to nearest, the cuts do not matter", "[isa]") {
  const auto nearest = [](std::size_t, std::size_t) { return nf::nearest_even; };
  const std::vector<float> in = inputs();
  check<nf::float8_e4m3fn>(in, nearest);
  check<nf::bfloat16>(in, nearest);
  std::vector<nf::float8_e5m2> codes(elements);
  nf::convert(in, codes);
  check<float>(codes, nearest);
  check<nf::float16>(codes, nearest);
}

TEST_CASE("pieces: keyed random bits follow the index, across its end at 2^64 too", "[isa]") {
  const std::vector<float> in = inputs();
  for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{5}, std::uint64_t{1} << 35,
                                     ~std::uint64_t{0} - elements / 2, ~std::uint64_t{0} - 2}) {
    check<nf::float8_e4m3fn>(in, keyed<16>(offset));
    check<nf::bfloat16>(in, keyed<24>(offset));
  }
}

TEST_CASE("pieces: an index past 2^64 goes on from 0", "[isa]") {
  const std::vector<float> in = inputs();
  const auto check_wrap = [&]<int N>(const nf::Stochastic<N>& at_end) {
    constexpr std::size_t before = 1003;  // no multiple of a block
    std::vector<nf::bfloat16> out(elements), rest(elements - before);
    nf::Stochastic<N> rounding = at_end;
    rounding.offset = std::uint64_t{0} - before;
    nf::convert(in, out, rounding);
    rounding.offset = 0;
    nf::convert(std::span(in).subspan(before), rest, rounding);
    Mismatches bad;
    for (std::size_t i = before; i < elements; ++i) {
      bad.expect_equal([] { return std::string("after the wrap"); }, i, bits_of(rest[i - before]),
                       bits_of(out[i]));
    }
    CHECK(bad.report() == "");
  };
  check_wrap(nf::Stochastic<16>{.seed = 3});
  check_wrap(nf::Stochastic<24>{.seed = 3});
}

TEST_CASE("pieces: explicit random bits go with their elements", "[isa]") {
  std::mt19937 random(3);
  std::vector<std::uint32_t> words(elements);
  for (std::uint32_t& word : words) word = static_cast<std::uint32_t>(random());
  const auto explicit_words = [&](std::size_t first, std::size_t count) {
    return nf::StochasticC<8>{std::span(words).subspan(first, count)};
  };
  check<nf::float8_e4m3fn>(inputs(), explicit_words);
  check<nf::float16>(inputs(), explicit_words);
}

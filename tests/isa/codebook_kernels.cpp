// SPDX-License-Identifier: MIT
// The kernels of code-books on arrays of every short length, against the scalar search and the
// value of each code: what is written is right, and nothing outside is touched. Guard pages on both
// sides catch every access outside.
#include <cstring>

#include "support/catch.hpp"
#include "support/codebooks.hpp"
#include "support/guarded_pages.hpp"

using namespace test;

namespace {

constexpr std::size_t longest =
    4 * 64 + 67;  // four steps of the widest vectors and a part of a fifth
const nf::Isa isa = nf::active_isa();

/// The place of an array of some bytes: just before the page at the end, or just after the one at
/// the beginning.
unsigned char* place(GuardedPages& pages, std::size_t bytes, bool at_end) {
  return at_end ? pages.end() - bytes : pages.begin();
}

float tabulated_reciprocal(float absmax) { return static_cast<float>(1.0 / double{absmax}); }

/// The code by the definition, of the quotient in float or of the exact one.
unsigned expected_code(const nf::detail::codebook_tables& book, float x, float absmax,
                       bool in_float) {
  std::size_t k = 0;
  const float q = std::clamp(x * tabulated_reciprocal(absmax), -1.0f, 1.0f);
  while (k + 1 < book.distinct) {
    const double rest = double{x} - book.high[k] * absmax, bound = book.low[k] * absmax;
    if (!(in_float ? q > book.rounded[k] : rest > bound)) break;
    ++k;
  }
  return book.code[k];
}

}  // namespace

TEST_CASE("codes of every short length, in blocks of any", "[isa][codebook]") {
  GuardedPages values(4 * longest), codes(longest);
  Mismatches bad;
  std::uint32_t state = 9;
  for (const NamedBook& named : every_book()) {
    const auto& book = named.book.tables();
    for (const std::size_t block : {1u, 16u, 32u, 37u, 64u, 128u, 256u, 1000u}) {
      std::vector<float> all, absmax;
      while (all.size() < longest) {
        absmax.push_back(absmax.size() == 1
                             ? 0x1.8p-130f
                             : std::ldexp(1.7f, static_cast<int>(absmax.size() % 40)));
        const auto more = block_for(named.book, block, absmax.back(), state);
        all.insert(all.end(), more.begin(), more.end());
      }
      for (const bool in_float : {false, true}) {
        if (in_float && absmax.size() > 1) absmax[1] = std::max(absmax[1], 1e-38f);
        std::vector<unsigned> wanted;
        for (std::size_t i = 0; i < longest; ++i)
          wanted.push_back(expected_code(book, all[i], absmax[i / block], in_float));
        for (std::size_t n = 0; n <= longest; n += n < 140 || block == 64 ? 1 : 29) {
          const bool at_end = n % 2 == 0;
          unsigned char* const in = place(values, 4 * n, at_end);
          unsigned char* const out = place(codes, n, !at_end);
          std::memset(codes.begin(), 0xa5, static_cast<std::size_t>(codes.end() - codes.begin()));
          std::memcpy(in, all.data(), 4 * n);
          nf::detail::encode_codebook_kernels[isa](in, out, n, book, absmax.data(), block,
                                                   in_float);
          const auto where = [&] {
            return named.name + (in_float ? " in float" : "") + " n " + std::to_string(n) +
                   " block " + std::to_string(block);
          };
          for (std::size_t i = 0; i < n; ++i)
            bad.expect_equal(where, word_of(all[i]), wanted[i], out[i]);
          bad.expect_equal(where, n, 0xa5, at_end ? out[n] : out[-1]);
        }
      }
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("numbers of every short length, in blocks of any", "[isa][codebook]") {
  GuardedPages codes(longest), numbers(4 * longest + 64);
  Mismatches bad;
  std::uint32_t state = 7;
  for (const NamedBook& named : {every_book()[0], every_book()[12], every_book()[14]}) {
    const auto& book = named.book.tables();
    const auto kernel = nf::detail::decode_codebook_kernel_of(isa, book.size);
    std::vector<unsigned char> all;
    for (std::size_t i = 0; i < longest; ++i)
      all.push_back(static_cast<unsigned char>((next_random(state) >> 9) % book.size));
    for (const std::size_t block : {1u, 7u, 64u, 65u, 100u, 256u, 1000u}) {
      std::vector<float> absmax;
      for (std::size_t b = 0; b <= longest / block + 1; ++b)
        absmax.push_back(b % 5 == 4   ? 0x1.23p-130f
                         : b % 5 == 2 ? -0.0f
                                      : std::ldexp(1.3f, static_cast<int>(b % 60)));
      for (const bool stream : {false, true}) {
        for (std::size_t n = 0; n <= longest; n += n < 140 ? 1 : 13) {
          const bool at_end = n % 2 == 0;
          const std::size_t before = n * 5 % block;
          unsigned char* const in = place(codes, n, at_end);
          unsigned char* const out = place(numbers, 4 * n, !at_end);
          std::memset(numbers.begin(), 0xa5,
                      static_cast<std::size_t>(numbers.end() - numbers.begin()));
          if (n != 0) std::memcpy(in, all.data(), n);
          kernel(in, out, n, book, absmax.data(), block, before, stream);
          const auto where = [&] {
            return named.name + " n " + std::to_string(n) + " block " + std::to_string(block);
          };
          for (std::size_t i = 0; i < n; ++i) {
            float got = 0;
            std::memcpy(&got, out + 4 * i, 4);
            const float wanted = book.value[all[i]] * absmax[(before + i) / block];
            bad.expect_equal(where, i, word_of(wanted), word_of(got));
          }
          bad.expect_equal(where, n, 0xa5, at_end ? out[4 * n] : out[-1]);
        }
      }
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("nibbles of every short length, in both orders", "[isa][codebook]") {
  GuardedPages packed(longest), codes(longest);
  Mismatches bad;
  std::uint32_t state = 3;
  std::vector<unsigned char> all(longest);
  for (auto& byte : all) byte = static_cast<unsigned char>(next_random(state) >> 11);
  for (std::size_t n = 0; n <= longest; ++n) {
    for (const bool high_first : {false, true}) {
      const std::size_t bytes = (n + 1) / 2;
      unsigned char* const in = place(packed, bytes, n % 3 != 0);
      unsigned char* const out = place(codes, 2 * bytes, n % 2 != 0);
      if (n != 0) std::memcpy(in, all.data(), bytes);
      nf::detail::unpack_nibbles(
          in, n, high_first ? nf::NibbleOrder::high_first : nf::NibbleOrder::low_first, out);
      const auto where = [&] { return std::to_string(n); };
      for (std::size_t i = 0; i < n; ++i) {
        const bool high = (i % 2 == 0) == high_first;
        bad.expect_equal(where, i, high ? all[i / 2] >> 4 : all[i / 2] & 15, out[i]);
      }
    }
  }
  CHECK(bad.report() == "");
}

// SPDX-License-Identifier: MIT
// The codes that are found without a search, near every midpoint of code-books that allow it and of
// those that do not, against an oracle in numbers of 113 bits that knows nothing of the library;
// and every length, block and alignment.
#include <cstring>

#include "support/catch.hpp"
#include "support/codebooks.hpp"
#include "support/guarded_pages.hpp"

using namespace test;
using nf::CodebookTensor;
using nf::detail::nibble_use;

namespace {

#if defined(__x86_64__)
__extension__ typedef __float128 quad;
#else
using quad = long double;
#endif

const nf::Isa isa = nf::active_isa();
constexpr auto no_sign = nf::Signedness::is_unsigned;

/// The distinct values of a book in ascending order, and the code of each.
struct Sorted {
  std::vector<float> value;
  std::vector<unsigned> code;

  explicit Sorted(const nf::Codebook& book) {
    std::vector<unsigned> order;
    for (unsigned c = 0; c < book.size(); ++c) order.push_back(c);
    const auto at = [&](unsigned c) { return book.values()[c] + 0.0f; };
    std::stable_sort(order.begin(), order.end(),
                     [&](unsigned a, unsigned b) { return at(a) < at(b); });
    for (const unsigned c : order) {
      if (!value.empty() && value.back() == at(c)) continue;
      value.push_back(at(c));
      code.push_back(c);
    }
  }
  quad middle(std::size_t k, float absmax) const {
    return (quad(value[k]) + quad(value[k + 1])) / 2 * quad(absmax);  // exact
  }
  /// The code of x / absmax; `near` is a place to begin from.
  unsigned find(float x, float absmax, std::size_t near) const {
    std::size_t k = near;
    while (k > 0 && !(quad(x) > middle(k - 1, absmax))) --k;
    while (k + 1 < value.size() && quad(x) > middle(k, absmax)) ++k;
    return code[k];
  }
};

struct Number {
  float x;
  unsigned code;
};

/// All floats within 3 units of midpoint * absmax that are no larger than absmax.
std::vector<Number> near_midpoints(const Sorted& book, float absmax) {
  std::vector<Number> all;
  for (std::size_t k = 0; k + 1 < book.value.size(); ++k) {
    const std::uint32_t middle = word_of(static_cast<float>(book.middle(k, absmax)));
    for (std::uint32_t bits = middle - 3; bits != middle + 4; ++bits) {
      const float x = std::bit_cast<float>(middle == 0 && bits > 3 ? 0x80000000u - bits : bits);
      if (x >= -absmax && x <= absmax) all.push_back({x, book.find(x, absmax, k)});
    }
  }
  return all;
}

/// Beside the ends of what the kernels take themselves, and in each octave.
std::vector<float> many_absmax(int count) {
  std::vector<float> all;
  for (const int exponent : {-149, -130, -126, -101, -100, -99, 0, 99, 100, 127}) {
    for (const float x : {1.0f, 0x1.000002p0f, 0x1.8d3f2p0f, 0x1.fffffep0f})
      all.push_back(std::ldexp(x, exponent));
  }
  std::uint32_t state = 77;
  for (int i = 0; i < count; ++i) {
    const std::uint32_t word = next_random(state), field = i % 2 == 0 ? 127u : 60 + word % 128;
    all.push_back(std::bit_cast<float>((word & 0x7fffffu) | field << 23));
  }
  return all;
}

/// 16 random values, apart from each other if they are `spread`.
nf::Codebook random_book(bool spread, std::uint32_t& state) {
  std::vector<float> values;
  for (int i = 0; i < 16; ++i) {
    const float x = static_cast<float>(next_random(state) >> 8) * 0x1p-24f;
    values.push_back((spread ? static_cast<float>(i) + x / 2 : 16 * x) / 8 - 1);
  }
  return nf::Codebook(values, nf::CodeOrder::any);
}
/// Values some units beside those of a book.
nf::Codebook moved(const nf::Codebook& book, std::uint32_t units, std::uint32_t& state) {
  std::vector<float> values;
  for (const float x : book.values()) {
    const bool is_end = x == 0 || x == 1;
    values.push_back(is_end ? x : std::bit_cast<float>(word_of(x) + next_random(state) % units));
  }
  return nf::Codebook(values);
}

std::vector<NamedBook> books() {
  std::uint32_t state = 41;
  std::vector<NamedBook> all = every_book();
  for (const std::size_t i : {1u, 0u, 6u, 12u})
    all.push_back({all[i].name + " without 0", all[i].book.without_zero()});
  all.push_back({"linear 4", nf::linear_codebook(nf::Signedness::is_signed, 4)});
  all.push_back({"linear unsigned 4", nf::linear_codebook(no_sign, 4)});
  for (int i = 0; i < 20; ++i) all.push_back({"random", random_book(i % 2 == 0, state)});
  all.push_back({"moved", moved(nf::dynamic_codebook(), 3, state)});
  all.push_back({"moved unsigned", moved(nf::dynamic_codebook(no_sign), 5, state)});
  all.push_back({"moved far", moved(nf::dynamic_codebook(no_sign), 2000, state)});
  return all;
}

/// With the widest look-ups and without.
const auto kernels = {nf::detail::quantize_places_kernel_of(isa),
                      nf::detail::quantize_places_kernels[isa]};

}  // namespace

TEST_CASE("near every midpoint codes are those of exact quotients", "[isa][codebook]") {
  Mismatches bad;
  for (const NamedBook& named : books()) {
    const Sorted sorted(named.book);
    if (sorted.value.back() > 1 || sorted.value.front() < -1 || named.name == "subnormal") continue;
    const auto& book = named.book.tables();
    for (const float absmax : many_absmax(book.decades.serves ? 120 : 20)) {
      const auto where = [&] { return named.name + " by " + std::to_string(absmax); };
      // One in a block of 64, at another place each time: a second one in doubt would hide that it
      // is not.
      const std::vector<Number> numbers = near_midpoints(sorted, absmax);
      const std::size_t n = 64 * numbers.size();
      const auto place = [](std::size_t i) { return 64 * i + 1 + i % 63; };
      std::vector<float> x(n, absmax), found(numbers.size()), divisors(numbers.size(), absmax);
      for (std::size_t i = 0; i < numbers.size(); ++i) x[place(i)] = numbers[i].x;
      std::vector<std::uint8_t> codes(n);
      const auto compare = [&] {
        for (std::size_t i = 0; i < numbers.size(); ++i)
          bad.expect_equal(where, word_of(numbers[i].x), numbers[i].code, codes[place(i)]);
      };
      for (const auto kernel : kernels) {
        if (kernel(book, x.data(), n, 64, nibble_use::none, 1.0f, found.data(), codes.data(),
                   true) == 0)
          continue;
        compare();
        CHECK(found == divisors);
      }
      nf::detail::encode_places_kernels[isa](x.data(), codes.data(), n, book, divisors.data(), 64);
      compare();
    }
  }
  CHECK(bad.report() == "");
}

TEST_CASE("which code-books need no search is found out", "[isa][codebook]") {
  for (const NamedBook& named : books()) {
    const auto& book = named.book.tables();
    const auto is_in = [&](std::initializer_list<const char*> names) {
      return std::find(names.begin(), names.end(), named.name) != names.end();
    };
    INFO(named.name);
    CHECK(book.decades.serves ==
          is_in({"dynamic", "dynamic unsigned", "dynamic unsigned without 0", "bitsandbytes",
                 "bitsandbytes unsigned", "bitsandbytes unsigned without 0", "moved",
                 "moved unsigned"}));
    if (is_in({"nf4", "nf4 without 0", "fp4", "af4", "linear 4", "linear unsigned 4", "two"}))
      CHECK(book.cells.serves);
    if (is_in({"linear", "crowd", "far apart", "dynamic 4", "subnormal", "large"}))
      CHECK(!book.cells.serves);
  }
  for (const bool torch_1_13 : {false, true}) {
    const auto values = nf::detail::bitsandbytes_values(nf::detail::here{}, true, torch_1_13);
    CHECK(nf::Codebook(values).tables().decades.serves);
  }
}

TEST_CASE("codes without a search: every length, block and alignment", "[isa][codebook]") {
  constexpr std::size_t longest = 2500;
  GuardedPages in(4 * longest), out(longest);
  Mismatches bad;
  std::uint32_t state = 12;
  for (const NamedBook& named :
       {every_book()[0], books()[every_book().size()], every_book()[12], every_book()[14]}) {
    const auto& book = named.book.tables();
    const bool is_small = book.cells.serves;
    const auto uses = is_small ? std::vector{nibble_use::low_first, nibble_use::high_first}
                               : std::vector{nibble_use::none};
    for (const std::size_t block : {1u, 16u, 37u, 48u, 64u, 100u, 256u, 1000u}) {
      std::vector<float> all, absmax;
      while (all.size() < longest) {
        const int exponent = absmax.size() % 7 == 3 ? -120 : static_cast<int>(absmax.size() % 40);
        absmax.push_back(std::ldexp(1.7f, exponent));
        const auto more = block_for(named.book, block, absmax.back(), state);
        all.insert(all.end(), more.begin(), more.end());
      }
      for (std::size_t i = 2 * block; i < 3 * block; ++i) all[i] = 0;
      absmax[2] = 1;
      std::vector<std::uint8_t> wanted(longest);
      nf::detail::encode_codebook_kernels[isa](all.data(), wanted.data(), longest, book,
                                               absmax.data(), block, false);
      for (std::size_t n = 0; n <= longest; n += n < 4 * 16 + 3 ? 1 : 487) {
        for (const nibble_use use : uses) {
          if (is_small && 1024 / block * block % 2 != 0) continue;
          const bool at_end = n % 3 != 0;
          const std::size_t bytes = is_small ? (n + 1) / 2 : n;
          unsigned char* const from = at_end ? in.end() - 4 * n : in.begin();
          unsigned char* const to = n % 2 == 0 ? out.end() - bytes : out.begin();
          if (n != 0) std::memcpy(from, all.data(), 4 * n);
          for (const auto kernel : kernels) {
            std::memset(out.begin(), 0xa5, static_cast<std::size_t>(out.end() - out.begin()));
            std::vector<float> found(n / block + 1);
            const auto* x = reinterpret_cast<const float*>(from);
            const std::size_t done =
                kernel(book, x, n, block, use, 1.0f, found.data(), to, n % 2 == 0);
            const auto where = [&] {
              return named.name + " n " + std::to_string(n) + " block " + std::to_string(block);
            };
            if (done == 0) break;  // the search
            bad.expect_equal(where, n, n, done);
            for (std::size_t i = 0; i < n; ++i) {
              const bool high = (i % 2 == 0) == (use == nibble_use::high_first);
              const unsigned got = !is_small ? to[i] : high ? to[i / 2] >> 4 : to[i / 2] & 15;
              bad.expect_equal(where, word_of(all[i]), wanted[i], got);
            }
            bad.expect_equal(where, n, 0xa5, n % 2 == 0 ? to[-1] : to[bytes]);
          }
        }
      }
    }
  }
  if (isa == nf::Isa::avx2 || isa == nf::Isa::avx512) CHECK(bad.report() == "");
}

TEST_CASE("a block with NaN changes no other block's codes", "[isa][codebook]") {
  std::uint32_t state = 3;
  for (const auto& book : {nf::dynamic_codebook(), nf::nf4_codebook()}) {
    auto values = block_for(book, 6000, 1.3f, state);
    const auto clean = CodebookTensor::quantize(values, book, {.block_size = 64});
    values[3001] = std::bit_cast<float>(0x7fc00000u);
    const auto t = CodebookTensor::quantize(values, book, {.block_size = 64});
    Mismatches bad;
    const auto where = [] { return std::string("beside NaN"); };
    for (std::size_t i = 0; i < values.size(); ++i)
      if (i / 64 != 3001 / 64) bad.expect_equal(where, i, clean.codes()[i], t.codes()[i]);
    CHECK(bad.report() == "");
  }
}

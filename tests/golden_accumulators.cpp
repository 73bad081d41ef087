// SPDX-License-Identifier: MIT
// Sums in chunks, fused or rounded twice a step, and stochastic multiply-add steps agree with every
// golden row.
#include <narrowfloat/linalg.hpp>

#include "support/catch.hpp"
#include "support/golden_formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

using operand_formats = std::tuple<nf::float8_e4m3fn, nf::float8_e5m2>;
using sum_formats =
    std::tuple<nf::bfloat16, nf::float16, nf::float16_e6m9, nf::float12_e6m5, nf::Float<5, 6>>;

/// f.template operator()<F>() for the format of a list with golden's name.
template <class List, class Function>
void with_format_of(std::string_view name, Function f) {
  const oracle::Format& wanted = golden::format(name);
  bool found = false;
  for_each_format<List>([&]<class F>() {
    constexpr oracle::Format own = oracle_format<F>();
    if (own.exponent_bits != wanted.exponent_bits || own.mantissa_bits != wanted.mantissa_bits ||
        own.special != wanted.special)
      return;
    found = true;
    f.template operator()<F>();
  });
  INFO("no format " << name);
  CHECK(found);
}

/// The numbers of a list of codes glued together.
std::vector<std::uint32_t> split(std::string_view list, std::size_t digits) {
  std::vector<std::uint32_t> all;
  for (; !list.empty(); list.remove_prefix(digits))
    all.push_back(static_cast<std::uint32_t>(golden::hex(list.substr(0, digits))));
  return all;
}

template <class F>
std::vector<F> numbers(std::string_view list) {
  std::vector<F> all;
  for (const std::uint32_t code : split(list, (F::width + 3) / 4))
    all.push_back(from_code<F>(code));
  return all;
}

template <class F, class A>
void check_chunked(Mismatches& bad, std::size_t n, std::size_t chunk, std::string_view a_list,
                   std::string_view b_list, std::uint64_t fused, std::uint64_t twostep) {
  const auto a = numbers<F>(a_list), b = numbers<F>(b_list);
  using Fused = nf::FusedAccumulator<A>;
  using Separate = nf::SeparateAccumulator<A>;
  const auto check = [&](const char* what, std::uint64_t expected, A got) {
    bad.expect(
        agrees(oracle_format<A>(), expected, got.bits()),
        [&] { return what + (" " + name_of<A>()); }, n, expected, got.bits());
  };
  check("fused", fused, nf::dot(a, b, nf::ChunkedAccumulator<Fused, Fused>{.chunk = chunk}));
  check("two steps", twostep,
        nf::dot(a, b, nf::ChunkedAccumulator<Separate, Separate>{.chunk = chunk}));
  if constexpr (std::is_same_v<A, nf::float12_e6m5> || std::is_same_v<A, nf::float16_e6m9>) {
    for (const nf::Isa isa : nf::all_isas) {
      if (!nf::isa_available(isa)) continue;
      const nf::ScopedIsa scope(isa);
      std::vector<A> c(1);
      nf::matmul(a, b, c, 1, 1, n, nf::ChunkedAccumulator<Fused, Fused>{.chunk = chunk});
      check("product", fused, c[0]);
    }
  }
  if (chunk < n) return;
  check("fused", fused, nf::dot(a, b, Fused{}));
  check("two steps", twostep, nf::dot(a, b, Separate{}));
}

template <class F, class A, int N>
void check_steps(Mismatches& bad, std::string_view a_list, std::string_view b_list,
                 std::string_view words, std::string_view trace) {
  const auto a = numbers<F>(a_list), b = numbers<F>(b_list);
  const auto expected = split(trace, (A::width + 3) / 4);
  const std::vector<std::uint32_t> r = split(words, (N + 3) / 4);
  REQUIRE(expected.size() == a.size());
  A sum = from_code<A>(0);
  for (std::size_t l = 0; l < a.size(); ++l) {
    sum = nf::FusedAccumulator<A, nf::StochasticA<N>>{.rounding = nf::StochasticA<N>{r[l]}}.step(
        sum, a[l], b[l]);
    bad.expect_equal([] { return name_of<A>(); }, l, expected[l], sum.bits());
  }
  const nf::FusedAccumulator<A, nf::StochasticA<N>> all{.rounding = nf::StochasticA<N>{r}};
  bad.expect_equal([] { return "all of " + name_of<A>(); }, a.size(), expected.back(),
                   nf::dot(a, b, all).bits());
}

}  // namespace

TEST_CASE("golden: sums of products in chunks", "[golden]") {
  const golden::Table table("chunked_dot.csv");
  REQUIRE(table.rows().size() == 70);
  Mismatches bad;
  for (const auto& row : table.rows()) {
    const auto n = static_cast<std::size_t>(golden::decimal(row[2]));
    const auto chunk = static_cast<std::size_t>(golden::decimal(row[3]));
    with_format_of<operand_formats>(row[0], [&]<class F>() {
      with_format_of<sum_formats>(row[1], [&]<class A>() {
        check_chunked<F, A>(bad, n, chunk, row[4], row[5], golden::hex(row[6]),
                            golden::hex(row[7]));
      });
    });
  }
  CHECK(bad.report() == "");
}

TEST_CASE("golden: multiply-add steps with stochastic rounding", "[golden]") {
  const golden::Table table("sr_mac.csv");
  REQUIRE(table.rows().size() == 18);
  Mismatches bad;
  for (const auto& row : table.rows()) {
    with_format_of<operand_formats>(row[0], [&]<class F>() {
      with_format_of<sum_formats>(row[1], [&]<class A>() {
        const auto steps = [&]<int N>() {
          if (golden::decimal(row[2]) == N)
            check_steps<F, A, N>(bad, row[4], row[5], row[6], row[7]);
        };
        steps.template operator()<4>();
        steps.template operator()<8>();
        steps.template operator()<13>();
      });
    });
  }
  CHECK(bad.report() == "");
}

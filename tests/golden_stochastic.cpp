// SPDX-License-Identifier: MIT
// The library agrees with every golden row of stochastic rounding on explicit bits.
#include <narrowfloat/convert.hpp>

#include <array>

#include "support/catch.hpp"
#include "support/golden_formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

using drawn_formats =
    std::tuple<nf::float8_e4m3fn, nf::float8_e5m2, nf::float8_e4m3, nf::float8_e3m4,
               nf::float8_e4m3fnuz, nf::float8_e5m2fnuz, nf::float6_e2m3fn, nf::float6_e3m2fn,
               nf::float4_e2m1fn, nf::float16, nf::bfloat16>;

/// f.template operator()<N>() for the run-time number of random bits n, one that golden has.
template <class Function>
void with_bits(int n, Function f) {
  bool found = false;
  [&]<int... N>(std::integer_sequence<int, N...>) {
    ((n == N ? (found = true, f.template operator()<N>()) : void()), ...);
  }
  (std::integer_sequence<int, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 20, 24, 32>{});
  INFO("no instance for " << n << " random bits");
  CHECK(found);
}

/// The codes of the golden columns trunc_s, trunc_n, half_s and srne_s.
template <class F, int N>
[[gnu::noinline]] std::array<std::uint32_t, 4> codes_of(float x, std::uint32_t r) {
  constexpr nf::Saturation finite = nf::Saturation::finite;
  return {nf::convert<F>(x, nf::StochasticA<N>{r}, finite).bits(),
          nf::convert<F>(x, nf::StochasticA<N>{r}, nf::Saturation::none).bits(),
          nf::convert<F>(x, nf::StochasticB<N>{r}, finite).bits(),
          nf::convert<F>(x, nf::StochasticC<N>{r}, finite).bits()};
}

template <class F>
void check_stochastic_file(const std::string& file) {
  const golden::Table table("sr_f32/" + file);
  REQUIRE(table.rows().size() == 715);
  const std::size_t columns[] = {table.column("trunc_s"), table.column("trunc_n"),
                                 table.column("half_s"), table.column("srne_s")};
  Mismatches bad;
  for (const auto& row : table.rows()) {
    const float x = std::bit_cast<float>(static_cast<std::uint32_t>(golden::hex(row[0])));
    const auto r = static_cast<std::uint32_t>(golden::hex(row[2]));
    std::array<std::uint32_t, 4> got{};
    with_bits(golden::decimal(row[1]), [&]<int N>() { got = codes_of<F, N>(x, r); });
    for (std::size_t k = 0; k < got.size(); ++k) {
      if (golden::is_blank(row[columns[k]])) continue;
      const std::uint64_t expected = golden::hex(row[columns[k]]);
      bad.expect(
          agrees(oracle_format<F>(), expected, got[k]),
          [&] { return name_of<F>() + " " + std::string(table.columns()[columns[k]]); }, bits_of(x),
          expected, got[k]);
    }
  }
  CHECK(bad.report() == "");
}

}  // namespace

TEST_CASE("golden: stochastic rounding on explicit bits", "[golden]") {
  const auto files = golden::files_in("sr_f32");
  REQUIRE(files.size() == 11);
  for (const std::string& file : files) {
    with_format<drawn_formats>(stem(file), [&]<class F>() { check_stochastic_file<F>(file); });
  }
}

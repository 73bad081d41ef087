// SPDX-License-Identifier: MIT
// The library agrees with every golden row of stochastic rounding on explicit bits.
#include <narrowfloat/convert.hpp>

#include "support/catch.hpp"
#include "support/golden_formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

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

template <class F, class R>
[[gnu::noinline]] std::uint32_t code_of(float x, R rounding, nf::Saturation saturation) {
  return nf::convert<F>(x, rounding, saturation).bits();
}

template <class F>
void check_stochastic_file(const std::string& file) {
  const golden::Table table("sr_f32/" + file);
  REQUIRE(table.rows().size() == 715);
  const std::size_t trunc_s = table.column("trunc_s"), trunc_n = table.column("trunc_n"),
                    half_s = table.column("half_s"), srne_s = table.column("srne_s");
  Mismatches bad;
  for (const auto& row : table.rows()) {
    const float x = std::bit_cast<float>(static_cast<std::uint32_t>(golden::hex(row[0])));
    const auto r = static_cast<std::uint32_t>(golden::hex(row[2]));
    with_bits(golden::decimal(row[1]), [&]<int N>() {
      const auto check = [&](std::size_t cell, auto rounding, nf::Saturation saturation) {
        if (golden::is_blank(row[cell])) return;
        const std::uint64_t expected = golden::hex(row[cell]);
        const std::uint64_t got = code_of<F>(x, rounding, saturation);
        bad.expect(
            agrees<F>(expected, got),
            [&] { return name_of<F>() + " " + std::string(table.columns()[cell]); }, bits_of(x),
            expected, got);
      };
      check(trunc_s, nf::StochasticA<N>{r}, nf::Saturation::finite);
      check(trunc_n, nf::StochasticA<N>{r}, nf::Saturation::none);
      check(half_s, nf::StochasticB<N>{r}, nf::Saturation::finite);
      check(srne_s, nf::StochasticC<N>{r}, nf::Saturation::finite);
    });
  }
  CHECK(bad.report() == "");
}

}  // namespace

TEST_CASE("golden: stochastic rounding on explicit bits", "[golden]") {
  const auto files = golden::files_in("sr_f32");
  REQUIRE(files.size() == 11);
  for (const std::string& file : files) {
    with_format(stem(file), [&]<class F>() { check_stochastic_file<F>(file); });
  }
}

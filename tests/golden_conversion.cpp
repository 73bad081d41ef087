// SPDX-License-Identifier: MIT
// The library agrees with every golden row of decode, encode and stochastic rounding; encoding from
// float to nearest also as arrays on every instruction set of this machine.
#include <narrowfloat/convert.hpp>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/golden.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

/// Calls f.template operator()<F>() for the named format whose parameters golden lists under
/// `name`.
template <class Function>
void with_format(const std::string& name, Function f) {
  const oracle::Format& wanted = golden::format(name);
  bool found = false;
  for_each_format<named_formats>([&]<class F>() {
    constexpr oracle::Format own = oracle_format<F>();
    if (found || own.exponent_bits != wanted.exponent_bits ||
        own.mantissa_bits != wanted.mantissa_bits || own.bias != wanted.bias ||
        own.is_signed != wanted.is_signed || own.special != wanted.special) {
      return;
    }
    found = true;
    f.template operator()<F>();
  });
  INFO("no named format has the parameters of " << name);
  CHECK(found);
}

std::string stem(const std::string& file) { return file.substr(0, file.find('.')); }

/// Same code; any two NaNs are one.
template <class F>
bool agrees(std::uint64_t expected, std::uint64_t got) {
  constexpr oracle::Format format = oracle_format<F>();
  return expected == got || (oracle::is_nan(format, expected) && oracle::is_nan(format, got));
}

/// Checks one column.
template <class F, class Source, class R>
void check_column(const golden::Table& table, const std::string& column, R rounding,
                  nf::Saturation saturation, Mismatches& bad) {
  using Bits = std::conditional_t<std::is_same_v<Source, float>, std::uint32_t, std::uint64_t>;
  const std::size_t cell = table.column(column);
  std::vector<Source> in;
  std::vector<std::string_view> expected;
  for (const auto& row : table.rows()) {
    if (golden::is_blank(row[cell])) continue;
    in.push_back(std::bit_cast<Source>(static_cast<Bits>(golden::hex(row[0]))));
    expected.push_back(row[cell]);
  }
  std::vector<F> out(in.size());
  const auto compare = [&](const std::string& how) {
    for (std::size_t i = 0; i < in.size(); ++i) {
      const std::uint64_t code = golden::hex(expected[i]), got = out[i].bits();
      bad.expect(
          agrees<F>(code, got), [&] { return name_of<F>() + " " + column + " " + how; },
          bits_of(in[i]), code, got);
    }
  };
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = nf::convert<F>(in[i], rounding, saturation);
  compare("scalar");
  if constexpr (std::is_same_v<Source, float> && std::is_same_v<R, nf::NearestEven>) {
    for (const nf::Isa isa : nf::all_isas) {
      if (!nf::isa_available(isa)) continue;
      nf::convert(isa, in, out, rounding, saturation);
      compare(std::string(nf::isa_name(isa)));
    }
  }
}

template <class F, class Source>
void check_encode_file(const std::string& folder, const std::string& file) {
  const golden::Table table(folder + "/" + file);
  REQUIRE(table.rows().size() > 100);
  Mismatches bad;
  const std::string nearest = table.has_column("rne_even_s") ? "rne_even" : "rne";
  const auto check = [&](const std::string& name, auto rounding) {
    check_column<F, Source>(table, name + "_s", rounding, nf::Saturation::finite, bad);
    check_column<F, Source>(table, name + "_n", rounding, nf::Saturation::none, bad);
  };
  check(nearest, nf::nearest_even);
  check("rna", nf::nearest_away);
  check("rtz", nf::toward_zero);
  check("rtp", nf::toward_positive);
  check("rtn", nf::toward_negative);
  CHECK(bad.report() == "");
}

}  // namespace

TEST_CASE("golden: every code decodes to its value", "[golden]") {
  const golden::Table table("decode.csv");
  Mismatches bad;
  for (const auto& row : table.rows()) {
    with_format(std::string(row[0]), [&]<class F>() {
      const auto code = static_cast<std::uint32_t>(golden::hex(row[1]));
      const float got = nf::convert<float>(from_code<F>(code));
      bad.expect(
          oracle::same(golden::value(row[2]), exact_of(got)), [] { return name_of<F>(); }, code, 0,
          bits_of(got));
    });
  }
  CHECK(bad.report() == "");
}

TEST_CASE("golden: encoding from float", "[golden]") {
  const auto files = golden::files_in("encode_f32");
  REQUIRE(files.size() == 13);
  for (const std::string& file : files) {
    with_format(stem(file), [&]<class F>() { check_encode_file<F, float>("encode_f32", file); });
  }
}

TEST_CASE("golden: encoding from double rounds once", "[golden]") {
  const auto files = golden::files_in("encode_f64");
  REQUIRE(files.size() == 12);
  for (const std::string& file : files) {
    with_format(stem(file), [&]<class F>() { check_encode_file<F, double>("encode_f64", file); });
  }
}

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
        const std::uint64_t got = nf::convert<F>(x, rounding, saturation).bits();
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

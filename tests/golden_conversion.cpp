// SPDX-License-Identifier: MIT
// The library agrees with every golden row of decode and encode; encoding from
// float to nearest also as arrays on every instruction set of this machine.
#include <narrowfloat/convert.hpp>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/golden_formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

/// Inputs and codes of a column.
struct Column {
  oracle::Format format;
  std::string name;
  std::vector<std::uint64_t> in, expected;

  void compare(const std::vector<std::uint32_t>& got, std::string_view how, Mismatches& bad) const {
    for (std::size_t i = 0; i < in.size(); ++i) {
      bad.expect(
          agrees(format, expected[i], got[i]), [&] { return name + " " + std::string(how); }, in[i],
          expected[i], got[i]);
    }
  }
};

Column column_of(const golden::Table& table, const std::string& name, const oracle::Format& format,
                 const std::string& format_name) {
  Column column{.format = format, .name = format_name + " " + name, .in = {}, .expected = {}};
  const std::size_t cell = table.column(name);
  for (const auto& row : table.rows()) {
    if (golden::is_blank(row[cell])) continue;
    column.in.push_back(golden::hex(row[0]));
    column.expected.push_back(golden::hex(row[cell]));
  }
  return column;
}

template <class F>
std::vector<std::uint32_t> codes_of(const std::vector<F>& numbers) {
  std::vector<std::uint32_t> codes;
  for (const F x : numbers) codes.push_back(x.bits());
  return codes;
}

/// Not inlined: the loop would be made again for each column.
template <class F, class Source, class R>
[[gnu::noinline]] std::vector<F> convert_each(const std::vector<Source>& in, R rounding,
                                              nf::Saturation saturation) {
  std::vector<F> out;
  for (const Source x : in) out.push_back(nf::convert<F>(x, rounding, saturation));
  return out;
}

/// Checks one column.
template <class F, class Source, class R>
void check_column(const golden::Table& table, const std::string& name, R rounding,
                  nf::Saturation saturation, Mismatches& bad) {
  using Bits = std::conditional_t<std::is_same_v<Source, float>, std::uint32_t, std::uint64_t>;
  const Column column = column_of(table, name, oracle_format<F>(), name_of<F>());
  std::vector<Source> in;
  for (const std::uint64_t bits : column.in)
    in.push_back(std::bit_cast<Source>(static_cast<Bits>(bits)));
  column.compare(codes_of(convert_each<F>(in, rounding, saturation)), "scalar", bad);
  if constexpr (std::is_same_v<Source, float> && std::is_same_v<R, nf::NearestEven>) {
    for (const nf::Isa isa : nf::all_isas) {
      if (!nf::isa_available(isa)) continue;
      std::vector<F> out(in.size());
      nf::convert(isa, in, out, rounding, saturation);
      column.compare(codes_of(out), nf::isa_name(isa), bad);
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
    if (stem(file) == "float8_e8m0fnu") {
      check_encode_file<nf::float8_e8m0fnu, float>("encode_f32", file);
    } else {
      with_format<golden_formats>(
          stem(file), [&]<class F>() { check_encode_file<F, float>("encode_f32", file); });
    }
  }
}

TEST_CASE("golden: encoding from double rounds once", "[golden]") {
  const auto files = golden::files_in("encode_f64");
  REQUIRE(files.size() == 12);
  for (const std::string& file : files) {
    with_format<golden_formats>(
        stem(file), [&]<class F>() { check_encode_file<F, double>("encode_f64", file); });
  }
}

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

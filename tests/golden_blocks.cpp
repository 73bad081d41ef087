// SPDX-License-Identifier: MIT
// The block formats agree with every golden block: scale, codes, and the values that they stand
// for.
#include "support/blocks.hpp"
#include "support/catch.hpp"
#include "support/golden.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

std::vector<std::uint32_t> items(std::string_view cell, std::size_t digits) {
  std::vector<std::uint32_t> all;
  for (; !cell.empty(); cell.remove_prefix(digits))
    all.push_back(static_cast<std::uint32_t>(golden::hex(cell.substr(0, digits))));
  return all;
}

std::vector<float> floats(std::string_view cell) {
  std::vector<float> values;
  for (const std::uint32_t bits : items(cell, 8)) values.push_back(std::bit_cast<float>(bits));
  return values;
}

/// The value of a flag `name=value`; empty where it is not there.
std::string_view flag(std::string_view flags, std::string_view name) {
  while (!flags.empty()) {
    const std::string_view one = flags.substr(0, flags.find(';'));
    if (one.starts_with(name) && one.size() > name.size() && one[name.size()] == '=')
      return one.substr(name.size() + 1);
    flags.remove_prefix(std::min(one.size() + 1, flags.size()));
  }
  return {};
}

template <class Format, class R>
void check_block(const std::vector<float>& values, const nf::QuantizeOptions& options, R rounding,
                 std::uint32_t scale, const std::vector<std::uint32_t>& codes,
                 const std::string& name, Mismatches& bad) {
  const std::size_t n = values.size();
  const auto where = [&] { return name + " axis " + std::to_string(options.axis); };
  const bool down = options.axis == 0;
  const auto tensor =
      nf::BlockTensor<Format>::quantize(values, down ? n : 1, down ? 1 : n, options, rounding);
  bad.expect_equal(where, 0, 1, tensor.scales().size());
  bad.expect_equal(where, 0, scale, tensor.scales()[0].bits());
  std::vector<float> back(n);
  tensor.dequantize(back);
  const oracle::Exact factor =
      oracle::product(exact_scale(tensor.scales()[0]), exact_of(tensor.tensor_scale()));
  for (std::size_t i = 0; i < n; ++i) {
    oracle::Exact wanted{.kind = oracle::Exact::Kind::nan};
    if (!codes.empty()) {
      bad.expect_equal(where, bits_of(values[i]), codes[i], tensor.codes()[i].bits());
      const auto element = oracle_element<typename Format::element>();
      wanted = oracle::product(oracle::value(element, codes[i]), factor);
    }
    const std::uint32_t bits =
        oracle::round(oracle::binary32, wanted, {}, oracle::Saturation::none);
    bad.expect(wanted.is_nan() ? exact_of(back[i]).is_nan() : bits == bits_of(back[i]), where, i,
               bits, bits_of(back[i]));
  }
}

template <class Format>
void check_mx_row(const golden::Table& table, const std::vector<std::string_view>& row,
                  Mismatches& bad) {
  const auto cell = [&](const char* name) { return row[table.column(name)]; };
  nf::QuantizeOptions options{.rule = cell("rule") == "floor" ? nf::ScaleRule::floor
                                                              : nf::ScaleRule::rceil};
  const std::vector<float> values = floats(cell("in"));
  const auto scale = static_cast<std::uint32_t>(golden::hex(cell("scale")));
  const std::string name = std::string(cell("fmt")) + " " + std::string(cell("kind"));
  const auto check = [&](std::string_view codes) {
    const auto expected = golden::is_blank(codes) ? std::vector<std::uint32_t>{} : items(codes, 2);
    const auto run = [&](auto rounding) {
      check_block<Format>(values, options, rounding, scale, expected, name, bad);
    };
    for (const int axis : {1, 0}) {
      options.axis = axis;
      if (cell("round") == "rne") run(nf::nearest_even);
      if (cell("round") == "rna") run(nf::nearest_away);
      if (cell("round") == "rtz") run(nf::toward_zero);
    }
  };
  check(cell("codes"));
  if (const std::string_view full = flag(cell("flags"), "asym"); !full.empty()) {
    options.full_range = true;
    check(full);
  }
}

}  // namespace

TEST_CASE("golden: MX blocks", "[golden][block]") {
  const golden::Table table("mx_blocks.csv");
  REQUIRE(table.rows().size() == 732);
  Mismatches bad;
  std::size_t rows = 0;
  const auto check = [&]<class Format>(std::string_view name) {
    for (const auto& row : table.rows()) {
      if (row[table.column("fmt")] != name) continue;
      ++rows;
      check_mx_row<Format>(table, row, bad);
    }
  };
  check.operator()<nf::mxfp8_e4m3>("mxfp8_e4m3");
  check.operator()<nf::mxfp8_e5m2>("mxfp8_e5m2");
  check.operator()<nf::mxfp6_e2m3>("mxfp6_e2m3");
  check.operator()<nf::mxfp6_e3m2>("mxfp6_e3m2");
  check.operator()<nf::mxfp4_e2m1>("mxfp4_e2m1");
  check.operator()<nf::mxint8>("mxint8");
  CHECK(rows == table.rows().size());
  CHECK(bad.report() == "");
}

TEST_CASE("golden: the scales of rceil in float", "[golden][block]") {
  const golden::Table table("mx_blocks.csv");
  Mismatches bad;
  std::size_t rows = 0, others = 0;
  const auto check = [&]<class Format>(std::string_view name) {
    for (const auto& row : table.rows()) {
      const auto cell = [&](const char* column) { return row[table.column(column)]; };
      if (cell("fmt") != name || cell("rule") != "rceil") continue;
      ++rows;
      const std::string_view in_float = flag(cell("flags"), "f32rcp_scale");
      if (!in_float.empty()) ++others;
      const std::vector<float> values = floats(cell("in"));
      const auto tensor = nf::BlockTensor<Format>::quantize(
          values, 1, values.size(),
          {.rule = nf::ScaleRule::rceil, .pipeline = nf::ScalePipeline::transformer_engine});
      bad.expect_equal([&] { return std::string(cell("fmt")) + " " + std::string(cell("kind")); },
                       0, golden::hex(in_float.empty() ? cell("scale") : in_float),
                       tensor.scales()[0].bits());
    }
  };
  check.operator()<nf::mxfp8_e4m3>("mxfp8_e4m3");
  check.operator()<nf::mxfp8_e5m2>("mxfp8_e5m2");
  check.operator()<nf::mxfp6_e2m3>("mxfp6_e2m3");
  check.operator()<nf::mxfp6_e3m2>("mxfp6_e3m2");
  check.operator()<nf::mxfp4_e2m1>("mxfp4_e2m1");
  check.operator()<nf::mxint8>("mxint8");
  CHECK(rows > 200);
  CHECK(others == 4);
  CHECK(bad.report() == "");
}

TEST_CASE("golden: NVFP4 blocks", "[golden][block]") {
  const golden::Table table("nvfp4_blocks.csv");
  REQUIRE(table.rows().size() == 140);
  Mismatches bad;
  for (const auto& row : table.rows()) {
    const auto cell = [&](const char* name) { return row[table.column(name)]; };
    nf::QuantizeOptions options{.tensor_scale = floats(cell("tensor_scale"))[0]};
    for (const int axis : {1, 0}) {
      options.axis = axis;
      check_block<nf::nvfp4>(floats(cell("in")), options, nf::nearest_even,
                             static_cast<std::uint32_t>(golden::hex(cell("scale"))),
                             items(cell("codes"), 1), std::string(cell("kind")), bad);
    }
  }
  CHECK(bad.report() == "");
}

// SPDX-License-Identifier: MIT
// The code-books have the golden values bit by bit, and quantizing gives every golden absmax and
// code.
#include <narrowfloat/quantize/codebook_tensor.hpp>

#include "support/catch.hpp"
#include "support/codebook_oracle.hpp"
#include "support/formats.hpp"
#include "support/golden.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

struct NamedBook {
  std::string_view name;
  nf::Codebook exact, bitsandbytes;
};

std::vector<NamedBook> books() {
  constexpr auto no_sign = nf::Signedness::is_unsigned;
  constexpr auto torch_1_13 = nf::BitsandbytesTable::torch_1_13;
  return {{"dynamic_signed8", nf::dynamic_codebook(),
           nf::bitsandbytes_dynamic_codebook(nf::Signedness::is_signed, torch_1_13)},
          {"dynamic_unsigned8", nf::dynamic_codebook(no_sign),
           nf::bitsandbytes_dynamic_codebook(no_sign, torch_1_13)},
          {"nf4", nf::nf4_codebook(), nf::nf4_codebook()},
          {"fp4_bnb", nf::fp4_bitsandbytes_codebook(), nf::fp4_bitsandbytes_codebook()}};
}

std::vector<std::uint32_t> items(std::string_view cell, std::size_t digits) {
  std::vector<std::uint32_t> all;
  for (; !cell.empty(); cell.remove_prefix(digits))
    all.push_back(static_cast<std::uint32_t>(golden::hex(cell.substr(0, digits))));
  return all;
}

/// The other codes of each element: `index:code[/code]` in a list.
std::vector<std::vector<std::uint32_t>> alternatives(std::string_view cell, std::size_t n) {
  std::vector<std::vector<std::uint32_t>> all(n);
  while (!cell.empty()) {
    std::string_view one = cell.substr(0, cell.find(';'));
    cell.remove_prefix(std::min(one.size() + 1, cell.size()));
    const auto index = static_cast<std::size_t>(golden::decimal(one.substr(0, one.find(':'))));
    one.remove_prefix(one.find(':') + 1);
    while (!one.empty()) {
      const std::string_view code = one.substr(0, one.find('/'));
      all[index].push_back(static_cast<std::uint32_t>(golden::hex(code)));
      one.remove_prefix(std::min(code.size() + 1, one.size()));
    }
  }
  return all;
}

}  // namespace

TEST_CASE("golden: the values of the code-books", "[golden][codebook]") {
  const golden::Table table("codebooks.csv");
  Mismatches bad;
  for (const NamedBook& book : books()) {
    std::size_t found = 0;
    for (const auto& row : table.rows()) {
      if (row[table.column("codebook")] != book.name) continue;
      const auto code = static_cast<std::size_t>(golden::decimal(row[table.column("index")]));
      const auto where = [&] { return std::string(book.name); };
      REQUIRE(code < book.exact.size());
      bad.expect_equal(where, code, golden::hex(row[table.column("exact_f32")]),
                       bits_of(book.exact.value(code)));
      bad.expect_equal(where, code, golden::hex(row[table.column("bnb_f32")]),
                       bits_of(book.bitsandbytes.value(code)));
      ++found;
    }
    CHECK(found == book.exact.size());
    CHECK(found == book.bitsandbytes.size());
  }
  CHECK(bad.report() == "");
}

TEST_CASE("golden: blocks by the code-books of bitsandbytes", "[golden][codebook]") {
  const golden::Table table("blockwise.csv");
  REQUIRE(table.rows().size() == 40);
  Mismatches exact, listed;
  std::size_t alternatives_taken = 0, alternatives_listed = 0;
  for (const NamedBook& book : books()) {
    for (const auto& row : table.rows()) {
      if (row[table.column("codebook")] != book.name) continue;
      std::vector<float> values;
      for (const std::uint32_t bits : items(row[table.column("in")], 8))
        values.push_back(std::bit_cast<float>(bits));
      const bool is_fp4 = book.name == "fp4_bnb";
      const std::size_t digits = row[table.column("codes")].size() / values.size();
      const auto codes = items(row[table.column("codes")], digits);
      const auto others = alternatives(row[table.column("alts")], values.size());
      const auto block = static_cast<std::size_t>(golden::decimal(row[table.column("blocksize")]));
      const auto where = [&] {
        return std::string(book.name) + " " + std::string(row[table.column("kind")]);
      };
      const auto canonical = [&](std::uint32_t code) { return is_fp4 && code == 8 ? 0 : code; };
      const auto t = nf::CodebookTensor::quantize(values, book.bitsandbytes, {.block_size = block});
      const auto compatible = nf::CodebookTensor::quantize(
          values, book.bitsandbytes,
          {.block_size = block, .pipeline = nf::CodebookPipeline::bitsandbytes});
      const auto absmax = items(row[table.column("absmax")], 8);
      REQUIRE(t.blocks() == absmax.size());
      for (std::size_t b = 0; b < absmax.size(); ++b) {
        exact.expect_equal(where, b, absmax[b], bits_of(t.scales()[b]));
        exact.expect_equal(where, b, absmax[b], bits_of(compatible.scales()[b]));
      }
      for (std::size_t i = 0; i < values.size(); ++i) {
        exact.expect_equal(where, bits_of(values[i]), canonical(codes[i]), t.codes()[i]);
        const std::uint32_t got = compatible.codes()[i];
        bool is_listed = got == canonical(codes[i]);
        for (const std::uint32_t code : others[i]) {
          ++alternatives_listed;
          if (got != canonical(codes[i]) && got == canonical(code)) ++alternatives_taken;
          is_listed = is_listed || got == canonical(code);
        }
        listed.expect(is_listed, where, bits_of(values[i]), codes[i], got);
      }
    }
  }
  CHECK(exact.report() == "");
  CHECK(listed.report() == "");
  CHECK(alternatives_listed > 0);
  CHECK(alternatives_taken > 0);  // else the two pipelines would be one
}

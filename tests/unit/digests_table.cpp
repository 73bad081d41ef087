// SPDX-License-Identifier: MIT
// docs/digests.csv has a row for every format of its rule, and its digests are the oracle's: of all
// named formats and of some of every kind.
#include <fstream>

#include "support/catch.hpp"
#include "support/code_runs.hpp"
#include "support/every_format.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

constexpr const char table[] = NARROWFLOAT_GOLDEN_DIR "/../../docs/digests.csv";

/// The table's lines behind its header.
std::vector<std::string> rows() {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);
  CHECK(line == table_header);
  std::vector<std::string> lines;
  while (std::getline(file, line)) lines.push_back(line);
  return lines;
}

/// Whether a row has the digest of nearest even.
bool has_digest(const oracle::Format& format, const std::string& row) {
  const std::size_t place = row_of(format).size() + 1;
  return row.size() > place && row[place] != ',';
}

/// A row with the digests that the oracle gives, where `row` has any.
std::string expected_row(const oracle::Format& format, const std::string& row) {
  std::string expected = row_of(format);
  for (std::size_t i = 0, column = row.find(',', expected.size()); i < table_modes.size(); ++i) {
    const std::size_t next = row.find(',', column + 1);
    const bool is_empty = column == std::string::npos || column + 1 == std::min(next, row.size());
    expected += ",";
    if (!is_empty)
      expected +=
          oracle::digest(oracle::runs_of_codes(format, {table_modes[i]}, usual_saturation(format)));
    column = next;
  }
  return expected;
}

}  // namespace

TEST_CASE("the table of digests has a row for every format") {
  const auto formats = every_format();
  const auto lines = rows();
  REQUIRE(lines.size() == formats.size());
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < formats.size(); ++i) {
    if (lines[i].rfind(row_of(formats[i]) + ",", 0) == 0) continue;
    if (++wrong == 1) CHECK(lines[i] == row_of(formats[i]) + ",...");
  }
  CHECK(wrong == 0);
  std::size_t swept = 0;
  for (std::size_t i = 0; i < formats.size(); ++i) swept += has_digest(formats[i], lines[i]);
  CHECK(swept == formats.size());
}

TEST_CASE("the table's digests are the oracle's for formats of every kind") {
  const auto formats = every_format();
  const auto lines = rows();
  REQUIRE(lines.size() == formats.size());
  for (std::size_t i = 0; i < formats.size(); ++i) {
    const int bits = formats[i].exponent_bits + formats[i].mantissa_bits;
    if (i % (bits <= 12 ? 23 : 401) == 0) CHECK(lines[i] == expected_row(formats[i], lines[i]));
  }
}

TEST_CASE("the table's digests are the oracle's for the named formats") {
  const auto formats = every_format();
  const auto lines = rows();
  REQUIRE(lines.size() == formats.size());
  for_each_format<named_formats>([&]<class F>() {
    const auto found = std::find_if(formats.begin(), formats.end(), [](const oracle::Format& f) {
      return name_of(f) == name_of(oracle_format<F>());
    });
    REQUIRE(found != formats.end());
    const std::string& line = lines[static_cast<std::size_t>(found - formats.begin())];
    CHECK(usual_saturation(*found) == oracle_saturation(nf::default_saturation<F>));
    CHECK(has_digest(*found, line));
    if (F::width <= 12) CHECK(line == expected_row(*found, line));
  });
}

// SPDX-License-Identifier: MIT
// A reader for the vectors under tests/golden: CSV tables, lists of words, and their formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/oracle.hpp"

namespace golden {

/// A CSV file: comments dropped, the header line in `columns`, other lines rows of as many cells.
class Table {
 public:
  /// Result   The table of the file at `path` below the golden folder.
  /// Special  std::runtime_error, with the path, where it cannot be read or a row is uneven.
  explicit Table(const std::string& path);

  const std::vector<std::string_view>& columns() const { return columns_; }
  const std::vector<std::vector<std::string_view>>& rows() const { return rows_; }

  bool has_column(std::string_view name) const;
  /// Special  std::runtime_error where there is no such column.
  std::size_t column(std::string_view name) const;

 private:
  // A vector and not a string: its characters stay in place when the table is moved.
  std::vector<char> text_;
  std::vector<std::string_view> columns_;
  std::vector<std::vector<std::string_view>> rows_;
};

struct NamedFormat {
  std::string name;
  oracle::Format format;
};

/// Result  The little-endian words of a .u16 file.
std::vector<std::uint16_t> read_words(const std::string& path);

/// Result  The file names in a folder below the golden folder, in order.
std::vector<std::string> files_in(const std::string& folder);

/// Result  The formats of formats.csv.
const std::vector<NamedFormat>& formats();
/// Special  std::runtime_error where the name is not in formats.csv.
const oracle::Format& format(std::string_view name);

/// Special  std::runtime_error where a cell is not a number of the kind.
std::uint64_t hex(std::string_view cell);
int decimal(std::string_view cell);
/// Result  The exact value of a C hexadecimal float, `inf` or `nan`, with its sign.
oracle::Exact value(std::string_view cell);

/// Result  True for a cell without an answer.
inline bool is_blank(std::string_view cell) { return cell == "--"; }

}  // namespace golden

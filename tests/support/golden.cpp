// SPDX-License-Identifier: MIT
// The reader of the golden files.
#include "support/golden.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace golden {
namespace {

std::filesystem::path full_path(const std::string& path) {
  return std::filesystem::path(NARROWFLOAT_GOLDEN_DIR) / path;
}

std::vector<char> read_file(const std::string& path) {
  std::ifstream file(full_path(path), std::ios::binary);
  if (!file) throw std::runtime_error("golden: cannot open " + path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The piece before the separator; `rest` keeps what follows it.
std::string_view take(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view piece = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return piece;
}

std::vector<std::string_view> split(std::string_view line) {
  const auto commas = std::count(line.begin(), line.end(), ',');
  std::vector<std::string_view> cells;
  for (std::ptrdiff_t i = 0; i <= commas; ++i) cells.push_back(take(line, ','));
  return cells;
}

template <class Number>
Number parse(std::string_view text, int base) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number, base);
  if (result.ec != std::errc{} || result.ptr != end)
    throw std::runtime_error("golden: not a number: '" + std::string(text) + "'");
  return number;
}

oracle::Special special(std::string_view name, bool has_zero) {
  if (!has_zero) return oracle::Special::scale;
  if (name == "ieee") return oracle::Special::ieee;
  if (name == "top") return oracle::Special::fn;
  if (name == "nz") return oracle::Special::fnuz;
  if (name == "none") return oracle::Special::finite;
  throw std::runtime_error("golden: no such special: " + std::string(name));
}

std::vector<NamedFormat> read_formats() {
  const Table table("formats.csv");
  const auto cell = [&](const auto& row, const char* name) { return row[table.column(name)]; };
  std::vector<NamedFormat> all;
  for (const auto& row : table.rows()) {
    const bool has_zero = cell(row, "subnormal") == "1";
    all.push_back({std::string(cell(row, "name")),
                   {.exponent_bits = decimal(cell(row, "E")),
                    .mantissa_bits = decimal(cell(row, "M")),
                    .bias = decimal(cell(row, "bias")),
                    .special = special(cell(row, "special"), has_zero),
                    .is_signed = cell(row, "sign") == "1"}});
  }
  return all;
}

}  // namespace

Table::Table(const std::string& path) : text_(read_file(path)) {
  std::string_view rest(text_.data(), text_.size());
  while (!rest.empty()) {
    const std::string_view line = take(rest, '\n');
    if (line.empty() || line.front() == '#') continue;
    if (columns_.empty()) {
      columns_ = split(line);
      continue;
    }
    rows_.push_back(split(line));
    if (rows_.back().size() != columns_.size())
      throw std::runtime_error("golden: " + path + ": bad row: " + std::string(line));
  }
}

bool Table::has_column(std::string_view name) const {
  return std::find(columns_.begin(), columns_.end(), name) != columns_.end();
}

std::size_t Table::column(std::string_view name) const {
  if (!has_column(name)) throw std::runtime_error("golden: no column " + std::string(name));
  const auto place = std::find(columns_.begin(), columns_.end(), name);
  return static_cast<std::size_t>(place - columns_.begin());
}

std::vector<std::uint16_t> read_words(const std::string& path) {
  const std::vector<char> bytes = read_file(path);
  if (bytes.size() % 2 != 0) throw std::runtime_error("golden: odd size: " + path);
  std::vector<std::uint16_t> words;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const unsigned low = static_cast<unsigned char>(bytes[i]);
    const unsigned high = static_cast<unsigned char>(bytes[i + 1]);
    words.push_back(static_cast<std::uint16_t>(high << 8 | low));
  }
  return words;
}

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(full_path(folder)))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

const std::vector<NamedFormat>& formats() {
  static const std::vector<NamedFormat> all = read_formats();
  return all;
}

const oracle::Format& format(std::string_view name) {
  for (const NamedFormat& named : formats())
    if (named.name == name) return named.format;
  throw std::runtime_error("golden: no format " + std::string(name));
}

std::uint64_t hex(std::string_view cell) { return parse<std::uint64_t>(cell, 16); }
int decimal(std::string_view cell) { return parse<int>(cell, 10); }

oracle::Exact value(std::string_view cell) {
  oracle::Exact x;
  x.negative = cell.starts_with('-');
  if (x.negative) cell.remove_prefix(1);
  if (cell == "nan" || cell == "inf") {
    x.kind = cell == "nan" ? oracle::Exact::Kind::nan : oracle::Exact::Kind::infinity;
    return x;
  }
  if (!cell.starts_with("0x")) throw std::runtime_error("golden: not a hexadecimal float");
  cell.remove_prefix(2);
  const std::string_view whole = take(cell, '.');
  const std::string_view digits = take(cell, 'p');
  if (cell.starts_with('+')) cell.remove_prefix(1);
  x.significand = hex(std::string(whole) + std::string(digits));
  x.exponent = decimal(cell) - 4 * static_cast<int>(digits.size());
  return x;
}

}  // namespace golden

// SPDX-License-Identifier: MIT
// The oracle agrees with every golden row, so that it may judge what golden does not reach. A NaN
// result is compared to the bit, but in arithmetic, where golden leaves its sign open.
#include <array>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/golden.hpp"
#include "support/oracle.hpp"

namespace {

using oracle::Mode;
using oracle::Rounding;
using oracle::Saturation;

// Counts the cells of one file and remembers the first wrong one.
class Tally {
 public:
  explicit Tally(std::string file) : file_(std::move(file)) {}

  template <class Describe>
  void expect(bool right, Describe describe) {
    ++checked_;
    if (right) return;
    if (wrong_++ == 0) first_ = describe();
  }

  void same_code(std::string_view what, std::string_view input, std::uint64_t expected,
                 std::uint64_t got) {
    expect(expected == got, [&] {
      std::ostringstream text;
      text << what << ' ' << input << std::hex << ": wanted " << expected << ", got " << got;
      return text.str();
    });
  }

  std::size_t finish() const {
    std::cout << "golden " << file_ << ": " << checked_ << " results\n";
    INFO(file_ << ": first wrong: " << first_);
    CHECK(checked_ > 0);
    CHECK(wrong_ == 0);
    return checked_;
  }

 private:
  std::string file_;
  std::string first_;
  std::size_t checked_ = 0;
  std::size_t wrong_ = 0;
};

std::string_view stem(std::string_view file) { return file.substr(0, file.find('.')); }

Mode mode_of(std::string_view name) {
  if (name == "rne" || name == "rne_even") return Mode::nearest_even;
  if (name == "rna") return Mode::nearest_away;
  if (name == "rtz") return Mode::toward_zero;
  if (name == "rtp") return Mode::toward_positive;
  if (name == "rtn") return Mode::toward_negative;
  if (name == "trunc") return Mode::stochastic_a;
  if (name == "half") return Mode::stochastic_b;
  if (name == "srne") return Mode::stochastic_c;
  throw std::runtime_error("no such rounding: " + std::string(name));
}

// A result column's name is a rounding and then _s (saturate) or _n (do not).
struct Column {
  Mode mode;
  Saturation saturation;

  explicit Column(std::string_view name)
      : mode(mode_of(name.substr(0, name.size() - 2))),
        saturation(name.ends_with("_s") ? Saturation::finite : Saturation::none) {}
};

oracle::Exact from_f32(std::uint64_t bits) {
  return oracle::from_f32_bits(static_cast<std::uint32_t>(bits));
}

template <class FromBits>
std::size_t check_encode_folder(const std::string& folder, FromBits from_bits) {
  std::size_t total = 0;
  for (const std::string& file : golden::files_in(folder)) {
    const oracle::Format& format = golden::format(stem(file));
    const golden::Table table(folder + "/" + file);
    Tally tally(folder + "/" + file);
    for (std::size_t c = 1; c < table.columns().size(); ++c) {
      const std::string_view name = table.columns()[c];
      // Where both are given, ties go to the even code and not to the even significand.
      if (table.has_column("rne_even_s") && (name == "rne_s" || name == "rne_n")) continue;
      const Column column(name);
      for (const auto& row : table.rows()) {
        if (golden::is_blank(row[c])) continue;
        const oracle::Exact x = from_bits(golden::hex(row[0]));
        const auto got = oracle::round(format, x, Rounding{column.mode}, column.saturation);
        tally.same_code(name, row[0], golden::hex(row[c]), got);
      }
    }
    total += tally.finish();
  }
  return total;
}

std::uint32_t apply(const oracle::Format& format, std::string_view op,
                    const std::array<std::uint32_t, 3>& v) {
  if (op == "add") return oracle::add(format, v[0], v[1]);
  if (op == "mul") return oracle::mul(format, v[0], v[1]);
  if (op == "div") return oracle::div(format, v[0], v[1]);
  if (op == "fma") return oracle::fma(format, v[0], v[1], v[2]);
  if (op == "sqrt") return oracle::sqrt(format, v[0]);
  throw std::runtime_error("no such operation: " + std::string(op));
}

std::size_t operand_count(std::string_view op) { return op == "sqrt" ? 1 : op == "fma" ? 3 : 2; }

// One list of words for both kinds of file: operands and result, row after row.
std::vector<std::uint16_t> arithmetic_words(const std::string& path) {
  if (path.ends_with(".u16")) return golden::read_words(path);
  const golden::Table table(path);
  std::vector<std::uint16_t> words;
  for (const auto& row : table.rows())
    for (const std::string_view cell : row)
      words.push_back(static_cast<std::uint16_t>(golden::hex(cell)));
  return words;
}

}  // namespace

TEST_CASE("the limits of every format are those of the table", "[golden]") {
  const golden::Table table("formats.csv");
  Tally tally("formats.csv");
  for (const auto& row : table.rows()) {
    const oracle::Format& format = golden::format(row[0]);
    const bool has_zero = format.special != oracle::Special::scale;
    const std::uint64_t min_normal = has_zero ? std::uint64_t{1} << format.mantissa_bits : 0;
    const auto check = [&](const char* name, std::uint64_t code) {
      const auto expected = golden::value(row[table.column(name)]);
      tally.expect(oracle::same(oracle::decode(format, code), expected),
                   [&] { return std::string(row[0]) + " " + name; });
    };
    check("max_finite", oracle::largest_finite_code(format, false));
    check("min_normal", min_normal);
    check("min_positive", has_zero ? 1 : 0);
  }
  CHECK(tally.finish() == 48);
}

TEST_CASE("decode gives the value of every golden code", "[golden]") {
  const golden::Table table("decode.csv");
  Tally tally("decode.csv");
  for (const auto& row : table.rows()) {
    const auto got = oracle::decode(golden::format(row[0]), golden::hex(row[1]));
    tally.expect(oracle::same(got, golden::value(row[2])), [&] {
      return std::string(row[0]) + " " + std::string(row[1]) + " " + std::string(row[2]);
    });
  }
  CHECK(tally.finish() == 2831);
}

TEST_CASE("round gives every golden code for a 32-bit input", "[golden]") {
  CHECK(check_encode_folder("encode_f32", from_f32) == 155993);
}

TEST_CASE("round gives every golden code for a 64-bit input", "[golden]") {
  CHECK(check_encode_folder("encode_f64", oracle::from_f64_bits) == 44978);
}

TEST_CASE("stochastic rounding gives every golden code", "[golden]") {
  std::size_t total = 0;
  for (const std::string& file : golden::files_in("sr_f32")) {
    const oracle::Format& format = golden::format(stem(file));
    const golden::Table table("sr_f32/" + file);
    Tally tally("sr_f32/" + file);
    for (const std::string_view name : {"trunc_s", "trunc_n", "half_s", "srne_s"}) {
      const std::size_t c = table.column(name);
      const Column column(name);
      for (const auto& row : table.rows()) {
        if (golden::is_blank(row[c])) continue;
        // Bits above the low n do not count, so they are all set.
        const int n = golden::decimal(row[1]);
        const std::uint64_t r = golden::hex(row[2]) | ~std::uint64_t{0} << n;
        const Rounding rounding{column.mode, n, static_cast<std::uint32_t>(r)};
        const oracle::Exact x = from_f32(golden::hex(row[0]));
        const auto got = oracle::round(format, x, rounding, column.saturation);
        tally.same_code(name, row[0], golden::hex(row[c]), got);
      }
    }
    total += tally.finish();
  }
  CHECK(total == 31196);
}

TEST_CASE("arithmetic gives every golden result", "[golden]") {
  std::size_t total = 0;
  for (const std::string& file : golden::files_in("arith")) {
    const std::string_view name = stem(file);
    const std::size_t cut = name.rfind('_');
    const oracle::Format& format = golden::format(name.substr(0, cut));
    const std::string_view op = name.substr(cut + 1);
    const std::size_t operands = operand_count(op);
    const auto words = arithmetic_words("arith/" + file);
    Tally tally("arith/" + file);
    CHECK(words.size() % (operands + 1) == 0);
    for (std::size_t i = 0; i + operands < words.size(); i += operands + 1) {
      std::array<std::uint32_t, 3> v{};
      for (std::size_t j = 0; j < operands; ++j) v[j] = words[i + j];
      const std::uint32_t expected = words[i + operands];
      const std::uint32_t got = apply(format, op, v);
      const bool both_nan = oracle::is_nan(format, expected) && oracle::is_nan(format, got);
      tally.same_code(op, "in record " + std::to_string(i / (operands + 1)), expected,
                      both_nan ? expected : got);
    }
    total += tally.finish();
  }
  CHECK(total == 104000);
}

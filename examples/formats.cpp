// SPDX-License-Identifier: MIT
// Formats by their names or bits: what they hold, the table of their codes, a picture of their
// values.
#include <fmt/core.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <narrowfloat/text.hpp>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "number_line.hpp"
#include "program.hpp"

namespace {

namespace nf = narrowfloat;

constexpr const char* help =
    R"(usage: formats [FORMAT...] [options]

Without a format: the named ones in a table. With some: a description and the table of all codes of each; of
formats of more than 8 bits the first and last codes. A format is a name, as float8_e4m3fn or e4m3fn, or bits,
as e3m2b5:finite: exponent and mantissa bits, the bias (b5; the usual one), and the special codes (:ieee, :fn,
:fnuz, :finite, :scale, :p3109), with a u before it where it is unsigned.

  --compare      a line for each format instead
  --svg FILE     draws their positive values, one format under the other
  --json FILE    writes the descriptions, and the codes of formats of at most 8 bits
  --help

exit status: 0; 2 for anything else, with one line that says why
)";

struct Options {
  std::vector<nf::FormatDescription> formats;
  std::string svg, json;
  bool compare = false, help = false;
};

Options parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    std::string* const value = argument == "--svg"    ? &options.svg
                               : argument == "--json" ? &options.json
                                                      : nullptr;
    if (value != nullptr) {
      if (++i == count) throw std::invalid_argument(argument + " needs a value");
      *value = arguments[i];
    } else if (argument == "--compare") {
      options.compare = true;
    } else if (argument == "--help") {
      options.help = true;
    } else if (argument.starts_with("-")) {
      throw std::invalid_argument("unknown option " + argument);
    } else {
      options.formats.push_back(nf::describe(nf::parse_format(argument)));
    }
  }
  if (options.compare && options.formats.size() < 2)
    throw std::invalid_argument("--compare takes two formats or more");
  return options;
}

std::string short_number(double x) {
  int exponent = 0;
  if (std::frexp(x, &exponent) == 0.5 && (x < 1 || x > 1e6))
    return fmt::format("2^{}", exponent - 1);
  return fmt::format("{:.{}g}", x, x < 1e6 ? 6 : 4);
}

void print_table(const std::vector<nf::FormatDescription>& formats) {
  fmt::print("{:<20} {:>4} {:>2} {:>2} {:>4}  {:<7} {:>10} {:>10} {:>9} {:>8} {:>8} {:>10}\n",
             "format", "bits", "E", "M", "bias", "special", "largest", "normal", "smallest",
             "epsilon", "range dB", "integers");
  for (const nf::FormatDescription& d : formats) {
    fmt::print("{:<20} {:>4} {:>2} {:>2} {:>4}  {:<7} {:>10} {:>10} {:>9} {:>8} {:>8.1f} {:>10}\n",
               d.name(), d.width, d.format.exponent_bits, d.format.mantissa_bits, d.format.bias,
               nf::specials_name(d.format.specials), short_number(d.largest),
               short_number(d.smallest_normal), short_number(d.smallest_positive),
               short_number(d.epsilon), d.decibels(), d.exact_integers);
  }
}

/// The code in binary with bars between sign, exponent and mantissa.
std::string fields(const nf::FormatDescription& d, std::uint32_t code) {
  std::string text;
  for (int bit = d.width - 1; bit >= 0; --bit) {
    text += (code >> bit & 1) != 0 ? '1' : '0';
    const bool after_exponent = bit == d.format.mantissa_bits && d.format.exponent_bits > 0;
    const bool after_sign = bit == d.format.exponent_bits + d.format.mantissa_bits;
    if (bit > 0 && (after_exponent || after_sign)) text += '|';
  }
  return text;
}

const char* class_of(const nf::FormatDescription& d, double x) {
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return "inf";
  if (x == 0) return "zero";
  return std::abs(x) < d.smallest_normal ? "subnormal" : "normal";
}

void print_codes(const nf::FormatDescription& d, std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t i = first; i < last; ++i) {
    const auto code = static_cast<std::uint32_t>(i);
    const double x = nf::decode_as(d.format, code);
    const int digits = (d.width + 3) / 4;
    const std::string hex = std::isfinite(x) ? fmt::format(" {:a}", x) : "";
    fmt::print("  {:>{}}  0x{:0{}x}  {}  {:<9}  {}{}\n", code, d.width <= 8 ? 3 : 10, code, digits,
               fields(d, code), class_of(d, x), hex.empty() ? "" : fmt::format("{:<24}", x), hex);
  }
}

void print_all(const nf::FormatDescription& d) {
  fmt::print("{}\n", d.text());
  const std::uint64_t codes = std::uint64_t{1} << d.width, few = 16;
  if (d.width <= 8) {
    print_codes(d, 0, codes);
  } else {
    const bool is_signed = d.format.signedness == nf::Signedness::is_signed;
    const std::uint64_t positive = is_signed ? codes / 2 : codes;
    const std::uint64_t largest = (is_signed ? (d.finite_codes + 1) / 2 : d.finite_codes) - 1;
    print_codes(d, 0, few);
    fmt::print("  ...\n");
    print_codes(d, largest + 1 - few, std::min(largest + 3, positive));
    if (is_signed) {
      fmt::print("  ...\n");
      print_codes(d, positive, positive + 4);
    }
    fmt::print("  ...\n");
  }
  fmt::print("\n");
}

nlohmann::ordered_json json_of(const nf::FormatDescription& d) {
  nlohmann::ordered_json json{{"name", d.name()},
                              {"bits", d.width},
                              {"exponent_bits", d.format.exponent_bits},
                              {"mantissa_bits", d.format.mantissa_bits},
                              {"bias", d.format.bias},
                              {"specials", nf::specials_name(d.format.specials)},
                              {"is_signed", d.format.signedness == nf::Signedness::is_signed},
                              {"finite_values", d.finite_values()},
                              {"infinity_codes", d.infinity_codes},
                              {"nan_codes", d.nan_codes},
                              {"largest", d.largest},
                              {"lowest", d.lowest},
                              {"smallest_normal", d.smallest_normal},
                              {"smallest_positive", d.smallest_positive},
                              {"epsilon", d.epsilon},
                              {"range_db", d.decibels()},
                              {"exact_integers", d.exact_integers}};
  for (std::uint32_t code = 0; d.width <= 8 && code < 1u << d.width; ++code) {
    const double x = nf::decode_as(d.format, code);
    json["values"].push_back(std::isfinite(x) ? nlohmann::ordered_json(x)
                                              : nlohmann::ordered_json(class_of(d, x)));
  }
  return json;
}

int run(Options options) {
  const bool is_table = options.formats.empty() || options.compare;
  if (options.formats.empty())
    nf::for_each_format(
        [&]<class F>(std::string_view) { options.formats.push_back(nf::describe<F>()); });
  example::OutputFile svg(options.svg), json(options.json);
  if (is_table) print_table(options.formats);
  for (const nf::FormatDescription& d : options.formats)
    if (!is_table) print_all(d);
  if (svg.is_wanted()) svg.write(example::NumberLine(options.formats).svg());
  if (json.is_wanted()) {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const nf::FormatDescription& d : options.formats) all.push_back(json_of(d));
    json.write(nlohmann::ordered_json{{"formats", all}}.dump(1));
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  return example::run_program(
      "formats", help, [&] { return parse(count, arguments); }, run);
}

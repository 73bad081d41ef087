// SPDX-License-Identifier: MIT
// Every named format has its name, in one list; the tables of README.md and docs/formats.md have
// the same formats and parameters.
#include <narrowfloat/io/safetensors_blocks.hpp>
#include <narrowfloat/mx.hpp>

#include <fstream>
#include <sstream>

#include "support/catch.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" `"), last = text.find_last_not_of(" `");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

/// The first three columns of the lines of a page that begin with the name of a format.
std::vector<std::string> table_rows(const std::string& page) {
  std::ifstream file(NARROWFLOAT_DATA_DIR "/../../" + page);
  std::vector<std::string> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("| `", 0) != 0) continue;
    std::istringstream cells(line.substr(1));
    std::string name, bits, parameters;
    std::getline(cells, name, '|');
    std::getline(cells, bits, '|');
    std::getline(cells, parameters, '|');
    rows.push_back(trimmed(name) + ": " + trimmed(bits) + "; " + trimmed(parameters));
  }
  return rows;
}

}  // namespace

TEST_CASE("names: each named format has one, in the list's order", "[names]") {
  static_assert(nf::format_name<nf::float8_e4m3fn>() == "float8_e4m3fn");
  static_assert(nf::format_name<nf::bfloat16>() == "bfloat16");
  static_assert(nf::format_name<nf::float12_e6m5>() == "float12_e6m5");
  static_assert(nf::detail::name_of<Float<4, 3, 9>>.empty());
  std::vector<std::string> listed;
  nf::for_each_format([&]<class F>(std::string_view name) {
    CHECK(name == nf::format_name<F>());
    CHECK(nf::detail::is_named<F>);
    listed.emplace_back(name_of<F>());
  });
  std::vector<std::string> tested;
  for_each_format<named_formats>([&]<class F>() { tested.push_back(name_of<F>()); });
  CHECK(listed == tested);
}

TEST_CASE("names: the block formats have theirs, in files too", "[names]") {
  static_assert(nf::format_name<nf::mxfp4_e2m1>() == "mxfp4_e2m1");
  static_assert(nf::format_name<nf::nvfp4_2d>() == "nvfp4_2d");
  CHECK(nf::safetensors::block_format_name<nf::mxint8>() == "mxint8");
  CHECK(nf::safetensors::block_format_name<nf::nvfp4>() == "nvfp4");
  using other = nf::BlockFormat<nf::float4_e2m1fn, nf::float8_e8m0fnu, 64>;
  CHECK(nf::safetensors::block_format_name<other>() == "F4 by F8_E8M0");
}

TEST_CASE("names: README.md and docs/formats.md have every format with its parameters", "[names]") {
  std::vector<std::string> expected;
  nf::for_each_format([&]<class F>(std::string_view name) {
    expected.push_back(std::string(name) + ": " + std::to_string(F::width) + "; " +
                       std::to_string(F::exponent_bits) + ", " + std::to_string(F::mantissa_bits) +
                       ", " + std::to_string(F::bias));
  });
  CHECK(table_rows("README.md") == expected);
  CHECK(table_rows("docs/formats.md") == expected);
}

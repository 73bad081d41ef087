// SPDX-License-Identifier: MIT
// Lines of five words.
#include "digests/results.hpp"

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "support/every_format.hpp"

namespace digests {
namespace {

struct Line {
  std::string format, rounding, digest, rest;
};

/// Calls f for each whole line.
template <class Function>
void for_each_line(std::istream& file, Function f) {
  for (std::string text; std::getline(file, text);) {
    std::istringstream words(text);
    Line line;
    std::string isa, build;
    if (words >> line.format >> line.rounding >> line.digest >> isa >> build) {
      line.rest = isa + " " + build;
      f(line);
    }
  }
}

}  // namespace

std::string build_of(const std::filesystem::path& executable) {
  std::ifstream file(executable, std::ios::binary);
  if (!file) throw std::runtime_error(executable.string() + ": cannot be read");
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (std::istreambuf_iterator<char> byte(file), end; byte != end; ++byte)
    hash = (hash ^ static_cast<unsigned char>(*byte)) * 0x100000001b3u;
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

Results::Results(std::filesystem::path file, std::string rounding, std::string isa,
                 std::string build)
    : file_(std::move(file)), rounding_(std::move(rounding)), rest_(isa + " " + build) {
  std::ofstream writable(file_, std::ios::app);
  if (!writable) throw std::runtime_error(file_.string() + ": cannot be written");
  std::ifstream before(file_);
  for_each_line(before, [&](const Line& line) {
    if (line.rounding == rounding_ && line.rest == rest_) done_.insert(line.format);
  });
}

void Results::add(const std::string& format, const std::string& digest) {
  std::ofstream file(file_, std::ios::app);
  file << format + " " + rounding_ + " " + digest + " " + rest_ + "\n" << std::flush;
  if (!file) throw std::runtime_error(file_.string() + ": cannot be written");
}

void print_table(std::span<const std::filesystem::path> files) {
  std::map<std::pair<std::string, std::string>, std::string> digest_of;
  for (const std::filesystem::path& path : files) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error(path.string() + ": cannot be read");
    for_each_line(file, [&](const Line& line) {
      std::string& digest = digest_of[{line.format, line.rounding}];
      if (!digest.empty() && digest != line.digest)
        throw std::runtime_error(path.string() + ": " + line.format + " " + line.rounding +
                                 " has two digests: " + digest + " and " + line.digest);
      digest = line.digest;
    });
  }
  std::puts(test::table_header);
  for (const oracle::Format& format : test::every_format()) {
    std::string row = test::row_of(format);
    for (const char* const rounding : test::table_mode_names) {
      const auto found = digest_of.find({test::name_of(format), rounding});
      row += "," + (found == digest_of.end() ? std::string() : found->second);
    }
    std::puts(row.c_str());
  }
}

}  // namespace digests

// SPDX-License-Identifier: MIT
// The file of what is swept, which lets a sweep go on after it was stopped, and the table made of
// it.
#pragma once

#include <filesystem>
#include <set>
#include <span>
#include <string>

namespace digests {

/// A build: 16 digits of its executable's bytes. What another build has swept is not taken for
/// done.
std::string build_of(const std::filesystem::path& executable);

/// A file with a line for each format found right: name, rounding, digest, instruction set, build.
class Results {
 public:
  Results(std::filesystem::path file, std::string rounding, std::string isa, std::string build);

  /// Whether this build has swept a format before.
  bool has(const std::string& format) const { return done_.count(format) != 0; }
  void add(const std::string& format, const std::string& digest);

 private:
  std::filesystem::path file_;
  std::string rounding_, rest_;
  std::set<std::string> done_;
};

/// Prints docs/digests.csv from such files, of any build; what they lack stays empty.
///
/// Special  Two digests of one format and rounding, or a file that cannot be read, throw
///          std::runtime_error.
void print_table(std::span<const std::filesystem::path> files);

}  // namespace digests

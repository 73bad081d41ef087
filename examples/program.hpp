// SPDX-License-Identifier: MIT
// What the examples that read a command line share.
#pragma once

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace example {

/// A file that is opened before the work and written after it, so that a bad path costs no time; none for an empty path.
class OutputFile {
 public:
  explicit OutputFile(std::string path) : path_(std::move(path)) {
    if (!is_wanted()) return;
    file_.open(path_);
    if (!file_) throw std::invalid_argument(path_ + ": " + std::strerror(errno));
  }
  bool is_wanted() const { return !path_.empty(); }
  void write(const std::string& text) {
    file_ << text << '\n';
    if (!file_.flush()) throw std::runtime_error(path_ + ": " + std::strerror(errno));
  }

 private:
  std::string path_;
  std::ofstream file_;
};

/// The main() of a program: parses its arguments, then shows `help` or runs it. Bad input is one line on stderr and
/// exit status 2.
template <class Parse, class Run>
int run_program(std::string_view name, std::string_view help, Parse parse, Run run) {
  try {
    auto options = parse();
    if (options.help) {
      fmt::print("{}", help);
      return 0;
    }
    return run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", name, error.what());
    return 2;
  }
}

}  // namespace example

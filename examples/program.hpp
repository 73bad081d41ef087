// SPDX-License-Identifier: MIT
// What the examples that read a command line share.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace example {

/// A file that is opened before the work and written after it, so that a bad path costs no time;
/// none for an empty path.
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

/// Writes out what was printed. A full disk, say, throws: what is asked for is not there.
inline void flush_stdout() {
  errno = 0;  // where it failed before, the reason is no longer known
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    throw std::system_error(errno != 0 ? errno : EIO, std::generic_category(), "standard output");
}

/// Throws where a file that will be written is one that is read, by whatever name.
inline void require_apart(const std::filesystem::path& output, const std::filesystem::path& input) {
  std::error_code absent;
  if (std::filesystem::equivalent(output, input, absent))
    throw std::invalid_argument(output.string() + ": is the input");
}

/// One line of a terminal that is rewritten, and cleared at the end. Nothing on what is no
/// terminal.
class Progress {
 public:
  Progress() = default;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  void show(const std::string& text) {
    if (!is_terminal_) return;
    fmt::print(stderr, "\r\033[K{:.79}", text);
    std::fflush(stderr);
    shown_ = true;
  }
  void clear() {
    if (std::exchange(shown_, false)) fmt::print(stderr, "\r\033[K");
  }

 private:
  bool is_terminal_ = isatty(STDERR_FILENO) == 1;
  bool shown_ = false;
};

/// The main() of a program: parses its arguments, then shows `help` or runs it. Bad input, and
/// output that cannot be written, is one line on stderr and exit status 2.
template <class Parse, class Run>
int run_program(std::string_view name, std::string_view help, Parse parse, Run run) {
  try {
    auto options = parse();
    int status = 0;
    if (options.help) {
      fmt::print("{}", help);
    } else {
      status = run(options);
    }
    flush_stdout();
    return status;
  } catch (const std::exception& error) {
    std::fputs(fmt::format("{}: {}\n", name, error.what()).c_str(), stderr);  // may be full, too
    return 2;
  }
}

}  // namespace example

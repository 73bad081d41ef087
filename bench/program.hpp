// SPDX-License-Identifier: MIT
// What both programs do around their measurements: arguments, output and errors.
#pragma once

#include <fmt/format.h>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <narrowfloat/io/safetensors.hpp>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace bench {

/// A path that cannot be written ends the run before it begins: throws.
inline void check_writable(const std::filesystem::path& path) {
  static_cast<void>(narrowfloat::detail::PendingFile(path));
}

inline void write_file(const std::filesystem::path& path, const std::string& text) {
  narrowfloat::detail::PendingFile file(path);
  file.append(std::as_bytes(std::span(text)));
  file.commit();
}

/// On stdout, or throws.
inline void print(const std::string& text) {
  fmt::print("{}", text);
  if (std::fflush(stdout) != 0)
    throw std::system_error(errno, std::generic_category(), "standard output");
}

/// The main() of a program: parses its arguments, then shows `help` or runs it. Returns the exit
/// code.
template <class Parse, class Run>
int run_program(std::string_view name, std::string_view help, int count, char** arguments,
                Parse parse, Run run) {
  try {
    const auto chosen = parse(std::vector<std::string_view>(arguments + 1, arguments + count));
    if (chosen.help) {
      print(std::string(help));
    } else {
      run(chosen);
    }
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", name, error.what());
    return 2;
  }
}

}  // namespace bench

// SPDX-License-Identifier: MIT
// What the examples that read a command line share.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <string_view>

namespace example {

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

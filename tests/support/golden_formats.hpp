// SPDX-License-Identifier: MIT
// The formats of the library under golden's names, and what agreement with a golden code means.
#pragma once

#include <string>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/golden.hpp"

namespace test {

/// Calls f.template operator()<F>() for the named format whose parameters golden lists under
/// `name`.
template <class Function>
void with_format(const std::string& name, Function f) {
  const oracle::Format& wanted = golden::format(name);
  bool found = false;
  for_each_format<named_formats>([&]<class F>() {
    constexpr oracle::Format own = oracle_format<F>();
    if (found || own.exponent_bits != wanted.exponent_bits ||
        own.mantissa_bits != wanted.mantissa_bits || own.bias != wanted.bias ||
        own.is_signed != wanted.is_signed || own.special != wanted.special) {
      return;
    }
    found = true;
    f.template operator()<F>();
  });
  INFO("no named format has the parameters of " << name);
  CHECK(found);
}

/// A file's name without its ending.
inline std::string stem(const std::string& file) { return file.substr(0, file.find('.')); }

/// Same code; any two NaNs are one.
template <class F>
bool agrees(std::uint64_t expected, std::uint64_t got) {
  constexpr oracle::Format format = oracle_format<F>();
  return expected == got || (oracle::is_nan(format, expected) && oracle::is_nan(format, got));
}

}  // namespace test

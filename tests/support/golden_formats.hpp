// SPDX-License-Identifier: MIT
// The formats of the library under golden's names, and what agreement with a golden code means.
#pragma once

#include <string>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/golden.hpp"

namespace test {

/// Calls f.template operator()<F>() for the one of some formats whose parameters golden lists under
/// `name`.
template <class Formats = named_formats, class Function>
void with_format(const std::string& name, Function f) {
  const oracle::Format& wanted = golden::format(name);
  bool found = false;
  for_each_format<Formats>([&]<class F>() {
    constexpr oracle::Format own = oracle_format<F>();
    if (found || own.exponent_bits != wanted.exponent_bits ||
        own.mantissa_bits != wanted.mantissa_bits || own.bias != wanted.bias ||
        own.is_signed != wanted.is_signed || own.special != wanted.special) {
      return;
    }
    found = true;
    f.template operator()<F>();
  });
  INFO("no format of the list has the parameters of " << name);
  CHECK(found);
}

/// A file's name without its ending.
inline std::string stem(const std::string& file) { return file.substr(0, file.find('.')); }

/// Those that golden encodes doubles to.
using golden_formats =
    std::tuple<nf::float8_e4m3fn, nf::float8_e5m2, nf::float8_e4m3, nf::float8_e3m4,
               nf::float8_e4m3fnuz, nf::float8_e5m2fnuz, nf::float8_e4m3b11fnuz, nf::float6_e2m3fn,
               nf::float6_e3m2fn, nf::float4_e2m1fn, nf::float16, nf::bfloat16>;

/// Same code; any two NaNs are one.
inline bool agrees(const oracle::Format& format, std::uint64_t expected, std::uint64_t got) {
  return expected == got || (oracle::is_nan(format, expected) && oracle::is_nan(format, got));
}

}  // namespace test

// SPDX-License-Identifier: MIT
// Formats by name, from their definitions: no header of the library.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "support/oracle.hpp"

namespace conformance {

struct NamedFormat {
  std::string name;
  oracle::Format format;
  oracle::Saturation saturation;  ///< what becomes of overflow where nothing is said

  int width() const {
    return format.exponent_bits + format.mantissa_bits + (format.is_signed ? 1 : 0);
  }
  std::size_t code_bytes() const { return width() <= 8 ? 1 : 2; }
};

/// The formats that have names, but those wider than 16 bits.
std::span<const NamedFormat> named_formats();

/// Result   The format called `name`, with or without its "float8_" (any width), or spelled as
///          digits: "e4m3b7fn" has 4 exponent bits, 3 mantissa bits and the bias 7, then one of ""
///          (IEEE 754), "fn", "fnuz", "finite", "scale", "p3109"; "ue4m3b7fn" has no sign.
/// Special  UsageError for others and for those wider than 16 bits.
NamedFormat format_by_name(std::string_view name);

}  // namespace conformance

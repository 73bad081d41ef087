// SPDX-License-Identifier: MIT
// The command line, and the names of the checks in it.
#pragma once

#include <span>

#include "conformance/checks.hpp"

namespace conformance {

struct NamedCheck {
  Check check;
  const char *name, *symbol;  ///< in options, and of the functions of libraries
};
inline constexpr NamedCheck named_checks[] = {
    {Check::convert, "convert", "narrowfloat_convert"},
    {Check::decode, "decode", "narrowfloat_decode"},
    {Check::stochastic, "stochastic", "narrowfloat_convert_stochastic"},
    {Check::blocks, "blocks", "narrowfloat_convert_blocks"}};

/// Special  UsageError.
Options parse(int argc, char** argv);

/// Special  UsageError where an option was given that none of the checks reads.
void refuse_unread(const Options& options, std::span<const Check> checks);

}  // namespace conformance

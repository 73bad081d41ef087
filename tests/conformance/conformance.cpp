// SPDX-License-Identifier: MIT
// Says what a conversion kernel of anyone's does with every float: docs/conformance.md.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/options.hpp"
#include "conformance/text.hpp"
#include "conformance/vectors.hpp"

namespace conformance {
namespace {

constexpr const char* help =
    R"(Usage: conformance --format NAME --library FILE.so [--symbol NAME] [options]
       conformance --format NAME --pipe 'COMMAND' [options]
       conformance --write-vectors FOLDER [--format NAME]
       conformance --digests

Compares a kernel with integer arithmetic and says what it does: equal, or the nearest policy and every interval of
floats in which it differs from that. Exit status: 0 equal, 1 differs or gives no results, 2 bad usage.

--library    narrowfloat_convert and, where it has them, narrowfloat_decode, narrowfloat_convert_stochastic and
             narrowfloat_convert_blocks are checked (narrowfloat_conformance.h); --symbol names one function
--pipe       float32 to its stdin, codes from its stdout, until the end of both; it is started anew for each call
--check      what the function or command does: convert (the default), decode, stochastic, blocks
--all        all 2^32 floats, instead of a choice (convert)
--inputs N   how many floats to choose (16777216; convert)
--seed N     of the random ones (1; not for decode)
--intervals N   how many to show (20; 0: all)

What is expected, and of which checks; an option that none of those made reads is refused:
--rounding      of convert, blocks: nearest_even (the default), nearest_away, toward_zero, toward_positive,
                toward_negative, to_odd
--saturation    of convert, stochastic: finite, propagate (the default), none (the default of the IEEE formats from 12
                bits on)
--subnormals    of convert: keep (the default), flush
--nan           of convert, stochastic: canonical (the default), positive, payload, signaling_payload, all_ones,
                positive_all_ones
--variant       of stochastic: a (the default), b, c        --bits N   the low bits of each word (32)
--rule          of blocks: floor (the default), ceil, rceil, even

Formats, with or without "float8_" and the like, or spelled out as e4m3b7fn (exponent bits, mantissa bits, bias; then fn,
fnuz, finite, scale, p3109 or nothing for IEEE 754; ue4m3b7fn has no sign):
)";

void print_help() {
  std::printf("%s", help);
  for (const NamedFormat& named : named_formats()) std::printf("  %s\n", named.name.c_str());
}

bool run_check(Kernel& kernel, Check check, const Options& options) {
  switch (check) {
    case Check::convert:
      return check_convert(kernel, options);
    case Check::decode:
      return check_decode(kernel, options);
    case Check::stochastic:
      return check_stochastic(kernel, options);
    case Check::blocks:
      return check_blocks(kernel, options);
  }
  return false;
}

// One check, with its title; what a kernel fails to give is a verdict too.
bool run_titled(const std::string& title, Check check, const Options& options,
                const std::function<std::unique_ptr<Kernel>()>& open) {
  const std::unique_ptr<Kernel> kernel = open();
  std::printf("%s: %s\n", options.format.name.c_str(), title.c_str());
  try {
    return run_check(*kernel, check, options);
  } catch (const KernelFault& fault) {
    std::printf("verdict: fails: %s\n", fault.what());
    return false;
  }
}

bool run_all(const Options& options) {
  const Check asked = options.check.value_or(Check::convert);
  const bool has_blocks = options.format.width() <= 8;
  if (asked == Check::blocks && !has_blocks)
    throw UsageError("blocks have elements of at most 8 bits, not " + options.format.name);
  if (!options.pipe.empty()) {
    refuse_unread(options, {{asked}});
    return run_titled(options.pipe, asked, options, [&] { return open_pipe(options.pipe); });
  }
  const bool is_one = options.check || !options.symbol.empty();
  std::vector<Check> checks;
  for (const NamedCheck& named : named_checks) {
    if (is_one ? named.check == asked
               : (named.check != Check::blocks || has_blocks) &&
                     library_exports(options.library, named.symbol))
      checks.push_back(named.check);
  }
  if (checks.empty())
    throw UsageError(options.library +
                     ": it has no function narrowfloat_convert, nor another of its kind");
  refuse_unread(options, checks);
  bool equal = true;
  for (const NamedCheck& named : named_checks) {
    const Check check = named.check;
    if (std::ranges::find(checks, check) == checks.end()) continue;
    const std::string symbol = options.symbol.empty() ? named.symbol : options.symbol;
    equal &= run_titled(options.library + ", " + symbol, check, options,
                        [&] { return open_library(options.library, symbol, check); });
  }
  return equal;
}

// The exit status of f; bad usage is one line on stderr.
int guarded(const std::function<int()>& f) {
  try {
    return f();
  } catch (const std::exception& error) {
    std::fflush(stdout);
    std::fprintf(stderr, "conformance: %s\n", error.what());
    return 2;
  }
}

int run(const Options& options) {
  int status = 0;
  if (options.help)
    print_help();
  else if (options.digests)
    print_digests();
  else if (!options.vectors.empty())
    write_vectors(options);
  else
    status = run_all(options) ? 0 : 1;
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    throw UsageError("stdout cannot be written");
  return status;
}

}  // namespace
}  // namespace conformance

int main(int argc, char** argv) {
  using namespace conformance;
  return guarded([&] {
    const Options options = parse(argc, argv);
    return run_apart([&] { return guarded([&] { return run(options); }); });
  });
}

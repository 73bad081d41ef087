// SPDX-License-Identifier: MIT
// Says what a conversion kernel of anyone's does with every float: docs/conformance.md.
#include <charconv>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/checks.hpp"
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
--all        all 2^32 floats, instead of a choice
--inputs N   how many floats to choose (16777216)
--seed N     of the random ones (1)
--intervals N   how many to show (20; 0: all)

What is expected:
--rounding      nearest_even (the default), nearest_away, toward_zero, toward_positive, toward_negative, to_odd
--saturation    finite, propagate (the default), none (the default of the IEEE formats from 12 bits on)
--subnormals    keep (the default), flush
--nan           canonical (the default), positive, payload, signaling_payload, all_ones,
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

template <class Number>
Number number(const std::string& option, const std::string& text, Number least, Number most) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
    throw UsageError(option + " " + text + ": it is a number from " + std::to_string(least) +
                     " to " + std::to_string(most));
  return value;
}

template <class Value>
Value choice(const std::string& option, const std::string& text,
             std::initializer_list<std::pair<std::string_view, Value>> values) {
  std::string list;
  for (const auto& [name, value] : values) {
    if (text == name) return value;
    list += (list.empty() ? "" : ", ") + std::string(name);
  }
  throw UsageError(option + " " + text + ": it is one of " + list);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const auto value = [&]() -> std::string {
      if (++i >= argc) throw UsageError(option + " needs a value");
      return argv[i];
    };
    if (option == "--help") {
      options.help = true;
    } else if (option == "--all") {
      options.all = true;
    } else if (option == "--digests") {
      options.digests = true;
    } else if (option == "--format") {
      options.format = format_by_name(value());
      options.has_format = true;
    } else if (option == "--library") {
      options.library = value();
    } else if (option == "--symbol") {
      options.symbol = value();
    } else if (option == "--pipe") {
      options.pipe = value();
    } else if (option == "--write-vectors") {
      options.vectors = value();
    } else if (option == "--check") {
      options.check = choice<Check>(option, value(),
                                    {{"convert", Check::convert},
                                     {"decode", Check::decode},
                                     {"stochastic", Check::stochastic},
                                     {"blocks", Check::blocks}});
    } else if (option == "--rounding") {
      options.mode = mode_by_name(value());
    } else if (option == "--saturation") {
      options.saturation = saturation_by_name(value());
    } else if (option == "--subnormals") {
      options.flush = flush_by_name(value());
    } else if (option == "--nan") {
      options.nan = nan_by_name(value());
    } else if (option == "--variant") {
      options.variant = choice<oracle::Mode>(option, value(),
                                             {{"a", oracle::Mode::stochastic_a},
                                              {"b", oracle::Mode::stochastic_b},
                                              {"c", oracle::Mode::stochastic_c}});
    } else if (option == "--rule") {
      options.rule = choice<oracle::Rule>(option, value(),
                                          {{"floor", oracle::Rule::floor},
                                           {"ceil", oracle::Rule::ceil},
                                           {"rceil", oracle::Rule::rceil},
                                           {"even", oracle::Rule::even}});
    } else if (option == "--bits") {
      options.random_bits = number<int>(option, value(), 1, 32);
    } else if (option == "--inputs") {
      options.inputs = number<std::size_t>(option, value(), 1, std::size_t{1} << 32);
    } else if (option == "--intervals") {
      options.most_intervals = number<std::size_t>(option, value(), 0, std::size_t{1} << 32);
    } else if (option == "--seed") {
      options.seed = number<std::uint64_t>(option, value(), 0, ~std::uint64_t{0});
    } else {
      throw UsageError("unknown option " + option);
    }
  }
  if (options.help || options.digests || !options.vectors.empty()) return options;
  if (!options.has_format) throw UsageError("--format is missing");
  if (options.library.empty() == options.pipe.empty())
    throw UsageError("it takes one of --library and --pipe");
  if (!options.symbol.empty() && options.library.empty())
    throw UsageError("--symbol goes with --library");
  return options;
}

constexpr std::pair<Check, const char*> symbols[] = {
    {Check::convert, "narrowfloat_convert"},
    {Check::decode, "narrowfloat_decode"},
    {Check::stochastic, "narrowfloat_convert_stochastic"},
    {Check::blocks, "narrowfloat_convert_blocks"}};

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
  if (!options.pipe.empty())
    return run_titled(options.pipe, asked, options, [&] { return open_pipe(options.pipe); });
  const bool is_one = options.check || !options.symbol.empty();
  bool equal = true, found = false;
  for (const auto& pair : symbols) {
    const Check check = pair.first;
    const std::string symbol = options.symbol.empty() ? pair.second : options.symbol;
    const bool is_wanted =
        is_one ? check == asked
               : (check != Check::blocks || has_blocks) && library_exports(options.library, symbol);
    if (!is_wanted) continue;
    found = true;
    equal &= run_titled(options.library + ", " + symbol, check, options,
                        [&] { return open_library(options.library, symbol, check); });
  }
  if (!found)
    throw UsageError(options.library +
                     ": it has no function narrowfloat_convert, nor another of its kind");
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

// SPDX-License-Identifier: MIT
// The command line.
#include "conformance/options.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "conformance/text.hpp"

namespace conformance {
namespace {

template <class Number>
Number number(const std::string& option, const std::string& text, Number least, Number most,
              const char* hint = "") {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
    throw UsageError(option + " " + text + ": it is a number from " + std::to_string(least) +
                     " to " + std::to_string(most) + hint);
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

// Which checks read an option.
struct Use {
  const char* option;
  std::vector<Check> checks;
};
}  // namespace

void refuse_unread(const Options& options, std::span<const Check> checks) {
  const Use uses[] = {{"--all", {Check::convert}},
                      {"--inputs", {Check::convert}},
                      {"--seed", {Check::convert, Check::stochastic, Check::blocks}},
                      {"--rounding", {Check::convert, Check::blocks}},
                      {"--saturation", {Check::convert, Check::stochastic}},
                      {"--subnormals", {Check::convert}},
                      {"--nan", {Check::convert, Check::stochastic}},
                      {"--variant", {Check::stochastic}},
                      {"--bits", {Check::stochastic}},
                      {"--rule", {Check::blocks}}};
  for (const Use& use : uses) {
    if (std::ranges::find(options.given, use.option) == options.given.end()) continue;
    if (std::ranges::find_first_of(checks, use.checks) != checks.end()) continue;
    std::string readers;
    for (const NamedCheck& named : named_checks)
      if (std::ranges::find(use.checks, named.check) != use.checks.end())
        readers += (readers.empty() ? "" : ", ") + std::string(named.name);
    throw UsageError(std::string(use.option) + ": nothing that is asked for reads it (" + readers +
                     " would)");
  }
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    options.given.push_back(option);
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
                                    {{named_checks[0].name, named_checks[0].check},
                                     {named_checks[1].name, named_checks[1].check},
                                     {named_checks[2].name, named_checks[2].check},
                                     {named_checks[3].name, named_checks[3].check}});
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
      options.inputs =
          number<std::size_t>(option, value(), 1, std::size_t{1} << 28, "; --all reads all floats");
    } else if (option == "--intervals") {
      options.most_intervals = number<std::size_t>(option, value(), 0, std::size_t{1} << 32);
    } else if (option == "--seed") {
      options.seed = number<std::uint64_t>(option, value(), 0, ~std::uint64_t{0});
    } else {
      throw UsageError("unknown option " + option);
    }
  }
  if (!options.help && (options.digests || !options.vectors.empty())) refuse_unread(options, {});
  if (options.help || options.digests || !options.vectors.empty()) return options;
  if (!options.has_format) throw UsageError("--format is missing (--help shows all)");
  if (options.library.empty() == options.pipe.empty())
    throw UsageError("it takes one of --library and --pipe");
  if (!options.symbol.empty() && options.library.empty())
    throw UsageError("--symbol goes with --library");
  return options;
}

}  // namespace conformance

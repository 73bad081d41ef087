// SPDX-License-Identifier: MIT
#include "options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "../blas.hpp"

namespace train {

namespace {

/// The number that a whole text is; none where it is anything else.
template <class T>
std::optional<T> parsed(const std::string& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::uint64_t whole_number(const std::string& name, const std::string& text, std::uint64_t least,
                           std::uint64_t most) {
  const auto value = parsed<std::uint64_t>(text);
  if (!value || *value < least || *value > most)
    throw std::invalid_argument(
        fmt::format("{} takes a whole number from {} to {}, not {}", name, least, most, text));
  return *value;
}
double real_number(const std::string& name, const std::string& text) {
  const auto value = parsed<double>(text);
  if (!value || !std::isfinite(*value) || *value < 0)
    throw std::invalid_argument(fmt::format("{} takes a number of at least 0, not {}", name, text));
  return *value;
}

const char* const train_options_help =
    R"(  --recipe NAME      a row of --list (fp32)
  --steps N          of the whole schedule (700; of digits 300)
  --stop-at N        saves and stops there
  --rate X           times the recipe's learning rates (1)
  --seed N           of weights, batches and random bits (1)
  --threads N        results do not depend on it (2)
  --micro-batches M  of a step, which the ranks of mpirun -n R share (one a rank; those of the run
                     that --resume goes on with); bits depend on M
  --wire FORMAT      sums their gradients in f32, bf16, e4m3, e5m2, mxfp8 or int8 (f32), or exactly:
  --exact-sum        the same bits on every number of ranks
  --zero             each rank keeps the weights and states of some tensors: the same bits (ZeRO-1)
  --ranks R          fails unless mpirun has started so many
  --no-blas          products of floats in a fixed order: the same bits on every instruction set
  --every N          steps between two lines (50); --validate-every N (100)
  --save FILE        a checkpoint, at the end; and each N steps with --save-every N
  --resume FILE      goes on with a run: the bits are those of one that was not stopped
  --from FILE        starts from the weights of a run in any recipe; with --steps 0 only validates
  --csv FILE         a row a step
  --json FILE        the result, for scripts/reproduce
  --quiet            one line for the run
  --bits R           of sr-mac: 4, 9 or 13 random bits (13); --flush: without subnormal numbers
  --cscale B         of fp8-graphcore: the bias of all tensors, in the place of FP8-AMAX
  --layer-scale 0|1  of fp8-all-layer-scale (1); --gain X: its gains at first (0)
  --part NAME        what alone is narrow: of nvfp4 and sr-mac forward or backward, of adam4bit m or v (all)
  --format eXmY      of exmy (e4m3)
)";

namespace {

constexpr std::uint64_t most_micro_batches = 1 << 20;
constexpr std::string_view part_names[] = {"all", "forward", "backward", "m", "v"};

/// One of the flags that every trainer has; false for another.
bool take_flag(TrainOptions& o, const std::string& name) {
  if (name == "--help")
    o.help = true;
  else if (name == "--list")
    o.list = true;
  else if (name == "--quiet")
    o.quiet = true;
  else if (name == "--exact-sum")
    o.wire = Wire::exact;
  else if (name == "--zero")
    o.zero = true;
  else if (name == "--no-blas")
    o.recipe_options.multiply.use_blas = false;
  else if (name == "--flush")
    o.recipe_options.subnormals = false;
  else
    return false;
  return true;
}

/// The place of a name among those that an option takes.
std::ptrdiff_t named(const std::string& option, const std::string& value,
                     std::span<const std::string_view> names) {
  const auto found = std::ranges::find(names, value);
  if (found == names.end())
    throw std::invalid_argument(
        fmt::format("{} takes {}, not {}", option, fmt::join(names, ", "), value));
  return found - names.begin();
}

/// The same of options with a value.
bool take_option(TrainOptions& o, const std::string& name, const std::string& value) {
  RecipeOptions& of_recipe = o.recipe_options;
  const auto count = [&](std::uint64_t least, std::uint64_t most = 0xffffffff) {
    return whole_number(name, value, least, most);
  };
  if (name == "--recipe")
    o.recipe = value;
  else if (name == "--steps")
    o.steps = count(0);
  else if (name == "--stop-at")
    o.stop_at = count(1);
  else if (name == "--rate")
    o.rate = real_number(name, value);
  else if (name == "--seed") {
    o.seed = static_cast<std::uint32_t>(count(0));
  } else if (name == "--threads")
    o.threads = count(1, 1024);
  else if (name == "--ranks")
    o.ranks = static_cast<std::size_t>(count(1));
  else if (name == "--micro-batches")
    o.micro_batches = static_cast<std::size_t>(count(1, most_micro_batches));
  else if (name == "--every")
    o.every = count(1);
  else if (name == "--validate-every")
    o.validate_every = count(1);
  else if (name == "--save-every")
    o.save_every = count(1);
  else if (name == "--save")
    o.save = value;
  else if (name == "--resume")
    o.resume = value;
  else if (name == "--from")
    o.from = value;
  else if (name == "--csv")
    o.csv = value;
  else if (name == "--json")
    o.json = value;
  else if (name == "--bits")
    of_recipe.bits = static_cast<int>(count(1, 32));
  else if (name == "--cscale") {
    const auto bias = parsed<int>(value);
    if (!bias || *bias < nf::ScalingBias::lowest || *bias > nf::ScalingBias::highest)
      throw std::invalid_argument("--cscale takes a whole number from -31 to 31, not " + value);
    of_recipe.bias = *bias;
    of_recipe.has_bias = true;
  } else if (name == "--layer-scale") {
    if (value != "0" && value != "1")
      throw std::invalid_argument("--layer-scale takes 0 or 1, not " + value);
    of_recipe.layer_scale = value == "1";
  } else if (name == "--gain") {
    of_recipe.gain = real_number(name, value);
  } else if (name == "--part") {
    of_recipe.part = static_cast<Part>(named(name, value, part_names));
  } else if (name == "--wire") {
    o.wire = static_cast<Wire>(named(name, value, wire_names));
  } else if (name == "--format") {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (value.size() != 4 || value[0] != 'e' || !is_digit(value[1]) || value[2] != 'm' ||
        !is_digit(value[3]))
      throw std::invalid_argument("--format takes a format such as e4m3, not " + value);
    of_recipe.exponent_bits = value[1] - '0';
    of_recipe.mantissa_bits = value[3] - '0';
  } else {
    return false;
  }
  return true;
}

}  // namespace

void parse_options(TrainOptions& o, int count, char** arguments,
                   const std::vector<std::string>& own_flags, const OwnOption& own) {
  o.recipe_options.multiply.use_blas = example::has_blas;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    if (take_flag(o, name)) continue;
    if (std::ranges::find(own_flags, name) != own_flags.end()) {
      own(name, "");
      continue;
    }
    if (i + 1 == count) throw std::invalid_argument(name + " needs a value, or is unknown");
    const std::string value = arguments[++i];
    if (!own(name, value) && !take_option(o, name, value))
      throw std::invalid_argument("unknown option " + name);
  }
  if (!o.resume.empty() && !o.from.empty())
    throw std::invalid_argument("--resume goes on with a run, --from starts one: not both");
}

void choose_micro_batches(TrainOptions& o, const Ranks& ranks) {
  require_ranks(ranks, o.ranks);
  const auto count = static_cast<std::size_t>(ranks.size());
  if (o.micro_batches == 0 && !o.resume.empty()) {
    const std::map<std::string, std::string> noted = st::Reader(o.resume).metadata();
    const auto found = noted.find("run.micro-batches");
    o.micro_batches =
        found == noted.end()
            ? 1
            : static_cast<std::size_t>(whole_number(o.resume + ": run.micro-batches", found->second,
                                                    1, most_micro_batches));
  }
  if (o.micro_batches == 0) o.micro_batches = count;
  if (o.micro_batches < count)
    throw std::invalid_argument(fmt::format("--micro-batches {}: {} ranks share at least one each",
                                            o.micro_batches, count));
}

void add_identity(TrainOptions& o, const Recipe& recipe) {
  const auto is = [&](const char* name, const auto& value, const char* usual = "") {
    o.identity.push_back({name, fmt::format("{}", value), usual});
  };
  const RecipeOptions& chosen = o.recipe_options;
  is("recipe", recipe.name);
  is("steps", o.steps);
  is("rate", o.rate);
  is("seed", o.seed);
  is("bits", chosen.bits);
  is("flush", !chosen.subnormals);
  is("cscale", chosen.has_bias ? std::to_string(chosen.bias) : "none");
  is("layer-scale", chosen.layer_scale ? 1 : 0);
  is("gain", chosen.gain);
  is("part", part_names[static_cast<std::size_t>(chosen.part)]);
  is("format", fmt::format("e{}m{}", chosen.exponent_bits, chosen.mantissa_bits));
  is("no-blas", !chosen.multiply.use_blas);
  is("micro-batches", std::max<std::size_t>(1, o.micro_batches), "1");
  is("wire", wire_names[static_cast<std::size_t>(o.wire)], "f32");
}

std::string recipe_list() {
  std::string text;
  for (const Recipe& recipe : all_recipes({}))
    text += fmt::format("  {:<22} {}\n", recipe.name, recipe.summary);
  return text;
}

}  // namespace train

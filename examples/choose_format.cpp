// SPDX-License-Identifier: MIT
// What each of the usual formats would make of the tensors of a safetensors file: the noise, what
// is clipped and flushed, and which formats are worth their bits.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <iterator>
#include <narrowfloat/io/safetensors.hpp>
#include <narrowfloat/quantize/choose.hpp>
#include <narrowfloat/quantize/exmy.hpp>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "program.hpp"
#include "tensors.hpp"

namespace {

namespace nf = narrowfloat;
namespace st = narrowfloat::safetensors;

constexpr const char* help =
    R"(usage: choose_format [INPUT] [options]

A table for each F32, F16, BF16 and F64 (through F32) tensor: for every format the bits an element with
scales, the signal-to-quantization-noise ratio, and how many of the finite values are clipped (more than
half a step beyond the largest of their block), flushed to zero and lost (Inf or NaN in the format). A *
marks the Pareto front: no format has as few bits and as little noise. Below: the split of 4, 5, 6 and 8
bits (eXmY) that loses least with one bias. INPUT is a safetensors file, or the index of several, whose
name ends in .index.json; without it: the tensors of the digits example.

  --only TEXT    only the tensors whose names end in TEXT, as .weight
  --order NAME   bits (default) or sqnr
  --front        only the rows of the Pareto front
  --json FILE    writes the reports, for scripts/plot_formats
  --help

exit status: 0; 2 for anything else, with one line that says why
)";

struct Options {
  std::string input = NARROWFLOAT_DATA_DIR "/digits.safetensors", only, json, order = "bits";
  bool front = false, help = false;
};

Options parse(int count, char** arguments) {
  Options options;
  bool has_input = false;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    std::string* const value = argument == "--only"    ? &options.only
                               : argument == "--order" ? &options.order
                               : argument == "--json"  ? &options.json
                                                       : nullptr;
    if (value != nullptr) {
      if (++i == count) throw std::invalid_argument(argument + " needs a value");
      *value = arguments[i];
    } else if (argument == "--front") {
      options.front = true;
    } else if (argument == "--help") {
      options.help = true;
    } else if (argument.starts_with("-")) {
      throw std::invalid_argument("unknown option " + argument);
    } else if (std::exchange(has_input, true)) {
      throw std::invalid_argument("one input at a time; see --help");
    } else {
      options.input = argument;
    }
  }
  if (options.order != "bits" && options.order != "sqnr")
    throw std::invalid_argument("unknown order " + options.order);
  return options;
}

/// The tensors that are measured: of numbers, not empty, named as wanted.
std::vector<st::Entry> wanted_tensors(const st::Reader& reader, const Options& options) {
  std::vector<st::Entry> wanted;
  std::ranges::copy_if(reader.entries(), std::back_inserter(wanted), [&](const st::Entry& tensor) {
    return example::is_float(tensor.dtype) && tensor.size_bytes() != 0 &&
           tensor.name.ends_with(options.only);
  });
  if (wanted.empty()) {
    throw std::invalid_argument(options.input +
                                (options.only.empty()
                                     ? ": holds no float tensor"
                                     : ": no float tensor's name ends in " + options.only));
  }
  return wanted;
}

struct Measured {
  std::string name;
  std::vector<std::size_t> shape;
  std::vector<nf::FormatReport> reports;
  std::vector<bool> on_front;
  std::vector<nf::ExmyChoice> splits;  ///< of 4, 5, 6 and 8 bits
};

constexpr int split_bits[] = {4, 5, 6, 8};

Measured measure(const st::Reader& reader, const st::Entry& tensor,
                 const std::vector<nf::Candidate>& candidates, nf::FormatOrder order) {
  std::vector<float> values;
  values.reserve(tensor.size_bytes() / (st::dtype_bits(tensor.dtype) / 8));
  example::for_each_floats(reader, tensor, [&](const std::vector<float>& part) {
    values.insert(values.end(), part.begin(), part.end());
  });
  const std::size_t cols = tensor.shape.empty() ? 1 : tensor.shape.back();
  Measured measured;
  measured.name = tensor.name;
  measured.shape.assign(tensor.shape.begin(), tensor.shape.end());
  measured.reports = nf::choose_formats(values, values.size() / cols, cols, candidates, order);
  measured.on_front.resize(measured.reports.size());
  for (const std::size_t place : nf::pareto_front(measured.reports))
    measured.on_front[place] = true;
  // the search is for samples: the first million values
  const std::span<const float> sample(values.data(), std::min<std::size_t>(values.size(), 1 << 20));
  for (const int bits : split_bits) measured.splits.push_back(nf::recommend_exmy(sample, bits));
  return measured;
}

void print(const Measured& tensor, bool only_front) {
  std::string shape;
  for (const std::size_t extent : tensor.shape)
    shape += (shape.empty() ? "" : " x ") + std::to_string(extent);
  fmt::print("{} ({})\n", tensor.name, shape.empty() ? "scalar" : shape);
  if (tensor.reports.front().is_blank()) {
    fmt::print("  all values are Inf or NaN: nothing to choose by\n\n");
    return;
  }
  fmt::print("  {:<14} {:<8} {:<14} {:>13} {:>9} {:>10} {:>10} {:>9}\n", "format", "block", "rule",
             "bits/element", "SQNR dB", "clipped %", "flushed %", "lost");
  for (std::size_t i = 0; i < tensor.reports.size(); ++i) {
    if (only_front && !tensor.on_front[i]) continue;
    const nf::FormatReport& r = tensor.reports[i];
    const std::string sqnr =
        r.noise == 0 && r.lost == 0 ? "exact" : fmt::format("{:.2f}", r.sqnr_db());
    fmt::print("{} {:<14} {:<8} {:<14} {:>13.3f} {:>9} {:>10.4f} {:>10.4f} {:>9}\n",
               tensor.on_front[i] ? '*' : ' ', r.format, r.block, r.rule, r.bits, sqnr,
               r.clipped_percent(), r.flushed_percent(), r.lost);
  }
  fmt::print("  eXmY with one bias:");
  for (const nf::ExmyChoice& c : tensor.splits) {
    fmt::print(" e{}m{} bias {}{}", c.format.exponent_bits, c.format.mantissa_bits, c.format.bias,
               &c == &tensor.splits.back() ? "\n\n" : ",");
  }
}

nlohmann::ordered_json json_of(const std::vector<Measured>& tensors) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Measured& tensor : tensors) {
    nlohmann::ordered_json reports = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < tensor.reports.size(); ++i) {
      const nf::FormatReport& r = tensor.reports[i];
      nlohmann::ordered_json sqnr;  // null where there is no noise, or nothing but zeros was lost
      if (std::isfinite(r.sqnr_db())) sqnr = r.sqnr_db();
      reports.push_back({{"format", r.format},
                         {"block", r.block},
                         {"rule", r.rule},
                         {"rounding", r.rounding},
                         {"bits", r.bits},
                         {"sqnr_db", sqnr},
                         {"clipped_percent", r.clipped_percent()},
                         {"flushed_percent", r.flushed_percent()},
                         {"lost", r.lost},
                         {"pareto", static_cast<bool>(tensor.on_front[i])}});
    }
    all.push_back({{"name", tensor.name}, {"shape", tensor.shape}, {"reports", reports}});
  }
  return {{"tensors", all}};
}

int run(const Options& options) {
  const st::Reader reader(options.input);
  const std::vector<st::Entry> tensors = wanted_tensors(reader, options);
  example::require_apart(options.json, options.input);
  for (const auto& file : reader.files()) example::require_apart(options.json, file);
  example::OutputFile json(options.json);
  const auto order = options.order == "sqnr" ? nf::FormatOrder::sqnr : nf::FormatOrder::bits;

  example::Progress progress;
  std::size_t at = 0;
  std::vector<nf::Candidate> candidates = nf::default_candidates();
  for (nf::Candidate& each : candidates) {  // each says that it is its turn
    each.measure = [&, format = each.format, inner = std::move(each.measure)](
                       std::span<const float> values, std::size_t rows, std::size_t cols) {
      progress.show(
          fmt::format("{} of {}: {} as {}", at + 1, tensors.size(), tensors[at].name, format));
      return inner(values, rows, cols);
    };
  }
  std::vector<Measured> all;
  for (; at < tensors.size(); ++at) {
    all.push_back(measure(reader, tensors[at], candidates, order));
    progress.clear();
    print(all.back(), options.front);
  }
  if (json.is_wanted()) json.write(json_of(all).dump(1));
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  return example::run_program(
      "choose_format", help, [&] { return parse(count, arguments); }, run);
}

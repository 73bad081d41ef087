// SPDX-License-Identifier: MIT
// How 8 bits are best split between exponent and mantissa, by distribution, as tables: the claims
// of "FP8 Quantization: The Power of the Exponent" (Kuzmin et al. 2022).
#include "distributions.hpp"

#include <narrowfloat/io/safetensors.hpp>

#include "panels.hpp"

namespace {

using namespace example;

constexpr const char* help =
    R"(usage: distributions [options]

How much of a random variable 8 bits keep, as signal-to-noise ratios in dB, by the split into mantissa (M) and exponent (E)
bits and in INT8 of 255 levels, each with its best range; by integration. Then the tensors of a small network.
A few seconds; a row is printed as soon as it is known.

  --json FILE    writes the tables, for scripts/plot_panels
  --help

exit status: 0; 2 for anything else, with one line that says why
)";

std::vector<std::string> split_names() {
  std::vector<std::string> names;
  names.reserve(splits.size());
  for (const Split& each : splits) names.emplace_back(each.name);
  return names;
}

Table by_distribution() {
  std::vector<Variable> all = variables();
  std::vector<nlohmann::json> names;
  names.reserve(all.size());
  for (const Variable& each : all) names.emplace_back(each.name);
  return {
      "8 bits by distribution",
      "Claim: the heavier the tails, the more exponent bits; uniform numbers want INT8, normal ones 5M2E. It holds:\n"
      "Student's t of 8 degrees still wants 5M2E, of 5 and 4 4M3E, of 3 3M4E. Best ranges; the exact expectation.",
      "numbers",
      "dB",
      places(all.size()),
      split_names(),
      [all](std::size_t i) { return best_decibels(all[i].error); },
      names};
}

Table by_outliers() {
  return {
      "Normal numbers, 1 % of them outliers",
      "Claim: outliers are what exponent bits are for. It holds: INT8 loses 13 dB where one number in a hundred is 8\n"
      "times as large and 5M2E 10 dB, 4M3E none. Best ranges; the exact expectation.",
      "times",
      "dB",
      {1, 2, 4, 8, 16, 32, 64, 128},
      split_names(),
      [](std::size_t size) {
        return best_decibels(error_with_outliers(0.01, static_cast<double>(size)));
      }};
}

Table by_range() {
  std::vector<nlohmann::json> ranges;
  for (int half = 0; half <= 20; ++half) ranges.emplace_back(half / 2.0);
  return {
      "The range of normal numbers",
      "Claim: a range has to be chosen well where exponent bits are few. It holds: INT8 loses 6 dB for each power of\n"
      "two above its best range of 3.9 deviations, 3M4E nothing over eight of them.",
      "log2 c",
      "dB",
      places(ranges.size()),
      split_names(),
      [](std::size_t i) {
        const ErrorOf error = error_of(nf::Distribution::normal);
        std::vector<double> row;
        row.reserve(splits.size());
        for (const Split& each : splits)
          row.push_back(-10 *
                        std::log10(error(each.format, std::exp2(static_cast<double>(i) / 2))));
        return row;
      },
      ranges};
}

Table of_a_network() {
  const std::pair<const char*, const char*> names[] = {
      {"weights", "layer1.weight"},
      {"outputs", "layer1.activation"},
      {"d outputs", "layer1.activation.grad"},
      {"d weights", "layer1.weight.grad"},
      {"Adam m", "layer1.weight.adam_m"},
      {"Adam v", "layer1.weight.adam_v"},
  };
  const auto file = nf::safetensors::read(NARROWFLOAT_DATA_DIR "/digits.safetensors");
  std::vector<nlohmann::json> labels;
  std::vector<std::vector<float>> tensors;
  for (const auto& [label, name] : names) {
    const auto values = file.find(name)->as<float>();
    labels.emplace_back(label);
    tensors.emplace_back(values.begin(), values.end());
  }
  return {
      "Tensors of a small network",
      "Claim: networks want two or three exponent bits. It holds: all want 5M2E, as normal numbers do; gradients of\n"
      "outputs, many of which are nearly 0, want 4M3E. Each split with the best range by search_format().",
      "tensor",
      "dB",
      places(tensors.size()),
      split_names(),
      [tensors](std::size_t i) { return searched_decibels(tensors[i]); },
      labels};
}

std::vector<Table> tables() {
  return {by_distribution(), by_outliers(), by_range(), of_a_network()};
}

}  // namespace

int main(int count, char** arguments) {
  return example::run_panels("distributions", help, count, arguments, tables);
}

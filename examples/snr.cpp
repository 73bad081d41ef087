// SPDX-License-Identifier: MIT
// How much of a normal variable each format keeps, over its standard deviation: where a tensor
// should be scaled to.
#include <fmt/core.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <narrowfloat/formats.hpp>
#include <narrowfloat/scaling/snr.hpp>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "program.hpp"

namespace {

namespace nf = narrowfloat;

/// 6 bits of your own: 3 exponent bits of bias 5, 2 mantissa bits, every code a number.
using my_float = nf::Float<3, 2, 5, nf::Specials::finite>;

constexpr const char* help =
    R"(usage: snr [options]

The signal-to-noise ratio in dB of N(0, sigma^2), rounded to nearest even and saturated, in FP16, BF16,
E4M3 (largest 448), E5M2 and a custom format, by integration. Each follows 6.02 M + 13.46 dB for its M
mantissa bits as long as nearly all values are normal numbers.

  --uniform      of numbers uniform on +- sqrt(3) sigma instead
  --json FILE    writes the curves at steps of 2^(1/2), for scripts/plot_formats
  --help

exit status: 0; 2 for anything else, with one line that says why
)";

struct Options {
  std::string json;
  bool uniform = false, help = false;
};

Options parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    if (argument == "--json") {
      if (++i == count) throw std::invalid_argument(argument + " needs a value");
      options.json = arguments[i];
    } else if (argument == "--uniform") {
      options.uniform = true;
    } else if (argument == "--help") {
      options.help = true;
    } else {
      throw std::invalid_argument("unknown option " + argument);
    }
  }
  return options;
}

struct Curve {
  const char* name;
  int mantissa_bits;
  double (*decibels)(double sigma, nf::Distribution);
};
template <class F>
constexpr Curve curve(const char* name) {
  return {name, F::mantissa_bits,
          [](double sigma, nf::Distribution of) { return nf::snr_db<F>(sigma, of); }};
}
constexpr Curve curves[] = {curve<nf::float16>("FP16"), curve<nf::bfloat16>("BF16"),
                            curve<nf::float8_e4m3fn>("E4M3"), curve<nf::float8_e5m2>("E5M2"),
                            curve<my_float>("E3M2 bias 5")};
constexpr int lowest = -24, highest = 20;  // log2 sigma

int run(const Options& options) {
  example::OutputFile json(options.json);
  const auto of = options.uniform ? nf::Distribution::uniform : nf::Distribution::normal;
  fmt::print("signal-to-noise ratio in dB of {} numbers\n{:>12}",
             options.uniform ? "uniform" : "normal", "log2 sigma");
  for (const Curve& each : curves) fmt::print(" {:>11}", each.name);
  for (int log2 = lowest; log2 <= highest; log2 += 2) {
    fmt::print("\n{:>12}", log2);
    for (const Curve& each : curves) fmt::print(" {:>11.2f}", each.decibels(std::exp2(log2), of));
  }
  fmt::print("\n{:>12}", "plateau");
  for (const Curve& each : curves) fmt::print(" {:>11.2f}", 6.0206 * each.mantissa_bits + 13.46);
  fmt::print("\n");
  if (!json.is_wanted()) return 0;
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Curve& each : curves) {
    std::vector<double> log2, decibels;
    for (int half = 2 * lowest; half <= 2 * highest; ++half) {
      log2.push_back(half / 2.0);
      decibels.push_back(each.decibels(std::exp2(half / 2.0), of));
    }
    all.push_back({{"name", each.name}, {"log2_sigma", log2}, {"snr_db", decibels}});
  }
  const nlohmann::ordered_json document{{"distribution", options.uniform ? "uniform" : "normal"},
                                        {"curves", all}};
  json.write(document.dump());
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  return example::run_program(
      "snr", help, [&] { return parse(count, arguments); }, run);
}

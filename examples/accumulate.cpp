// SPDX-License-Identifier: MIT
// What papers claim of sums in low precision, as tables: dot products and matrix products under
// accumulators.
#include <vector>

#include "accumulation.hpp"
#include "panels.hpp"

namespace {

using namespace example;

constexpr const char* help =
    R"(usage: accumulate [options]

What becomes of long sums under the accumulators of papers: chunks and stochastic rounding in 1-6-9, the
MAC with stochastic rounding, a tensor core of 14 bits and its promotion to float, int8 gradients.
A few seconds; a row is printed as soon as it is known.

  --json FILE    writes the tables, for scripts/plot_panels
  --help

exit status: 0; 2 for anything else, with one line that says why
)";

Table growth() {
  return {
      "Sums in 1-6-9",
      "N numbers uniform on 1 +- sqrt(3). To nearest, a sum sticks where half a unit of its last place\n"
      "is more than a number: at 4096. Chunks of 8 only move that to their sums.",
      "N",
      "sum",
      {1024, 2048, 4096, 8192, 16384, 32768, 65536},
      {"exact", "nearest", "stochastic", "chunk 8", "chunk 64"},
      [numbers = growing_numbers(65536)](std::size_t n) {
        const std::span all = std::span(numbers).first(n);
        return std::vector{exact_sum_of(all), sum_of(all, Sum169{}),
                           stochastic_sum_of(all, 64).mean, sum_of(all, Chunks169{.chunk = 8}),
                           sum_of(all, Chunks169{.chunk = 64})};
      }};
}

Table chunk_sizes() {
  return {
      "Chunks in 1-6-9",
      "The same sum of 65536 numbers: short chunks make a long sum of sums, long ones are long sums.",
      "chunk",
      "error, %",
      {1, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 65536},
      {"1-6-9"},
      [numbers = growing_numbers(65536)](std::size_t chunk) {
        const double exact = exact_sum_of(numbers);
        const double error = sum_of(numbers, Chunks169{.chunk = chunk}) - exact;
        return std::vector{100 * std::abs(error) / exact};
      }};
}

/// The errors of the stochastic MAC, in one measure of them.
Table mac(const char* title, const char* caption, Signs signs, double Error::*measure) {
  return {title,
          caption,
          "K",
          measure == &Error::rms ? "rms error" : "mean error",
          {64, 256, 1024, 4096},
          {"nearest", "r = 4", "r = 7", "r = 9", "r = 11", "r = 13", "FP16"},
          [=](std::size_t k) {
            const Dots<nf::float8_e5m2> dots(k, 400, signs);
            const auto error = [&](const auto& acc) { return error_of(dots, acc).*measure; };
            return std::vector{error(nf::FusedAccumulator<nf::float12_e6m5>{}),
                               error(SrMac<4>{}),
                               error(SrMac<7>{}),
                               error(SrMac<9>{}),
                               error(SrMac<11>{}),
                               error(SrMac<13>{}),
                               error(nf::FusedAccumulator<nf::float16>{})};
          }};
}

Table tensor_cores() {
  return {
      "A tensor core that keeps 14 bits",
      "E4M3 numbers |N(0, 1)|, 100 trials. Cut off after each product, or rounded; sums of 128 promoted to\n"
      "float. With both signs, K = 4096, what is cut off toward zero mostly cancels: rms 3.4e-5, not the\n"
      "9.9e-4 of a reference; that is about what a cut toward minus infinity gives (9.2e-4).",
      "K",
      "rms error",
      {256, 1024, 4096, 16384},
      {"cut off", "rounded", "cut off/128", "rounded/128", "cut off/32", "float", "pairwise"},
      [](std::size_t k) {
        const Dots<nf::float8_e4m3fn> dots(k, 100, Signs::positive);
        const auto rms = [&](const auto& acc) { return error_of(dots, acc).rms; };
        return std::vector{rms(tensor_core(true)),
                           rms(tensor_core(false)),
                           rms(promoted(true, 128)),
                           rms(promoted(false, 128)),
                           rms(promoted(true, 32)),
                           rms(nf::FusedAccumulator<float>{}),
                           rms(nf::PairwiseAccumulator<float>{})};
      }};
}

Table formats_of_sums() {
  return {
      "Sums of E4M3 products",
      "|N(0, 1)|, 100 trials, to nearest: the bits of a sum say how long it may be. E8M23 is float.",
      "K",
      "rms error",
      {64, 256, 1024, 4096, 16384},
      {"float", "E8M23", "FP16", "E6M5"},
      [](std::size_t k) {
        const Dots<nf::float8_e4m3fn> dots(k, 100, Signs::positive);
        const auto rms = [&](const auto& acc) { return error_of(dots, acc).rms; };
        return std::vector{rms(nf::FusedAccumulator<float>{}),
                           rms(nf::FusedAccumulator<nf::Float<8, 23>>{}),
                           rms(nf::FusedAccumulator<nf::float16>{}),
                           rms(nf::FusedAccumulator<nf::float12_e6m5>{})};
      }};
}

Table int8_gradients() {
  return {
      "Gradients of an int8 layer",
      "128 x 128, two columns of the inputs 30 times as large. The sums of dW are as long as there are\n"
      "tokens, yet with a scale a column its codes are as good as those of dX.",
      "tokens",
      "error, %",
      {64, 256, 1024, 4096, 16384, 65536},
      {"dX", "dW tensor", "dW columns"},
      [](std::size_t tokens) {
        const Int8Errors errors = int8_errors(tokens);
        return std::vector{100 * errors.dx, 100 * errors.dw_tensor, 100 * errors.dw_columns};
      }};
}

std::vector<Table> tables() {
  return {
      growth(),
      chunk_sizes(),
      mac("Stochastic MAC, one sign: bias",
          "E5M2 numbers |N(0, 1)| into E6M5 with r random bits a step, 400 trials; errors over the sum of the\n"
          "products' magnitudes. 4 bits stick as rounding to nearest does; 9 and more hardly have a bias.",
          Signs::positive, &Error::bias),
      mac("Stochastic MAC, one sign: noise", "The same sums.", Signs::positive, &Error::rms),
      mac("Stochastic MAC, both signs",
          "N(0, 1): sums that stay small are better rounded to nearest.", Signs::both, &Error::rms),
      tensor_cores(),
      formats_of_sums(),
      int8_gradients()};
}

}  // namespace

int main(int count, char** arguments) {
  return example::run_panels("accumulate", help, count, arguments, tables);
}

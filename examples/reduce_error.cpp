// SPDX-License-Identifier: MIT
// What becomes of the mean of the gradients of up to 1,024 ranks where FP8 is on the wire, as
// tables: sums rounded at every hop, in a ring and in a tree, and exact sums rounded once.
#include <map>
#include <memory>
#include <narrowfloat/io/threads.hpp>
#include <thread>
#include <vector>

#include "panels.hpp"
#include "reduction.hpp"

namespace {

using namespace example;

constexpr const char* help =
    R"(usage: reduce_error [options]

Simulates all-reduces of gradients in FP8 on 2 to 1024 ranks: a ring and a tree that round at every hop
and saturate, as sums of custom operators do, and exact sums that are rounded once. Errors are those of the
mean, over the error of rounding the exact mean once. Half a minute; a row is printed as soon as it is known.

  --json FILE    writes the tables, for scripts/plot_panels
  --help

exit status: 0; 2 for anything else, with one line that says why
)";

const std::vector<std::size_t> ranks{2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
constexpr std::size_t elements = 2048;

/// The gradients of each kind, made once.
class Simulation {
 public:
  const Gradients& gradients(Inputs inputs) {
    auto& made = gradients_[inputs];
    if (made == nullptr)
      made = std::make_unique<Gradients>(
          gradients_of(inputs, ranks.back(), elements, NARROWFLOAT_DATA_DIR "/digits.csv"));
    return *made;
  }
  nf::ThreadPool& threads() { return threads_; }

 private:
  std::map<Inputs, std::unique_ptr<Gradients>> gradients_;
  nf::ThreadPool threads_{std::max(1u, std::thread::hardware_concurrency())};
};

using Shared = std::shared_ptr<Simulation>;

template <class F, class Block>
Table fp8_table(const Shared& all, const char* title, const char* caption, Inputs inputs,
                double Loss::*measure) {
  return {
      title,
      caption,
      "ranks",
      measure == &Loss::rms    ? "rms error / once"
      : measure == &Loss::bias ? "bias"
                               : "share of sums",
      ranks,
      fp8_ways,
      [=](std::size_t count) {
        std::vector<double> row;
        for (const Loss& loss : fp8_losses<F, Block>(all->gradients(inputs), count, all->threads()))
          row.push_back(loss.*measure);
        return row;
      }};
}

Table wide_table(const Shared& all) {
  return {"Wider wires, correlated",
          "The rms error of the mean over its size. \"once\": the exact mean, rounded to bfloat16.",
          "ranks",
          "rms error",
          ranks,
          wide_ways,
          [=](std::size_t count) {
            return wide_errors(all->gradients(Inputs::correlated), count, all->threads());
          }};
}

Table bytes_table() {
  return {"Bytes that a rank sends",
          "For an element; of a tree, the busiest rank. MX has a byte of scale for each 32.",
          "ranks",
          "bytes",
          ranks,
          {"f32 ring", "bf16 ring", "FP8 ring", "FP8 tree", "FP8 exact", "MXFP8 exact"},
          [](std::size_t count) {
            const auto n = static_cast<double>(count);
            return std::vector{ring_bytes(4, n), ring_bytes(2, n), ring_bytes(1, n),
                               tree_bytes(1, n), ring_bytes(1, n), ring_bytes(33.0 / 32, n)};
          }};
}

std::vector<Table> tables() {
  const auto all = std::make_shared<Simulation>();
  using E4M3 = nf::float8_e4m3fn;
  using E5M2 = nf::float8_e5m2;
  constexpr auto e4m3 = fp8_table<E4M3, nf::mxfp8_e4m3>;
  constexpr auto e5m2 = fp8_table<E5M2, nf::mxfp8_e5m2>;
  return {
      e4m3(
          all, "E4M3, independent gradients",
          "N(0, 1). \"/rtN\": the scale of FP8-LM, less by sqrt(ranks); \"mu\": halved besides until no sum\n"
          "saturates. Exact sums have the error of their inputs and of one rounding: sqrt(2).",
          Inputs::independent, &Loss::rms),
      e4m3(
          all, "E4M3, correlated gradients",
          "Half of the variance is common. Sums grow as the ranks: without mu they saturate, and what a\n"
          "hop adds is soon less than half a step of the sum.",
          Inputs::correlated, &Loss::rms),
      e4m3(all, "E4M3, heavy tails", "N(0, 1) times 2^(2 N(0, 1)), the sizes of elements.",
           Inputs::heavy_tails, &Loss::rms),
      e4m3(all, "E4M3, gradients of digits",
           "Of a layer 64 -> 10 after 50 steps, 16 images a rank.", Inputs::digits, &Loss::rms),
      e5m2(all, "E5M2, independent gradients", "N(0, 1).", Inputs::independent, &Loss::rms),
      e5m2(all, "E5M2, correlated gradients", "Half of the variance is common.", Inputs::correlated,
           &Loss::rms),
      e4m3(all, "E4M3, correlated gradients: bias",
           "What magnitudes of the mean gain, over their mean.", Inputs::correlated, &Loss::bias),
      e4m3(all, "E4M3, correlated gradients: saturated", "The share of all sums.",
           Inputs::correlated, &Loss::saturated),
      wide_table(all),
      bytes_table()};
}

}  // namespace

int main(int count, char** arguments) {
  return example::run_panels("reduce_error", help, count, arguments, tables);
}

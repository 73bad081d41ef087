// SPDX-License-Identifier: MIT
// What becomes of updates when states and weights are narrow, as tables: the claims of papers, on
// real states and small problems.
#include <map>
#include <memory>
#include <narrowfloat/io/safetensors.hpp>

#include "optimization.hpp"
#include "panels.hpp"

namespace {

using namespace example;

constexpr const char* help =
    R"(usage: optimizers [options]

What becomes of updates when the states of an optimizer and the weights are narrow: code-books on Adam's moments of a small
network, second moments that become 0, a gradient that jumps, updates far below the last place of a weight.
A few seconds; a row is printed as soon as it is known.

  --json FILE    writes the tables, for scripts/plot_panels
  --help

exit status: 0; 2 for anything else, with one line that says why
)";

/// The curves of experiments that give a value for each of the points, made together when the first
/// row is asked for.
class Curves {
 public:
  using Make = std::function<std::vector<std::vector<double>>()>;
  explicit Curves(Make make) : make_(std::move(make)) {}
  std::vector<double> at(std::size_t i) {
    if (curves_.empty()) curves_ = make_();
    std::vector<double> row;
    for (const std::vector<double>& curve : curves_) row.push_back(curve[i]);
    return row;
  }

 private:
  Make make_;
  std::vector<std::vector<double>> curves_;
};

/// A table whose row x is that of the point x.
Table table_of(std::string title, std::string caption, std::string x, std::string y,
               std::vector<std::size_t> points, std::vector<std::string> names, Curves::Make make) {
  std::map<std::size_t, std::size_t> places;
  for (std::size_t i = 0; i < points.size(); ++i) places[points[i]] = i;
  return {std::move(title),
          std::move(caption),
          std::move(x),
          std::move(y),
          std::move(points),
          std::move(names),
          [curves = std::make_shared<Curves>(std::move(make)), places](std::size_t point) {
            return curves->at(places.at(point));
          }};
}

Table code_books() {
  const auto file = nf::safetensors::read(NARROWFLOAT_DATA_DIR "/digits.safetensors");
  Moments moments;
  const auto m = file.find("layer1.weight.adam_m")->as<float>(),
             v = file.find("layer1.weight.adam_v")->as<float>();
  moments.m.assign(m.begin(), m.end());
  moments.v.assign(v.begin(), v.end());
  return {
      "Adam's moments by code-books",
      "A layer of a small network, 8 bits: the mean relative error of the update m / (sqrt(v) + eps). 16384 is one\n"
      "block. Without the 0 in the book of v no update becomes m / eps.",
      "block",
      "error",
      {64, 256, 1024, 4096, 16384},
      {"linear", "quantile", "dynamic", "without 0"},
      [moments](std::size_t block) { return update_errors(moments, block); }};
}

Table zeros_of_v() {
  const std::vector<std::size_t> points{1, 4, 16, 64, 256, 1024, 2000};
  return table_of(
      "Second moments that become 0",
      "Gradients N(0, 1) and 1e-4 N(0, 1) in one block: the largest |update| / lr so far.", "step",
      "largest update", points, {"float", "8-bit, 0", "8-bit", "4-bit", "FP8 blocks", "FP8-LM"},
      [points] {
        using F = nf::FloatState;
        const int steps = static_cast<int>(points.back());
        std::vector<std::vector<double>> all{
            largest_updates<F, F>(steps),
            largest_updates<F, StateWithZero>(steps),
            largest_updates<nf::CodebookState, nf::CodebookState>(steps),
            largest_updates<nf::Codebook4State, nf::Codebook4State>(steps),
            largest_updates<nf::Fp8BlockState, nf::Fp8BlockState>(steps),
            largest_updates<nf::Fp8LmFirst, nf::Fp8LmSecond>(steps)};
        for (auto& curve : all) {
          std::vector<double> at;
          for (const std::size_t point : points) at.push_back(curve[point - 1]);
          curve = std::move(at);
        }
        return all;
      });
}

Table jump() {
  std::vector<std::size_t> points;
  for (std::size_t i = 95; i < 120; ++i) points.push_back(i);
  return table_of(
      "A gradient that jumps",
      "A hundred times as large from step 100 on: the root mean square of the updates / lr. v comes late; clipping\n"
      "divides the rate by what it is late.",
      "step", "update", points, {"AdamW", "StableAdamW"}, [points] {
        const std::size_t n = 4096;
        std::vector<std::vector<double>> all{
            updates_of_jump(nf::AdamW<>({.weight_decay = 0}, n), 120, 100),
            updates_of_jump(nf::StableAdamW<>({.beta2 = 0.999, .weight_decay = 0}, n), 120, 100)};
        for (auto& curve : all) curve.erase(curve.begin(), curve.begin() + 95);
        return all;
      });
}

Table forms() {
  const std::vector<std::size_t> points{16, 64, 256, 512, 1024, 2048, 3072};
  return table_of(
      "A weight of 1, updates of 2^-12",
      "bfloat16's last place is 2^-8 there: to nearest nothing moves. Means of 64 weights.", "step",
      "weight", points, {"nearest", "stochastic", "Kahan", "pair", "remainder", "float"}, [points] {
        const std::vector<float> ones(64, 1.0f);
        const auto narrow = rounded<nf::bfloat16>(ones);
        const nf::Stochastic<> random{.seed = 3};
        return std::vector{small_updates(narrow, points, nf::nearest_even),
                           small_updates(narrow, points, random),
                           small_updates(nf::KahanWeights<>(ones), points, nf::nearest_even),
                           small_updates(nf::PairWeights<>(ones), points, nf::nearest_even),
                           small_updates(nf::RemainderWeights(ones), points, nf::nearest_even),
                           small_updates(ones, points, nf::nearest_even)};
      });
}

Table axpys() {
  const std::vector<std::size_t> points{256, 512, 1024, 2048, 4096, 8192};
  return table_of(
      "AXPYs in 1-6-9",
      "(w - 1)^2 / 2 from 1.5 at the rate 1e-3: rounded to nearest no step is large enough to move.",
      "step", "|mean w - 1|", points, {"nearest", "stochastic"}, [points] {
        return std::vector{axpy_distances(points, nf::nearest_even),
                           axpy_distances(points, nf::Stochastic<>{.seed = 1})};
      });
}

std::vector<Table> tables() { return {code_books(), zeros_of_v(), jump(), forms(), axpys()}; }

}  // namespace

int main(int count, char** arguments) {
  return example::run_panels("optimizers", help, count, arguments, tables);
}

// SPDX-License-Identifier: MIT
// Measures steps of AdamW on states and weights of every form, by one thread and by two, beside
// memcpy.
#include <fmt/format.h>

#include <cstring>
#include <functional>
#include <memory>
#include <narrowfloat/optim.hpp>
#include <random>
#include <string>
#include <vector>

#include "machine.hpp"
#include "optim_plain.hpp"
#include "pools.hpp"
#include "progress.hpp"
#include "size_options.hpp"
#include "turns.hpp"

namespace bench {
namespace {

using namespace narrowfloat;

constexpr std::string_view optim_usage = R"(Usage: bench_optim [options]
Measures a step of AdamW on every storage of its states and form of its weights, by one thread and by two, beside memcpy
of as many bytes as the step has to read and write, and a plain loop over floats.

  --size N         weights (default: 67108864, and 1048576 beside it)

  --min-time S     seconds for each of the 5 repetitions of a row (default: 0.05)
  --help           show this text
)";

/// A row: its step by a number of threads, the bytes that it keeps, and those that it reads and
/// writes, of a weight.
struct optim_row {
  std::string name;
  double kept, moved;
  std::function<void(std::size_t)> step;
};

/// What is kept of a form of weights.
template <class W>
double bytes_of(const W& weights) {
  if constexpr (number_range<W>) {
    return sizeof(weights[0]);
  } else {
    std::size_t bytes = 0;
    for (const ConstStatePart& part : weights.parts()) bytes += part.bytes.size();
    return static_cast<double>(bytes) / static_cast<double>(weights.size());
  }
}

/// AdamW<M, V> on weights; all that it keeps is read and written, gradients are read.
template <class M, class V, class W, class G, class R = NearestEven>
optim_row adamw_row(std::string name, W weights, const std::shared_ptr<std::vector<G>>& gradients,
                    OnOverflow policy = OnOverflow::unchecked, R rounding = {}) {
  struct state {
    W weights;
    AdamW<M, V> adam;
  };
  const std::size_t n = weights.size();
  const auto held =
      std::make_shared<state>(state{std::move(weights), AdamW<M, V>({.lr = 1e-3}, n)});
  const double kept = bytes_of(held->weights) +
                      static_cast<double>(held->adam.size_bytes()) / static_cast<double>(n);
  const double reads = policy == OnOverflow::unchecked ? 1 : 2;
  return {std::move(name), kept, 2 * kept + reads * sizeof(G), [=](std::size_t count) {
            held->adam.step(held->weights, *gradients, {.on_overflow = policy}, rounding,
                            pool_of(count));
          }};
}

optim_row plain_row(const std::vector<float>& weights,
                    const std::shared_ptr<std::vector<float>>& gradients) {
  struct state {
    std::vector<float> w, m, v;
    int t = 0;
  };
  const auto held = std::make_shared<state>(
      state{weights, std::vector<float>(weights.size()), std::vector<float>(weights.size())});
  return {"plain loop, native", 12, 28, [=](std::size_t count) {
            ++held->t;
            pool_of(count)(count, [&](std::size_t task) {
              const std::size_t first = held->w.size() * task / count,
                                end = held->w.size() * (task + 1) / count;
              plain_adamw(held->w.data() + first, gradients->data() + first, held->m.data() + first,
                          held->v.data() + first, end - first, held->t);
            });
          }};
}

std::vector<optim_row> rows_of(std::size_t n) {
  std::vector<float> w(n);
  const auto g = std::make_shared<std::vector<float>>(n);
  std::vector<float> some(1 << 16);
  std::mt19937 draws(1);
  for (float& x : some) x = std::normal_distribution<float>()(draws);
  for (std::size_t i = 0; i < n; ++i) {
    w[i] = some[i % 65521];
    (*g)[i] = 0.01f * some[i % 65519];
  }
  std::vector<bfloat16> narrow(n);
  convert(w, narrow);
  const auto narrow_g = std::make_shared<std::vector<bfloat16>>(n);
  convert(*g, *narrow_g);
  const Stochastic<> random{.seed = 1};
  const Stochastic<8> few_bits{.seed = 1};
  std::vector<optim_row> rows{
      plain_row(w, g),
      adamw_row<FloatState, FloatState>("float32", w, g),
      adamw_row<FloatState, FloatState>("float32, checked", w, g, OnOverflow::skip_step),
      adamw_row<Bfloat16State, Bfloat16State>("bfloat16 state", w, g),
      adamw_row<CodebookState, CodebookState>("8-bit state", w, g),
      adamw_row<Codebook4State, Codebook4State>("4-bit state", w, g),
      adamw_row<FloatState, FloatState>("bfloat16 weights", narrow, g, OnOverflow::unchecked,
                                        random),
      adamw_row<CodebookState, CodebookState>("bfloat16 weights and 8-bit state", narrow, narrow_g,
                                              OnOverflow::unchecked, random),
      adamw_row<CodebookState, CodebookState>("the same, 8 random bits", narrow, narrow_g,
                                              OnOverflow::unchecked, few_bits),
      adamw_row<CodebookState, CodebookState>("float32 master and 8-bit state",
                                              MasterWeights<bfloat16>(w), narrow_g)};
  return rows;
}

void run_size(const size_options& chosen, std::size_t n, std::string& text) {
  progress shown(1);
  shown.next_step();
  turns timed(chosen.min_time, shown);
  const std::vector<optim_row> rows = rows_of(n);
  std::vector<unsigned char> from(14 * n, 1), to(14 * n, 2);
  const auto name_of = [](const std::string& name, std::size_t count) {
    return fmt::format("{}, {}", name, count);
  };
  for (const std::size_t count : {1u, 2u}) {
    timed.add_on_clock(name_of("memcpy", count), 28 * n, [&, count] {
      pool_of(count)(count, [&](std::size_t task) {
        const std::size_t first = 14 * n * task / count, end = 14 * n * (task + 1) / count;
        std::memcpy(to.data() + first, from.data() + first, end - first);
      });
    });
    for (const optim_row& row : rows)
      timed.add_on_clock(name_of(row.name, count), n, [&row, count] { row.step(count); });
  }
  timed.run();
  text += fmt::format("\n{} weights\n{:<34}{:>7}{:>9}{:>9}{:>9}{:>9}\n", n, "", "bytes", "1 thread",
                      "memcpy", "2", "memcpy");
  for (const optim_row& row : rows) {
    text += fmt::format("{:<34}{:>7.2f}", row.name, row.kept);
    for (const std::size_t count : {1u, 2u}) {
      const double rate = timed.rate(name_of(row.name, count));
      text += fmt::format("{:>9.2f}{:>9.2f}", rate / 1e9,
                          rate * row.moved / timed.rate(name_of("memcpy", count)));
    }
    text += '\n';
  }
}

void run(const size_options& chosen) {
  std::string text = fmt::format(
      "{}, {}, {}\nSteps of AdamW: billions of weights a second, medians of {} repetitions of {} s, in turns. bytes: of "
      "weights and\nstates, a weight. memcpy: beside memcpy of as many bytes as the step reads and writes, gradients "
      "included.\n",
      processor_name(), compiler_name(), isa_name(active_isa()), repetitions, chosen.min_time);
  if (chosen.size != size_options{}.size) {
    run_size(chosen, chosen.size, text);
  } else {
    run_size(chosen, std::size_t{1} << 20, text);
    run_size(chosen, std::size_t{1} << 26, text);
  }
  print(text);
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
  return bench::run_program("bench_optim", bench::optim_usage, count, arguments,
                            &bench::parse_size_options, &bench::run);
}

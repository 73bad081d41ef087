// SPDX-License-Identifier: MIT
// Measures a linear layer in every recipe: what forward, backward and the quantization in them
// cost, beside a BLAS.
#include <fmt/format.h>
#include <memory>
#include <narrowfloat/linalg.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "blas.hpp"
#include "machine.hpp"
#include "progress.hpp"
#include "size_options.hpp"
#include "square_matrices.hpp"
#include "turns.hpp"

namespace bench {
namespace {

using namespace narrowfloat;

constexpr std::string_view layers_usage = R"(Usage: bench_layers [options]
Measures the forward and backward pass of a square linear layer in every recipe, on one thread, quantization included,
beside a BLAS's product of floats (sgemm).

  --size N         rows, inputs and outputs, a multiple of 64 (default: 256)

  --min-time S     seconds for each of the 5 repetitions of a row (default: 0.05)
  --help           show this text
)";

/// A layer and its tensors.
template <class R>
struct layer_state {
  LinearShape shape;
  Linear<R> layer;
  std::vector<float> x, w, dy, y, dx, dw;

  explicit layer_state(std::size_t n)
      : shape{n, n, n},
        x(normal_numbers<float>(n, 1)),
        w(normal_numbers<float>(n, 2)),
        dy(normal_numbers<float>(n, 3)),
        y(n * n),
        dx(n * n),
        dw(n * n) {
    layer.forward(x, w, y, shape);
  }
};

template <class R>
void add_layer(turns& timed, const std::string& name, std::size_t n) {
  const auto state = std::make_shared<layer_state<R>>(n);
  timed.add(name + " forward", n * n * n,
            [state] { state->layer.forward(state->x, state->w, state->y, state->shape); });
  timed.add(name + " backward", 2 * n * n * n,
            [state] { state->layer.backward(state->dy, state->dx, state->dw); });
  timed.add(name + " quantize", 2 * n * n, [state] {
    const auto operands = state->layer.quantized(state->x, state->w, state->shape);
    benchmark::DoNotOptimize(&operands);
  });
}

struct recipe_entry {
  std::string name;
  void (*add)(turns&, const std::string&, std::size_t);
};

const std::vector<recipe_entry>& all_recipes() {
  using FreeOrder = FreeOrderAccumulator<example::Blas>;
  static const std::vector<recipe_entry> all = {
      {"float32", add_layer<recipes::Float32<>>},
      {"float32, sums by the BLAS", add_layer<recipes::Float32<FreeOrder>>},
      {"bfloat16", add_layer<recipes::Bfloat16<>>},
      {"float16", add_layer<recipes::Float16<>>},
      {"FP8, delayed scaling", add_layer<recipes::Fp8Delayed<>>},
      {"FP8, delayed, sums by the BLAS", add_layer<recipes::Fp8Delayed<HybridFormats, FreeOrder>>},
      {"FP8, current scaling", add_layer<recipes::Fp8Current<>>},
      {"FP8-LM", add_layer<recipes::Fp8Lm<>>},
      {"Graphcore FP8", add_layer<recipes::GraphcoreFp8<>>},
      {"FP8 blocks, promotion", add_layer<recipes::Fp8Blocks<>>},
      {"MXFP8", add_layer<recipes::Mxfp8<>>},
      {"MXFP6", add_layer<recipes::Mxfp6<>>},
      {"MXFP4 backward", add_layer<recipes::Mxfp4<>>},
      {"NVFP4", add_layer<recipes::Nvfp4<>>},
      {"SwitchBack", add_layer<recipes::SwitchBack<>>},
      {"SwitchBack M", add_layer<recipes::SwitchBackM<>>},
      {"SwitchBack Q", add_layer<recipes::SwitchBackQ<>>},
      {"int8", add_layer<recipes::LlmInt8<>>},
      {"IBM 2018", add_layer<recipes::Ibm2018<>>},
      {"HFP8", add_layer<recipes::Hfp8<>>},
      {"SR-MAC", add_layer<recipes::SrMac<>>},
      {"unit scaling", add_layer<recipes::UnitScaled<>>}};
  return all;
}

void run(const size_options& chosen) {
  const std::size_t n = chosen.size;
  if (n % 64 != 0) throw usage_error("--size is a multiple of 64, not " + std::to_string(n));
  example::set_blas_threads(1);
  std::string text = fmt::format(
      "{}, {}, {}\nA layer of {} x {} x {}, medians of {} repetitions of {} s, in turns; one thread. Billions of\n"
      "multiply-adds a second, and beside the product of floats by {}; billions of elements a second that x and w\n"
      "are quantized at, for both passes.\n\n{:<32}{:>10}{:>8}{:>10}{:>8}{:>12}\n",
      processor_name(), compiler_name(), isa_name(active_isa()), n, n, n, repetitions,
      chosen.min_time, example::blas_name(), "", "forward", "sgemm", "backward", "sgemm",
      "quantized");
  {
    progress shown(1);
    shown.next_step();
    turns timed(chosen.min_time, shown);
    add_sgemm(timed, "sgemm", n);
    for (const recipe_entry& each : all_recipes()) each.add(timed, each.name, n);
    timed.run();
    const double sgemm = timed.rate("sgemm");
    text += fmt::format("{:<32}{:>10.2f}{:>8.2f}\n", "sgemm", sgemm / 1e9, 1.0);
    for (const recipe_entry& each : all_recipes()) {
      const double forward = timed.rate(each.name + " forward"),
                   backward = timed.rate(each.name + " backward");
      text += fmt::format("{:<32}{:>10.2f}{:>8.2f}{:>10.2f}{:>8.2f}{:>12.2f}\n", each.name,
                          forward / 1e9, forward / sgemm, backward / 1e9, backward / sgemm,
                          timed.rate(each.name + " quantize") / 1e9);
    }
  }
  print(text);
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
  return bench::run_program("bench_layers", bench::layers_usage, count, arguments,
                            &bench::parse_size_options, &bench::run);
}

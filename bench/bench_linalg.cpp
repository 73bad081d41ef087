// SPDX-License-Identifier: MIT
// Measures matrix products under accumulators, beside the random draws that they take, a scalar
// loop and a BLAS.
#include <fmt/format.h>
#include <array>
#include <cstdint>
#include <memory>
#include <narrowfloat/linalg.hpp>
#include <narrowfloat/mx.hpp>
#include <narrowfloat/quantize.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "blas.hpp"
#include "machine.hpp"
#include "pools.hpp"
#include "progress.hpp"
#include "section_matvec.hpp"
#include "size_options.hpp"
#include "square_matrices.hpp"
#include "turns.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {
using block_kernel = void (*)(std::uint32_t*, std::uint64_t, std::size_t, std::uint64_t,
                              std::uint64_t, std::uint64_t);
inline constexpr isa_table<block_kernel> block_kernels NF_EACH_ISA(random_blocks<10>);
}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

namespace bench {
namespace {

using namespace narrowfloat;

constexpr std::string_view linalg_usage = R"(Usage: bench_linalg [options]
Measures products of square matrices under accumulators, on one thread, decoding included, beside the 16-bit draws of
Philox that the stochastic ones take, beside a scalar loop and beside a BLAS's product of floats (sgemm); and of block
tensors that no cache holds by a vector, beside its sgemv.

  --size N         rows and columns of the matrices (default: 256)

  --min-time S     seconds for each of the 5 repetitions of a row (default: 0.05)
  --help           show this text

Each instruction set of the machine is measured; NARROWFLOAT_ISA does not count.
)";

using mac_rounding = Stochastic<13, StochasticVariant::p3109_a>;
constexpr mac_rounding key{.seed = 7};

/// A product under an accumulator; operands and result are made once.
template <class F, class Acc>
void add_product(turns& timed, const std::string& name, Isa isa, std::size_t size, const Acc& acc) {
  timed.add(name, size * size * size,
            [=, a = normal_numbers<F>(size, 1), b = normal_numbers<F>(size, 2),
             c = std::make_shared<std::vector<typename Acc::type>>(size * size)] {
              const ScopedIsa scope(isa);
              matmul(a, b, *c, size, size, size, acc);
            });
}

/// The same of block tensors, along whose rows the sums go.
template <class Format, class Acc>
void add_blocks(turns& timed, const std::string& name, Isa isa, std::size_t size, const Acc& acc,
                const QuantizeOptions& options = {}) {
  const auto tensor = [&](unsigned seed) {
    return BlockTensor<Format>::quantize(normal_numbers<float>(size, seed), size, size, options);
  };
  timed.add(name, size * size * size,
            [=, a = tensor(1), b = tensor(2),
             c = std::make_shared<std::vector<typename Acc::type>>(size * size)] {
              const ScopedIsa scope(isa);
              matmul(a, b, *c, size, size, size, acc, {.b_transposed = true});
            });
}
/// Floats by the weights of a code-book.
template <class Acc>
void add_codebook(turns& timed, const std::string& name, Isa isa, std::size_t size,
                  const Acc& acc) {
  timed.add(name, size * size * size,
            [=, a = normal_numbers<float>(size, 1),
             b = CodebookTensor::quantize(normal_numbers<float>(size, 2), nf4_codebook()),
             c = std::make_shared<std::vector<float>>(size * size)] {
              const ScopedIsa scope(isa);
              matmul(a, b, *c, size, size, size, acc, {.b_transposed = true});
            });
}

/// A product by so many threads, on the clock.
template <class F, class Acc>
void add_threads(turns& timed, const std::string& name, std::size_t size, std::size_t threads,
                 const Acc& acc) {
  timed.add_on_clock(fmt::format("{}, {}", name, threads), size * size * size,
                     [=, a = normal_numbers<F>(size, 1), b = normal_numbers<F>(size, 2),
                      c = std::make_shared<std::vector<typename Acc::type>>(size * size)] {
                       matmul(a, b, *c, size, size, size, acc, {}, pool_of(threads));
                     });
}

/// What a careful user writes: a step at a time, eight draws a block of Philox. One row of the
/// result.
void add_scalar_loop(turns& timed, const std::string& name, std::size_t size) {
  timed.add(
      name, size * size,
      [size, a = normal_numbers<float8_e5m2>(size, 1), b = normal_numbers<float8_e5m2>(size, 2),
       c = std::make_shared<std::vector<float12_e6m5>>(size)] {
        using R = StochasticA<13>;
        for (std::size_t j = 0; j < size; ++j) {
          float12_e6m5 sum(0.0f);
          std::array<std::uint32_t, 4> block{};
          for (std::size_t l = 0; l < size; ++l) {
            const std::size_t index = j * size + l;
            if (index % 8 == 0)
              block = philox4x32_10({static_cast<std::uint32_t>(index / 8), 0, 0, 0}, {7, 0});
            const std::uint32_t draw = block[index % 8 / 2] >> (index % 2 == 0 ? 3 : 19);
            sum = FusedAccumulator<float12_e6m5, R>{.rounding = R(draw)}.step(sum, a[l],
                                                                              b[l * size + j]);
          }
          (*c)[j] = sum;
        }
      });
}

struct product_entry {
  std::string name;
  void (*add)(turns&, const std::string&, Isa, std::size_t);
};

const std::vector<product_entry>& products() {
  static const std::vector<product_entry> all =
      {
          {"e5m2 x e5m2, e6m5, stochastic 13",
           [](turns& timed, const std::string& name, Isa isa, std::size_t size) {
             add_product<float8_e5m2>(
                 timed, name, isa, size,
                 FusedAccumulator<float12_e6m5, mac_rounding>{.rounding = key});
           }},
          {"e5m2 x e5m2, e5m6, stochastic 13",
           [](turns& timed, const std::string& name, Isa isa, std::size_t size) {
             add_product<float8_e5m2>(timed, name, isa, size,
                                      FusedAccumulator<Float<5, 6>, mac_rounding>{.rounding = key});
           }},
          {"e5m2 x e5m2, e6m5, nearest",
           [](turns& timed, const std::string& name, Isa isa, std::size_t size) {
             add_product<float8_e5m2>(timed, name, isa, size, FusedAccumulator<float12_e6m5>{});
           }},
          {"e5m2 x e5m2, e6m9, nearest, chunks of 64",
           [](turns& timed, const std::string& name, Isa isa, std::size_t size) {
             using E6M9 = FusedAccumulator<float16_e6m9>;
             add_product<float8_e5m2>(timed, name, isa, size, ChunkedAccumulator<E6M9, E6M9>{});
           }},
          {"e4m3 x e4m3, e6m5, nearest",
           [](turns& timed, const std::string& name, Isa isa, std::size_t size) {
             add_product<float8_e4m3fn>(timed, name, isa, size, FusedAccumulator<float12_e6m5>{});
           }},
          {"e5m2 x e5m2, binary16, nearest",
           [](turns& timed, const std::string& name, Isa isa, std::size_t size) {
             add_product<float8_e5m2>(timed, name, isa, size, FusedAccumulator<float16>{});
           }},
          {"e4m3 x e4m3, exact",
           [](turns& timed, const std::string& name, Isa isa, std::size_t size) {
             add_product<float8_e4m3fn>(timed, name, isa, size, ExactAccumulator{});
           }},
          {"e4m3 x e4m3, f32, chunks of 128",
           [](turns& timed, const std::string& name, Isa isa, std::size_t size) {
             using F32 = FusedAccumulator<float>;
             add_product<float8_e4m3fn>(timed, name, isa, size,
                                        ChunkedAccumulator<F32, F32>{.chunk = 128});
           }},
          {"bf16 x bf16, f32",
           [](turns& timed, const std::string& name, Isa isa, std::size_t size) {
             add_product<narrowfloat::bfloat16>(timed, name, isa, size, FusedAccumulator<float>{});
           }},
          {"f32 x f32, f32",
           [](turns& timed, const std::string& name, Isa isa, std::size_t size) {
             add_product<float>(timed, name, isa, size, FusedAccumulator<float>{});
           }},
          {"e5m2 x e5m2, exact",
           [](turns& timed, const std::string& name, Isa isa, std::size_t size) {
             add_product<float8_e5m2>(timed, name, isa, size, ExactAccumulator{});
           }},
          {"int8 x int8, exact",
           [](turns& timed, const std::string& name, Isa isa, std::size_t size) {
             add_product<std::int8_t>(timed, name, isa, size, ExactAccumulator{});
           }},
          {"mxfp4 x mxfp4, exact",
           [](turns& timed, const std::string& name, Isa isa, std::size_t size) {
             add_blocks<mxfp4_e2m1>(timed, name, isa, size, ExactAccumulator{});
           }},
          {"mxfp8 x mxfp8, f32",
           [](turns& timed, const std::string& name, Isa isa, std::size_t size) {
             add_blocks<mxfp8_e4m3>(timed, name, isa, size, FusedAccumulator<float>{});
           }},
          {"mxfp8 x mxfp8, exact",
           [](turns& timed, const std::string& name, Isa isa, std::size_t size) {
             add_blocks<mxfp8_e4m3>(timed, name, isa, size, ExactAccumulator{});
           }},
          {"mxfp8 x mxfp8, f32 in free order",
           [](turns& timed, const std::string& name, Isa isa, std::size_t size) {
             add_blocks<mxfp8_e4m3>(timed, name, isa, size, FreeOrderAccumulator{example::Blas{}});
           }},
          {"nvfp4 x nvfp4, f32",
           [](turns& timed, const std::string& name, Isa isa, std::size_t size) {
             add_blocks<nvfp4>(timed, name, isa, size, FusedAccumulator<float>{},
                               {.tensor_scale = 1});
           }},
          {"f32 x nf4, f32", [](turns& timed, const std::string& name, Isa isa, std::size_t size) {
             add_codebook(timed, name, isa, size, FusedAccumulator<float>{});
           }}};
  return all;
}

/// The table of products by threads.
std::string threads_table(const size_options& chosen) {
  progress shown(1);
  shown.next_step();
  turns timed(chosen.min_time, shown);
  const char* const names[] = {"e5m2 x e5m2, e6m5, stochastic 13", "e4m3 x e4m3, exact",
                               "bf16 x bf16, f32"};
  for (const std::size_t threads : {1u, 2u}) {
    add_threads<float8_e5m2>(timed, names[0], chosen.size, threads,
                             FusedAccumulator<float12_e6m5, mac_rounding>{.rounding = key});
    add_threads<float8_e4m3fn>(timed, names[1], chosen.size, threads, ExactAccumulator{});
    add_threads<narrowfloat::bfloat16>(timed, names[2], chosen.size, threads,
                                       FusedAccumulator<float>{});
  }
  timed.run();
  std::string text = fmt::format(
      "By a ThreadPool; on the clock, on the widest instruction set.\n\n"
      "{:<44}{:>9}{:>10}{:>8}\n",
      "", "1 thread", "2 threads", "ratio");
  for (const char* name : names) {
    const double one = timed.rate(fmt::format("{}, 1", name)),
                 two = timed.rate(fmt::format("{}, 2", name));
    text += fmt::format("{:<44}{:>9.3f}{:>10.3f}{:>8.2f}\n", name, one / 1e9, two / 1e9, two / one);
  }
  return text;
}

void run(const size_options& chosen) {
  std::vector<Isa> isas;
  for (const Isa isa : all_isas) {
    if (isa_available(isa)) isas.push_back(isa);
  }
  example::set_blas_threads(1);
  std::string text = fmt::format(
      "{}, {}\nBillions of multiply-adds a second, medians of {} repetitions of {} s, in turns; one thread.\n"
      "draws: beside 16-bit draws of Philox, none of which is used. loop: beside the scalar loop. sgemm: beside the\n"
      "product of floats by {}, on its widest instruction set.\n\n"
      "{:<44}{:>9}{:>8}{:>8}{:>8}{:>8}\n",
      processor_name(), compiler_name(), repetitions, chosen.min_time, example::blas_name(), "",
      "isa", "GMAC/s", "draws", "loop", "sgemm");
  {
    progress shown(isas.size());
    for (const Isa isa : isas) {
      shown.next_step();
      turns timed(chosen.min_time, shown);
      std::vector<std::uint32_t> words(4096 + 64);
      timed.add("draws", 2 * 4096, [&] {
        detail::block_kernels[isa](words.data(), 0, 1024, std::uint64_t{1} << 61, 7, 0);
      });
      add_scalar_loop(timed, "loop", chosen.size);
      add_sgemm(timed, "sgemm", chosen.size);
      for (const product_entry& each : products()) each.add(timed, each.name, isa, chosen.size);
      timed.run();
      const double draws = timed.rate("draws"), loop = timed.rate("loop");
      const auto row = [&](const std::string& name, double speed) {
        text += fmt::format("{:<44}{:>9}{:>8.3f}{:>8.2f}{:>8.1f}{:>8.2f}\n", name, isa_name(isa),
                            speed / 1e9, speed / draws, speed / loop, speed / timed.rate("sgemm"));
      };
      row("16-bit draws", draws);
      row("scalar loop, stochastic 13", loop);
      row("sgemm", timed.rate("sgemm"));
      for (const product_entry& each : products()) row(each.name, timed.rate(each.name));
      text += '\n';
    }
  }
  print(text + threads_table(chosen) + '\n' + matvec_table(chosen.min_time));
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
  return bench::run_program("bench_linalg", bench::linalg_usage, count, arguments,
                            &bench::parse_size_options, &bench::run);
}

// SPDX-License-Identifier: MIT
// All-reduces of gradients over the ranks of mpirun: floats by MPI_Allreduce, and narrow wires; and
// steps of an optimizer whose tensors they share out among them.
// Usage: mpirun -n R bench_mpi [largest size, in elements]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include <narrowfloat/collective.hpp>
#include <narrowfloat/io/mpi.hpp>
#include <narrowfloat/mx.hpp>
#include <narrowfloat/optim.hpp>

namespace nf = narrowfloat;

namespace {

/// The time of a call, the least of some turns of the slowest rank, in seconds.
template <class F>
double seconds_of(std::size_t n, const F& call) {
  const int turns = n <= (1u << 16) ? 15 : 5;
  double least = 1e9;
  for (int turn = 0; turn < turns; ++turn) {
    MPI_Barrier(MPI_COMM_WORLD);
    const double begin = MPI_Wtime();
    call();
    double mine = MPI_Wtime() - begin, slowest = 0;
    MPI_Allreduce(&mine, &slowest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    least = std::min(least, slowest);
  }
  return least;
}

struct Bench {
  nf::mpi::Ranks& ranks;
  std::vector<float> gradients, values;

  void print(const char* name, double bytes, double seconds) const {
    if (ranks.rank() != 0) return;
    std::printf("%-24s %10zu %8.2f %10.1f %8.1f\n", name, gradients.size(),
                bytes / static_cast<double>(gradients.size()), 1e6 * seconds,
                1e-6 * static_cast<double>(gradients.size()) / seconds);
  }
  /// A call of the library, which counts its bytes.
  template <class F>
  void row(const char* name, const F& call) {
    values = gradients;
    const std::uint64_t before = ranks.bytes_sent();
    call();
    const auto bytes = static_cast<double>(ranks.bytes_sent() - before);
    const double seconds = seconds_of(values.size(), [&] {
      std::copy(gradients.begin(), gradients.end(), values.begin());
      call();
    });
    print(name, bytes, seconds);
  }
  /// MPI's own sum of floats: all of them, or as many as have the bytes of an FP8 wire.
  void floats(const char* name, std::size_t n) {
    const double seconds = seconds_of(n, [&] {
      std::copy(gradients.begin(), gradients.end(), values.begin());
      MPI_Allreduce(MPI_IN_PLACE, values.data(), static_cast<int>(n), MPI_FLOAT, MPI_SUM,
                    MPI_COMM_WORLD);
    });
    const auto count = static_cast<double>(ranks.size());
    print(name, 8 * (count - 1) / count * static_cast<double>(n), seconds);
  }
  template <class F>
  void codes(const char* name) {
    nf::AllReduceScale<F> scale;
    row(name, [&] { nf::all_reduce(ranks, values, scale); });
  }
};

/// A step of FP8-LM's AdamW on 16 tensors of n elements in all, with its norm and clipping; and
/// what the first rank keeps of them.
void step_of_shards(nf::mpi::Ranks& ranks, std::size_t n) {
  using Adam = nf::AdamW<nf::Fp8LmFirst, nf::Fp8LmSecond>;
  const std::vector<std::size_t> sizes(16, n / 16);
  const std::vector<std::vector<float>> gradients(16, std::vector<float>(n / 16, 1e-3f));
  nf::ShardedOptimizer<Adam, nf::Fp8LmWeights> adam(ranks, sizes, [&](std::size_t i) {
    return std::pair(nf::Fp8LmWeights(std::vector<float>(sizes[i], 0.01f)),
                     Adam({.lr = 1e-3}, sizes[i]));
  });
  const auto step = [&] { adam.step(ranks, gradients, {.max_norm = 1}); };
  const std::uint64_t before = ranks.bytes_sent();
  step();
  const auto bytes = static_cast<double>(ranks.bytes_sent() - before);
  const double seconds = seconds_of(n, step);
  if (ranks.rank() != 0) return;
  const auto all = static_cast<double>(n);
  const nf::ShardBytes kept = adam.bytes();
  std::printf("%-24s %10zu %8.2f %10.1f %8.1f\n", "a step of shards", n, bytes / all, 1e6 * seconds,
              1e-6 * all / seconds);
  std::printf("  keeps, bytes an element: states %.2f, master weights %.2f, weights %.2f\n",
              static_cast<double>(kept.state) / all, static_cast<double>(kept.weights) / all,
              static_cast<double>(kept.model) / all);
}

void run(std::size_t largest) {
  nf::mpi::Ranks ranks(MPI_COMM_WORLD);
  if (ranks.rank() == 0) {
    std::printf("%d ranks\n%-24s %10s %8s %10s %8s\n", ranks.size(), "wire", "elements", "bytes/el",
                "us", "Mel/s");
  }
  std::vector<std::size_t> sizes;
  for (std::size_t n = 1024; n < largest; n *= 8) sizes.push_back(n);
  sizes.push_back(largest);
  for (const std::size_t n : sizes) {
    Bench bench{ranks, std::vector<float>(n), std::vector<float>(n)};
    std::uint32_t state = static_cast<std::uint32_t>(ranks.rank()) + 1;
    for (float& x : bench.gradients) {
      state = state * 1664525u + 1013904223u;
      x = static_cast<float>(static_cast<int>(state >> 8) - (1 << 23)) * 0x1p-30f;
    }
    bench.floats("floats (MPI_Allreduce)", n);
    bench.floats("a quarter of them", n / 4);
    bench.codes<nf::float8_e4m3fn>("float8_e4m3fn");
    bench.codes<nf::float8_e5m2>("float8_e5m2");
    bench.codes<nf::bfloat16>("bfloat16");
    bench.row("mxfp8_e4m3",
              [&] { nf::all_reduce(ranks, bench.values, nf::BlockWire<nf::mxfp8_e4m3>{}); });
    bench.row("int8, blocks of 128", [&] { nf::all_reduce(ranks, bench.values, nf::Int8Wire{}); });
    nf::ExactGradientSum exact(n);
    bench.row("exact floats", [&] {
      exact.add(bench.values);
      exact.all_reduce(ranks, bench.values);
    });
    step_of_shards(ranks, n);
  }
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  run(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : std::size_t{1} << 24);
  MPI_Finalize();
}

// SPDX-License-Identifier: MIT
// Collectives over the ranks of a communicator give the bits, and send the bytes, of those over
// threads.
#include <cstdio>
#include <vector>

#include <narrowfloat/collective.hpp>
#include <narrowfloat/io/mpi.hpp>
#include <narrowfloat/loops.hpp>

#include "support/thread_ranks.hpp"

namespace nf = narrowfloat;

namespace {

std::vector<float> gradients_of(int rank) {
  std::vector<float> values(100003);
  std::uint32_t state = static_cast<std::uint32_t>(rank) + 1;
  for (float& x : values) {
    state = state * 1664525u + 1013904223u;
    x = static_cast<float>(static_cast<int>(state >> 8) - (1 << 23)) * 0x1p-30f;
  }
  return values;
}

/// What a rank finds, all of it one after the other.
template <class Ranks>
std::vector<float> found(Ranks& ranks) {
  const std::vector<float> gradients = gradients_of(ranks.rank());
  std::vector<float> all, mean = gradients, residuals(gradients.size()), sum(gradients.size());
  nf::AllReduceScale<nf::float8_e4m3fn> scale;
  nf::AutoScale mu;
  for (int step = 0; step < 2; ++step) {
    mean = gradients;
    const auto report =
        nf::all_reduce(ranks, mean, scale, {.residuals = residuals, .mu = &mu, .segment = 10000},
                       nf::Stochastic<>{.seed = 7});
    all.insert(all.end(), mean.begin(), mean.end());
    all.push_back(static_cast<float>(report.sums_attained));
  }
  all.insert(all.end(), residuals.begin(), residuals.end());
  nf::AllReduceScale<nf::bfloat16> wide;
  std::vector<float> piece(nf::rank_piece(mean.size(), ranks.size(), ranks.rank()).size);
  nf::reduce_scatter(ranks, gradients, piece, wide);
  nf::all_gather(ranks, piece, mean);
  all.insert(all.end(), mean.begin(), mean.end());
  nf::ExactGradientSum exact(gradients.size());
  exact.add(gradients);
  exact.add(mean);
  exact.all_reduce(ranks, sum, nf::Divide{3});
  all.insert(all.end(), sum.begin(), sum.end());
  nf::ExactSum loss;
  loss.add(1 + ranks.rank() * 0x1p-60);
  all.push_back(static_cast<float>((loss.all_reduce(ranks) - ranks.size()) * 0x1p70));
  all.push_back(static_cast<float>(ranks.bytes_sent()));
  return all;
}

}  // namespace

int main() {
  MPI_Init(nullptr, nullptr);
  int failures = 0;
  {
    nf::mpi::Ranks ranks(MPI_COMM_WORLD);
    std::vector<std::vector<float>> wanted(static_cast<std::size_t>(ranks.size()));
    test::ThreadRanks::run(ranks.size(), [&](auto& threads) {
      wanted[static_cast<std::size_t>(threads.rank())] = found(threads);
    });
    std::vector<float> got = found(ranks);
    std::vector<float>& expected = wanted[static_cast<std::size_t>(ranks.rank())];
    // the threads count no maxima and sums: some bytes for each call
    const float more = got.back() - expected.back();
    failures += more < 0 || more > 4000 || (more == 0) != (ranks.size() == 1) ? 1 : 0;
    got.pop_back();
    expected.pop_back();
    failures += got != expected ? 1 : 0;
    if (failures != 0) std::printf("rank %d differs; %g bytes\n", ranks.rank(), more);
  }
  MPI_Finalize();
  return failures;
}

// SPDX-License-Identifier: MIT
// One array, several threads: each converts its piece, and the codes are those of a single thread,
// stochastic rounding included, since element i draws its random bits by its index.
#include <fmt/core.h>
#include <narrowfloat/narrowfloat.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <span>
#include <vector>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace nf = narrowfloat;

namespace {

using Codes = std::vector<nf::float8_e4m3fn>;

int available_threads() {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}

/// Converts `values` in as many pieces as there are threads.
void convert_in_pieces(const std::vector<float>& values, Codes& codes, nf::Stochastic<> rounding,
                       int threads) {
  const std::size_t n = values.size(), pieces = static_cast<std::size_t>(threads);
#ifdef _OPENMP
#pragma omp parallel for num_threads(threads) schedule(static)
#endif
  for (int piece = 0; piece < threads; ++piece) {
    const std::size_t first = n * static_cast<std::size_t>(piece) / pieces;
    const std::size_t last = n * (static_cast<std::size_t>(piece) + 1) / pieces;
    nf::convert(std::span(values).subspan(first, last - first),
                std::span(codes).subspan(first, last - first), rounding.from(first));
  }
}

double seconds_of(const std::vector<float>& values, Codes& codes, nf::Stochastic<> rounding,
                  int threads) {
  double best = 1e9;
  for (int repetition = 0; repetition < 5; ++repetition) {
    const auto start = std::chrono::steady_clock::now();
    convert_in_pieces(values, codes, rounding, threads);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    best = std::min(best, elapsed.count());
  }
  return best;
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 1) {
    fmt::print(stderr, "threads: takes no arguments, not {}\n", arguments[1]);
    return 2;
  }
  std::vector<float> values(std::size_t{1} << 24);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(i % 4001) / 1000.0f - 2.0f;
  }
  const nf::Stochastic<> rounding{.seed = 42, .stream = 7};
  Codes expected(values.size()), codes(values.size());
  nf::convert(values, expected, rounding);

  fmt::print("{} floats to float8_e4m3fn, stochastic rounding\n\n", values.size());
  fmt::print("threads       ms  Gelem/s  codes\n");
  bool same = true;
  for (int threads = 1; threads <= available_threads(); threads *= 2) {
    const double seconds = seconds_of(values, codes, rounding, threads);
    const bool equal = std::memcmp(codes.data(), expected.data(), codes.size()) == 0;
    same = same && equal;
    fmt::print("{:>7} {:>8.2f} {:>8.2f}  {}\n", threads, seconds * 1e3,
               static_cast<double>(values.size()) / seconds / 1e9,
               equal ? "the same" : "DIFFERENT");
  }
  return same ? 0 : 1;
}

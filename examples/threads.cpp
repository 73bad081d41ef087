// SPDX-License-Identifier: MIT
// One array, several threads: an executor as the last argument, and the codes are those of a single
// thread, stochastic rounding included, since element i draws its random bits by its index.
#include <fmt/core.h>
#include <narrowfloat/io/threads.hpp>
#include <narrowfloat/narrowfloat.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <thread>
#include <vector>

namespace nf = narrowfloat;

namespace {

/// Seconds that a call takes, the best of five.
template <class Call>
double seconds_of(const Call& call) {
  double best = 1e9;
  for (int repetition = 0; repetition < 5; ++repetition) {
    const auto start = std::chrono::steady_clock::now();
    call();
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
  std::vector<nf::float8_e4m3fn> expected(values.size()), codes(values.size());
  nf::convert(values, expected, rounding);

  fmt::print("{} floats to float8_e4m3fn, stochastic rounding\n\n", values.size());
  fmt::print("threads       ms  Gelem/s  codes\n");
  bool same = true;
  const std::size_t most = std::max(std::thread::hardware_concurrency(), 1u);
  for (std::size_t threads = 1; threads <= most; threads *= 2) {
    nf::ThreadPool pool(threads);
    const double seconds = seconds_of([&] { nf::convert(values, codes, rounding, pool); });
    const bool equal = codes == expected;
    same = same && equal;
    fmt::print("{:>7} {:>8.2f} {:>8.2f}  {}\n", threads, seconds * 1e3,
               static_cast<double>(values.size()) / seconds / 1e9,
               equal ? "the same" : "DIFFERENT");
  }
  return same ? 0 : 1;
}

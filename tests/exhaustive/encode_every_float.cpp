// SPDX-License-Identifier: MIT
// All 2^32 floats to every named format, to nearest and toward zero, on the active instruction set,
// against the oracle.
#include <narrowfloat/convert.hpp>

#include "support/catch.hpp"
#include "support/code_runs.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

template <class F, class R>
void check_every_float(R rounding, oracle::Mode mode) {
  constexpr std::size_t batch = std::size_t{1} << 20;
  std::vector<float> in(batch);
  std::vector<F> out(batch);
  Mismatches bad;
  const auto runs = oracle::runs_of_codes(oracle_format<F>(), {mode},
                                          oracle_saturation(nf::default_saturation<F>));
  auto run = runs.begin();
  for (std::uint64_t first = 0; first >> 32 == 0; first += batch) {
    for (std::size_t i = 0; i < batch; ++i)
      in[i] = std::bit_cast<float>(static_cast<std::uint32_t>(first + i));
    nf::convert(in, out, rounding);
    for (std::size_t i = 0; i < batch;) {
      const auto next = std::next(run);
      const std::uint64_t run_end = next == runs.end() ? std::uint64_t{1} << 32 : next->first;
      const std::size_t stop = std::min<std::uint64_t>(batch, run_end - first);
      std::size_t wrong = i;
      while (wrong < stop && out[wrong].bits() == run->code) ++wrong;
      bad.expect(
          wrong == stop, [] { return name_of<F>(); }, first + wrong, run->code,
          wrong < batch ? out[wrong].bits() : 0u);
      i = stop;
      if (first + stop == run_end && next != runs.end()) run = next;
    }
  }
  CHECK(bad.report() == "");
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("all 2^32 floats round to nearest as the oracle says", "[exhaustive]",
                        named_formats) {
  check_every_float<TestType>(nf::nearest_even, oracle::Mode::nearest_even);
}

TEMPLATE_LIST_TEST_CASE("all 2^32 floats round toward zero as the oracle says", "[exhaustive]",
                        named_formats) {
  check_every_float<TestType>(nf::toward_zero, oracle::Mode::toward_zero);
}

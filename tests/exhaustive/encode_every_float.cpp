// SPDX-License-Identifier: MIT
// All 2^32 floats to every named format, to nearest and toward zero, on the active instruction set, against
// the oracle.
#include <narrowfloat/convert.hpp>

#include <map>

#include "support/catch.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

/// The oracle's answers for all positive or all negative floats, as the first pattern of each run
/// of patterns with one code. Rounding is monotone, so the end of a run is found by bisection; NaN
/// is a run.
template <class F>
std::map<std::uint32_t, std::uint32_t> runs_of_codes(std::uint32_t sign, oracle::Mode mode) {
  constexpr oracle::Format format = oracle_format<F>();
  const auto code = [&](std::uint32_t magnitude) {
    return oracle::round(format, oracle::from_f32_bits(sign | magnitude), {mode},
                         oracle_saturation(nf::default_saturation<F>));
  };
  constexpr std::uint32_t infinity = 0x7f800000u, end = 0x80000000u;
  std::map<std::uint32_t, std::uint32_t> first_of;
  for (std::uint32_t first = 0; first < infinity;) {
    const std::uint32_t here = code(first);
    first_of[sign | first] = here;
    std::uint32_t inside = first, outside = infinity;
    while (outside - inside > 1) {
      const std::uint32_t middle = inside + (outside - inside) / 2;
      (code(middle) == here ? inside : outside) = middle;
    }
    first = outside;
  }
  for (const std::uint32_t special : {infinity, infinity + 1})
    first_of[sign | special] = code(special);
  static_assert(end > infinity);
  return first_of;
}

template <class F, class R>
void check_every_float(R rounding, oracle::Mode mode) {
  constexpr std::size_t batch = std::size_t{1} << 20;
  std::vector<float> in(batch);
  std::vector<F> out(batch);
  Mismatches bad;
  for (const std::uint32_t sign : {0u, 0x80000000u}) {
    const auto runs = runs_of_codes<F>(sign, mode);
    auto run = runs.begin();
    for (std::uint64_t first = 0; first < 0x80000000u; first += batch) {
      for (std::size_t i = 0; i < batch; ++i) {
        in[i] = std::bit_cast<float>(sign | static_cast<std::uint32_t>(first + i));
      }
      nf::convert(in, out, rounding);
      for (std::size_t i = 0; i < batch;) {
        const auto next = std::next(run);
        const std::uint64_t run_end = next == runs.end() ? 0x80000000u : next->first & 0x7fffffffu;
        const std::size_t stop = std::min<std::uint64_t>(batch, run_end - first);
        std::size_t wrong = i;
        while (wrong < stop && out[wrong].bits() == run->second) ++wrong;
        bad.expect(
            wrong == stop, [] { return name_of<F>(); }, sign | (first + wrong), run->second,
            wrong < batch ? out[wrong].bits() : 0u);
        i = stop;
        if (first + stop == run_end && next != runs.end()) run = next;
      }
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

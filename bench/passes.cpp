// SPDX-License-Identifier: MIT
// The calls of passes.hpp. One more fused pass is a line in add_fused().
#include "passes.hpp"

#include <benchmark/benchmark.h>

#include <narrowfloat/convert.hpp>
#include <narrowfloat/stats.hpp>
#include <span>

namespace bench {
namespace {

using namespace narrowfloat;

/// `Call`: a lambda without captures that takes the two spans.
template <class From, class To, class Call>
void run_call(const void* in, void* out, std::size_t n) {
  Call{}(std::span(static_cast<const From*>(in), n), std::span(static_cast<To*>(out), n));
}

template <class F, class R = NearestEven, class Call>
pass encoding(std::string_view name, std::string_view format, std::string_view rounding, Call) {
  return {name, encode_kernel<F, R>(format, rounding), &run_call<float, F, Call>};
}
template <class F, class Call>
pass decoding(std::string_view name, std::string_view format, Call) {
  return {name, decode_kernel<F>(format), &run_call<F, float, Call>};
}

constexpr auto plain = [](auto in, auto out) { convert(in, out); };
constexpr auto scaled = [](auto in, auto out) { convert(in, out, Scale{0.5f}); };
constexpr auto counted = [](auto in, auto out) {
  ConversionStats stats;
  convert(in, out, stats);
  benchmark::DoNotOptimize(stats);
};
constexpr auto both = [](auto in, auto out) {
  ConversionStats stats;
  convert(in, out, Scale{0.5f}, stats);
  benchmark::DoNotOptimize(stats);
};
constexpr auto largest = [](auto in, auto) { benchmark::DoNotOptimize(amax(in)); };
constexpr auto keyed = [](auto in, auto out) { convert(in, out, Stochastic<>{1, 2, 3}); };

template <class F>
void add_fused(std::vector<pass>& all, std::string_view format) {
  all.push_back(encoding<F>("convert", format, default_rounding, plain));
  all.push_back(encoding<F>("convert, Scale", format, default_rounding, scaled));
  all.push_back(encoding<F>("convert, ConversionStats", format, default_rounding, counted));
  all.push_back(encoding<F>("convert, Scale, ConversionStats", format, default_rounding, both));
}

}  // namespace

std::vector<pass> short_calls() {
  return {
      encoding<float8_e4m3fn>("convert", format_name<float8_e4m3fn>(), default_rounding, plain),
      encoding<bfloat16>("convert", format_name<bfloat16>(), default_rounding, plain),
      decoding<float8_e4m3fn>("convert", format_name<float8_e4m3fn>(), plain),
      encoding<float8_e4m3fn, Stochastic<>>("convert", format_name<float8_e4m3fn>(),
                                            "stochastic_16", keyed),
      encoding<bfloat16, Stochastic<>>("convert", format_name<bfloat16>(), "stochastic_16", keyed)};
}

std::vector<pass> fused_passes() {
  std::vector<pass> all;
  add_fused<float8_e4m3fn>(all, format_name<float8_e4m3fn>());
  all.push_back(
      encoding<float8_e4m3fn>("amax", format_name<float8_e4m3fn>(), default_rounding, largest));
  all.back().writes = false;
  add_fused<bfloat16>(all, format_name<bfloat16>());
  return all;
}

}  // namespace bench

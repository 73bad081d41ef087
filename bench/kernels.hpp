// SPDX-License-Identifier: MIT
// What the benchmark runs: an entry for each conversion. Their loops, one for every instruction
// set, are compiled apart, in kernels_*.cpp.
#pragma once

#include <cstddef>
#include <narrowfloat/convert.hpp>
#include <narrowfloat/io/threads.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "roof.hpp"

namespace bench {

/// Converts n elements between two arrays that are apart.
using convert_function = void (*)(narrowfloat::Isa, const void* in, void* out, std::size_t n);
/// The same by threads, on the active instruction set.
using threads_function = void (*)(narrowfloat::ThreadPool&, const void* in, void* out,
                                  std::size_t n);

inline constexpr std::string_view f32 = "f32";
inline constexpr std::string_view default_rounding = "nearest_even";

/// A conversion from one type to another by one rounding; at most one of the two is f32.
struct kernel {
  std::string_view from, to;
  std::string_view rounding;
  shape bytes;
  bool is_signed;  ///< the format, see format()
  int code_bits;   ///< of the format
  convert_function run;
  threads_function run_by;
  convert_function encode;  ///< f32 to the format to nearest; makes the codes that others read

  bool encodes() const { return from == f32; }
  bool decodes() const { return to == f32; }
  bool is_stochastic() const { return rounding.starts_with("stochastic"); }
  /// The one that is not f32; the one that is read where neither is.
  std::string_view format() const { return encodes() ? to : from; }
};

using kernels = std::vector<kernel>;

/// "f32 -> bfloat16".
inline std::string conversion_name(const kernel& of) {
  return std::string(of.from) + " -> " + std::string(of.to);
}

/// How a table shows it; every conversion to f32 is exact.
inline std::string_view rounding_name(const kernel& of) {
  return of.decodes() ? "exact" : of.rounding;
}

template <class From, class To, class R>
void run_convert(narrowfloat::Isa isa, const void* in, void* out, std::size_t n) {
  narrowfloat::convert(isa, std::span(static_cast<const From*>(in), n),
                       std::span(static_cast<To*>(out), n), R{});
}

template <class From, class To, class R>
void run_convert_by(narrowfloat::ThreadPool& pool, const void* in, void* out, std::size_t n) {
  narrowfloat::convert(std::span(static_cast<const From*>(in), n),
                       std::span(static_cast<To*>(out), n), R{}, pool);
}

template <class F, class R = narrowfloat::NearestEven>
kernel encode_kernel(std::string_view format, std::string_view rounding = default_rounding) {
  return {f32,
          format,
          rounding,
          {sizeof(float), sizeof(F)},
          F::is_signed,
          F::width,
          &run_convert<float, F, R>,
          &run_convert_by<float, F, R>,
          &run_convert<float, F, narrowfloat::NearestEven>};
}

/// From a format to float or to another format. To float every format here is exact: one rounding
/// serves.
template <class From, class To = float>
kernel decode_kernel(std::string_view from, std::string_view to = f32) {
  return {from,
          to,
          default_rounding,
          {sizeof(From), sizeof(To)},
          From::is_signed,
          From::width,
          &run_convert<From, To, narrowfloat::NearestEven>,
          &run_convert_by<From, To, narrowfloat::NearestEven>,
          &run_convert<float, From, narrowfloat::NearestEven>};
}

/// Appends both directions.
template <class F>
void add_format(kernels& all, std::string_view format) {
  all.push_back(encode_kernel<F>(format));
  all.push_back(decode_kernel<F>(format));
}

void add_narrow_kernels(kernels& all);
void add_wide_kernels(kernels& all);
void add_pair_kernels(kernels& all);
/// The other roundings for a format of each kind, of more formats if `every`.
void add_rounding_kernels(kernels& all, bool every);

}  // namespace bench

// SPDX-License-Identifier: MIT
// What the benchmark runs: an entry for each conversion. Their loops, one for every instruction
// set, are compiled apart, in kernels_*.cpp.
#pragma once

#include <cstddef>
#include <narrowfloat/convert.hpp>
#include <span>
#include <string_view>
#include <vector>

#include "roof.hpp"

namespace bench {

/// Converts n elements between two arrays that are apart.
using convert_function = void (*)(narrowfloat::Isa, const void* in, void* out, std::size_t n);

/// A conversion between f32 and a format, in one direction, by one rounding.
struct kernel {
  std::string_view format;
  std::string_view rounding;
  bool encodes;  ///< f32 to the format; else back
  bool is_signed;
  shape bytes;
  convert_function run;
  convert_function encode;  ///< to nearest; makes the codes that a conversion back reads

  std::string_view from() const { return encodes ? "f32" : format; }
  std::string_view to() const { return encodes ? format : "f32"; }
};

using kernels = std::vector<kernel>;

inline constexpr std::string_view default_rounding = "nearest_even";

template <class From, class To, class R>
void run_convert(narrowfloat::Isa isa, const void* in, void* out, std::size_t n) {
  narrowfloat::convert(isa, std::span(static_cast<const From*>(in), n),
                       std::span(static_cast<To*>(out), n), R{});
}

template <class F, class R = narrowfloat::NearestEven>
kernel encode_kernel(std::string_view format, std::string_view rounding = default_rounding) {
  return {format,
          rounding,
          true,
          F::is_signed,
          {sizeof(float), sizeof(F)},
          &run_convert<float, F, R>,
          &run_convert<float, F, narrowfloat::NearestEven>};
}

/// To float every format here is exact: one rounding serves.
template <class F>
kernel decode_kernel(std::string_view format) {
  return {format,
          default_rounding,
          false,
          F::is_signed,
          {sizeof(F), sizeof(float)},
          &run_convert<F, float, narrowfloat::NearestEven>,
          &run_convert<float, F, narrowfloat::NearestEven>};
}

/// Appends both directions.
template <class F>
void add_format(kernels& all, std::string_view format) {
  all.push_back(encode_kernel<F>(format));
  all.push_back(decode_kernel<F>(format));
}

void add_narrow_kernels(kernels& all);
void add_wide_kernels(kernels& all);
void add_rounding_kernels(kernels& all);

}  // namespace bench

// SPDX-License-Identifier: MIT
// private: include <narrowfloat/convert.hpp>. From an array call to its kernel: the checks, the choice of
// kernel, table and stores, the floating-point environment.
#pragma once

#include <stdexcept>
#include <string>

#include "../isa.hpp"
#include "number.hpp"
#include "simd/dispatch.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

constexpr void require_equal_sizes(std::size_t in, std::size_t out) {
  if (in != out) {
    throw std::invalid_argument("narrowfloat::convert: the input has " + std::to_string(in) +
                                " elements, the output " + std::to_string(out));
  }
}

constexpr void require_words(std::size_t words, std::size_t in) {
  if (words != in) {
    throw std::invalid_argument("narrowfloat::convert: the rounding has " + std::to_string(words) +
                                " words of random bits, the input " + std::to_string(in) +
                                " elements");
  }
}

inline void require_isa(Isa isa) {
  if (!isa_available(isa)) {
    throw std::invalid_argument("narrowfloat: the instruction set " + std::string(isa_name(isa)) +
                                " is not available on this machine");
  }
}

/// Whether arrays of so many bytes are too large for the caches, so that stores had better go past them.
inline bool leaves_caches(std::size_t bytes) {
  return bytes > find_cpu_features().last_level_cache;
}

template <class From, class To, class R, bool Flush>
const code_table& find_code_table(saturates policy) {
  if (!policy.overflow) return code_table_of<From, To, R, Flush, false, false>;
  return policy.infinity ? code_table_of<From, To, R, Flush, true, true>
                         : code_table_of<From, To, R, Flush, true, false>;
}

template <class From, class To, class R, bool Flush>
void run_kernel(std::size_t isa, const void* in, void* out, std::size_t n, const R& rounding,
                saturates policy, bool stream) {
  constexpr bool to_float = std::is_same_v<To, binary32>;
  if constexpr (has_table<From, To, R>()) {
    const look_up_kernel kernel = look_up_kernel_of<sizeof(code_for<To>)>(isa);
    if (!to_float || (kernel != nullptr && !(From::has_infinity && policy.infinity))) {
      kernel(in, out, n, find_code_table<From, To, R, Flush>(policy), stream);
      return;
    }
  }
  if constexpr (!has_table<From, To, R>() || to_float) {
    const float_environment environment(direction_of(R::rule));
    convert_kernels<From, To, R, Flush>[isa](in, out, n, rounding, policy, stream);
  }
}

/// Converts n numbers; `stream` if the whole array that they are part of leaves the caches.
template <class From, class To, class R>
void convert_part(Isa isa, const From* in, To* out, std::size_t n, const R& rounding,
                  Saturation saturation, Subnormals subnormals, bool stream) {
  using from = layout_of<From>;
  using to = layout_of<To>;
  const auto run = subnormals == Subnormals::flush ? &run_kernel<from, to, R, true>
                                                   : &run_kernel<from, to, R, false>;
  run(static_cast<std::size_t>(isa), in, out, n, rounding, saturates_in(saturation), stream);
}

template <class From, class To, class R>
void convert_by_kernel(Isa isa, const From* in, To* out, std::size_t n, const R& rounding,
                       Saturation saturation, Subnormals subnormals) {
  convert_part(isa, in, out, n, rounding, saturation, subnormals,
               leaves_caches(n * (sizeof(From) + sizeof(To))));
}

/// The product of a Scale, in integers.
constexpr NF_HD float scaled(float x, float factor, Subnormals subnormals) {
  std::uint32_t code = number_traits<float>::to_code(x);
  if (subnormals == Subnormals::flush) code = flush_subnormals<binary32>(code);
  if (is_nan_code<binary32>(code)) return x;
  const exact result = product(exact_value<binary32>(code),
                               exact_value<binary32>(number_traits<float>::to_code(factor)));
  return number_traits<float>::from_code(rounded<binary32, rule::half_even, 0>(
      result, 0, outcomes_of<binary32, rule::half_even, 0>({false, false})));
}

/// The policy for the elements of an array from `first` on.
template <class R>
constexpr R rounding_from(const R& rounding, std::uint64_t first) {
  if constexpr (R::random_bits == 0) {
    return rounding;
  } else {
    return rounding.from(first);
  }
}

/// Elements of a part that is worked on while it lies in the first-level cache.
inline constexpr std::size_t part_elements = 1024;

/// The length of the next part of an array: the first one ends where the others begin on a cache line.
template <class To>
NF_INLINE std::size_t next_part(const To* out, std::size_t rest) {
  const std::size_t before = reinterpret_cast<std::uintptr_t>(out) % 64 / sizeof(To);
  return rest < part_elements - before ? rest : part_elements - before;
}

template <class To, class R>
void convert_scaled(Isa isa, const float* in, To* out, std::size_t n, float factor,
                    const R& rounding, Saturation saturation, Subnormals subnormals) {
  const bool stream = leaves_caches(n * (sizeof(float) + sizeof(To)));
  const bool flush = subnormals == Subnormals::flush;
  float products[part_elements];
  for (std::size_t done = 0, count = 0; done < n; done += count) {
    count = next_part(out + done, n - done);
    {
      const float_environment environment(direction::nearest);
      scale_kernels[static_cast<std::size_t>(isa)](in + done, products, count, factor, flush);
    }
    convert_part(isa, products, out + done, count, rounding_from(rounding, done), saturation,
                 subnormals, stream);
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

// SPDX-License-Identifier: MIT
// The roof of a conversion: copies of the same shape, with its loads, change of width and stores
// and no arithmetic. There are several ways to write one; the fastest on this machine counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <narrowfloat/isa.hpp>

#if defined(__x86_64__)
#include "roof_x86_pairs.hpp"
#endif

namespace bench {

/// Copies n unsigned words of one size to words of another. Both arrays are aligned to 64 bytes, n
/// is a multiple of 64, and the words fit.
using copy_function = void (*)(const void* in, void* out, std::size_t n);

/// One way to write the same-shape copy.
struct roof_variant {
  std::string_view name;
  copy_function run;
};

/// The bytes of an element that a conversion reads, and that it writes.
struct shape {
  int in_bytes, out_bytes;
  friend bool operator==(const shape&, const shape&) = default;
};

template <int Bytes>
using word = std::conditional_t<Bytes == 1, std::uint8_t,
                                std::conditional_t<Bytes == 2, std::uint16_t, std::uint32_t>>;

/// The copy without intrinsics.
template <int In, int Out>
void copy_plain(const void* in, void* out, std::size_t n) {
  const auto* source = static_cast<const word<In>*>(in);
  auto* target = static_cast<word<Out>*>(out);
  for (std::size_t i = 0; i < n; ++i) target[i] = static_cast<word<Out>>(source[i]);
}

#if defined(__x86_64__)
inline constexpr memory_access caches{false, false}, prefetch{true, false}, stream{false, true},
    both{true, true};

/// f32 to codes or back.
template <int In, int Out>
void add_x86_variants(std::vector<roof_variant>& found) {
  using narrowfloat::Isa;
  if (narrowfloat::isa_available(Isa::avx2)) {
    found.push_back({"avx2", &avx2::copy<In, Out, caches>});
    found.push_back({"avx2_prefetch", &avx2::copy<In, Out, prefetch>});
    found.push_back({"avx2_stream", &avx2::copy<In, Out, stream>});
    found.push_back({"avx2_prefetch_stream", &avx2::copy<In, Out, both>});
  }
  if (!narrowfloat::isa_available(Isa::avx512)) return;
  using avx512::narrowing;
  found.push_back({"avx512", &avx512::copy<In, Out, caches>});
  found.push_back({"avx512_prefetch", &avx512::copy<In, Out, prefetch>});
  found.push_back({"avx512_stream", &avx512::copy<In, Out, stream>});
  found.push_back({"avx512_prefetch_stream", &avx512::copy<In, Out, both>});
  if constexpr (Out < 4) {
    constexpr auto pack = narrowing::pack;
    found.push_back({"avx512_pack", &avx512::copy<In, Out, caches, pack>});
    found.push_back({"avx512_pack_stream", &avx512::copy<In, Out, stream, pack>});
    found.push_back({"avx512_pack_prefetch_stream", &avx512::copy<In, Out, both, pack>});
  }
  if constexpr (Out == 2) {
    constexpr auto permute = narrowing::permute;
    found.push_back({"avx512_permute", &avx512::copy<In, Out, caches, permute>});
    found.push_back({"avx512_permute_stream", &avx512::copy<In, Out, stream, permute>});
    found.push_back({"avx512_permute_prefetch_stream", &avx512::copy<In, Out, both, permute>});
  }
  if (Out == 1 && __builtin_cpu_supports("avx512vbmi")) {
    found.push_back({"avx512_permute", &avx512::permute_to_bytes<caches>});
    found.push_back({"avx512_permute_stream", &avx512::permute_to_bytes<stream>});
    found.push_back({"avx512_permute_prefetch_stream", &avx512::permute_to_bytes<both>});
  }
}

/// Codes to codes.
template <int In, int Out>
requires(In < 4 && Out < 4) void add_x86_variants(std::vector<roof_variant>& found) {
  using narrowfloat::Isa;
  if (narrowfloat::isa_available(Isa::avx2)) {
    found.push_back({"avx2", &avx2::copy_codes<In, Out, caches>});
    found.push_back({"avx2_stream", &avx2::copy_codes<In, Out, stream>});
    found.push_back({"avx2_prefetch_stream", &avx2::copy_codes<In, Out, both>});
  }
  if (!narrowfloat::isa_available(Isa::avx512)) return;
  found.push_back({"avx512", &avx512::copy_codes<In, Out, caches>});
  found.push_back({"avx512_stream", &avx512::copy_codes<In, Out, stream>});
  found.push_back({"avx512_prefetch_stream", &avx512::copy_codes<In, Out, both>});
}
#endif

/// Every copy of this shape that this machine can run.
template <int In, int Out>
std::vector<roof_variant> variants_of() {
  std::vector<roof_variant> found{{"plain", &copy_plain<In, Out>}};
#if defined(__x86_64__)
  add_x86_variants<In, Out>(found);
#endif
  return found;
}

/// Throws std::logic_error unless the variant copies: a roof that drops elements would be too high.
template <int In, int Out>
void check_variant(const roof_variant& variant) {
  constexpr std::size_t n = 256;
  alignas(64) word<In> in[n];
  alignas(64) word<Out> out[n] = {};
  for (std::size_t i = 0; i < n; ++i) in[i] = static_cast<word<In>>(i ^ 0x5a);
  variant.run(in, out, n);
  for (std::size_t i = 0; i < n; ++i) {
    if (in[i] != out[i]) {
      throw std::logic_error("the same-shape copy '" + std::string(variant.name) +
                             "' is wrong at element " + std::to_string(i));
    }
  }
}

template <int In, int Out>
std::vector<roof_variant> checked_variants_of() {
  const std::vector<roof_variant> found = variants_of<In, Out>();
  for (const roof_variant& variant : found) check_variant<In, Out>(variant);
  return found;
}

/// Every copy of a shape that this machine can run, each checked once.
inline std::vector<roof_variant> roof_variants(shape of) {
  if (of == shape{4, 1}) return checked_variants_of<4, 1>();
  if (of == shape{4, 2}) return checked_variants_of<4, 2>();
  if (of == shape{4, 4}) return checked_variants_of<4, 4>();
  if (of == shape{1, 4}) return checked_variants_of<1, 4>();
  if (of == shape{2, 4}) return checked_variants_of<2, 4>();
  if (of == shape{2, 1}) return checked_variants_of<2, 1>();
  if (of == shape{1, 2}) return checked_variants_of<1, 2>();
  if (of == shape{1, 1}) return checked_variants_of<1, 1>();
  throw std::logic_error("no same-shape copy of " + std::to_string(of.in_bytes) + " to " +
                         std::to_string(of.out_bytes) + " bytes");
}

}  // namespace bench

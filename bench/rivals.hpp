// SPDX-License-Identifier: MIT
// The rivals of bench_rivals: the array conversions of installed libraries and the loops that
// people write. Each library has its own file, which is built where the library is found.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// Converts n elements between two arrays that are apart, both aligned to 64 bytes; n is a multiple
/// of 64.
using rival_function = void (*)(const void* in, void* out, std::size_t n);

/// A contender of narrowfloat in one conversion, between f32 and a format.
struct rival {
  std::string_view name;
  std::string_view format;
  bool encodes;  ///< f32 to the format; else back
  rival_function run;
};

/// What runs, and a line for each rival that does not, with the reason.
struct rivals {
  std::vector<rival> all;
  std::vector<std::string> left_out;
};

// Weak: null where the library was not there when the program was built.
[[gnu::weak]] void add_eigen(rivals& found);
[[gnu::weak]] void add_highway(rivals& found);
[[gnu::weak]] void add_onednn(rivals& found);
[[gnu::weak]] void add_imath(rivals& found);
[[gnu::weak]] void add_fp16(rivals& found);

void add_plain(rivals& found);         ///< with the flags of the program
void add_plain_native(rivals& found);  ///< with -O3, for this machine

/// Converts the elements one by one, by a function that is known here and so can be inlined.
template <class From, class To, To (*Convert)(From)>
void convert_each(const void* in, void* out, std::size_t n) {
  const auto* source = static_cast<const From*>(in);
  auto* target = static_cast<To*>(out);
  for (std::size_t i = 0; i < n; ++i) target[i] = Convert(source[i]);
}

}  // namespace bench

// SPDX-License-Identifier: MIT
// Conversions from a format to another, without f32 between.
#include "kernels.hpp"

namespace bench {
namespace {

template <class From, class To>
void add_pair(kernels& all) {
  using narrowfloat::format_name;
  all.push_back(decode_kernel<From, To>(format_name<From>(), format_name<To>()));
}

}  // namespace

void add_pair_kernels(kernels& all) {
  using namespace narrowfloat;
  add_pair<float16, float8_e4m3fn>(all);
  add_pair<float8_e4m3fn, bfloat16>(all);
  add_pair<float8_e4m3fn, float8_e5m2>(all);
}

}  // namespace bench

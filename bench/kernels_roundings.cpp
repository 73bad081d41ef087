// SPDX-License-Identifier: MIT
// The other roundings, which --all adds, for a format of each kind.
#include "kernels.hpp"

namespace bench {
namespace {

template <class F>
void add_roundings(kernels& all, std::string_view format) {
  using namespace narrowfloat;
  all.push_back(encode_kernel<F, NearestAway>(format, "nearest_away"));
  all.push_back(encode_kernel<F, TowardZero>(format, "toward_zero"));
  all.push_back(encode_kernel<F, TowardPositive>(format, "toward_positive"));
  all.push_back(encode_kernel<F, TowardNegative>(format, "toward_negative"));
  all.push_back(encode_kernel<F, ToOdd>(format, "to_odd"));
  all.push_back(encode_kernel<F, Stochastic<>>(format, "stochastic_16"));
}

}  // namespace

void add_rounding_kernels(kernels& all) {
  add_roundings<narrowfloat::float8_e4m3fn>(all, "float8_e4m3fn");
  add_roundings<narrowfloat::float8_e5m2>(all, "float8_e5m2");
  add_roundings<narrowfloat::bfloat16>(all, "bfloat16");
}

}  // namespace bench

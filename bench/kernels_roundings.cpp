// SPDX-License-Identifier: MIT
// The other roundings for a format of each kind, and for more with --all.
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
/// By a byte an element, and by the generator with fewer rounds.
template <class F>
void add_draws(kernels& all, std::string_view format) {
  using namespace narrowfloat;
  constexpr auto variant = StochasticVariant::p3109_c;
  all.push_back(encode_kernel<F, Stochastic<8>>(format, "stochastic_8"));
  all.push_back(encode_kernel<F, Stochastic<16, variant, Philox4x32_7>>(format, "stochastic_16/7"));
  all.push_back(encode_kernel<F, Stochastic<8, variant, Philox4x32_7>>(format, "stochastic_8/7"));
}

}  // namespace

void add_rounding_kernels(kernels& all, bool every) {
  using namespace narrowfloat;
  add_roundings<float8_e4m3fn>(all, format_name<float8_e4m3fn>());
  add_draws<float8_e4m3fn>(all, format_name<float8_e4m3fn>());
  add_roundings<Float<4, 3, 9, Specials::ieee>>(all, "custom_e4m3b9");
  add_roundings<bfloat16>(all, format_name<bfloat16>());
  add_roundings<float16>(all, format_name<float16>());
  if (!every) return;
  add_roundings<float8_e5m2>(all, format_name<float8_e5m2>());
  add_roundings<Float<5, 1, 12, Specials::finite>>(all, "custom_e5m1b12");
}

}  // namespace bench

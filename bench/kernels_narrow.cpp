// SPDX-License-Identifier: MIT
// The conversions of the formats of 8 bits or fewer; the custom ones have no name in the library.
#include "kernels.hpp"

namespace bench {

void add_narrow_kernels(kernels& all) {
  using namespace narrowfloat;
  for_each_format([&]<class F>(std::string_view name) {
    if constexpr (F::width <= 8) add_format<F>(all, name);
  });
  add_format<Float<4, 3, 9, Specials::ieee>>(all, "custom_e4m3b9");
  add_format<Float<3, 2, 3, Specials::fn>>(all, "custom_e3m2fn");
  add_format<Float<5, 1, 12, Specials::finite>>(all, "custom_e5m1b12");
}

}  // namespace bench

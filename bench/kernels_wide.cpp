// SPDX-License-Identifier: MIT
// The conversions of the formats of more than 8 bits.
#include "kernels.hpp"

namespace bench {

void add_wide_kernels(kernels& all) {
  using namespace narrowfloat;
  for_each_format([&]<class F>(std::string_view name) {
    if constexpr (F::width > 8) add_format<F>(all, name);
  });
}

}  // namespace bench

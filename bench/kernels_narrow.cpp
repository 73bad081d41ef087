// SPDX-License-Identifier: MIT
// The conversions of the formats of 8 bits or fewer; the custom ones have no name in the library.
#include "kernels.hpp"

namespace bench {

void add_narrow_kernels(kernels& all) {
  using namespace narrowfloat;
  add_format<float8_e4m3fn>(all, "float8_e4m3fn");
  add_format<float8_e5m2>(all, "float8_e5m2");
  add_format<float8_e4m3>(all, "float8_e4m3");
  add_format<float8_e3m4>(all, "float8_e3m4");
  add_format<float8_e4m3fnuz>(all, "float8_e4m3fnuz");
  add_format<float8_e5m2fnuz>(all, "float8_e5m2fnuz");
  add_format<float8_e4m3b11fnuz>(all, "float8_e4m3b11fnuz");
  add_format<float8_e4m3b11>(all, "float8_e4m3b11");
  add_format<float8_e8m0fnu>(all, "float8_e8m0fnu");
  add_format<float8_ue4m3>(all, "float8_ue4m3");
  add_format<float8_ue5m3>(all, "float8_ue5m3");
  add_format<float6_e2m3fn>(all, "float6_e2m3fn");
  add_format<float6_e3m2fn>(all, "float6_e3m2fn");
  add_format<float4_e2m1fn>(all, "float4_e2m1fn");
  add_format<Float<4, 3, 9, Specials::ieee>>(all, "custom_e4m3b9");
  add_format<Float<3, 2, 3, Specials::fn>>(all, "custom_e3m2fn");
  add_format<Float<5, 1, 12, Specials::finite>>(all, "custom_e5m1b12");
}

}  // namespace bench

// SPDX-License-Identifier: MIT
// Conversions between float and the formats of 4 and 6 bits.
#include "instances.hpp"

NF_ALL_ROUNDINGS_COUNTED(float6_e2m3fn)
NF_ALL_ROUNDINGS_COUNTED(float6_e3m2fn)
NF_ALL_ROUNDINGS_COUNTED(float4_e2m1fn)

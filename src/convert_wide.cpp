// SPDX-License-Identifier: MIT
// Conversions between float and the formats of 12 bits and more.
#include "instances.hpp"

NF_ALL_ROUNDINGS(float16)
NF_COUNTED(float16, NearestEven)
NF_ALL_ROUNDINGS(bfloat16)
NF_COUNTED(bfloat16, NearestEven)
NF_ALL_ROUNDINGS(tfloat32)
NF_ALL_ROUNDINGS(float16_e6m9)
NF_ALL_ROUNDINGS(float12_e6m5)

// Between float and double.
NF_FROM(double, float)
NF_FROM(float, double)
NF_FROM(float, float)
NF_FROM(double, double)

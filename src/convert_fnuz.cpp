// SPDX-License-Identifier: MIT
// Conversions between float and the 8-bit formats without -0.
#include "instances.hpp"

NF_ALL_ROUNDINGS(float8_e4m3fnuz)
NF_ALL_ROUNDINGS(float8_e5m2fnuz)
NF_ALL_ROUNDINGS(float8_e4m3b11fnuz)
// no loop counts their stochastic roundings
NF_COUNTED(float8_e4m3fnuz, NearestEven)
NF_COUNTED(float8_e5m2fnuz, NearestEven)
NF_COUNTED(float8_e4m3b11fnuz, NearestEven)

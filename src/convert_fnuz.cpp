// SPDX-License-Identifier: MIT
// Conversions between float and the 8-bit formats without -0.
#include "instances.hpp"

NF_ALL_ROUNDINGS_COUNTED(float8_e4m3fnuz)
NF_ALL_ROUNDINGS_COUNTED(float8_e5m2fnuz)
NF_ALL_ROUNDINGS_COUNTED(float8_e4m3b11fnuz)

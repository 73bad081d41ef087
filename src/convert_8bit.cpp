// SPDX-License-Identifier: MIT
// Conversions between float and the 8-bit formats with the usual special codes.
#include "instances.hpp"

NF_ALL_ROUNDINGS_COUNTED(float8_e4m3fn)
NF_ALL_ROUNDINGS_COUNTED(float8_e5m2)
NF_ALL_ROUNDINGS_COUNTED(float8_e4m3)
NF_ALL_ROUNDINGS_COUNTED(float8_e3m4)
NF_ALL_ROUNDINGS_COUNTED(float8_e4m3b11)

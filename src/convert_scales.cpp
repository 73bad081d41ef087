// SPDX-License-Identifier: MIT
// Conversions between float and the unsigned formats, those of scales.
#include "instances.hpp"

NF_ALL_ROUNDINGS(float8_e8m0fnu)
NF_ALL_ROUNDINGS(float8_ue4m3)
NF_ALL_ROUNDINGS(float8_ue5m3)

// SPDX-License-Identifier: MIT
// The MX formats.
#include "instances_blocks.hpp"

NF_BLOCKS(mxfp8_e4m3)
NF_BLOCKS(mxfp8_e5m2)
NF_BLOCKS(mxfp6_e2m3)
NF_BLOCKS(mxfp6_e3m2)
NF_BLOCKS(mxfp4_e2m1)
NF_BLOCKS(mxint8)

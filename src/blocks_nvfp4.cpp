// SPDX-License-Identifier: MIT
// NVFP4, in blocks of a row and in two dimensions.
#include "instances_blocks.hpp"

NF_BLOCKS(nvfp4)
NF_BLOCKS(nvfp4_2d)

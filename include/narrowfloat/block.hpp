// SPDX-License-Identifier: MIT
// Block formats: elements that share a scale, and BlockTensor, a matrix of them.
#pragma once

#include "block/format.hpp"
#include "block/number_types.hpp"
#include "block/scale.hpp"
#include "block/tensor.hpp"
#include "packed.hpp"

#ifndef NARROWFLOAT_COMPILED
#include "block/detail/dequantize.hpp"
#include "block/detail/quantize.hpp"
#endif

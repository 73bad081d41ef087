// SPDX-License-Identifier: MIT
// Linear algebra in low precision.
#pragma once

#include "linalg/accumulator.hpp"
#include "linalg/dot.hpp"
#include "linalg/products.hpp"

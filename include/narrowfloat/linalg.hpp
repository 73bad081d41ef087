// SPDX-License-Identifier: MIT
// Linear algebra in low precision.
#pragma once

#include "linalg/accumulator.hpp"
#include "linalg/aligned.hpp"
#include "linalg/compensated.hpp"
#include "linalg/dot.hpp"
#include "linalg/epilogue.hpp"
#include "linalg/exact.hpp"
#include "linalg/executor.hpp"
#include "linalg/free_order.hpp"
#include "linalg/products.hpp"

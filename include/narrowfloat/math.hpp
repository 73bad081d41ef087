// SPDX-License-Identifier: MIT
// The functions of <cmath> for every Float, returning that Float: exact, or rounded once.
// docs/math.md lists them.
#pragma once

#include "math/arithmetic.hpp"
#include "math/classes.hpp"
#include "math/elementary.hpp"
#include "math/exponents.hpp"
#include "math/integers.hpp"

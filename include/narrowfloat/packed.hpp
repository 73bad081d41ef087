// SPDX-License-Identifier: MIT
// Arrays of codes of 1 to 16 bits without padding, as ranges of numbers, and convert() to and from
// them.
#pragma once

#include "packed/convert.hpp"
#include "packed/iterator.hpp"
#include "packed/layouts.hpp"
#include "packed/matrix.hpp"
#include "packed/span.hpp"
#include "packed/vector.hpp"

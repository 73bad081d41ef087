// SPDX-License-Identifier: MIT
// Includes every public header that needs no third party; defines nothing.
#pragma once

#include "config.hpp"  // first: what it says of a compiler that will not do

#include "block.hpp"
#include "codes.hpp"
#include "collective.hpp"
#include "compat.hpp"
#include "convert.hpp"
#include "errors.hpp"
#include "executor.hpp"
#include "float.hpp"
#include "formats.hpp"
#include "hadamard.hpp"
#include "io/ostream.hpp"
#include "isa.hpp"
#include "limits.hpp"
#include "linalg.hpp"
#include "math.hpp"
#include "matrix.hpp"
#include "mx.hpp"
#include "optim.hpp"
#include "packed.hpp"
#include "quantize.hpp"
#include "random.hpp"
#include "rounding.hpp"
#include "scaling.hpp"
#include "specials.hpp"
#include "state.hpp"
#include "stats.hpp"
#include "text.hpp"

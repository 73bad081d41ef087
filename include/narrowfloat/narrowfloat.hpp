// SPDX-License-Identifier: MIT
// Includes every public header that needs no third party; defines nothing.
#pragma once

#include "block.hpp"
#include "config.hpp"
#include "convert.hpp"
#include "float.hpp"
#include "formats.hpp"
#include "hadamard.hpp"
#include "io/ostream.hpp"
#include "isa.hpp"
#include "limits.hpp"
#include "linalg.hpp"
#include "math.hpp"
#include "mx.hpp"
#include "packed.hpp"
#include "quantize.hpp"
#include "random.hpp"
#include "rounding.hpp"
#include "scaling.hpp"
#include "specials.hpp"
#include "stats.hpp"
#include "text.hpp"

// SPDX-License-Identifier: MIT
// A target of 32 bits is told so in one error.
// expect: error: (#error )?"narrowfloat needs a target with integers of 128 bits
// options: -U__SIZEOF_INT128__
#include <narrowfloat/float.hpp>

// SPDX-License-Identifier: MIT
// C++17 is told so in one error.
// expect: error: (#error )?"narrowfloat needs C\+\+20
// options: -std=c++17
#include <narrowfloat/narrowfloat.hpp>

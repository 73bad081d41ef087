// SPDX-License-Identifier: MIT
// Files are read and written with exceptions alone.
// expect: error: (#error )?"narrowfloat/io: a file that cannot
// options: -fno-exceptions
#include <narrowfloat/io/gguf.hpp>

// SPDX-License-Identifier: MIT
// Files are read and written with exceptions alone: what a stranger's file may hold is no failed
// check of the program's.
#pragma once

#if !defined(__cpp_exceptions)
#error \
    "narrowfloat/io: a file that cannot be read or written is told by an exception; -fno-exceptions has none"
#define NF_STOP "nothing else is compiled: see the #error above"
#include NF_STOP
#endif

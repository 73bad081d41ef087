// SPDX-License-Identifier: MIT
// Every header without a third party, for targets and standard libraries that no test of Debian's
// compilers sees.
#include <narrowfloat/io/dlpack.hpp>
#include <narrowfloat/io/format.hpp>
#include <narrowfloat/io/ids.hpp>
#include <narrowfloat/io/safetensors_dtype.hpp>
#include <narrowfloat/io/safetensors_names.hpp>
#include <narrowfloat/loops.hpp>
#include <narrowfloat/narrowfloat.hpp>

#if defined(__linux__)
#include <narrowfloat/io/gguf.hpp>
#include <narrowfloat/io/gguf_blocks.hpp>
#endif

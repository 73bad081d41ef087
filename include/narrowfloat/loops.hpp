// SPDX-License-Identifier: MIT
// The loops of every call, for programs that link narrowfloat::compiled and use formats or
// roundings that it does not have: include it beside the headers of the calls. Without that library
// every header brings its loops by itself.
#pragma once

#include "config.hpp"

#if defined(__CUDACC__)
#error \
    "narrowfloat/loops.hpp: nvcc reads no loops; call array functions of other formats from a .cpp file"
#endif

#include "block/detail/dequantize.hpp"
#include "block/detail/quantize.hpp"
#include "convert/detail/arrays.hpp"
#include "detail/array/bit_stream.hpp"
#include "detail/array/magnitude.hpp"
#include "detail/array/widen_part.hpp"
#include "hadamard/detail/hadamard.hpp"
#include "linalg/detail/narrow_sums.hpp"
#include "optim/detail/form_loop.hpp"
#include "optim/detail/limit_loop.hpp"
#include "optim/detail/rule_loop.hpp"
#include "optim/detail/step_passes.hpp"
#include "quantize/detail/codebook_blocks.hpp"
#include "quantize/detail/codebook_values.hpp"
#include "quantize/detail/grid.hpp"
#include "quantize/detail/int8_dequantize.hpp"
#include "quantize/detail/int8_quantize.hpp"
#include "quantize/detail/make_codebook.hpp"
#include "quantize/detail/usual_candidates.hpp"
#include "scaling/detail/unscale.hpp"
#include "stats/detail/count.hpp"
#include "stats/detail/count_conversion.hpp"

/// Example   #include <narrowfloat/loops.hpp>  // in a program that links narrowfloat::compiled
///           using mine = Float<3, 2, 5, Specials::finite>;  // of which the library has no loops
///           std::vector<mine> codes(x.size());
///           convert(x, codes);
///           assert(codes[0] == convert<mine>(x[0]));
namespace narrowfloat::detail {
template <class... T>
struct loops {};
}  // namespace narrowfloat::detail

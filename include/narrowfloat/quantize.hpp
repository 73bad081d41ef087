// SPDX-License-Identifier: MIT
// Quantizers: code-books, int8, float formats of run time, eXmY, and the chooser among formats.
#pragma once

#include "quantize/candidate.hpp"
#include "quantize/choose.hpp"
#include "quantize/codebook.hpp"
#include "quantize/codebook_codes.hpp"
#include "quantize/codebook_options.hpp"
#include "quantize/codebook_tensor.hpp"
#include "quantize/codebooks.hpp"
#include "quantize/exmy.hpp"
#include "quantize/exponents.hpp"
#include "quantize/fake_quantize.hpp"
#include "quantize/format_report.hpp"
#include "quantize/format_search.hpp"
#include "quantize/int8_matrix.hpp"
#include "quantize/int8_options.hpp"
#include "quantize/integer.hpp"
#include "quantize/runtime_format.hpp"

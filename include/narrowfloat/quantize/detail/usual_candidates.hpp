// SPDX-License-Identifier: MIT
// The usual formats as candidates: a function of its own, since it makes the loops of 17 block
// formats.
#pragma once

#include <string>
#include <vector>

#include "../candidate.hpp"
#include "../exponents.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

template <class Format>
std::string text_name() {
  return std::string(format_name<Format>());
}

template <class Format, class R>
void add_rules(std::vector<Candidate>& all, const R& rounding) {
  for (const ScaleRule rule : {ScaleRule::floor, ScaleRule::rceil, ScaleRule::even}) {
    QuantizeOptions options = measured_options;
    options.rule = rule;
    all.push_back(candidate<Format>(text_name<Format>(), options, rounding));
  }
}

/// Those of the moments of optimizers and of weights that are read only; a code is that of the
/// nearest value, whatever the rounding of the others.
inline void add_codebooks(std::vector<Candidate>& all) {
  CodebookOptions options = measured_codebook_options;
  const Codebook dynamic = dynamic_codebook(),
                 positive = dynamic_codebook(Signedness::is_unsigned).without_zero();
  for (const std::size_t block : {std::size_t{256}, std::size_t{2048}}) {
    options.block_size = block;
    all.push_back(candidate("dynamic8", dynamic, options));
    all.push_back(candidate("udynamic8", positive, options));
  }
  options.block_size = 64;
  for (const bool nested : {false, true}) {
    options.nested = nested;
    all.push_back(candidate("nf4", nf4_codebook(), options));
    all.push_back(candidate("fp4_bnb", fp4_bitsandbytes_codebook(), options));
  }
}

template <class R>
std::vector<Candidate> usual_candidates(here, const R& rounding) {
  std::vector<Candidate> all;
  all.push_back(candidate<bfloat16>(text_name<bfloat16>(), rounding));
  all.push_back(candidate<float16>(text_name<float16>(), rounding));
  all.push_back(candidate<float_blocks<float8_e4m3fn, whole, whole>>(text_name<float8_e4m3fn>(),
                                                                     measured_options, rounding));
  all.push_back(candidate<float_blocks<float8_e5m2, whole, whole>>(text_name<float8_e5m2>(),
                                                                   measured_options, rounding));
  all.push_back(candidate<float_blocks<float8_e4m3fn, 128>>(text_name<float8_e4m3fn>(),
                                                            measured_options, rounding));
  all.push_back(candidate<float_blocks<float8_e4m3fn, 128, 128>>(text_name<float8_e4m3fn>(),
                                                                 measured_options, rounding));
  add_rules<mxfp8_e4m3>(all, rounding);
  add_rules<mxfp8_e5m2>(all, rounding);
  add_rules<mxfp6_e2m3>(all, rounding);
  add_rules<mxfp6_e3m2>(all, rounding);
  add_rules<mxfp4_e2m1>(all, rounding);
  add_rules<mxint8>(all, rounding);
  QuantizeOptions four_over_six = measured_options;
  four_over_six.four_over_six = FourOverSix::squared_error;
  all.push_back(candidate<nvfp4>(text_name<nvfp4>(), measured_options, rounding));
  all.push_back(candidate<nvfp4>(text_name<nvfp4>(), four_over_six, rounding));
  all.push_back(
      candidate<float_blocks<FixedPoint<8, 6>, whole>>("int8", measured_options, rounding));
  all.push_back(candidate<float_blocks<FixedPoint<8, 6>, 128>>("int8", measured_options, rounding));
  all.push_back(
      candidate<BlockFormat<FixedPoint<4, 2>, bfloat16, 32>>("int4", measured_options, rounding));
  QuantizeOptions carry = measured_options;
  carry.rule = scale_rule(BiasGuard::carry);
  all.push_back(candidate<exmy<3, 1, whole>>("exmy_e3m1", carry, rounding));
  add_codebooks(all);
  return all;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

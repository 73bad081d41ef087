// SPDX-License-Identifier: MIT
// The gradients of a step's micro-batches, added up on all ranks.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "executor.hpp"
#include "ranks.hpp"

namespace train {

/// What sums of gradients are made of, and what travels for them.
enum class Wire { f32, bf16, e4m3, e5m2, mxfp8, int8, exact };
/// Those of --wire.
inline constexpr std::string_view wire_names[] = {"f32",   "bf16", "e4m3", "e5m2",
                                                  "mxfp8", "int8", "exact"};

/// The mean of the micro-batches' gradients, the same on every rank. Exact, it is rounded once and
/// does not depend on how many ranks there are, nor on which of them has which micro-batch; else a
/// rank adds its own as floats, and what the ranks have is added in the order of the ranks (f32),
/// or in a narrow format with a scale a tensor, or a block of one tensor (nf::all_reduce).
class GradientSum {
 public:
  /// Of tensors of these sizes.
  GradientSum(std::vector<std::size_t> sizes, Wire wire);

  /// The gradients of a micro-batch, those of one tensor after the other.
  void add(std::span<const float> gradients, Executor& run);
  /// Writes the sum of all ranks over `micro_batches`, and begins anew.
  void all_reduce(Ranks& ranks, std::span<float> mean, std::size_t micro_batches, Executor& run);

 private:
  std::vector<std::size_t> sizes_;
  Wire wire_;
  nf::ExactGradientSum exact_;
  std::vector<float> floats_;
};

}  // namespace train

// SPDX-License-Identifier: MIT
// Gradients as blocks to the ranks that add them up, and the sums' blocks to all: step by step.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "reduce_codes.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// A run of elements, in whole blocks, on the wire: codes from one byte on, scales from another.
struct wire_run {
  std::size_t first, count;   ///< elements of the array
  std::size_t place;          ///< elements before it in all ranges
  std::size_t codes, scales;  ///< bytes
};

/// The ranges of a step, of blocks, as runs that lie in the caches. Of each range come all codes,
/// then all scales.
template <class Wire>
struct wire_ranges {
  std::vector<std::size_t> bytes;  ///< of the ranks
  std::vector<wire_run> runs;
  std::vector<std::size_t> first_runs;  ///< of each rank, and of none
  std::size_t total = 0, elements = 0;

  wire_ranges(const Wire& wire, const piece_ranges& blocks, std::size_t n) {
    const std::size_t block = wire.block_elements(),
                      most = std::max<std::size_t>(1, 4 * part_elements / block) * block;
    for (std::size_t r = 0; r < blocks.sizes.size(); ++r) {
      const std::size_t begin = blocks.begins[r] * block,
                        end = std::min(n, begin + blocks.sizes[r] * block);
      const std::size_t scales = total + (begin < end ? wire.code_bytes(end - begin) : 0);
      first_runs.push_back(runs.size());
      for (std::size_t at = begin; at < end; at += most) {
        const std::size_t before = at - begin, count = std::min(most, end - at);
        runs.push_back({at, count, elements, total + wire.code_bytes(before),
                        scales + wire.scale_bytes(before)});
        elements += count;
      }
      bytes.push_back(begin < end ? wire.code_bytes(end - begin) + wire.scale_bytes(end - begin)
                                  : 0);
      total += bytes.back();
    }
    first_runs.push_back(runs.size());
  }
};

/// What a reduction by blocks has for all its steps.
template <class Wire, class R>
struct block_reduction {
  const Wire& wire;
  code_reduction<float, R> input;  ///< gradients, residuals, roundings; factors do not count
  float divisor;
  std::size_t segment;

  /// Quantizes a run of what is reduced, and keeps what it loses.
  void quantize(const wire_run& run, std::byte* bytes) const {
    std::vector<float> values(run.count);
    input.for_each_input(run.first, run.count,
                         [&](const float* x, std::size_t count, std::size_t first) {
                           std::copy_n(x, count, values.data() + (first - run.first));
                         });
    wire.encode(values, bytes + run.codes, bytes + run.scales,
                rounding_from(input.rounding, run.first));
    if (input.residuals.empty()) return;
    float* const lost = input.residuals.data() + run.first;
    std::vector<float> decoded(run.count);
    wire.decode(bytes + run.codes, bytes + run.scales, decoded);
    add_or_subtract(values.data(), decoded.data(), lost, run.count, true);
    for (std::size_t i = 0; i < run.count; ++i) {
      if (!is_finite(lost[i])) lost[i] = 0;
    }
  }
  /// Replaces a run of this rank's blocks by those of the sum of all ranks, whose bytes are
  /// `stride` apart.
  void sum(const wire_run& run, const std::byte* received, std::size_t stride, std::size_t ranks,
           std::byte* sums, std::size_t begin) const {
    std::vector<float> values(run.count * ranks), totals(run.count);
    for (std::size_t r = 0; r < ranks; ++r) {
      const std::byte* const from = received + r * stride;
      wire.decode(from + run.codes - begin, from + run.scales - begin,
                  std::span(values).subspan(r * run.count, run.count));
    }
    sum_floats_to_odd(values.data(), run.count, ranks, totals.data(), run.count,
                      Wire::mantissa_bits);
    wire.encode(totals, sums + run.codes - begin, sums + run.scales - begin,
                rounding_from(input.sum_rounding, run.first));
  }
};

template <class Ranks, class Wire, class R>
void reduce_blocks(Ranks& ranks, const block_reduction<Wire, R>& of, float* out) {
  const auto count = static_cast<std::size_t>(ranks.size()),
             me = static_cast<std::size_t>(ranks.rank());
  const std::size_t n = of.input.n, block = of.wire.block_elements();
  const std::size_t blocks = ceil_divided(n, block);
  const std::size_t segment = std::max<std::size_t>(1, of.segment / block);
  const executor_ref& executor = of.input.executor;
  std::vector<std::byte> bytes, received, sums;
  for (std::size_t step = 0; step < piece_ranges::steps(blocks, count, segment); ++step) {
    const wire_ranges<Wire> ranges(of.wire, piece_ranges(blocks, count, segment, step), n);
    const std::size_t own = ranges.bytes[me];
    std::size_t begin = 0;
    for (std::size_t r = 0; r < me; ++r) begin += ranges.bytes[r];
    bytes.resize(ranges.total);
    received.resize(own * count);
    sums.resize(own);
    run_tasks(executor, ranges.runs.size(),
              [&](std::size_t i) { of.quantize(ranges.runs[i], bytes.data()); });
    ranks.exchange(bytes, ranges.bytes, received, std::vector<std::size_t>(count, own));
    const std::size_t first_run = ranges.first_runs[me];
    run_tasks(executor, ranges.first_runs[me + 1] - first_run, [&](std::size_t i) {
      of.sum(ranges.runs[first_run + i], received.data(), own, count, sums.data(), begin);
    });
    ranks.all_gather(sums, bytes, ranges.bytes);
    run_tasks(executor, ranges.runs.size(), [&](std::size_t i) {
      const wire_run& run = ranges.runs[i];
      const std::span<float> to(out + run.first, run.count);
      of.wire.decode(bytes.data() + run.codes, bytes.data() + run.scales, to);
      convert_with(active_isa(), static_cast<const float*>(to.data()), to.data(), run.count,
                   Divide{of.divisor}, nearest_even, Saturation::none, Subnormals::keep);
    });
  }
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

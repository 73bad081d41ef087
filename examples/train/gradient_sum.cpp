// SPDX-License-Identifier: MIT
#include "gradient_sum.hpp"

#include <algorithm>
#include <cmath>
#include <narrowfloat/mx.hpp>
#include <numeric>
#include <utility>

namespace train {

namespace {

/// Each rank adds up a piece of all, which all gather then.
void sum_floats(Ranks& ranks, std::span<float> values) {
  const auto count = static_cast<std::size_t>(ranks.size());
  std::vector<std::size_t> bytes(count);
  for (std::size_t r = 0; r < count; ++r)
    bytes[r] =
        nf::rank_piece(values.size(), ranks.size(), static_cast<int>(r)).size * sizeof(float);
  const std::size_t mine = nf::rank_piece(values.size(), ranks.size(), ranks.rank()).size;
  std::vector<float> pieces(mine * count), sum(mine);
  ranks.exchange(std::as_bytes(values), bytes, std::as_writable_bytes(std::span(pieces)),
                 std::vector<std::size_t>(count, mine * sizeof(float)));
  for (std::size_t i = 0; i < pieces.size(); ++i) sum[i % mine] += pieces[i];
  ranks.all_gather(std::as_bytes(std::span(sum)), std::as_writable_bytes(values), bytes);
}

/// Calls f(values of a tensor, its number).
template <class F>
void for_each_tensor(std::span<float> values, std::span<const std::size_t> sizes, const F& f) {
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    f(values.first(sizes[i]), i);
    values = values.subspan(sizes[i]);
  }
}
void multiply_by_power(std::span<float> values, int exponent) {
  for (float& x : values) x = std::ldexp(x, exponent);
}

/// Each tensor is brought to a largest magnitude of 1 to 2, by a power of two that all ranks agree
/// on, as a narrow format needs it; then one message serves them all. Inf and NaN stay, and let the
/// step be skipped: the scale that they leave needs no memory.
template <class F>
void sum_codes(Ranks& ranks, std::span<float> values, std::span<const std::size_t> sizes,
               Executor& run) {
  std::vector<float> largest(sizes.size());
  for_each_tensor(values, sizes, [&](std::span<float> tensor, std::size_t i) {
    largest[i] = nf::reducible_amax(nf::amax(tensor));
  });
  ranks.all_max(largest);
  std::vector<int> exponents(sizes.size());
  std::ranges::transform(largest, exponents.begin(),
                         [](float x) { return x > 0 && std::isfinite(x) ? std::ilogb(x) : 0; });
  for_each_tensor(values, sizes, [&](std::span<float> tensor, std::size_t i) {
    multiply_by_power(tensor, -exponents[i]);
  });
  nf::AllReduceScale<F> scale;
  nf::all_reduce(ranks, values, scale, {.sums = true, .saturation = nf::Saturation::propagate},
                 nf::nearest_even, run);
  for_each_tensor(values, sizes, [&](std::span<float> tensor, std::size_t i) {
    multiply_by_power(tensor, exponents[i]);
  });
}

/// The same with blocks on the wire, which have scales of their own; each tensor begins with a new
/// one.
template <class BlockWire>
void sum_blocks(Ranks& ranks, std::span<float> values, std::span<const std::size_t> sizes,
                const BlockWire& wire, Executor& run) {
  const std::size_t block = wire.block_elements();
  std::vector<std::size_t> places(sizes.size());
  std::size_t end = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    places[i] = end;
    end += (sizes[i] + block - 1) / block * block;
  }
  std::vector<float> blocks(end);
  const auto of = [&](std::span<float> tensor, std::size_t i) {
    return std::span(blocks).subspan(places[i], tensor.size());
  };
  for_each_tensor(values, sizes, [&](std::span<float> tensor, std::size_t i) {
    std::ranges::copy(tensor, of(tensor, i).begin());
  });
  nf::all_reduce(ranks, blocks, wire, {.sums = true}, nf::nearest_even, run);
  for_each_tensor(values, sizes, [&](std::span<float> tensor, std::size_t i) {
    std::ranges::copy(of(tensor, i), tensor.begin());
  });
}

}  // namespace

GradientSum::GradientSum(std::vector<std::size_t> sizes, Wire wire)
    : sizes_(std::move(sizes)),
      wire_(wire),
      exact_(std::accumulate(sizes_.begin(), sizes_.end(), std::size_t{0})),
      floats_(wire == Wire::exact ? 0 : exact_.size()) {}

void GradientSum::add(std::span<const float> gradients, Executor& run) {
  if (wire_ == Wire::exact) return exact_.add(gradients, run);
  for (std::size_t i = 0; i < gradients.size(); ++i) floats_[i] += gradients[i];
}

void GradientSum::all_reduce(Ranks& ranks, std::span<float> mean, std::size_t micro_batches,
                             Executor& run) {
  const auto count = static_cast<float>(micro_batches);
  if (wire_ == Wire::exact) return exact_.all_reduce(ranks, mean, nf::Divide{count}, run);
  std::ranges::copy(floats_, mean.begin());
  std::ranges::fill(floats_, 0.0f);
  if (ranks.size() > 1) {
    if (wire_ == Wire::f32) sum_floats(ranks, mean);
    if (wire_ == Wire::bf16) sum_codes<nf::bfloat16>(ranks, mean, sizes_, run);
    if (wire_ == Wire::e4m3) sum_codes<nf::float8_e4m3fn>(ranks, mean, sizes_, run);
    if (wire_ == Wire::e5m2) sum_codes<nf::float8_e5m2>(ranks, mean, sizes_, run);
    if (wire_ == Wire::mxfp8) sum_blocks(ranks, mean, sizes_, nf::BlockWire<nf::mxfp8_e4m3>{}, run);
    if (wire_ == Wire::int8) sum_blocks(ranks, mean, sizes_, nf::Int8Wire{}, run);
  }
  for (float& x : mean) x /= count;
}

}  // namespace train

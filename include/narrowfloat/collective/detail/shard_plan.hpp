// SPDX-License-Identifier: MIT
// Where the tensors of a sharded optimizer are kept, and where each lies among the weights that all
// ranks have.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "../../optim/fp8_weights.hpp"
#include "../../optim/optimizer.hpp"
#include "../../optim/step_options.hpp"
#include "../assign_to_ranks.hpp"
#include "../ranks.hpp"

namespace narrowfloat::detail {

/// Gathered weights lie by rank, and those of a rank in the order of its tensors.
struct shard_plan {
  int rank = 0;
  std::vector<std::size_t> sizes;
  std::vector<int> owners;
  std::vector<std::size_t> before;  ///< weights of the tensors before this one, in their own order
  std::vector<std::size_t> place;   ///< of its weights among those that are gathered
  std::vector<std::size_t> slot;    ///< of its word among those that are gathered
  std::vector<std::size_t> weights, tensors;  ///< how many each rank keeps

  NF_INLINE shard_plan(std::span<const std::size_t> of_tensors, int this_rank, int ranks)
      : rank(this_rank),
        sizes(of_tensors.begin(), of_tensors.end()),
        owners(owners_of(of_tensors, ranks)),
        before(sizes.size()),
        place(sizes.size()),
        slot(sizes.size()),
        weights(static_cast<std::size_t>(ranks)),
        tensors(weights.size()) {
    std::exclusive_scan(sizes.begin(), sizes.end(), before.begin(), std::size_t{0});
    std::size_t next_place = 0, next_slot = 0;
    for (std::size_t r = 0; r < weights.size(); ++r) {
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        if (owners[i] != static_cast<int>(r)) continue;
        place[i] = next_place;
        slot[i] = next_slot++;
        next_place += sizes[i];
        weights[r] += sizes[i];
        ++tensors[r];
      }
    }
  }
  NF_INLINE std::size_t whole() const {
    return std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
  }
  NF_INLINE bool is_own(std::size_t tensor) const { return owners[tensor] == rank; }
  NF_INLINE void require_tensor(const char* call, std::size_t tensor) const {
    if (tensor >= sizes.size())
      throw_invalid(call, "there is no tensor " + std::to_string(tensor) + " of " +
                              std::to_string(sizes.size()));
  }
  NF_INLINE void require_group(const char* call, int this_rank, int ranks) const {
    if (this_rank != rank || static_cast<std::size_t>(ranks) != weights.size())
      throw_invalid(call, "it was made on rank " + std::to_string(rank) + " of " +
                              std::to_string(weights.size()) + ", and is called on rank " +
                              std::to_string(this_rank) + " of " + std::to_string(ranks));
  }
};

inline namespace NF_BASELINE {

/// Gathers what each rank has of T.
template <class T, class Ranks>
void gather_numbers(Ranks& ranks, std::span<const T> mine, std::span<T> all,
                    std::vector<std::size_t> counts) {
  for (std::size_t& each : counts) each *= sizeof(T);
  ranks.all_gather(std::as_bytes(mine), std::as_writable_bytes(all), counts);
}

/// A tensor's own measure of its gradients, as it travels.
struct sent_measure {
  double squares;
  std::uint64_t largest;
};

/// Reports of the steps of several tensors as one, as it travels.
class joined_report {
 public:
  static constexpr std::size_t words = 8;

  void add(const StepReport& step) {
    join({step.skipped ? 1u : 0u, std::bit_cast<std::uint32_t>(step.largest_update),
          step.state.flushed, step.state.clipped, step.state.at_floor, step.weights.flushed,
          step.weights.clipped, step.weights.at_floor});
  }
  void join(const std::array<std::uint64_t, words>& more) {
    for (std::size_t i = 0; i < words; ++i)
      all_[i] = i < 2 ? std::max(all_[i], more[i]) : all_[i] + more[i];
  }
  const std::array<std::uint64_t, words>& sent() const { return all_; }
  StepReport report(std::size_t weights) const {
    StepReport made;
    made.skipped = all_[0] != 0;
    made.largest_update = float_of_bits(static_cast<std::uint32_t>(all_[1]));
    made.state = {all_[2], all_[3], all_[4]};
    made.weights = {all_[5], all_[6], all_[7]};
    made.floor_share = share_of(made.state.at_floor, weights);
    return made;
  }

 private:
  std::array<std::uint64_t, words> all_{};
};

// ---- What the layers read of weights in a form ----

template <class W>
constexpr bool makes_codes = requires(const W& form, std::span<float8_e4m3fn> codes) {
  form.make_codes(codes);
  form.code_scale();
};
template <class W>
auto number_of_form() {
  if constexpr (number_range<W>) {
    return number_of<W>{};
  } else if constexpr (makes_codes<W>) {
    return float8_e4m3fn{};
  } else {
    static_assert(
        requires(const W& form) { form.values(); },
        "narrowfloat: the layers read values() of a form, or make_codes() and code_scale()");
    return number_of<decltype(std::declval<const W&>().values())>{};
  }
}
/// Writes them; returns what they are multiplied by.
template <class W, class T>
float read_form(const W& form, std::span<T> out) {
  if constexpr (number_range<W>) {
    std::copy_n(std::ranges::data(form), out.size(), out.data());
    return 1;
  } else if constexpr (makes_codes<W>) {
    form.make_codes(out);
    return form.code_scale();
  } else {
    std::copy_n(form.values().data(), out.size(), out.data());
    return 1;
  }
}

template <class W>
std::size_t size_of_form(const W& form) {
  if constexpr (number_range<W>)
    return std::ranges::size(form);
  else
    return form.size();
}
/// What is saved of it: numbers of a range are a part without a name.
template <class W>
std::vector<ConstStatePart> parts_of_form(const W& form) {
  if constexpr (number_range<W>)
    return {state_part("", std::span(std::as_const(form)))};
  else
    return form.parts();
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

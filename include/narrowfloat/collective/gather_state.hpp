// SPDX-License-Identifier: MIT
// gather_state: the state of an object that another rank keeps.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../detail/array/checks.hpp"
#include "../state.hpp"
#include "ranks.hpp"

namespace narrowfloat {
namespace detail {
inline namespace NF_BASELINE {

/// Parts as bytes: their number, then of each the lengths of name, type, layout and bytes, and
/// these.
inline std::vector<std::byte> packed_parts(const std::vector<ConstStatePart>& parts) {
  std::vector<std::byte> packed;
  const auto put = [&](const void* from, std::size_t n) {
    const auto* const bytes = static_cast<const std::byte*>(from);
    packed.insert(packed.end(), bytes, bytes + n);
  };
  std::size_t whole = 8;
  for (const ConstStatePart& part : parts)
    whole += 32 + part.name.size() + part.type.size() + part.layout.size() + part.bytes.size();
  packed.reserve(whole);
  const std::uint64_t count = parts.size();
  put(&count, sizeof count);
  for (const ConstStatePart& part : parts) {
    const std::array<std::uint64_t, 4> lengths{part.name.size(), part.type.size(),
                                               part.layout.size(), part.bytes.size()};
    put(lengths.data(), sizeof lengths);
    put(part.name.data(), part.name.size());
    put(part.type.data(), part.type.size());
    put(part.layout.data(), part.layout.size());
    put(part.bytes.data(), part.bytes.size());
  }
  return packed;
}

/// What packed_parts() was given; types and bytes lie in `packed`.
template <class Part, class Byte>
std::vector<Part> unpacked_parts(std::span<Byte> packed) {
  std::vector<Part> parts;
  const auto take = [&](std::size_t n) {
    const auto taken = packed.first(n);
    packed = packed.subspan(n);
    return taken;
  };
  const auto take_text = [&](std::uint64_t n) {
    return std::string_view(reinterpret_cast<const char*>(take(n).data()), n);
  };
  std::uint64_t count = 0;
  if (!packed.empty()) std::memcpy(&count, take(sizeof count).data(), sizeof count);
  for (; count > 0; --count) {
    std::array<std::uint64_t, 4> lengths{};
    std::memcpy(lengths.data(), take(sizeof lengths).data(), sizeof lengths);
    Part& part = parts.emplace_back();
    part.name = take_text(lengths[0]);
    part.type = take_text(lengths[1]);
    part.layout = take_text(lengths[2]);
    part.bytes = take(lengths[3]);
  }
  return parts;
}

inline void require_rank(const char* call, int rank, int ranks) {
  if (rank < 0 || rank >= ranks)
    throw_invalid(call,
                  "there is no rank " + std::to_string(rank) + " of " + std::to_string(ranks));
}

}  // namespace NF_BASELINE
}  // namespace detail

/// The state of an object of another rank: what st::add_state() saves is what it saves of the
/// object itself. No parts where nothing was gathered.
class GatheredState {
 public:
  GatheredState() = default;
  /// Not for users: what gather_state() received.
  NF_INLINE explicit GatheredState(std::vector<std::byte> packed) : packed_(std::move(packed)) {}
  /// The parts of the object, with their names, types and layouts.
  NF_INLINE std::vector<StatePart> parts() {
    return detail::unpacked_parts<StatePart>(std::span(packed_));
  }
  NF_INLINE std::vector<ConstStatePart> parts() const {
    return detail::unpacked_parts<ConstStatePart>(std::span(packed_));
  }

 private:
  std::vector<std::byte> packed_;
};

/// Brings the state of an object from the rank that keeps it to the one that writes the file.
/// All ranks call it together.
///
/// Result    on rank `to` the parts that rank `from` gave, elsewhere none.
/// Requires  ranks that there are: else std::invalid_argument. `parts` counts on rank `from` alone.
/// Cost      the bytes of the state once over the wire, and two copies of them while it runs.
///
/// Example   SingleRank ranks;
///           AdamW<CodebookState> adam({.lr = 1e-3}, weights.size());
///           const GatheredState state = gather_state(ranks, std::as_const(adam).parts(), 0, 0);
///           assert(state.parts().size() == adam.parts().size());
template <rank_group Ranks>
NF_INLINE GatheredState gather_state(Ranks& ranks, const std::vector<ConstStatePart>& parts,
                                     int from, int to) {
  detail::require_rank("gather_state", from, ranks.size());
  detail::require_rank("gather_state", to, ranks.size());
  std::vector<std::byte> packed, received;
  if (ranks.rank() == from) packed = detail::packed_parts(parts);
  std::array<std::uint64_t, 1> size{packed.size()};
  ranks.broadcast(std::as_writable_bytes(std::span(size)), from);
  const auto count = static_cast<std::size_t>(ranks.size());
  std::vector<std::size_t> sent(count), taken(count);
  if (ranks.rank() == from) sent[static_cast<std::size_t>(to)] = size[0];
  if (ranks.rank() == to) taken[static_cast<std::size_t>(from)] = size[0];
  if (ranks.rank() == to) received.resize(size[0]);
  ranks.exchange(packed, sent, received, taken);
  return GatheredState(std::move(received));
}

}  // namespace narrowfloat

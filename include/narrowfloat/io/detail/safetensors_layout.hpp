// SPDX-License-Identifier: MIT
// Whether the tensors that a safetensors header describes fit their data and fill the file.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "safetensors_header.hpp"
#include "shape.hpp"

namespace narrowfloat::safetensors::detail {

using narrowfloat::detail::shape_text;

/// What is wrong with a tensor, with its shape.
inline std::string shape_message(const RawEntry& entry, const std::string& reason) {
  return place_of(entry.name) + ": shape " + shape_text(entry.shape) + " of " + entry.dtype + " " +
         reason;
}
inline std::string size_message(const RawEntry& entry, std::uint64_t wanted, std::uint64_t got) {
  return shape_message(
      entry, "has " + std::to_string(wanted) + " bytes, but its data have " + std::to_string(got));
}

/// The bytes that the shape of a tensor asks for. Throws Malformed if they are too many to count,
/// or not whole.
inline std::size_t count_bytes(const RawEntry& entry, std::size_t element_bits) {
  const auto bits = narrowfloat::detail::times_extents(element_bits, entry.shape);
  if (!bits) throw Malformed(shape_message(entry, "has too many elements to count"));
  if (*bits % 8 != 0)
    throw Malformed(
        shape_message(entry, "has " + std::to_string(*bits) + " bits, not whole bytes"));
  return *bits / 8;
}

/// Throws Malformed if the bytes of a tensor are not those that its shape asks for.
inline void check_size(const RawEntry& entry, std::size_t element_bits) {
  const std::size_t bytes = count_bytes(entry, element_bits);
  if (bytes != entry.end - entry.begin)
    throw Malformed(size_message(entry, bytes, entry.end - entry.begin));
}

/// Sorts the entries by their data and throws Malformed unless these fill `size` bytes exactly.
inline void order_entries(std::vector<RawEntry>& entries, std::uint64_t size) {
  std::ranges::stable_sort(entries, {},
                           [](const RawEntry& entry) { return std::pair(entry.begin, entry.end); });
  std::size_t filled = 0;
  for (const RawEntry& entry : entries) {
    const auto fail = [&](const std::string& reason) {
      throw Malformed(place_of(entry.name) + ": data_offsets [" + std::to_string(entry.begin) +
                      ", " + std::to_string(entry.end) + "] " + reason);
    };
    if (entry.begin > entry.end) fail("end before they begin");
    if (entry.end > size) fail("are beyond the " + std::to_string(size) + " bytes of data");
    if (entry.begin < filled)
      fail("overlap the data before them, which end at " + std::to_string(filled));
    if (entry.begin > filled)
      fail("leave a gap after byte " + std::to_string(filled) + " of the data");
    filled = entry.end;
  }
  if (filled != size)
    throw Malformed("data: " + std::to_string(size - filled) + " bytes of no tensor after byte " +
                    std::to_string(filled) + " of the data");
}

}  // namespace narrowfloat::safetensors::detail

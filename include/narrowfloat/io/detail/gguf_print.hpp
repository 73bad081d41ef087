// SPDX-License-Identifier: MIT
// Writes the header of a GGUF file.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "../gguf_types.hpp"
#include "gguf_rules.hpp"

namespace narrowfloat::gguf::detail {

inline void require(const std::string& place, const std::string& why_not) {
  if (!why_not.empty()) throw Malformed(place + ": " + why_not);
}

template <class T>
void put(std::string& out, const T& number) {
  static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}
inline void put(std::string& out, std::string_view text) {
  put(out, std::uint64_t{text.size()});
  out += text;
}
inline void put(std::string& out, const std::string& text) { put(out, std::string_view(text)); }

/// Throws Malformed unless every text is UTF-8 and arrays are nested `depth` deep at most.
inline void check_array(const std::string& place, const Array& array, int depth) {
  if (depth == 0) require(place, "arrays are nested deeper than " + std::to_string(most_nested));
  if (const auto* const texts = std::get_if<std::vector<std::string>>(&array.values))
    for (const std::string& text : *texts) require(place, why_no_text(text));
  if (const auto* const arrays = std::get_if<std::vector<Array>>(&array.values))
    for (const Array& inner : *arrays) check_array(place, inner, depth - 1);
}

inline void put(std::string& out, const Array& array) {
  put(out, static_cast<std::uint32_t>(array.values.index()));
  std::visit(
      [&](const auto& values) {
        put(out, std::uint64_t{values.size()});
        using value = typename std::remove_cvref_t<decltype(values)>::value_type;
        for (const auto& x : values) put(out, static_cast<const value&>(x));  // of bool a proxy
      },
      array.values);
}

/// Result  the bytes before the data, padded; the tensors' bytes and offsets are set.
inline std::string print_header(const std::vector<KeyValue>& metadata,
                                std::vector<Entry>& entries) {
  check_unique(metadata, entries);
  const std::uint32_t alignment = alignment_of(metadata);
  std::string out(magic);
  put(out, version);
  put(out, std::uint64_t{entries.size()});
  put(out, std::uint64_t{metadata.size()});
  for (const auto& [key, value] : metadata) {
    const std::string place = place_of_key(key);
    require(place, why_no_key(key));
    if (const auto* const text = std::get_if<std::string>(&value))
      require(place, why_no_text(*text));
    if (const auto* const array = std::get_if<Array>(&value))
      check_array(place, *array, most_nested);
    put(out, key);
    put(out, static_cast<std::uint32_t>(value.index()));
    std::visit([&](const auto& held) { put(out, held); }, value);
  }
  std::uint64_t filled = 0;
  for (Entry& entry : entries) {
    const std::string place = place_of(entry.name);
    require(place, why_no_name(entry.name));
    try {
      entry.bytes = size_of_data(entry);
    } catch (const Malformed& malformed) {
      require(place, malformed.what());
    }
    entry.offset = filled;
    if (__builtin_add_overflow(filled, entry.bytes, &filled) ||
        __builtin_add_overflow(filled, padding(filled, alignment), &filled))
      require(place, "its data end beyond all that can be counted");
    put(out, entry.name);
    put(out, static_cast<std::uint32_t>(entry.shape.size()));
    for (std::size_t i = entry.shape.size(); i-- > 0;) put(out, std::uint64_t{entry.shape[i]});
    put(out, entry.type);
    put(out, entry.offset);
  }
  out.append(padding(out.size(), alignment), '\0');
  return out;
}

}  // namespace narrowfloat::gguf::detail

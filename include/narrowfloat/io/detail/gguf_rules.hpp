// SPDX-License-Identifier: MIT
// What a GGUF file may hold, which reading and writing ask alike.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "../gguf_types.hpp"
#include "exceptions.hpp"
#include "shape.hpp"

namespace narrowfloat::gguf::detail {

/// What is wrong and where in the file; read() and write() add the path.
struct Malformed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline constexpr std::string_view magic = "GGUF";
inline constexpr std::uint32_t version = 3;
inline constexpr std::size_t longest_key = 65535, longest_name = 64, most_extents = 4;
inline constexpr int most_nested = 8;  // arrays; no loader of today's takes any that are nested
inline constexpr std::string_view alignment_key = "general.alignment";
inline constexpr std::uint32_t default_alignment = 32;

/// One tensor as the header describes it. Its data begin at byte `offset` of the data part.
struct Entry {
  std::string name;
  Type type{};
  std::vector<std::size_t> shape;  // the outermost extent first
  std::uint64_t offset = 0;
  std::size_t bytes = 0;
};

/// Text from a file made fit for a message: one line of ASCII, quoted, not long.
inline std::string quote(std::string_view text, std::size_t most = 64) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string shown = "\"";
  for (const char c : text.substr(0, most)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      shown += {'\\', c};
    } else if (byte < 0x20 || byte > 0x7e) {
      shown += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    } else {
      shown += c;
    }
  }
  return shown + (text.size() > most ? "...\"" : "\"");
}

inline std::string place_of(std::string_view tensor) { return "tensor " + quote(tensor); }
inline std::string place_of_key(std::string_view key) { return "key " + quote(key); }

/// The type's name; its number, where it has none.
inline std::string name_of(Type type) {
  const auto info = type_info(type);
  return info ? std::string(info->name)
              : "type " + std::to_string(static_cast<std::uint32_t>(type));
}

using narrowfloat::detail::shape_text;

/// Whether the text is UTF-8 as the Unicode Standard has it: the shortest form, no surrogates, at
/// most U+10FFFF.
inline bool is_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned first = byte(i++);
    const std::size_t more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (first >= 0x80 && (first < 0xc2 || first > 0xf4)) return false;
    for (std::size_t k = 0; k < more; ++k, ++i) {
      unsigned least = 0x80, most = 0xbf;
      if (k == 0 && first == 0xe0) least = 0xa0;
      if (k == 0 && first == 0xed) most = 0x9f;
      if (k == 0 && first == 0xf0) least = 0x90;
      if (k == 0 && first == 0xf4) most = 0x8f;
      if (i == text.size() || byte(i) < least || byte(i) > most) return false;
    }
  }
  return true;
}

// What a file may not hold, in words; empty where it may. Reading and writing ask the same.

inline std::string why_no_text(std::string_view text) {
  return is_utf8(text) ? "" : "the text " + quote(text) + " is not UTF-8";
}

inline std::string why_no_key(std::string_view key) {
  if (key.empty()) return "a key is empty";
  if (key.size() > longest_key)
    return "a key of " + std::to_string(key.size()) + " bytes is longer than " +
           std::to_string(longest_key);
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  return std::ranges::all_of(key, is_ascii) ? "" : "the key " + quote(key) + " is not ASCII";
}

inline std::string why_no_name(std::string_view name) {
  if (name.size() > longest_name)
    return "a name of " + std::to_string(name.size()) + " bytes is longer than " +
           std::to_string(longest_name);
  return why_no_text(name);
}

/// Throws Malformed, in words, unless the type has rows of this shape.
///
/// Result  how many bytes its data have.
inline std::size_t size_of_data(const Entry& entry) {
  const auto info = type_info(entry.type);
  if (!info) throw Malformed(name_of(entry.type) + " is not known");
  const auto fail = [&](const std::string& reason) {
    throw Malformed("shape " + shape_text(entry.shape) + " of " + std::string(info->name) + " " +
                    reason);
  };
  if (entry.shape.size() > most_extents)
    fail("has " + std::to_string(entry.shape.size()) + " extents, more than " +
         std::to_string(most_extents));
  // Their bits fit as well.
  const auto bits = narrowfloat::detail::times_extents(8 * info->bytes, entry.shape);
  if (!bits) fail("has too many elements to count");
  const std::size_t row = entry.shape.empty() ? 1 : entry.shape.back();
  if (row % info->block != 0)
    fail("has rows of " + std::to_string(row) + ", no whole blocks of " +
         std::to_string(info->block));
  return *bits / 8 / info->block;
}

/// Empty where the data are as many bytes as size_of_data() has found.
inline std::string why_no_data(const Entry& entry, std::size_t bytes) {
  if (bytes == entry.bytes) return "";
  return "shape " + shape_text(entry.shape) + " of " + name_of(entry.type) + " has " +
         std::to_string(entry.bytes) + " bytes, but its data have " + std::to_string(bytes);
}

/// Throws Malformed if one of the texts appears twice.
inline void check_unique(std::vector<std::string_view> texts,
                         std::string (*place)(std::string_view)) {
  std::ranges::sort(texts);
  const auto twin = std::ranges::adjacent_find(texts);
  if (twin != texts.end()) throw Malformed(place(*twin) + " appears twice");
}

inline void check_unique(const std::vector<KeyValue>& metadata, const std::vector<Entry>& entries) {
  std::vector<std::string_view> keys, names;
  for (const KeyValue& entry : metadata) keys.push_back(entry.key);
  for (const Entry& entry : entries) names.push_back(entry.name);
  check_unique(std::move(keys), place_of_key);
  check_unique(std::move(names), place_of);
}

/// The multiple that data begin at: what the key general.alignment says, else 32.
inline std::uint32_t alignment_of(const std::vector<KeyValue>& metadata) {
  const auto found = std::ranges::find(metadata, alignment_key, &KeyValue::key);
  if (found == metadata.end()) return default_alignment;
  const auto* const value = std::get_if<std::uint32_t>(&found->value);
  if (value == nullptr)
    throw Malformed(place_of_key(alignment_key) + ": its type is " +
                    std::to_string(found->value.index()) + ", not 4 (uint32)");
  if (*value < 8 || (*value & (*value - 1)) != 0)
    throw Malformed(place_of_key(alignment_key) + ": " + std::to_string(*value) +
                    " is no power of two from 8 on");
  return *value;
}

/// How many bytes lead from `at` to the next multiple of the alignment.
constexpr std::uint64_t padding(std::uint64_t at, std::uint32_t alignment) {
  return (alignment - at % alignment) % alignment;
}

}  // namespace narrowfloat::gguf::detail

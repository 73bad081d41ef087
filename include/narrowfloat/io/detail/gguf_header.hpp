// SPDX-License-Identifier: MIT
// Reads the header of a GGUF file strictly.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "../gguf_types.hpp"
#include "byte_source.hpp"
#include "gguf_rules.hpp"

namespace narrowfloat::gguf::detail {

/// Calls f(std::type_identity<T>{}) for the type of that number, if there is one.
///
/// Result  whether there is.
template <class F>
bool with_value_type(std::uint32_t number, F f) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return (
        (number == I && (f(std::type_identity<std::variant_alternative_t<I, Value>>{}), true)) ||
        ...);
  }
  (std::make_index_sequence<std::variant_size_v<Value>>{});
}

/// The fewest bytes that a value of the type has in a file.
template <class T>
constexpr std::uint64_t least_bytes = std::is_same_v<T, bool>          ? 1
                                      : std::is_same_v<T, std::string> ? 8
                                      : std::is_same_v<T, Array>       ? 12
                                                                       : sizeof(T);

/// Bytes of a file, from the first to the last, and how many there are.
class Source {
 public:
  explicit Source(narrowfloat::detail::ByteSource bytes) : bytes_(std::move(bytes)) {}

  std::uint64_t at() const { return at_; }
  std::uint64_t left() const { return bytes_.size() - at_; }
  /// What messages say after the byte: the key or the tensor.
  void set_place(std::string place) { place_ = std::move(place); }

  [[noreturn]] void fail(std::uint64_t at, const std::string& reason) const {
    throw Malformed("byte " + std::to_string(at) + ": " + place_ + (place_.empty() ? "" : ": ") +
                    reason);
  }
  void refuse(std::uint64_t at, const std::string& reason) const {
    if (!reason.empty()) fail(at, reason);
  }

  void read(void* to, std::size_t count, std::string_view what) {
    if (count > left())
      fail(at_, std::string(what) + " takes " + std::to_string(count) + " bytes, and " +
                    std::to_string(left()) + " are left");
    const std::span out(static_cast<std::byte*>(to), count);
    if (count > window_bytes) {
      bytes_.read(at_, out);
    } else if (count != 0) {
      if (at_ < window_at_ || at_ + count > window_at_ + window_.size()) {
        window_.resize(std::min<std::uint64_t>(left(), window_bytes));
        window_at_ = at_;
        bytes_.read(at_, window_);
      }
      std::memcpy(to, window_.data() + (at_ - window_at_), count);
    }
    at_ += count;
  }
  template <class T>
  T number(std::string_view what) {
    T value{};
    read(&value, sizeof value, what);
    return value;
  }
  /// A number of things of which each takes so many bytes at least.
  std::size_t count(std::uint64_t least, std::string_view what) {
    const std::uint64_t begin = at_;
    const auto value = number<std::uint64_t>(what);
    if (value > left() / least)
      fail(begin, std::string(what) + " " + std::to_string(value) + " is more than the " +
                      std::to_string(left()) + " bytes that are left can hold");
    return static_cast<std::size_t>(value);
  }
  std::string text(std::string_view what) {
    std::string value(count(1, what), '\0');
    read(value.data(), value.size(), what);
    return value;
  }
  /// Zeros that lead to the next multiple of the alignment.
  void skip_padding(std::uint32_t alignment) {
    std::array<unsigned char, 256> bytes{};
    for (std::uint64_t n = padding(at_, alignment); n != 0;) {
      const std::uint64_t begin = at_;
      const std::size_t part = std::min<std::uint64_t>(n, bytes.size());
      read(bytes.data(), part, "the padding");
      for (std::size_t i = 0; i < part; ++i)
        if (bytes[i] != 0)
          fail(begin + i, "the padding has the byte " + std::to_string(bytes[i]) + ", not 0");
      n -= part;
    }
  }

 private:
  // Numbers are read from a window of the file, not each from the system.
  static constexpr std::size_t window_bytes = 65536;
  narrowfloat::detail::ByteSource bytes_;
  std::vector<std::byte> window_;
  std::uint64_t window_at_ = 0;
  std::uint64_t at_ = 0;
  std::string place_;
};

struct Header {
  std::vector<KeyValue> metadata;
  std::vector<Entry> entries;
};

/// Reads a header strictly. What it allocates grows with the bytes that it has read, whatever the
/// numbers in them say.
class HeaderReader {
 public:
  explicit HeaderReader(Source& source) : source_(source) {}

  Header read() {
    std::string start(magic.size(), '\0');
    source_.read(start.data(), start.size(), "\"GGUF\"");
    if (start != magic) source_.fail(0, "the file begins with " + quote(start) + ", not \"GGUF\"");
    const auto found = source_.number<std::uint32_t>("the version");
    if (found != 2 && found != version)
      source_.fail(4, "version " + std::to_string(found) + " is neither 2 nor 3" +
                          (found % 65536 == 0 ? "; the file may be big-endian" : ""));
    const std::size_t tensors = source_.count(24, "the number of tensors"),
                      keys = source_.count(14, "the number of keys");
    Header header;
    for (std::size_t i = 0; i < keys; ++i) header.metadata.push_back(key_value(i));
    for (std::size_t i = 0; i < tensors; ++i) header.entries.push_back(entry(i));
    source_.set_place("");
    check_unique(header.metadata, header.entries);
    return header;
  }

 private:
  KeyValue key_value(std::size_t i) {
    source_.set_place("key " + std::to_string(i));
    const std::uint64_t begin = source_.at();
    std::string key = source_.text("its length");
    source_.refuse(begin, why_no_key(key));
    source_.set_place(place_of_key(key));
    KeyValue entry{std::move(key), {}};
    with_type([&]<class T>(std::type_identity<T>) { entry.value = value<T>(0); });
    return entry;
  }

  /// Reads a type's number and calls f with the type.
  template <class F>
  void with_type(F f) {
    const std::uint64_t begin = source_.at();
    const auto number = source_.number<std::uint32_t>("its type");
    if (!with_value_type(number, f))
      source_.fail(begin, "type " + std::to_string(number) + " is none");
  }

  template <class T>
  T value(int depth) {
    const std::uint64_t begin = source_.at();
    if constexpr (std::is_same_v<T, bool>) {
      const auto byte = source_.number<std::uint8_t>("a value");
      if (byte > 1) source_.fail(begin, "a bool is " + std::to_string(byte) + ", neither 0 nor 1");
      return byte != 0;
    } else if constexpr (std::is_same_v<T, std::string>) {
      std::string text = source_.text("the length of a text");
      source_.refuse(begin, why_no_text(text));
      return text;
    } else if constexpr (std::is_same_v<T, Array>) {
      if (depth == most_nested)
        source_.fail(begin, "arrays are nested deeper than " + std::to_string(most_nested));
      Array array;
      with_type([&]<class U>(std::type_identity<U>) { array.values = values<U>(depth + 1); });
      return array;
    } else {
      return source_.number<T>("a value");
    }
  }

  template <class T>
  std::vector<T> values(int depth) {
    const std::size_t n = source_.count(least_bytes<T>, "the length of an array");
    std::vector<T> read;
    if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
      read.resize(n);
      source_.read(read.data(), n * sizeof(T), "an array");
    } else {
      for (std::size_t i = 0; i < n; ++i) read.push_back(value<T>(depth));
    }
    return read;
  }

  Entry entry(std::size_t i) {
    source_.set_place("tensor " + std::to_string(i));
    std::uint64_t begin = source_.at();
    Entry entry{source_.text("its name's length"), {}, {}, 0, 0};
    source_.refuse(begin, why_no_name(entry.name));
    source_.set_place(place_of(entry.name));
    begin = source_.at();
    const auto extents = source_.number<std::uint32_t>("its number of extents");
    if (extents > most_extents)
      source_.fail(begin, "has " + std::to_string(extents) + " extents, more than " +
                              std::to_string(most_extents));
    entry.shape.resize(extents);
    source_.read(entry.shape.data(), extents * sizeof(std::size_t), "its shape");
    std::ranges::reverse(entry.shape);
    const std::uint64_t end = source_.at();
    entry.type = static_cast<Type>(source_.number<std::uint32_t>("its type"));
    if (!type_info(entry.type)) source_.fail(end, name_of(entry.type) + " is not known");
    entry.offset = source_.number<std::uint64_t>("its offset");
    try {
      entry.bytes = size_of_data(entry);
    } catch (const Malformed& malformed) {
      source_.fail(begin, malformed.what());
    }
    return entry;
  }

  static_assert(sizeof(std::size_t) == 8, "extents have 64 bits");
  Source& source_;
};

}  // namespace narrowfloat::gguf::detail

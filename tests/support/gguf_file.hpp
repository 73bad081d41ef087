// SPDX-License-Identifier: MIT
// Files for the tests of GGUF: made byte by byte from the format's definition, read back for the
// reason they are refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <narrowfloat/io/gguf.hpp>
#include <span>
#include <string>
#include <vector>

namespace gguf_file {

namespace gguf = narrowfloat::gguf;

/// What reason_of() and refused() say when there is no error.
inline const std::string no_error = "no error";

/// The message of the Error that `action` throws, or no_error.
std::string reason_of(auto&& action) {
  try {
    action();
  } catch (const gguf::Error& error) {
    return error.what();
  }
  return no_error;
}

inline gguf::File read(const std::string& bytes) {
  return gguf::read(std::as_bytes(std::span(bytes)));
}
/// Why the file is refused, or no_error.
inline std::string refused(const std::string& bytes) {
  return reason_of([&] { read(bytes); });
}

/// What write() gives the file.
inline std::string bytes_of(const gguf::File& file) {
  std::string bytes;
  gguf::detail::write(file, [&](std::span<const std::byte> piece) {
    bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  });
  return bytes;
}

/// The lowest bytes of a number, the lowest first.
inline std::string number(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}
inline std::string u8(std::uint64_t value) { return number(value, 1); }
inline std::string u16(std::uint64_t value) { return number(value, 2); }
inline std::string u32(std::uint64_t value) { return number(value, 4); }
inline std::string u64(std::uint64_t value) { return number(value, 8); }
inline std::string text(const std::string& bytes) { return u64(bytes.size()) + bytes; }

inline std::string start(std::uint64_t tensors, std::uint64_t keys, std::uint32_t version = 3) {
  return "GGUF" + u32(version) + u64(tensors) + u64(keys);
}
/// A tensor of the header; the innermost extent first, as in a file.
inline std::string tensor(const std::string& name, const std::vector<std::uint64_t>& extents,
                          std::uint32_t type, std::uint64_t offset) {
  std::string bytes = text(name) + u32(extents.size());
  for (const std::uint64_t extent : extents) bytes += u64(extent);
  return bytes + u32(type) + u64(offset);
}
/// The bytes, with zeros up to a multiple of `alignment`.
inline std::string padded(std::string bytes, std::size_t alignment = 32) {
  bytes.resize((bytes.size() + alignment - 1) / alignment * alignment);
  return bytes;
}

}  // namespace gguf_file

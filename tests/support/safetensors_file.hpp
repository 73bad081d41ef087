// SPDX-License-Identifier: MIT
// Files for the tests of safetensors: made byte by byte, read back for the reason they are refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <narrowfloat/io/safetensors.hpp>
#include <stdexcept>
#include <string>

/// What reason_of() and refused() say when there is no error.
inline const std::string no_error = "no error";

/// The message of the Error that `action` throws, or no_error.
std::string reason_of(auto&& action) {
  try {
    action();
  } catch (const narrowfloat::safetensors::Error& error) {
    return error.what();
  }
  return no_error;
}

/// An empty folder in the current one, removed at the end.
class ScratchFolder {
 public:
  explicit ScratchFolder(const std::string& name) : path(std::filesystem::current_path() / name) {
    std::filesystem::create_directory(path);
  }
  ~ScratchFolder() { std::filesystem::remove_all(path); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path path;
};

/// A file in the current folder, removed at the end.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& name) : path(std::filesystem::current_path() / name) {}
  ~ScratchFile() { std::filesystem::remove(path); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  void fill(const std::string& bytes) const {
    std::ofstream out(path, std::ios::binary);
    out << bytes;
    if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
  }

  /// Why the file is refused, or no_error.
  std::string refused() const {
    return reason_of([&] { narrowfloat::safetensors::read(path); });
  }
  std::string refused(const std::string& bytes) const {
    fill(bytes);
    return refused();
  }

  const std::filesystem::path path;
};

/// The 8 bytes of a header's length.
inline std::string length_bytes(std::uint64_t size) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(size >> (8 * i) & 0xff);
  return bytes;
}

/// A file of this header and so many bytes of data.
inline std::string file_of(const std::string& header, std::size_t data_size = 0) {
  return length_bytes(header.size()) + header + std::string(data_size, '\x11');
}

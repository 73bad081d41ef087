// SPDX-License-Identifier: MIT
// A file that appears under its name only when it is complete.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <utility>

namespace narrowfloat::detail {

/// Writes to a new file beside `path`, or beside what a link there leads to, and renames it in commit(); without commit()
/// it is removed. What is there and is no regular file, such as a device, is left alone.
/// Every function throws std::system_error when the system refuses.
class PendingFile {
 public:
  explicit PendingFile(std::filesystem::path path) : path_(std::move(path)) {
    if (std::filesystem::exists(path_)) {
      path_ = std::filesystem::canonical(path_);
      if (!std::filesystem::is_regular_file(path_)) {
        errno = std::filesystem::is_directory(path_) ? EISDIR : EINVAL;
        fail("cannot write " + path_.string() + ", which is no file");
      }
    }
    // Exclusive, so that neither another writer's file nor a link laid in the way is written
    // through.
    constexpr int most_attempts = 100;
    for (int i = 0; i < most_attempts && file_ == nullptr; ++i) {
      temporary_ = path_;
      temporary_ += ".tmp" + std::to_string(i);
      file_ = std::fopen(temporary_.string().c_str(), "wbx");
      if (file_ == nullptr && errno != EEXIST) break;
    }
    if (file_ == nullptr) fail("cannot create " + temporary_.string());
  }
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;
  ~PendingFile() {
    if (file_ != nullptr) static_cast<void>(std::fclose(file_));
    std::error_code ignored;
    if (!committed_) std::filesystem::remove(temporary_, ignored);
  }

  void append(std::span<const std::byte> bytes) {
    if (bytes.empty()) return;  // an empty span may have no address, which fwrite does not take
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size())
      fail("cannot write " + temporary_.string());
  }

  void commit() {
    if (std::fclose(std::exchange(file_, nullptr)) != 0)
      fail("cannot write " + temporary_.string());
    std::filesystem::rename(temporary_, path_);
    committed_ = true;
  }

 private:
  [[noreturn]] static void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
  }

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  std::FILE* file_ = nullptr;
  bool committed_ = false;
};

}  // namespace narrowfloat::detail

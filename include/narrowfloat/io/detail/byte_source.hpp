// SPDX-License-Identifier: MIT
// Bytes that are read from any place: of a regular file, or of memory.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

#include "exceptions.hpp"

namespace narrowfloat::detail {

/// A file, which stays open, or bytes of the caller's. Threads may read at the same time.
/// Every function throws std::system_error when the system refuses.
class ByteSource {
 public:
  explicit ByteSource(std::span<const std::byte> bytes) : bytes_(bytes), size_(bytes.size()) {}

  /// Special  what is no regular file, such as a folder, a device or a pipe, is refused; links are
  ///          followed.
  explicit ByteSource(const std::filesystem::path& path) {
    // without O_NONBLOCK a pipe waits for its writer
    file_ = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file_ < 0) fail(errno);
    struct stat status {};
    const int error = ::fstat(file_, &status) != 0 ? errno : 0;
    if (error == 0 && S_ISREG(status.st_mode)) {
      size_ = static_cast<std::uint64_t>(status.st_size);
      return;
    }
    ::close(file_);
    if (error != 0) fail(error);
    throw std::system_error(S_ISDIR(status.st_mode) ? EISDIR : EINVAL, std::generic_category(),
                            "is no regular file");
  }
  ByteSource(ByteSource&& other) noexcept
      : file_(std::exchange(other.file_, -1)), bytes_(other.bytes_), size_(other.size_) {}
  ByteSource& operator=(ByteSource&& other) noexcept {
    std::swap(file_, other.file_);
    bytes_ = other.bytes_;
    size_ = other.size_;
    return *this;
  }
  ~ByteSource() {
    if (file_ >= 0) ::close(file_);
  }

  std::uint64_t size() const { return size_; }

  /// Requires  bytes that there were when the source was opened.
  void read(std::uint64_t offset, std::span<std::byte> out) const {
    if (file_ < 0) {
      if (!out.empty()) std::memcpy(out.data(), bytes_.data() + offset, out.size());
      return;
    }
    constexpr std::size_t most = std::size_t{1} << 30;  // the system gives less than 2^31 at a time
    while (!out.empty()) {
      const ssize_t n =
          ::pread(file_, out.data(), std::min(out.size(), most), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail(errno);
      if (n == 0) fail(ENODATA);  // the file was cut
      out = out.subspan(static_cast<std::size_t>(n));
      offset += static_cast<std::uint64_t>(n);
    }
  }

 private:
  [[noreturn]] static void fail(int error) {
    throw std::system_error(error, std::generic_category());
  }

  int file_ = -1;
  std::span<const std::byte> bytes_;
  std::uint64_t size_ = 0;
};

}  // namespace narrowfloat::detail

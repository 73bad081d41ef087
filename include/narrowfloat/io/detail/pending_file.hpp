// SPDX-License-Identifier: MIT
// A file that appears under its name only when it is complete.
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "exceptions.hpp"

namespace narrowfloat::detail {

/// Writes to a new file beside `path`, or beside what a link there leads to, and renames it in
/// commit(); without commit() it is removed. What is there and is no regular file, such as a
/// device, is left alone. A process that is killed leaves the new file, PATH.PID.N.pending; the
/// next PendingFile of that path removes it: the living hold a lock on theirs. Every function
/// throws std::system_error when the system refuses.
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
    remove_abandoned();
    create();
  }
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;
  ~PendingFile() {
    std::error_code ignored;
    if (!committed_) std::filesystem::remove(temporary_, ignored);
    ::close(file_);
  }

  /// Where commit() puts the file.
  const std::filesystem::path& path() const { return path_; }
  /// Where it is until then.
  const std::filesystem::path& temporary() const { return temporary_; }
  bool is_committed() const { return committed_; }

  void append(std::span<const std::byte> bytes) {
    write_at(end_, bytes);
    end_ += bytes.size();
  }

  void write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
    constexpr std::size_t most = std::size_t{1} << 30;  // the system takes less than 2^31 at a time
    while (!bytes.empty()) {
      const ssize_t n =
          ::pwrite(file_, bytes.data(), std::min(bytes.size(), most), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail("cannot write " + temporary_.string());
      bytes = bytes.subspan(static_cast<std::size_t>(n));
      offset += static_cast<std::uint64_t>(n);
    }
  }

  /// Does nothing after it was done.
  void commit() {
    if (committed_) return;
    // Some systems say only on closing that the disk is full; another handle keeps the lock.
    const int twin = ::dup(file_);
    if (twin < 0 || ::close(twin) != 0) fail("cannot write " + temporary_.string());
    std::filesystem::rename(temporary_, path_);
    committed_ = true;
  }

 private:
  static constexpr std::string_view ending = ".pending";

  [[noreturn]] static void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
  }

  // Exclusive, so that neither another writer's file nor a link laid in the way is written through.
  void create() {
    constexpr int most_attempts = 100;
    for (int i = 0; i < most_attempts; ++i) {
      temporary_ = path_;
      temporary_ += ".";  // apart: GCC 12 warns of a text before a sum of strings
      temporary_ += std::to_string(::getpid()) + "." + std::to_string(i) + std::string(ending);
      file_ = ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (file_ < 0 && errno != EEXIST) break;
      if (file_ < 0) continue;
      // Another writer may hold it for abandoned before it is locked. Without locks it cannot.
      const bool is_taken = ::flock(file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
      if (!is_taken && is_at(file_, temporary_)) return;
      ::close(std::exchange(file_, -1));
    }
    fail("cannot create " + temporary_.string());
  }

  static bool is_at(int file, const std::filesystem::path& path) {
    struct stat here {
    }, there{};
    return ::fstat(file, &here) == 0 && ::lstat(path.c_str(), &there) == 0 &&
           here.st_dev == there.st_dev && here.st_ino == there.st_ino;
  }

  /// Whether a name is one that create() gives.
  bool is_temporary(std::string_view name) const {
    const std::string begin = path_.filename().string() + ".";
    if (name.size() < begin.size() + ending.size() || !name.starts_with(begin) ||
        !name.ends_with(ending))
      return false;
    name = name.substr(begin.size(), name.size() - begin.size() - ending.size());
    const std::size_t dot = name.find('.');
    constexpr std::string_view digits = "0123456789";
    return dot != name.npos && dot != 0 && dot + 1 != name.size() &&
           name.substr(0, dot).find_first_not_of(digits) == name.npos &&
           name.substr(dot + 1).find_first_not_of(digits) == name.npos;
  }

  void remove_abandoned() const {
    std::error_code error;
    const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : ".";
    for (std::filesystem::directory_iterator each(folder, error), end; !error && each != end;
         each.increment(error)) {
      const std::filesystem::path& found = each->path();
      if (!is_temporary(found.filename().string())) continue;
      const int file = ::open(found.c_str(), O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
      if (file < 0) continue;
      if (::flock(file, LOCK_EX | LOCK_NB) == 0 && is_at(file, found)) ::unlink(found.c_str());
      ::close(file);
    }
  }

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int file_ = -1;
  std::uint64_t end_ = 0;
  bool committed_ = false;
};

}  // namespace narrowfloat::detail

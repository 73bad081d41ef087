// SPDX-License-Identifier: MIT
// Memory that ends, and starts, at an inaccessible page: an access outside stops the program.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace test {

class MemoryBetweenGuards {
 public:
  explicit MemoryBetweenGuards(std::size_t bytes)
      : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    size_ = (bytes + page_ - 1) / page_ * page_;
    base_ = mmap(nullptr, size_ + 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                 -1, 0);
    if (base_ == MAP_FAILED || mprotect(base_, page_, PROT_NONE) != 0 ||
        mprotect(first() + size_, page_, PROT_NONE) != 0)
      throw std::runtime_error("no memory between guards");
  }
  ~MemoryBetweenGuards() { munmap(base_, size_ + 2 * page_); }
  MemoryBetweenGuards(const MemoryBetweenGuards&) = delete;
  MemoryBetweenGuards& operator=(const MemoryBetweenGuards&) = delete;

  /// The first byte, and `n` bytes before the end.
  std::uint8_t* first() { return static_cast<std::uint8_t*>(base_) + page_; }
  std::uint8_t* last(std::size_t n) { return first() + size_ - n; }

 private:
  std::size_t page_, size_ = 0;
  void* base_ = nullptr;
};

}  // namespace test

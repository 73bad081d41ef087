// SPDX-License-Identifier: MIT
// Memory with an inaccessible page on each side: every access outside ends the test.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>

#include "support/catch.hpp"

namespace test {

class GuardedPages {
 public:
  explicit GuardedPages(std::size_t bytes)
      : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    size_ = (bytes + page_ - 1) / page_ * page_;
    base_ = mmap(nullptr, size_ + 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                 -1, 0);
    REQUIRE(base_ != MAP_FAILED);
    REQUIRE(mprotect(base_, page_, PROT_NONE) == 0);
    REQUIRE(mprotect(begin() + size_, page_, PROT_NONE) == 0);
  }
  ~GuardedPages() { munmap(base_, size_ + 2 * page_); }
  GuardedPages(const GuardedPages&) = delete;
  GuardedPages& operator=(const GuardedPages&) = delete;

  unsigned char* begin() { return static_cast<unsigned char*>(base_) + page_; }
  unsigned char* end() { return begin() + size_; }

 private:
  std::size_t page_, size_ = 0;
  void* base_ = nullptr;
};

}  // namespace test

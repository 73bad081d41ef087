// SPDX-License-Identifier: MIT
// Counts mismatches in a loop and keeps the first, so that a loop is one assertion.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace test {

class Mismatches {
 public:
  /// Records one comparison; where() is only called for the first mismatch.
  template <class Where>
  void expect(bool equal, const Where& where, std::uint64_t input, std::uint64_t expected,
              std::uint64_t got) {
    ++compared_;
    if (equal || ++count_ > 1) return;
    char text[160];
    std::snprintf(text, sizeof text, ": input %llx, expected %llx, got %llx",
                  static_cast<unsigned long long>(input), static_cast<unsigned long long>(expected),
                  static_cast<unsigned long long>(got));
    first_ = where() + text;
  }
  template <class Where>
  void expect_equal(const Where& where, std::uint64_t input, std::uint64_t expected,
                    std::uint64_t got) {
    expect(expected == got, where, input, expected, got);
  }
  /// Empty if something was compared and nothing differed; else the count and the first mismatch.
  std::string report() const {
    if (compared_ == 0) return "nothing was compared";
    if (count_ == 0) return "";
    return std::to_string(count_) + " of " + std::to_string(compared_) +
           " differ; first: " + first_;
  }

 private:
  std::uint64_t compared_ = 0, count_ = 0;
  std::string first_;
};

}  // namespace test

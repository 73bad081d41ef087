// SPDX-License-Identifier: MIT
// The four checks: each prints what it asked, what it read and its verdict.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "conformance/formats.hpp"
#include "conformance/kernel.hpp"
#include "conformance/policies.hpp"
#include "support/block_oracle.hpp"

namespace conformance {

struct Options {
  NamedFormat format;
  bool has_format = false;
  std::string library, symbol, pipe, vectors;
  std::optional<Check> check;
  std::optional<oracle::Mode> mode;
  std::optional<oracle::Saturation> saturation;
  bool flush = false;
  NanCode nan = NanCode::canonical;
  oracle::Mode variant = oracle::Mode::stochastic_a;
  oracle::Rule rule = oracle::Rule::floor;
  int random_bits = 32;
  std::size_t inputs = std::size_t{1} << 24;
  std::size_t most_intervals = 20;  ///< 0: all
  std::uint64_t seed = 1;
  bool all = false, help = false, digests = false;
  std::vector<std::string> given;  ///< the names of all options that were given

  /// What is expected.
  Policy policy() const {
    return {mode.value_or(oracle::Mode::nearest_even), saturation.value_or(format.saturation),
            flush, nan};
  }
};

/// Puts a code behind others, as kernels write them.
void append_code(std::vector<std::byte>& codes, const NamedFormat& format, std::uint32_t code);

/// Prints a line of a list, and at the end how many were left out.
class Listing {
 public:
  explicit Listing(std::size_t most) : most_(most) {}
  void add(const std::string& line);
  void finish(const char* thing) const;

 private:
  std::size_t most_, count_ = 0;
};

/// Result  True where the kernel is equal to what is expected.
bool check_convert(Kernel& kernel, const Options& options);
bool check_decode(Kernel& kernel, const Options& options);
bool check_stochastic(Kernel& kernel, const Options& options);
bool check_blocks(Kernel& kernel, const Options& options);

}  // namespace conformance

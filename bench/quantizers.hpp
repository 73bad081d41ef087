// SPDX-License-Identifier: MIT
// What bench_quantize runs: a format's quantizer and the way back. One more format is a line in quantizers.cpp.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// A tensor in some format, as wide as it is asked for at first, that is quantized over and over.
class quantizer {
 public:
  virtual ~quantizer() = default;
  /// Quantizes n floats, n a multiple of `columns`.
  virtual void quantize(const float* in, std::size_t n) = 0;
  /// Writes back as many floats as were quantized.
  virtual void dequantize(float* out) const = 0;

  static constexpr std::size_t columns = 1024;
};

/// A format with its targets: parts of the roof in the second-level cache and in memory.
struct quantizer_entry {
  std::string format, options;
  int code_bits;
  struct bounds {
    double second_level, memory;  ///< 0: none
  };
  bounds quantize, dequantize;
  std::unique_ptr<quantizer> (*make)();
};

std::vector<quantizer_entry> all_quantizers();

}  // namespace bench

// SPDX-License-Identifier: MIT
// What bench_quantize runs: a format's quantizer and the way back, or a pass from f32 to f32. One
// more is a line in quantizers.cpp.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pools.hpp"

namespace bench {

/// A tensor in some format, as wide as it is asked for at first, that is quantized over and over.
class quantizer {
 public:
  virtual ~quantizer() = default;
  /// Quantizes n floats, n a multiple of `columns`.
  virtual void quantize(const float* in, std::size_t n) = 0;
  /// Writes back as many floats as were quantized, unless the codes are floats already.
  virtual void dequantize(float* out) const = 0;

  /// From now on by the threads of a pool; by none: by the caller alone.
  void run_by(narrowfloat::ThreadPool* pool) { executor_.pool = pool; }

  static constexpr std::size_t columns = 1024;

 protected:
  const pool_executor& executor() const { return executor_; }

 private:
  pool_executor executor_;
};

/// A format with its targets: parts of the roof in the second-level cache and in memory.
struct quantizer_entry {
  std::string format, options;
  int code_bits;
  struct bounds {
    double second_level, memory;  ///< 0: none
  };
  bounds quantize, dequantize;
  bool goes_back() const { return code_bits != 32; }
  std::unique_ptr<quantizer> (*make)();
  bool has_threads = true;  ///< takes an executor
};

std::vector<quantizer_entry> all_quantizers();

/// Adds a rival. Weak: null where the library was not there when the program was built.
[[gnu::weak]] void add_onednn_quantizers(std::vector<quantizer_entry>& all);

}  // namespace bench

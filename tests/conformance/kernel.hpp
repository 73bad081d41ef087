// SPDX-License-Identifier: MIT
// The kernel under test: a function of a shared library, or a command behind a pipe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace conformance {

enum class Check { convert, decode, stochastic, blocks };

/// A kernel that is called on arrays, whatever stands behind it.
/// Special  KernelFault where it gives no results or not all of them.
class Kernel {
 public:
  virtual ~Kernel() = default;
  Kernel() = default;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  /// `in` and `out` are arrays of bytes of n elements: floats and codes, codes and floats for
  /// decode. For stochastic, `in` has the floats, then the words. For blocks, n is a multiple of
  /// 32, and `out` has the codes, then the scales.
  virtual void call(std::span<const std::byte> in, std::span<std::byte> out, std::size_t n) = 0;
  /// The elements of a call that are best for speed.
  virtual std::size_t batch() const = 0;
  /// Whether many small calls are cheap.
  virtual bool is_cheap_to_call() const = 0;
};

/// Result   What a call gives, made twice into memory with different contents.
/// Special  KernelFault where a byte is not written, or not the same in both.
std::vector<std::byte> call_twice(Kernel& kernel, std::span<const std::byte> in,
                                  std::size_t out_bytes, std::size_t n);

/// The arrays of a call: how many bytes one element has in each.
struct Layout {
  const char* element;  ///< what it is called
  std::vector<std::size_t> in, out;
  std::size_t count = 1;  ///< of the elements that a call counts: 32 where these are blocks
};
/// Requires  arrays as of one call, of equally many elements, with the kernel's results.
/// Special   KernelFault where a kernel that is cheap to call gives other results, or none, in
///           calls of 0 to 130 of them.
void check_lengths(Kernel& kernel, const Layout& layout, std::span<const std::byte> in,
                   std::span<const std::byte> out);

/// What a kernel is doing, for a parent process that sees it die.
struct Activity {
  std::size_t elements = 0;
  std::uint32_t first_input = 0;
  bool has_returned = false;  ///< the program's own end, not a kernel's call of exit()
};
/// Shared with the parent process.
Activity& activity();

/// Result   Whether a library has a function.
/// Special  UsageError where there is no such library.
bool library_exports(const std::string& path, const std::string& symbol);
/// Special  UsageError where there is no such library or function.
std::unique_ptr<Kernel> open_library(const std::string& path, const std::string& symbol,
                                     Check check);
std::unique_ptr<Kernel> open_pipe(const std::string& command);

/// Runs f in a process of its own, so that a kernel that crashes ends no verdict.
/// Result  What f returned; 1, after a line on stdout, where the process ended before that.
int run_apart(const std::function<int()>& f);

}  // namespace conformance

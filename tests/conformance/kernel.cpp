// SPDX-License-Identifier: MIT
// Kernels in shared libraries, and the process that they run in.
#include "conformance/kernel.hpp"

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <string_view>

#include "conformance/text.hpp"

namespace conformance {
namespace {

void* shared_memory(std::size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return memory;
}

// Memory that ends before a page without access: a kernel that reads or writes behind its arrays is
// killed there.
class GuardedArray {
 public:
  explicit GuardedArray(std::size_t bytes) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    size_ = (bytes + page - 1) / page * page;
    total_ = size_ + page;
    base_ = mmap(nullptr, total_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base_ == MAP_FAILED ||
        mprotect(static_cast<std::byte*>(base_) + size_, page, PROT_NONE) != 0)
      throw std::bad_alloc();
  }
  ~GuardedArray() { munmap(base_, total_); }
  GuardedArray(const GuardedArray&) = delete;
  GuardedArray& operator=(const GuardedArray&) = delete;

  std::size_t size() const { return size_; }
  std::byte* last(std::size_t bytes) { return static_cast<std::byte*>(base_) + size_ - bytes; }

 private:
  std::size_t size_ = 0, total_ = 0;
  void* base_ = nullptr;
};

void* open(const std::string& path) {
  const std::string file = path.find('/') == path.npos ? "./" + path : path;
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw UsageError(dlerror());
  return library;
}

// Where the kernel is: behind what is said of it.
std::string place_of_call() {
  const Activity& now = activity();
  if (now.elements == 0) return {};
  return " in a call of " + std::to_string(now.elements) + " elements, the first input " +
         hex(now.first_input, 32);
}

class Library final : public Kernel {
 public:
  Library(const std::string& path, const std::string& symbol, Check check)
      : function_(dlsym(open(path), symbol.c_str())), check_(check) {
    if (function_ == nullptr) throw UsageError(path + ": it has no function " + symbol);
  }

  void call(std::span<const std::byte> in, std::span<std::byte> out, std::size_t n) override {
    if (in.size() > in_.size() || out.size() > out_.size())
      throw std::length_error("a call of " + std::to_string(n) + " elements, " +
                              std::to_string(in.size()) + " bytes in and " +
                              std::to_string(out.size()) + " out, is too long");
    std::byte* const input = in_.last(in.size());
    std::byte* const output = out_.last(out.size());
    std::copy(in.begin(), in.end(), input);
    std::copy(out.begin(), out.end(), output);  // what is not written stays
    activity().elements = n;
    activity().first_input = 0;
    std::memcpy(&activity().first_input, input, std::min(in.size(), sizeof(std::uint32_t)));
    try {
      invoke(input, output, n);
    } catch (const std::exception& error) {
      throw KernelFault(std::string("an exception, ") + error.what() + "," + place_of_call());
    } catch (...) {
      throw KernelFault("an exception" + place_of_call());
    }
    activity().elements = 0;
    std::copy(output, output + out.size(), out.begin());
  }
  std::size_t batch() const override { return largest; }
  bool is_cheap_to_call() const override { return true; }

 private:
  static constexpr std::size_t largest = std::size_t{1} << 15;

  void invoke(const std::byte* in, std::byte* out, std::size_t n) {
    const auto* const floats = reinterpret_cast<const float*>(in);
    switch (check_) {
      case Check::convert:
        return reinterpret_cast<void (*)(const float*, void*, std::size_t)>(function_)(floats, out,
                                                                                       n);
      case Check::decode:
        return reinterpret_cast<void (*)(const void*, float*, std::size_t)>(function_)(
            in, reinterpret_cast<float*>(out), n);
      case Check::stochastic:
        return reinterpret_cast<void (*)(const float*, const std::uint32_t*, void*, std::size_t)>(
            function_)(floats, reinterpret_cast<const std::uint32_t*>(floats + n), out, n);
      case Check::blocks: {  // an odd number of blocks is one row, an even one rows of one block
        const std::size_t rows = n / 32 % 2 == 1 ? 1 : n / 32, columns = rows == 1 ? n : 32;
        return reinterpret_cast<void (*)(const float*, void*, void*, std::size_t, std::size_t)>(
            function_)(floats, out, out + n, rows, columns);
      }
    }
  }

  void* function_;
  Check check_;
  GuardedArray in_{2 * sizeof(float) * largest}, out_{sizeof(float) * largest};
};

}  // namespace

Activity& activity() {
  static Activity* const shared = new (shared_memory(sizeof(Activity))) Activity;
  return *shared;
}

std::vector<std::byte> call_twice(Kernel& kernel, std::span<const std::byte> in,
                                  std::size_t out_bytes, std::size_t n) {
  std::vector<std::byte> once(out_bytes), again(out_bytes, std::byte{0xff});
  kernel.call(in, once, n);
  kernel.call(in, again, n);
  for (std::size_t i = 0; i < out_bytes; ++i) {
    if (once[i] == again[i]) continue;
    const auto a = std::to_integer<std::uint32_t>(once[i]);
    const auto b = std::to_integer<std::uint32_t>(again[i]);
    throw KernelFault("byte " + std::to_string(i) + " of the " + std::to_string(out_bytes) +
                      " of a call of " + std::to_string(n) + " elements is " +
                      (a == 0 && b == 0xff
                           ? "not written"
                           : hex(a, 8) + " in one call, " + hex(b, 8) + " in the next"));
  }
  return once;
}

bool library_exports(const std::string& path, const std::string& symbol) {
  return dlsym(open(path), symbol.c_str()) != nullptr;
}

std::unique_ptr<Kernel> open_library(const std::string& path, const std::string& symbol,
                                     Check check) {
  return std::make_unique<Library>(path, symbol, check);
}

int run_apart(const std::function<int()>& f) {
  activity();  // made before the fork
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
  if (child == 0) {
    const int status = f();
    std::fflush(nullptr);
    activity().has_returned = true;
    _exit(status);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && activity().has_returned) return WEXITSTATUS(status);
  const std::string end =
      WIFEXITED(status)
          ? "it ends the program, exit status " + std::to_string(WEXITSTATUS(status)) + ","
          : "killed by signal " + std::to_string(WTERMSIG(status)) + " (" +
                strsignal(WTERMSIG(status)) + ")";
  std::printf("verdict: fails: %s%s\n", end.c_str(), place_of_call().c_str());
  return 1;
}

}  // namespace conformance

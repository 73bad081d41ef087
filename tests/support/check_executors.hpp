// SPDX-License-Identifier: MIT
// A call gives the same bits by the tasks of any executor as alone, around the places where arrays
// are cut, and writes nothing else.
#pragma once

#include <narrowfloat/packed.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <span>
#include <vector>

#include "support/catch.hpp"
#include "support/executors.hpp"

namespace test {

namespace nf = narrowfloat;

using bits_list = std::vector<std::uint64_t>;

inline constexpr std::size_t task = nf::detail::task_elements, most = 3 * task + 77, room = 64;

/// One type for all executors, which counts their tasks.
struct Executor {
  std::function<void(std::size_t, const std::function<void(std::size_t)>&)> run;
  std::size_t tasks = 0;
  void operator()(std::size_t n, const std::function<void(std::size_t)>& f) {
    tasks = n;
    run(n, f);
  }
};

/// Floats of many magnitudes, none negative.
inline const std::vector<float>& inputs() {
  static const std::vector<float> all = [] {
    std::vector<float> values(most);
    std::uint32_t state = 1;
    for (float& x : values) {
      state = state * 1664525u + 1013904223u;
      x = std::bit_cast<float>((state >> 8 & 0x007fffffu) | (100 + state % 40) << 23);
    }
    return values;
  }();
  return all;
}
inline std::span<const float> inputs(std::size_t n) { return std::span(inputs()).first(n); }

/// call(out) and call(out, executor) write n elements, so many bytes, at a place in a cache line,
/// and return what else they find. More elements than those of a task are cut, if they can be.
template <class Call>
void check_bytes(std::size_t n, std::size_t bytes, std::size_t place, bool is_cut,
                 const Call& call) {
  const std::size_t size = room + place + bytes + room;
  std::vector<unsigned char> alone(size + 64, 0xff), shared(alone);
  const auto from = [](std::vector<unsigned char>& memory) {
    return memory.data() + (64 - reinterpret_cast<std::uintptr_t>(memory.data()) % 64);
  };
  const bits_list found = call(from(alone) + room + place);
  const auto check = [&](Executor executor) {
    std::fill(shared.begin(), shared.end(), static_cast<unsigned char>(0xff));
    CHECK(call(from(shared) + room + place, executor) == found);
    CHECK(std::memcmp(from(alone), from(shared), size) == 0);
    if (n > task) CHECK((executor.tasks > 1) == is_cut);
    if (n <= task - 512) CHECK(executor.tasks == 0);
    CHECK(executor.tasks != 1);
  };
  check({nf::SerialExecutor{}});
  check({Shuffled{}});
  for (const std::size_t threads : {1u, 2u, 3u}) check({Threads{threads}});
}

inline constexpr std::size_t sizes[] = {0, 1, task - 512, task - 15, task, task + 1, most};

/// The same of n elements of a type: call(n, out, executor...).
template <class To, class Call>
void check_array(const Call& call) {
  for (const std::size_t n : sizes) {
    for (const std::size_t place : {std::size_t{0}, std::size_t{16}, 3 * sizeof(To)}) {
      check_bytes(n, n * sizeof(To), place, true, [&](unsigned char* out, auto&... executor) {
        return call(n, std::span(reinterpret_cast<To*>(out), n), executor...);
      });
    }
  }
}
/// Of packed codes.
template <class F, class Layout, class Call>
void check_packed(const Call& call, bool is_cut = true) {
  for (const std::size_t n : sizes) {
    for (const std::size_t place : {0u, 6u, 7u}) {
      const std::size_t bytes = Layout::template bytes<F::width>(n);
      check_bytes(n, bytes, place, is_cut, [&](unsigned char* out, auto&... executor) {
        return call(n, nf::PackedSpan<F, Layout>(out, n), executor...);
      });
    }
  }
}

}  // namespace test

// SPDX-License-Identifier: MIT
// Floats into a kernel, runs of codes out of it.
#include "conformance/sweep.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <numeric>

#include "conformance/inputs.hpp"
#include "conformance/text.hpp"

namespace conformance {
namespace {

using oracle::CodeRun;
using clock = std::chrono::steady_clock;

constexpr std::size_t most_runs = std::size_t{1} << 24;
constexpr std::uint64_t all_floats = std::uint64_t{1} << 32;

class Progress {
 public:
  ~Progress() {
    if (is_terminal_) std::fprintf(stderr, "\r\x1b[K");
  }
  void show(std::uint64_t done, std::uint64_t all) {
    if (!is_terminal_ || clock::now() - shown_ < std::chrono::milliseconds(100)) return;
    shown_ = clock::now();
    const double seconds = std::chrono::duration<double>(shown_ - start_).count();
    const double speed = static_cast<double>(done) / seconds;
    std::fprintf(stderr, "\r\x1b[K%3.0f %%  %.2f billion floats/s  %.0f s left",
                 100.0 * static_cast<double>(done) / static_cast<double>(all), speed * 1e-9,
                 static_cast<double>(all - done) / speed);
    std::fflush(stderr);
  }

 private:
  bool is_terminal_ = isatty(STDERR_FILENO) == 1;
  clock::time_point start_ = clock::now(), shown_ = start_;
};

// The codes of a call, as bytes or as 16-bit words.
class Codes {
 public:
  Codes(std::size_t code_bytes, std::size_t count)
      : size_(code_bytes), bytes_(code_bytes * count) {}
  std::span<std::byte> first(std::size_t n) { return std::span(bytes_).first(n * size_); }
  std::uint32_t operator[](std::size_t i) const {
    const auto byte = [&](std::size_t at) { return std::to_integer<std::uint32_t>(bytes_[at]); };
    return size_ == 1 ? byte(i) : byte(2 * i) | byte(2 * i + 1) << 8;
  }
  // The end, at most n, of the equal codes that begin at i.
  std::size_t run_end(std::size_t i, std::size_t n) const {
    constexpr std::size_t line = 64;
    const std::uint32_t code = (*this)[i];
    const auto low = static_cast<std::byte>(code), high = static_cast<std::byte>(code >> 8);
    std::byte wanted[line];
    for (std::size_t k = 0; k < line; ++k) wanted[k] = size_ == 2 && k % 2 == 1 ? high : low;
    for (; (i + line / size_) <= n; i += line / size_) {
      const std::byte* const here = bytes_.data() + i * size_;
      auto different = std::byte{0};
      for (std::size_t k = 0; k < line; ++k) different |= here[k] ^ wanted[k];
      if (different != std::byte{0}) break;
    }
    while (i < n && (*this)[i] == code) ++i;
    return i;
  }

 private:
  std::size_t size_;
  std::vector<std::byte> bytes_;
};

[[noreturn]] void throw_no_rounding() {
  throw KernelFault("no rounding: more than " + std::to_string(most_runs) +
                    " changes of code from one float to the next");
}

void append_runs(std::vector<CodeRun>& runs, const Codes& codes, std::size_t n,
                 std::uint32_t first) {
  for (std::size_t i = 0; i < n; i = codes.run_end(i, n)) {
    if (!runs.empty() && runs.back().code == codes[i]) continue;
    runs.push_back({first + static_cast<std::uint32_t>(i), codes[i]});
    if (runs.size() > most_runs) throw_no_rounding();
  }
}

struct Point {
  std::uint32_t bits, code;
};

// Converts floats, in their order.
std::vector<Point> convert(Kernel& kernel, const NamedFormat& format,
                           std::span<const std::uint32_t> in) {
  std::vector<Point> points;
  points.reserve(in.size());
  Codes codes(format.code_bytes(), std::min(kernel.batch(), in.size()));
  Progress progress;
  for (std::size_t done = 0; done < in.size();) {
    const std::size_t n = std::min(kernel.batch(), in.size() - done);
    kernel.call(std::as_bytes(in.subspan(done, n)), codes.first(n), n);
    for (std::size_t i = 0; i < n; ++i) points.push_back({in[done + i], codes[i]});
    done += n;
    progress.show(done, in.size());
  }
  return points;
}

// Of points in their order, the first and the last of each run of one code.
std::vector<Point> ends_of_runs(const std::vector<Point>& points) {
  std::vector<Point> ends;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool begins = i == 0 || points[i - 1].code != points[i].code;
    const bool stops = i + 1 == points.size() || points[i + 1].code != points[i].code;
    if (begins || stops) ends.push_back(points[i]);
  }
  return ends;
}

// Floats between neighbours with different codes that do not touch, evenly spread.
std::vector<std::uint32_t> floats_between(const std::vector<Point>& points) {
  constexpr std::size_t budget = std::size_t{1} << 20;
  const auto is_open = [](const Point& a, const Point& b) {
    return a.code != b.code && b.bits - a.bits > 1;
  };
  std::size_t open = 0;
  for (std::size_t i = 1; i < points.size(); ++i) open += is_open(points[i - 1], points[i]);
  std::vector<std::uint32_t> between;
  if (open == 0) return between;
  const std::uint64_t parts = std::clamp<std::uint64_t>(budget / open, 2, 4096);
  for (std::size_t i = 1; i < points.size(); ++i) {
    const Point &a = points[i - 1], &b = points[i];
    if (!is_open(a, b)) continue;
    const std::uint64_t gap = b.bits - a.bits, steps = std::min(parts, gap);
    for (std::uint64_t k = 1; k < steps; ++k)
      between.push_back(a.bits + static_cast<std::uint32_t>(gap * k / steps));
  }
  return between;
}

}  // namespace

Sweep sweep_all(Kernel& kernel, const NamedFormat& format) {
  Sweep sweep{.inputs = all_floats, .has_all = true};
  const std::size_t batch = kernel.batch();
  std::vector<std::uint32_t> in(batch);
  Codes codes(format.code_bytes(), batch);
  Progress progress;
  for (std::uint64_t first = 0; first < all_floats; first += batch) {
    std::iota(in.begin(), in.end(), static_cast<std::uint32_t>(first));
    if (first == 0)
      call_twice(kernel, std::as_bytes(std::span(in)), batch * format.code_bytes(), batch);
    kernel.call(std::as_bytes(std::span(in)), codes.first(batch), batch);
    append_runs(sweep.runs, codes, batch, static_cast<std::uint32_t>(first));
    progress.show(first + batch, all_floats);
  }
  return sweep;
}

Sweep sweep_stratified(Kernel& kernel, const NamedFormat& format, std::size_t count,
                       std::uint64_t seed) {
  const std::vector<std::uint32_t> floats = stratified_floats(format.format, count, seed);
  const std::size_t few = std::min(floats.size(), kernel.batch());
  call_twice(kernel, std::as_bytes(std::span(floats).first(few)), few * format.code_bytes(), few);
  std::vector<Point> points = ends_of_runs(convert(kernel, format, floats));
  Sweep sweep{.inputs = floats.size()};
  for (;;) {
    if (points.size() > 2 * most_runs) throw_no_rounding();
    const std::vector<std::uint32_t> between = floats_between(points);
    if (between.empty()) break;
    const std::vector<Point> more = convert(kernel, format, between);
    sweep.inputs += between.size();
    std::vector<Point> merged(points.size() + more.size());
    std::merge(points.begin(), points.end(), more.begin(), more.end(), merged.begin(),
               [](const Point& a, const Point& b) { return a.bits < b.bits; });
    points = ends_of_runs(merged);
  }
  for (const Point& point : points)
    if (sweep.runs.empty() || sweep.runs.back().code != point.code)
      sweep.runs.push_back({point.bits, point.code});
  return sweep;
}

}  // namespace conformance

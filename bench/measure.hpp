// SPDX-License-Identifier: MIT
// Times conversions, the copies of their shape and memcpy, all in turns.
#pragma once

#include <fmt/format.h>
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <narrowfloat/io/threads.hpp>
#include <narrowfloat/isa.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "arrays.hpp"
#include "kernels.hpp"
#include "machine.hpp"
#include "progress.hpp"
#include "roof.hpp"
#include "turns.hpp"

namespace bench {

/// Medians, in elements a second.
struct copy_row {
  std::size_t f32_bytes;
  std::string name;
  double speed;
};
struct row {
  const kernel* conversion;
  narrowfloat::Isa isa;
  std::size_t f32_bytes;  ///< the size of the f32 side, or of as many elements of f32
  double speed;
  double roof;  ///< the fastest copy of this shape and size
  double memcpy;
};

/// A conversion on an instruction set.
struct task {
  const kernel* conversion;
  narrowfloat::Isa isa;
  friend bool operator==(const task&, const task&) = default;
};

/// What every section of the program works with.
struct bench_state {
  const kernels& all;
  arrays& data;
  double min_time;
  progress& shown;
};

/// What was measured of a section's conversions.
struct measurements {
  std::vector<row> rows;
  std::vector<copy_row> copies;
};

inline std::string row_name(const kernel& of, narrowfloat::Isa isa, std::size_t f32_bytes) {
  return fmt::format("convert/{}/{}/{}/{}/{}", of.from, of.to, of.rounding,
                     narrowfloat::isa_name(isa), size_name(f32_bytes));
}

/// The copies of a shape: add() them to the turns, ask for the rest after those have run.
class copies {
 public:
  /// Of as many elements as `data` holds, from where `like` reads to where it writes.
  copies(const arrays& data, const kernel& like) : data_(data), like_(like) {}

  void add(turns& timed) {
    for (const roof_variant& variant : roof_variants(like_.bytes)) {
      names_.push_back(name_of(variant));
      timed.add(
          names_.back(), data_.size(),
          [run = variant.run, in = data_.in(like_), out = data_.out(), n = data_.size()] {
            run(in, out, n);
          },
          [&data = data_, &like = like_] { data.settle(like); });
    }
  }

  /// Each thread of a pool copies its part: past the caches, as the fastest copies in memory do, or
  /// through them.
  void add_threads(turns& timed, narrowfloat::ThreadPool& pool, bool past_caches) {
    for (const roof_variant& variant : roof_variants(like_.bytes)) {
      const std::string_view name = variant.name;
      if (name != "plain" && past_caches != name.ends_with("stream")) continue;
      names_.push_back(fmt::format("{}/threads:{}", name_of(variant), pool.threads()));
      timed.add_on_clock(
          names_.back(), data_.size(),
          [run = variant.run, bytes = like_.bytes, in = data_.in(like_), out = data_.out(), &pool,
           groups = data_.size() / 64] {
            pool(pool.threads(), [=, &pool](std::size_t task) {
              const std::size_t first = groups * task / pool.threads() * 64,
                                end = groups * (task + 1) / pool.threads() * 64;
              run(in + first * static_cast<std::size_t>(bytes.in_bytes),
                  out + first * static_cast<std::size_t>(bytes.out_bytes), end - first);
            });
          },
          [&data = data_, &like = like_] { data.settle(like); });
    }
  }

  std::vector<copy_row> rows(turns& timed) const {
    std::vector<copy_row> all;
    for (const std::string& name : names_) all.push_back({f32_bytes(), name, timed.rate(name)});
    return all;
  }
  /// The fastest.
  double roof(turns& timed) const {
    double fastest = 0;
    for (const std::string& name : names_) fastest = std::max(fastest, timed.rate(name));
    return fastest;
  }

 private:
  std::size_t f32_bytes() const { return data_.size() * sizeof(float); }
  std::string name_of(const roof_variant& variant) const {
    return fmt::format("copy/{}to{}/{}/{}", like_.bytes.in_bytes, like_.bytes.out_bytes,
                       variant.name, size_name(f32_bytes()));
  }

  const arrays& data_;
  const kernel& like_;
  std::vector<std::string> names_;
};

/// Measures conversions, all of one shape and all from f32 or none, at one size.
inline void measure(const bench_state& with, const std::vector<task>& tasks, std::size_t f32_bytes,
                    measurements& found) {
  const kernel& like = *tasks.front().conversion;
  with.data.resize(f32_bytes);
  const std::size_t n = with.data.size();
  const void* const in = with.data.in(like);
  void* const out = with.data.out();
  turns timed(with.min_time, with.shown);

  const std::string memcpy_name = fmt::format("memcpy/{}to{}/{}", like.bytes.in_bytes,
                                              like.bytes.out_bytes, size_name(f32_bytes));
  const std::size_t moved =
      n * static_cast<std::size_t>(like.bytes.in_bytes + like.bytes.out_bytes) / 2;
  timed.add(
      memcpy_name, n, [=] { std::memcpy(out, in, moved); }, [&] { with.data.settle(like); });
  copies same_shape(with.data, like);
  same_shape.add(timed);
  for (const task& each : tasks) {
    timed.add(
        row_name(*each.conversion, each.isa, f32_bytes), n,
        [=] { each.conversion->run(each.isa, in, out, n); },
        [=, &data = with.data] { data.prepare(*each.conversion); });
  }
  timed.run();

  const double roof = same_shape.roof(timed), memcpy = timed.rate(memcpy_name);
  std::ranges::copy(same_shape.rows(timed), std::back_inserter(found.copies));
  for (const task& each : tasks) {
    found.rows.push_back({each.conversion, each.isa, f32_bytes,
                          timed.rate(row_name(*each.conversion, each.isa, f32_bytes)), roof,
                          memcpy});
  }
}

}  // namespace bench

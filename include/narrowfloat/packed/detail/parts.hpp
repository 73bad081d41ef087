// SPDX-License-Identifier: MIT
// The parts of a conversion from or to packed codes: where their elements are read and written, and
// where tasks begin.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <numeric>
#include <span>

#include "../../detail/array/tasks.hpp"
#include "../span.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// What packed codes are read as: a fixed-point number as the float that it is.
template <class F>
using read_number = std::conditional_t<number<F>, F, float>;

static_assert(part_elements % 8 == 0);  // every part of packed codes starts on a byte

/// How many codes of a layout fill bytes of their own, wherever they begin at a multiple of that; 0
/// if all codes may share bytes.
template <class Layout, int Width>
inline constexpr std::size_t codes_of_bytes = 0;
template <int Width>
inline constexpr std::size_t codes_of_bytes<BitStream, Width> =
    8 / std::gcd<std::size_t, std::size_t>(8, Width);
template <int Width>
inline constexpr std::size_t codes_of_bytes<OnePerByte, Width> = 1;
template <int Width>
inline constexpr std::size_t codes_of_bytes<HighNibbleFirst, Width> = 2;
template <int Width>
inline constexpr std::size_t codes_of_bytes<SplitNibbles, Width> = 32;
template <int Width>
inline constexpr std::size_t codes_of_bytes<AdjacentPlanes, Width> = 8;

/// Elements one after the other: where the first lies, and how many bits each has; 0 bits: there
/// are gaps.
struct element_bits_at {
  const void* first;
  std::size_t bits;
};

/// Where a conversion reads and writes the elements of a part: in place for a contiguous range.
template <class T>
struct part_of {
  std::span<T> all;
  NF_INLINE T* at(std::size_t first, std::size_t) { return all.data() + first; }
  NF_INLINE void store(std::size_t, std::size_t) {}
  NF_INLINE void finish() {}
  /// A task begins at a multiple of so many elements.
  std::size_t unit() const { return 1; }
  element_bits_at place() const { return {all.data(), 8 * sizeof(T)}; }
};

/// In a buffer for a packed one. F is const where codes are read, and not where they are written.
template <class F>
struct part_buffer {
  using value = std::remove_const_t<F>;
  value codes[part_elements];

  read_number<value>* numbers(std::size_t count) {
    if constexpr (number<value>) {
      return codes;
    } else {
      std::copy_n(codes, count, floats);
      return floats;
    }
  }

 private:
  float floats[number<value> ? 1 : part_elements];
};

template <class F, class Layout>
struct packed_part_of {
  using value = std::remove_const_t<F>;
  PackedSpan<F, Layout> all;
  part_buffer<F> buffer;

  read_number<value>* at(std::size_t first, std::size_t count) {
    if constexpr (std::is_const_v<F>) {
      constexpr int width = value::width;
      if constexpr (std::same_as<Layout, BitStream>) {
        unpack_bits<width>(all.data() + bit_stream_bytes(first, width), count, buffer.codes);
      } else {
        for (std::size_t i = 0; i < count; ++i) buffer.codes[i] = all[first + i];
      }
      return buffer.numbers(count);
    } else {
      return buffer.codes;
    }
  }
  void store(std::size_t first, std::size_t count) {
    constexpr int width = value::width;
    if constexpr (std::same_as<Layout, BitStream>) {
      pack_bits<width>(buffer.codes, count, all.data() + bit_stream_bytes(first, width));
    } else {
      for (std::size_t i = 0; i < count; ++i) all[first + i] = buffer.codes[i];
    }
  }
  /// Clears the padding.
  void finish() {
    if constexpr (!std::same_as<Layout, BitStream>) {
      for (std::size_t i = all.size(); i < Layout::slots(all.size()); ++i)
        Layout::template set<value::width>(all.data(), all.size(), i, 0);
    }
  }
  std::size_t unit() const {
    if constexpr (std::is_const_v<F> && !std::same_as<Layout, BitStream>)
      return 1;
    else
      return codes_of_bytes<Layout, value::width>;
  }
  element_bits_at place() const {
    return {all.data(), Layout::template bytes<value::width>(512) * 8 / 512};
  }
};

/// What a conversion of n elements writes as so many slices of `length`: the first elements of all
/// slices may share bytes, and so on. One slice where only neighbours do.
struct element_slices {
  std::size_t count, length;
};
template <class In, class Out>
element_slices slices_of(const In&, const Out&, std::size_t n) {
  return {1, n};
}
template <class In, class F>
element_slices slices_of(const In& in, const packed_part_of<F, StridedPlanes>&, std::size_t n) {
  const std::size_t length = StridedPlanes::slots(n) / 8;
  if (length % in.unit() != 0) return {1, n};  // what is read does not begin there
  return {8, length};
}

/// Where the elements of a slice are cut: on whole bytes of what is read and written, on cache
/// lines of the latter where there is such a place.
template <class In, class Out>
task_cuts cuts_of(const In& in, const Out& out, const element_slices& slices) {
  const std::size_t n = slices.length;
  if (slices.count != 1) return {n, task_elements / slices.count};
  const std::size_t unit = std::lcm(in.unit(), out.unit());
  if (unit == 0) return {n, n};
  task_cuts cuts{n, std::max(task_elements / unit * unit, unit)};
  constexpr std::size_t line = 512;  // in bits
  const element_bits_at place = out.place();
  const std::size_t start = reinterpret_cast<std::uintptr_t>(place.first) * 8;
  if (place.bits == 0 || cuts.length != task_elements) return cuts;
  for (std::size_t before = 0; before < line; before += unit) {
    if ((start - before * place.bits) % line == 0) return {n, cuts.length, before};
  }
  return cuts;
}

/// Calls step(from, to, first, count) for the parts from `first` to `last`.
template <class In, class Out, class Step>
NF_INLINE void convert_range(In& in, Out& out, std::size_t first, std::size_t last,
                             const Step& step) {
  for (; first < last; first += part_elements) {
    const std::size_t count = std::min(part_elements, last - first);
    const auto* const from = in.at(first, count);
    step(from, out.at(first, count), first, count);
    out.store(first, count);
  }
}

/// The same for all n elements, by the tasks of an executor.
template <class E, class In, class Out, class Step>
void convert_parts(const E& executor, In in, Out out, std::size_t n, const Step& step) {
  if constexpr (std::same_as<E, SerialExecutor>) {
    convert_range(in, out, 0, n, step);
  } else {
    const element_slices slices = slices_of(in, out, n);
    run_cuts(executor, cuts_of(in, out, slices), [&](std::size_t first, std::size_t count) {
      In source = in;  // each task has a buffer of its own
      Out target = out;
      for (std::size_t k = 0; k < slices.count; ++k) {
        const std::size_t begin = k * slices.length + first;
        convert_range(source, target, begin, std::min(n, begin + count), step);
      }
    });
  }
  out.finish();
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

// SPDX-License-Identifier: MIT
// The loops over the blocks of an array: the absmax of each, then its codes; both a part at a time,
// so that a block may have any length.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "../../convert/detail/arrays.hpp"
#include "../../detail/array/bit_stream.hpp"
#include "../../detail/array/magnitude.hpp"
#include "../../detail/array/parts.hpp"
#include "../../detail/array/sources.hpp"
#include "../../detail/array/tasks.hpp"
#include "../../detail/exact/sum.hpp"
#include "../codebooks.hpp"
#include "codebook_coder.hpp"
#include "codebook_decode.hpp"
#include "codebook_parts.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

static_assert(part_elements % 8 == 0);  // every part of packed codes starts on a byte

/// Codes of a byte each, written in place.
struct byte_codes {
  std::uint8_t* to;
  NF_INLINE std::uint8_t* room(std::size_t) { return to; }
  NF_INLINE void take(std::size_t count) { to += count; }
  NF_INLINE bool at_place(std::size_t) { return true; }
  NF_INLINE nibble_use nibbles() const { return nibble_use::none; }
  NF_INLINE void skip(std::size_t count) { to += count; }
  NF_INLINE void finish() {}
};

/// Exchanges the lower and the upper `Bits` of each 2 * Bits bits in n bytes.
template <int Bits>
NF_INLINE void swap_halves(std::uint8_t* bytes, std::size_t n) {
  constexpr std::uint64_t low = Bits == 4 ? 0x0f0f0f0f0f0f0f0fu : 0x00ff00ff00ff00ffu;
  const auto swap = [](std::uint8_t* at, std::size_t count) {
    std::uint64_t x = 0;
    __builtin_memcpy(&x, at, count);
    x = (x & low) << Bits | (x >> Bits & low);
    __builtin_memcpy(at, &x, count);
  };
  for (; n >= 8; n -= 8, bytes += 8) swap(bytes, 8);
  swap(bytes, n);
}

/// Unpacks `count` codes of 4 bits from the start of a byte, and one more where that is odd.
NF_INLINE void unpack_nibbles(const std::uint8_t* from, std::size_t count, NibbleOrder order,
                              std::uint8_t* codes) {
  count += count % 2;
  unpack_bits<4>(from, count, codes);
  if (order == NibbleOrder::high_first) swap_halves<8>(codes, count);
}

/// Codes of 4 bits, which gather until there are enough.
struct nibble_codes {
  std::uint8_t* to;
  NibbleOrder order;
  std::size_t held = 0;
  std::uint8_t codes[2 * part_elements];

  std::uint8_t* room(std::size_t) { return codes + held; }
  void take(std::size_t count) {
    held += count;
    if (held < part_elements) return;
    write(part_elements);
    held -= part_elements;
    __builtin_memcpy(codes, codes + part_elements, held);
  }
  void finish() { write(held); }
  /// Whether the next codes, by the part, could be written to their place.
  bool at_place(std::size_t part) {
    if (held % 2 != 0 || part % 2 != 0) return false;
    write(held);
    held = 0;
    return true;
  }
  nibble_use nibbles() const {
    return order == NibbleOrder::high_first ? nibble_use::high_first : nibble_use::low_first;
  }
  void skip(std::size_t count) { to += bit_stream_bytes(count, 4); }

  void write(std::size_t count) {
    const std::size_t bytes = bit_stream_bytes(count, 4);
    pack_bits<4>(codes, count, to);
    if (order == NibbleOrder::high_first) swap_halves<4>(to, bytes);
    to += bytes;
  }
};

/// Quantizes one block with Inf or NaN, with numbers beyond its absmax, or longer than
/// part_elements.
template <class T, class Codes, class R>
void quantize_block(const codebook_coder& coder, const T* values, std::size_t n,
                    std::uint32_t largest, float& absmax, Codes& out, const R& rounding) {
  float buffer[part_elements];
  const bool all_finite = largest < float_infinity;
  bool is_nan = false;
  if (!all_finite) {
    is_nan = coder.non_finite == NonFinite::nan_block ||
             (coder.non_finite == NonFinite::saturate && largest > float_infinity);
    largest = coder.non_finite == NonFinite::propagate ? largest_finite_magnitude(values, n)
                                                       : float_infinity - 1;
  }
  absmax = is_nan ? float_of_bits(binary32::nan_code) : coder.absmax(largest);
  for (std::size_t first = 0, count = 0; first < n; first += count) {
    count = std::min(part_elements, n - first);
    std::uint8_t* const codes = out.room(count);
    const float* const x = as_floats(values + first, count, buffer);
    const R random = rounding_from(rounding, first);
    if (is_nan)
      std::fill_n(codes, count, coder.zero);
    else if (all_finite)
      coder.encode_block(x, codes, count, largest, absmax, random);
    else
      coder.encode_any(x, codes, count, largest, absmax, random);
    out.take(count);
  }
}

/// Quantizes n numbers: an absmax a block, and the codes, which `out.room(count)` takes before they
/// are written and `out.take(count)` after. `ahead` if the caches hold the whole array.
template <class T, class Codes, class R>
void quantize_by_codebook(const codebook_coder& coder, const T* values, std::size_t n, bool ahead,
                          float* absmax, Codes& out, const R& rounding) {
  const float_environment environment(direction::nearest);
  const auto largest = largest_kernels<std::uint32_t>[coder.isa];
  const bool small = coder.block <= part_elements;
  const std::size_t run = small ? part_elements / coder.block * coder.block : coder.block;
  const bool needs_no_search = R::random_bits == 0 && coder.needs_no_search();
  float buffer[part_elements];
  for (std::size_t first = 0, count = 0; first < n; first += count) {
    count = std::min(run, n - first);
    const R random = rounding_from(rounding, first);
    if (!small) {
      std::uint32_t bits = 0;
      for (std::size_t i = 0; i < count; i += part_elements) {
        const std::size_t part = std::min(part_elements, count - i);
        bits = std::max(bits, largest(as_floats(values + first + i, part, buffer), part));
      }
      quantize_block(coder, values + first, count, bits, *absmax++, out, random);
      continue;
    }
    const float* const x = as_floats(values + first, count, buffer);
    if (needs_no_search && out.at_place(run)) {
      const std::size_t rest = std::same_as<T, float> ? n - first : count;
      const std::size_t done = quantize_places_kernel_of(coder.isa)(
          coder.book, x, rest, coder.block, out.nibbles(), coder.end, absmax, out.to, ahead);
      if (done != 0) {
        out.skip(done);
        absmax += ceil_divided(done, coder.block);
        count = done;
        continue;
      }
    }
    std::uint32_t bits[part_elements];
    std::size_t blocks = 0;
    bool usual = true;
    for (std::size_t i = 0; i < count; i += coder.block, ++blocks) {
      bits[blocks] = largest(x + i, std::min(coder.block, count - i));
      absmax[blocks] = coder.absmax(bits[blocks]);
      usual =
          usual && bits[blocks] < float_infinity && coder.is_usual(bits[blocks], absmax[blocks]);
    }
    if (usual) {
      coder.encode(x, out.room(count), count, absmax, blocks, random);
      out.take(count);
    } else {
      for (std::size_t i = 0, k = 0; k < blocks; ++k, i += coder.block) {
        quantize_block(coder, x + i, std::min(coder.block, count - i), bits[k], absmax[k], out,
                       rounding_from(random, i));
      }
    }
    absmax += blocks;
  }
  out.finish();
}

/// Writes the values of codes of a byte each times the absmax of their block; `before` elements of
/// the first block come before these.
template <class T>
void dequantize_codes(const codebook_tables& book, const std::uint8_t* codes, std::size_t n,
                      const float* absmax, std::size_t block, std::size_t before, bool stream,
                      T* out) {
  if constexpr (std::same_as<T, float>) {
    const float_environment environment(direction::nearest);
    decode_codebook_kernel_of(active_isa(), book.size)(codes, out, n, book, absmax, block, before,
                                                       stream);
  } else {
    double products[part_elements];
    for (std::size_t first = 0; first < n; first += part_elements) {
      const std::size_t count = std::min(part_elements, n - first);
      for (std::size_t i = 0; i < count; ++i) {
        products[i] = scaled_up(convert<double>(book.value[codes[first + i]]),
                                convert<double>(absmax[(before + first + i) / block]));
      }
      narrowfloat::convert(std::span<const double>(products, count), std::span(out + first, count));
    }
  }
}

/// The mean of floats that are positive or 0, exact and rounded once; NaN does not count.
inline float mean_of(std::span<const float> values, const task_cuts& cuts,
                     const executor_ref& executor) {
  struct part {
    exact_sum total;
    std::uint64_t count = 0;
  };
  std::vector<part> parts(cuts.count());
  run_tasks(executor, cuts.count(), [&](std::size_t task) {
    part sum;
    for (std::size_t i = cuts.begin(task); i < cuts.end(task); ++i) {
      const std::uint32_t bits = bits_of_float(values[i]);
      if (bits >= float_infinity) continue;  // NaN
      ++sum.count;
      if (bits != 0) sum.total.add(binary_of(bits), {1, 0}, 0, false);
    }
    parts[task] = sum;
  });
  part all;
  for (const part& each : parts) {
    all.total += each.total;
    all.count += each.count;
  }
  return nearest_float(
      all.count == 0 ? exact::zero(false) : quotient(all.total.value(), exact_integer(all.count)),
      {true, true});
}

inline const Codebook& absmax_codebook(here, CodebookPipeline pipeline) {
  static const Codebook exact_book = dynamic_codebook(),
                        bitsandbytes_book = bitsandbytes_dynamic_codebook();
  return pipeline == CodebookPipeline::exact ? exact_book : bitsandbytes_book;
}

inline std::vector<float> absmax_of_blocks(here, const codebook_parts& parts, std::size_t first,
                                           std::size_t count) {
  const auto from = [first](const auto& all) { return all.data() + first; };
  if (!parts.options.nested)
    return std::vector<float>(from(parts.absmax), from(parts.absmax) + count);
  std::vector<float> all(count);
  dequantize_codes(parts.absmax_book.tables(), from(parts.absmax_codes), count,
                   parts.absmax.data() + first / nested_block, nested_block, first % nested_block,
                   false, all.data());
  for (float& x : all) x = float_total(x, parts.absmax_mean);
  return all;
}

/// Lowers the codes of absmax that came back larger than `most`, which has bits of a finite float,
/// from `first` on.
inline void limit_nested_absmax(codebook_parts& parts, std::size_t first, std::size_t count,
                                std::uint32_t most) {
  if (most == float_infinity - 1) return;  // sums stay below
  const codebook_tables& book = parts.absmax_book.tables();
  for (std::size_t i = first; i < first + count; ++i) {
    std::uint8_t& code = parts.absmax_codes[i];
    std::size_t k =
        static_cast<std::size_t>(std::find(book.code, book.code + book.distinct, code) - book.code);
    for (; k > 0; code = book.code[--k]) {
      const std::uint32_t bits = magnitude_bits(absmax_of_blocks(here{}, parts, i, 1)[0]);
      if (bits <= most || bits > float_infinity) break;
    }
  }
}

/// The tasks of scales that are quantized too: those of as many elements as other tasks have.
inline task_cuts nested_cuts(const codebook_parts& parts) {
  const std::size_t blocks = task_elements / parts.block_size / nested_block;
  return {parts.absmax_codes.size(), std::max<std::size_t>(blocks, 1) * nested_block};
}

inline void nest_absmax(codebook_parts& parts, std::vector<float> absmax, std::uint32_t most,
                        const executor_ref& executor) {
  const task_cuts cuts = nested_cuts(parts);
  parts.absmax_mean = mean_of(absmax, cuts, executor);
  const CodebookOptions second{.pipeline = parts.options.pipeline};
  const auto coder = codebook_coder::of(parts.absmax_book, nested_block, second);
  run_cuts(executor, cuts, [&](std::size_t first, std::size_t count) {
    float* const values = absmax.data() + first;
    for (std::size_t i = 0; i < count; ++i) values[i] = float_total(values[i], -parts.absmax_mean);
    byte_codes codes{parts.absmax_codes.data() + first};
    quantize_by_codebook(coder, values, count, true, parts.absmax.data() + first / nested_block,
                         codes, nearest_value{});
    limit_nested_absmax(parts, first, count, most);
  });
}

/// The tasks of n elements, in blocks, of which `lead` would have to come before the first to begin
/// a cache line: whole blocks, on cache lines where these allow it.
inline task_cuts block_cuts(std::size_t n, std::size_t block, std::size_t lead) {
  if (n <= task_elements) return {n};
  return {n, units_of_task(block) * block, lead / block * block};
}

template <class T, class R>
void quantize_to(here, codebook_parts& parts, std::size_t first, std::span<const T> values,
                 const R& rounding, const executor_ref& executor) {
  const auto coder = codebook_coder::of(parts.book, parts.block_size, parts.options);
  std::vector<float> first_level(parts.absmax_codes.size());
  float* const absmax =
      parts.options.nested ? first_level.data() : parts.absmax.data() + first / parts.block_size;
  const bool ahead = !leaves_caches(values.size() * (sizeof(T) + 1));
  // whole bytes of codes too
  const std::size_t to_byte = parts.book.code_bits() == 8 ? 1 : 2,
                    block = std::min(parts.block_size, values.size()),
                    unit = block * (block % to_byte == 0 ? 1 : 2);
  const auto place = reinterpret_cast<std::uintptr_t>(parts.codes.data() + first / to_byte);
  const auto cuts = block_cuts(values.size(), unit, place % 64 * to_byte);
  run_cuts(executor, cuts, [&](std::size_t begin, std::size_t count) {
    const auto quantize = [&](auto& codes) {
      quantize_by_codebook(coder, values.data() + begin, count, ahead,
                           absmax + begin / parts.block_size, codes,
                           rounding_from(rounding, begin));
    };
    if (parts.book.code_bits() == 8) {
      byte_codes codes{parts.codes.data() + first + begin};
      quantize(codes);
    } else {
      nibble_codes codes{parts.codes.data() + (first + begin) / 2, parts.options.nibbles, 0, {}};
      quantize(codes);
    }
  });
  if (parts.options.nested) nest_absmax(parts, std::move(first_level), coder.most, executor);
}

/// Writes n elements from any on.
template <class T>
void dequantize_elements(const codebook_parts& parts, std::size_t first, std::size_t n, bool stream,
                         T* out) {
  const std::size_t block = parts.block_size, start = first / block, before = first % block;
  std::vector<float> nested;
  const float* absmax = parts.absmax.data() + start;
  if (parts.options.nested) {
    nested = absmax_of_blocks(here{}, parts, start, ceil_divided(before + n, block));
    absmax = nested.data();
  }
  const codebook_tables& book = parts.book.tables();
  if (parts.book.code_bits() == 8) {
    dequantize_codes(book, parts.codes.data() + first, n, absmax, block, before, stream, out);
    return;
  }
  constexpr std::size_t part = 4 * part_elements;  // of codes
  const std::size_t odd = first % 2;               // the first one is a byte's second
  std::uint8_t codes[part + 2];
  for (std::size_t done = 0; done < n; done += part) {
    const std::size_t count = std::min(part, n - done), at = before + done;
    unpack_nibbles(parts.codes.data() + (first + done) / 2, odd + count, parts.options.nibbles,
                   codes);
    dequantize_codes(book, codes + odd, count, absmax + at / block, block, at % block, stream,
                     out + done);
  }
}

template <class T>
void dequantize_codebook(here, const codebook_parts& parts, std::size_t first, std::span<T> out,
                         const executor_ref& executor) {
  const bool stream = leaves_caches(out.size() * (sizeof(T) + 1));
  if (out.size() <= task_elements) {  // a task, at less cost
    if (!out.empty()) dequantize_elements(parts, first, out.size(), stream, out.data());
    return;
  }
  const std::size_t lead = reinterpret_cast<std::uintptr_t>(out.data()) % 64 / sizeof(T);
  run_cuts(executor, block_cuts(out.size(), parts.block_size, lead),
           [&](std::size_t begin, std::size_t count) {
             dequantize_elements(parts, first + begin, count, stream, out.data() + begin);
           });
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

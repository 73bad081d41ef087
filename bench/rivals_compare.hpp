// SPDX-License-Identifier: MIT
// On how many inputs a rival's result has other bits than narrowfloat's.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <narrowfloat/isa.hpp>
#include <optional>
#include <random>
#include <string_view>
#include <vector>

#include "kernels.hpp"
#include "measure.hpp"
#include "rivals.hpp"
#include "rivals_measure.hpp"

namespace bench {

/// The bits of an input and of what became of it.
struct example {
  std::uint32_t input, theirs, ours;
};

/// Of one rival in one conversion.
struct difference {
  const kernel* conversion;
  std::string_view contender;
  std::size_t inputs;
  std::size_t differ;
  std::size_t only_nan;          ///< of those, where both results are NaN
  std::optional<example> first;  ///< the first that is more than another NaN, if there is one
};

/// 2^22 floats, those of each sign and exponent in turn: every multiple of 2^12 of the mantissa,
/// which are the ties of up to 10 mantissa bits and the values between them, each with its two
/// neighbours; and 2048 random ones. Infinities and NaNs are among them.
inline std::vector<std::uint32_t> stratified_floats() {
  constexpr std::uint32_t mantissa = 0x7fffff;
  std::mt19937 random;  // its default seed: the same floats in every run
  std::vector<std::uint32_t> all;
  all.reserve(std::size_t{1} << 22);
  for (std::uint32_t high = 0; high < 512; ++high) {
    for (std::uint32_t m = 0; m <= mantissa; m += 1u << 12) {
      for (const std::uint32_t near : {m - 1, m, m + 1})
        all.push_back(high << 23 | (near & mantissa));
      all.push_back(high << 23 | (static_cast<std::uint32_t>(random()) & mantissa));
    }
  }
  return all;
}

/// Every code of the format, in words of its size.
inline std::vector<std::uint32_t> all_codes(int bytes) {
  std::vector<std::uint32_t> all(std::size_t{1} << (8 * bytes));
  for (std::uint32_t code = 0; code < all.size(); ++code) all[code] = code;
  return all;
}

/// Element i of an array of words of 1, 2 or 4 bytes.
inline std::uint32_t word_at(const buffer& from, int bytes, std::size_t i) {
  const auto read = [&](auto word) {
    std::memcpy(&word, from.data() + i * sizeof word, sizeof word);
    return std::uint32_t{word};
  };
  return bytes == 1   ? read(std::uint8_t{})
         : bytes == 2 ? read(std::uint16_t{})
                      : read(std::uint32_t{});
}

inline void put_word(const buffer& to, int bytes, std::size_t i, std::uint32_t value) {
  const auto write = [&](auto word) {
    word = static_cast<decltype(word)>(value);
    std::memcpy(to.data() + i * sizeof word, &word, sizeof word);
  };
  bytes == 1 ? write(std::uint8_t{}) : bytes == 2 ? write(std::uint16_t{}) : write(std::uint32_t{});
}

/// Compares the rivals in a conversion; `back` is the one from the format to f32.
class comparison {
 public:
  comparison(const kernel& conversion, const kernel& back)
      : conversion_(conversion),
        inputs_(conversion.encodes() ? stratified_floats() : all_codes(conversion.bytes.in_bytes)),
        in_(bytes_of(inputs_.size(), conversion.bytes.in_bytes)),
        ours_(bytes_of(inputs_.size(), conversion.bytes.out_bytes)),
        theirs_(bytes_of(inputs_.size(), conversion.bytes.out_bytes)),
        ours_as_f32_(bytes_of(inputs_.size(), 4)),
        theirs_as_f32_(bytes_of(inputs_.size(), 4)),
        back_(back) {
    for (std::size_t i = 0; i < inputs_.size(); ++i)
      put_word(in_, conversion_.bytes.in_bytes, i, inputs_[i]);
    conversion_.run(narrowfloat::active_isa(), in_.data(), ours_.data(), inputs_.size());
    widen(ours_, ours_as_f32_);
  }

  difference with(const rival& other) const {
    other.run(in_.data(), theirs_.data(), inputs_.size());
    widen(theirs_, theirs_as_f32_);
    difference found{&conversion_, other.name, inputs_.size(), 0, 0, std::nullopt};
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const std::uint32_t ours = word_at(ours_, conversion_.bytes.out_bytes, i);
      const std::uint32_t theirs = word_at(theirs_, conversion_.bytes.out_bytes, i);
      if (ours == theirs) continue;
      ++found.differ;
      if (is_nan(ours_as_f32_, i) && is_nan(theirs_as_f32_, i)) {
        ++found.only_nan;
      } else if (!found.first) {
        found.first = example{inputs_[i], theirs, ours};
      }
    }
    return found;
  }

 private:
  static std::size_t bytes_of(std::size_t n, int bytes) {
    return n * static_cast<std::size_t>(bytes);
  }

  /// The results as f32, in which a NaN can be told.
  void widen(const buffer& results, const buffer& as_f32) const {
    if (conversion_.encodes()) {
      back_.run(narrowfloat::active_isa(), results.data(), as_f32.data(), inputs_.size());
    } else {
      std::memcpy(as_f32.data(), results.data(), bytes_of(inputs_.size(), 4));
    }
  }

  static bool is_nan(const buffer& values, std::size_t i) {
    return (word_at(values, 4, i) & 0x7fffffff) > 0x7f800000;
  }

  const kernel& conversion_;
  std::vector<std::uint32_t> inputs_;
  buffer in_, ours_, theirs_, ours_as_f32_, theirs_as_f32_;
  const kernel& back_;
};

}  // namespace bench

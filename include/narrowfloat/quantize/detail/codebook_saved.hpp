// SPDX-License-Identifier: MIT
// What a CodebookTensor is saved as, and what is not loaded into it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "../../detail/exact/binary.hpp"
#include "../../state.hpp"
#include "../codebook_codes.hpp"
#include "codebook_parts.hpp"

namespace narrowfloat::detail {
inline namespace NF_BASELINE {

/// A code-book in a few letters: FNV-1a of its values, and their number.
inline std::string shown_book(const Codebook& book) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const float x : book.values()) {
    for (int i = 0; i < 32; i += 8) {
      hash ^= bits_of_float(x) >> i & 0xff;
      hash *= 0x100000001b3u;
    }
  }
  std::string text = "code-book ";
  for (int i = 60; i >= 0; i -= 4) text += "0123456789abcdef"[hash >> i & 15];
  return text + " of " + std::to_string(book.size()) + " values";
}

inline std::span<const std::uint8_t> loaded_codes(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

/// What is saved of a code-book tensor.
template <class Part, class Parts>
std::vector<Part> state_of_codebook(Parts& parts) {
  const auto codes_part = [&](const char* name, auto& codes, const Codebook& book) {
    Part part = state_part(name, std::span(codes));
    part.layout = shown_book(book);
    part.owner = &parts;
    return part;
  };
  std::vector<Part> all{codes_part("codes", parts.codes, parts.book)};
  Part& codes = all.front();
  codes.layout += ", blocks of " + std::to_string(parts.block_size);
  if (parts.book.code_bits() == 4 && parts.options.nibbles == NibbleOrder::high_first)
    codes.layout += ", high nibble first";
  codes.refusal = [](const void* owner, std::span<const std::byte> bytes) {
    const auto& to = *static_cast<const codebook_parts*>(owner);
    const std::uint8_t* const first = loaded_codes(bytes).data();
    const bool is_padded = to.book.code_bits() == 4 && to.size % 2 != 0;
    if (is_padded && code_place{first, 4, to.options.nibbles}[to.size] != 0)
      return std::string("the nibble after the last code is not 0");
    return first_beyond(CodebookCodes(first, to.size, to.book, to.options.nibbles), to.book);
  };
  if (parts.options.nested) {
    all.push_back(codes_part("scale_codes", parts.absmax_codes, parts.absmax_book));
    all.back().refusal = [](const void* owner, std::span<const std::byte> bytes) {
      return first_beyond(loaded_codes(bytes),
                          static_cast<const codebook_parts*>(owner)->absmax_book);
    };
  }
  all.push_back(state_part("scales", std::span(parts.absmax)));
  if (parts.options.nested) all.push_back(state_part("scale_mean", parts.absmax_mean));
  return all;
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::detail

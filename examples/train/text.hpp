// SPDX-License-Identifier: MIT
// A text as tokens, which are its bytes: batches of it for training, and a part that no step sees.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <narrowfloat/random.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace train {

/// Sequences of a text, each with what comes one token later.
struct TextBatch {
  std::vector<std::uint8_t> tokens, targets;
};

class Text {
 public:
  explicit Text(const std::string& path) {
    if (std::filesystem::is_directory(path)) throw std::invalid_argument(path + ": is a folder");
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::invalid_argument(path + ": " + std::strerror(errno));
    bytes_.assign(std::istreambuf_iterator<char>(in), {});
    if (bytes_.size() < 10000)
      throw std::invalid_argument(path + ": has " + std::to_string(bytes_.size()) +
                                  " bytes: a text has 10,000 or more");
  }
  /// Special: throws where the held-out part has no room for sequences of that length.
  void require_length(std::size_t length) const {
    const std::size_t room = bytes_.size() - end_of_training();
    if (length + 1 >= room)
      throw std::invalid_argument("a context of " + std::to_string(length) +
                                  " is too long: the held-out part of the text has " +
                                  std::to_string(room) + " bytes");
  }
  /// What tells this text from another: FNV-1a of its bytes, 64 bits.
  std::string digest() const {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const std::uint8_t byte : bytes_) hash = (hash ^ byte) * 0x100000001b3u;
    return std::to_string(hash);
  }

  std::size_t size() const { return bytes_.size(); }
  /// The batch of a step: sequences that start anywhere in the first nine tenths, by (seed, step)
  /// alone; those from `first` on are a part of it.
  TextBatch batch(std::uint32_t seed, std::uint64_t step, std::size_t sequences, std::size_t length,
                  std::size_t first = 0) const {
    TextBatch made;
    const std::size_t places = end_of_training() - length;
    for (std::size_t i = first; i < first + sequences; ++i)
      append(made, narrowfloat::element_bits<32>(seed, step, i) % places, length);
    return made;
  }
  /// Batch i of n that lie evenly in the last tenth.
  TextBatch held_out(std::size_t i, std::size_t n, std::size_t sequences,
                     std::size_t length) const {
    TextBatch made;
    const std::size_t room = bytes_.size() - end_of_training() - length - 1;
    for (std::size_t s = 0; s < sequences; ++s)
      append(made, end_of_training() + room * (i * sequences + s) / (n * sequences), length);
    return made;
  }
  /// The bytes from a place of the held-out part on.
  std::span<const std::uint8_t> prompt(std::size_t length) const {
    return std::span(bytes_).subspan(end_of_training(), length);
  }

 private:
  std::size_t end_of_training() const { return bytes_.size() / 10 * 9; }
  void append(TextBatch& batch, std::size_t first, std::size_t length) const {
    const auto at = bytes_.begin() + static_cast<std::ptrdiff_t>(first);
    const auto n = static_cast<std::ptrdiff_t>(length);
    batch.tokens.insert(batch.tokens.end(), at, at + n);
    batch.targets.insert(batch.targets.end(), at + 1, at + n + 1);
  }

  std::vector<std::uint8_t> bytes_;
};

}  // namespace train

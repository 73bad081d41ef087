// SPDX-License-Identifier: MIT
// Images of handwritten digits: batches for training, and a fifth that no step sees.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <narrowfloat/random.hpp>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace train {

using Label = std::uint8_t;

/// Rows of 64 pixels, and what each shows.
struct DigitBatch {
  std::vector<float> images;
  std::vector<Label> labels;
};

/// 1,797 images of 8 x 8 pixels. A fixed shuffle holds 360 of them back; all have mean 0 and
/// variance 1 over the others.
class Digits {
 public:
  static constexpr std::size_t side = 8, pixels = side * side, classes = 10, held_out_rows = 360;

  explicit Digits(const std::string& path) {
    std::ifstream in(path);
    std::vector<float> numbers;
    for (float number = 0; in >> number; in.ignore()) numbers.push_back(number);
    const std::size_t width = pixels + 1, n = numbers.size() / width;
    if (numbers.size() % width != 0 || n <= held_out_rows)
      throw std::invalid_argument(path + ": cannot be read as rows of 64 pixels and a digit");
    for (const std::size_t row : shuffled(n, 0, 0)) {
      const float* const at = numbers.data() + row * width;
      const float label = at[pixels];
      if (!(label >= 0 && label < static_cast<float>(classes)))
        throw std::invalid_argument(path + ": row " + std::to_string(row + 1) +
                                    " does not end in a digit");
      all_.images.insert(all_.images.end(), at, at + pixels);
      all_.labels.push_back(static_cast<Label>(label));
    }
    standardize();
  }

  /// Rows that are trained on.
  std::size_t size() const { return all_.labels.size() - held_out_rows; }
  /// The batch of a step: each row once an epoch, in an order that (seed, epoch) alone decide.
  DigitBatch batch(std::uint32_t seed, std::uint64_t step, std::size_t rows) {
    DigitBatch made;
    for (std::uint64_t i = step * rows; i < (step + 1) * rows; ++i) {
      const std::uint64_t epoch = i / size() + 1;
      if (order_of_ != std::pair{seed, epoch}) {
        order_ = shuffled(size(), seed, epoch);
        order_of_ = {seed, epoch};
      }
      append(made, order_[static_cast<std::size_t>(i % size())]);
    }
    return made;
  }
  DigitBatch held_out() const {
    DigitBatch made;
    for (std::size_t row = size(); row < all_.labels.size(); ++row) append(made, row);
    return made;
  }

 private:
  /// The same order on every machine: by random keys.
  static std::vector<std::size_t> shuffled(std::size_t n, std::uint32_t seed, std::uint64_t epoch) {
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) {
      return std::pair{narrowfloat::element_bits<32>(seed, epoch, i), i};
    });
    return order;
  }
  void standardize() {
    double sum = 0, squares = 0;
    const std::size_t n = size() * pixels;
    for (std::size_t i = 0; i < n; ++i) {
      const double x = static_cast<double>(all_.images[i]);
      sum += x;
      squares += x * x;
    }
    const double mean = sum / static_cast<double>(n);
    const double deviation = std::sqrt(squares / static_cast<double>(n) - mean * mean);
    for (float& x : all_.images)
      x = static_cast<float>((static_cast<double>(x) - mean) / deviation);
  }
  void append(DigitBatch& batch, std::size_t row) const {
    const auto at = all_.images.begin() + static_cast<std::ptrdiff_t>(row * pixels);
    batch.images.insert(batch.images.end(), at, at + pixels);
    batch.labels.push_back(all_.labels[row]);
  }

  DigitBatch all_;
  std::vector<std::size_t> order_;
  std::pair<std::uint32_t, std::uint64_t> order_of_{};
};

}  // namespace train

// SPDX-License-Identifier: MIT
// Classifiers of images: a network of three matrices, and one with two convolutions, which are
// products of matrices by im2col. Each operation is written forward, then backward, on row-major
// arrays of T.
//
// N images of H x W pixels of C channels make N H W rows of C numbers.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "ops.hpp"

namespace train {

// ---- im2col: y (N H/s W/s x 9 C) has the 3 x 3 neighbours of every s-th pixel of x (N H W x C);
// outside lie zeros ----

struct Patches {
  std::size_t height, width, channels, stride = 1;

  std::size_t out_height() const { return (height + stride - 1) / stride; }
  std::size_t out_width() const { return (width + stride - 1) / stride; }
  std::size_t inputs() const { return height * width * channels; }
  std::size_t outputs() const { return out_height() * out_width() * 9 * channels; }
  /// f(first of C numbers of x, first of C numbers of y) for each neighbour that lies inside an
  /// image.
  template <class F>
  void for_each(const F& f) const {
    std::size_t to = 0;
    for (std::size_t i = 0; i < out_height(); ++i)
      for (std::size_t j = 0; j < out_width(); ++j)
        for (std::size_t k = 0; k < 9; ++k, to += channels) {
          const std::size_t row = i * stride + k / 3, col = j * stride + k % 3;  // 1 too many
          if (row >= 1 && row <= height && col >= 1 && col <= width)
            f(((row - 1) * width + col - 1) * channels, to);
        }
  }
};

template <class T>
void im2col_forward(const Context& at, const Patches& shape, std::span<const T> x, std::span<T> y) {
  at.run(x.size() / shape.inputs(), [&](std::size_t image) {
    const T* const in = x.data() + image * shape.inputs();
    T* const out = y.data() + image * shape.outputs();
    std::fill(out, out + shape.outputs(), T(0));
    shape.for_each([&](std::size_t from, std::size_t to) {
      std::copy(in + from, in + from + shape.channels, out + to);
    });
  });
}

/// dx = factor * the sums of what was made of each number.
template <class T>
void im2col_backward(const Context& at, const Patches& shape, std::span<const T> dy,
                     std::span<T> dx, double factor) {
  at.run(dx.size() / shape.inputs(), [&](std::size_t image) {
    T* const in = dx.data() + image * shape.inputs();
    const T* const out = dy.data() + image * shape.outputs();
    std::fill(in, in + shape.inputs(), T(0));
    shape.for_each([&](std::size_t from, std::size_t to) {
      for (std::size_t c = 0; c < shape.channels; ++c) in[from + c] += out[to + c];
    });
    if (factor != 1)
      for (std::size_t i = 0; i < shape.inputs(); ++i) in[i] *= static_cast<T>(factor);
  });
}

// ---- The models: matrices with a bias, ReLU between two, im2col before some ----

/// A matrix, and how its input is read: as it is, or in patches.
struct Stage {
  std::string name;
  std::size_t in, out;
  bool is_convolution = false;
  Patches patches{};
};

struct ClassifierConfig {
  std::vector<Stage> stages;
  bool unit_scaling = false;  ///< N(0, 1) weights, a factor in every operation
};

/// Three matrices on images of 64 pixels: 26,122 parameters.
inline std::vector<Stage> mlp(std::size_t width = 128) {
  return {{"fc1", 64, width}, {"fc2", width, width}, {"fc3", width, 10}};
}
/// In the manner of LeNet on 8 x 8 pixels: convolutions to 8 x 8 x c and 4 x 4 x c, two matrices.
/// 103,818 parameters.
inline std::vector<Stage> lenet(std::size_t c = 64, std::size_t width = 64) {
  return {{"conv1", 9, c, true, {8, 8, 1}},
          {"conv2", 9 * c, c, true, {8, 8, c, 2}},
          {"fc1", 16 * c, width},
          {"fc2", width, 10}};
}

template <class T>
class Classifier {
 public:
  using LayerMaker = std::function<std::unique_ptr<Layer<T>>(Role)>;

  Classifier(ClassifierConfig config, const LayerMaker& make_layer, std::uint32_t seed)
      : config_(std::move(config)), outputs_(config_.stages.size()), patches_(outputs_.size()) {
    std::mt19937 random(seed);
    for (std::size_t i = 0; i < config_.stages.size(); ++i) {
      const Stage& stage = config_.stages[i];
      const bool is_last = i + 1 == config_.stages.size();
      const Role role = i == 0 ? Role::first : is_last ? Role::last : Role::hidden;
      const double he = std::sqrt((is_last ? 1 : 2) / static_cast<double>(stage.in));
      fill_normal(add(stage.name + ".w", role, stage.out, stage.in).values, random,
                  config_.unit_scaling ? 1 : he);
      add(stage.name + ".b", Role::vector, 1, stage.out);
      layers_.push_back(make_layer(role));
    }
    if (config_.unit_scaling)
      relu_ = nf::activation_scales(nf::Activation::relu, nf::Constraint::gmean);
  }

  /// All weights, in the order in which they are saved.
  std::vector<Tensor<T>>& tensors() { return tensors_; }
  /// The products, in the order of the forward pass.
  std::vector<std::unique_ptr<Layer<T>>>& layers() { return layers_; }

  /// The mean loss of images, one after the other, and what they show.
  double forward(const Context& at, std::span<const T> images,
                 std::span<const std::uint8_t> labels) {
    const std::size_t N = labels.size();
    std::span<const T> x = images;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const Stage& stage = config_.stages[i];
      if (stage.is_convolution) {
        patches_[i].resize(N * stage.patches.outputs());
        im2col_forward<T>(at, stage.patches, x, patches_[i]);
        x = patches_[i];
      }
      if (N == 0 || x.size() % (N * stage.in) != 0)
        throw std::invalid_argument("a batch of " + std::to_string(N) + " images has " +
                                    std::to_string(images.size()) + " pixels");
      outputs_[i].resize(x.size() / stage.in * stage.out);
      linear_forward<T>(at, *layers_[i], x, tensors_[2 * i], tensors_[2 * i + 1], outputs_[i]);
      if (i + 1 < layers_.size()) relu_forward<T>(at, outputs_[i], relu_.forward);
      x = outputs_[i];
    }
    return cross_entropy_forward<T, std::uint8_t>(at, outputs_.back(), labels);
  }
  /// A row of probabilities for each image that went forward last.
  std::span<const T> probabilities() const { return outputs_.back(); }

  /// The gradients of loss_scale times the loss of the batch that went forward last.
  void backward(const Context& at, std::span<const std::uint8_t> labels, double loss_scale) {
    std::span<T> dy = outputs_.back();
    const std::size_t classes = config_.stages.back().out;
    const double factor = config_.unit_scaling ? nf::softmax_cross_entropy_scales(classes).grad *
                                                     static_cast<double>(labels.size())
                                               : 1;
    cross_entropy_backward<T, std::uint8_t>(at, dy, labels, loss_scale * factor);
    for (std::size_t i = layers_.size(); i-- > 0;) {
      const Stage& stage = config_.stages[i];
      const std::size_t n = i == 0 ? 0 : dy.size() / stage.out * stage.in;
      std::vector<T> dx(n);
      linear_backward<T>(at, *layers_[i], dy, dx, tensors_[2 * i], tensors_[2 * i + 1]);
      if (i == 0) break;
      if (stage.is_convolution) {
        std::vector<T> joined(outputs_[i - 1].size());
        // A number is in 9 / stride^2 patches on average, whose gradients add up.
        const double unit = static_cast<double>(stage.patches.stride) / 3;
        im2col_backward<T>(at, stage.patches, dx, joined, config_.unit_scaling ? unit : 1);
        dx = std::move(joined);
      }
      relu_backward<T>(at, outputs_[i - 1], dx, relu_.grad);
      gradient_ = std::move(dx);
      dy = gradient_;
    }
  }

 private:
  Tensor<T>& add(std::string name, Role role, std::size_t rows, std::size_t cols) {
    return tensors_.emplace_back(Tensor<T>{std::move(name), role, rows, cols,
                                           std::vector<T>(rows * cols),
                                           std::vector<T>(rows * cols)});
  }

  ClassifierConfig config_;
  std::vector<Tensor<T>> tensors_;
  std::vector<std::unique_ptr<Layer<T>>> layers_;
  std::vector<std::vector<T>> outputs_,
      patches_;  // of each stage: after its ReLU, and what it read
  std::vector<T> gradient_;
  nf::OpScales relu_;
};

}  // namespace train

// SPDX-License-Identifier: MIT
// What a model sees of a recipe: the products of a linear layer, and the weights that an optimizer
// keeps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <narrowfloat/convert.hpp>
#include <narrowfloat/io/safetensors_state.hpp>
#include <narrowfloat/linalg.hpp>
#include <narrowfloat/optim.hpp>
#include <narrowfloat/scaling.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "executor.hpp"

namespace train {

namespace nf = narrowfloat;
namespace st = narrowfloat::safetensors;

/// What a tensor of weights is for: recipes treat some of them in a way of their own.
enum class Role {
  hidden,  ///< a matrix between two others
  first,   ///< the first matrix
  last,    ///< the last one, which makes the logits; where it is tied, the embedding too
  table,   ///< a table that is looked up
  vector   ///< biases, the gains of norms
};

/// What formats made of the tensors that a layer was given, where they were looked at.
struct Losses {
  std::uint64_t count = 0;      ///< elements
  std::uint64_t saturated = 0;  ///< beyond the largest number of the format
  std::uint64_t flushed = 0;    ///< became 0 and were not
  Losses& operator+=(const Losses& more) {
    count += more.count;
    saturated += more.saturated;
    flushed += more.flushed;
    return *this;
  }
};

/// The three products of a linear layer: y = x w^T, dx = dy w, dw = dy^T x. x is rows x in, w out x
/// in, y rows x out.
template <class T>
class Layer {
 public:
  virtual ~Layer() = default;
  virtual void forward(std::span<const T> x, std::span<const T> w, std::span<T> y,
                       const nf::LinearShape& shape, nf::Phase phase, Executor& run) = 0;
  /// With what the last forward pass of training has kept. An empty dx is not made.
  virtual void backward(std::span<const T> dy, std::span<T> dx, std::span<T> dw, Executor& run) = 0;
  /// Ends a step.
  virtual void update() {}

  // A step of several micro-batches, in any order, some of them on other ranks, ends in one state.
  /// Before each of them: with what the step began with, and random bits of its own.
  virtual void start_micro_batch(std::uint64_t /*index*/) {}
  /// Whether a first pass has to find what a layer starts from; ranks let it be micro-batch 0.
  virtual bool needs_first_pass() const { return false; }
  /// The largest magnitudes of what this rank's micro-batches gave the layer; those of all ranks
  /// take their places.
  virtual std::span<float> magnitudes() { return {}; }
  /// The gradients of what the layer itself learns, which become those of all micro-batches.
  virtual std::vector<std::span<float>> gradients() { return {}; }
  /// After all of them, before update().
  virtual void join_micro_batches(std::uint64_t /*count*/) {}

  /// Forward, input gradient and weight gradient are multiplied by these, on top of what the sums
  /// are: unit scaling.
  virtual nf::LinearScales scales(const nf::LinearShape&) const { return {}; }
  /// Whether losses() grows from now on; it begins anew.
  void watch(bool on) {
    is_watched_ = on;
    losses_ = {};
  }
  const Losses& losses() const { return losses_; }
  virtual void add_state(st::File&, const std::string& /*name*/) const {}
  virtual void read_state(const st::File&, const std::string& /*name*/) {}

 protected:
  bool is_watched_ = false;
  Losses losses_;
};

/// A tensor of the model as floats, with its gradient.
template <class T>
struct Tensor {
  std::string name;
  Role role;
  std::size_t rows, cols;
  std::vector<T> values, gradient;

  std::size_t size() const { return rows * cols; }
};

/// How what layers read of weights travels: as codes of their form, and behind these a float that
/// multiplies them.
struct WeightCodes {
  std::size_t bytes_each;
  void (*decode)(std::span<const std::byte> from, std::span<float> values);

  std::size_t bytes(std::size_t weights) const { return weights * bytes_each + sizeof(float); }
};
template <class Number>
constexpr WeightCodes weight_codes{
    sizeof(Number), [](std::span<const std::byte> from, std::span<float> values) {
      std::vector<Number> codes(values.size());
      float scale = 1;
      const std::size_t bytes = codes.size() * sizeof(Number);
      std::memcpy(static_cast<void*>(codes.data()), from.data(), bytes);
      std::memcpy(&scale, from.data() + bytes, sizeof scale);
      nf::convert(codes, values);
      for (float& x : values) x *= scale;
    }};

/// The weights of a tensor as a recipe keeps them, and the optimizer that changes them.
class Weights {
 public:
  virtual ~Weights() = default;
  /// Writes what the model computes with, as WeightCodes of the recipe say.
  virtual void encode(std::span<std::byte> to) const = 0;
  virtual nf::StepReport step(std::span<const float> gradient, const nf::StepOptions& options,
                              double rate, Executor& run) = 0;
  virtual std::size_t weight_bytes() const = 0;
  virtual std::size_t state_bytes() const = 0;
  /// What is saved of the weights in their form, and of the optimizer.
  virtual std::vector<nf::StatePart> form_parts() = 0;
  virtual std::vector<nf::ConstStatePart> form_parts() const = 0;
  virtual std::vector<nf::StatePart> optimizer_parts() = 0;
  virtual std::vector<nf::ConstStatePart> optimizer_parts() const = 0;
};

}  // namespace train

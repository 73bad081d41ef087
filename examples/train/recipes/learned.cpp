// SPDX-License-Identifier: MIT
// Formats of run time: any split of the bits with a bias a row (eXmY), and ranges and splits that
// are learned.
#include <algorithm>
#include <cmath>
#include <narrowfloat/quantize.hpp>
#include <numbers>

#include "common.hpp"

namespace train {

namespace {

using Codes = std::vector<std::uint16_t>;

/// Counts what a format made of numbers.
void count_losses(std::span<const float> x, std::span<const float> q, float largest,
                  Losses& losses) {
  losses.count += x.size();
  for (std::size_t i = 0; i < x.size(); ++i) {
    losses.flushed += x[i] != 0 && q[i] == 0;
    losses.saturated += std::abs(x[i]) > largest;
  }
}

/// A matrix in eXmY, with the bias that the largest magnitude of each row needs (Agrawal et al.
/// 2024).
std::vector<float> exmy_values(std::span<const float> x, std::size_t cols, int exponent_bits,
                               int mantissa_bits, Losses* losses) {
  Codes codes(cols);
  std::vector<float> values(x.size());
  for (std::size_t first = 0; first < x.size(); first += cols) {
    const auto row = x.subspan(first, cols);
    const auto to = std::span(values).subspan(first, cols);
    const nf::ExmyFormat found = nf::exmy_format(nf::amax(row), exponent_bits, mantissa_bits);
    const auto format = nf::RuntimeFormat::from_bias(exponent_bits, mantissa_bits, found.bias);
    format.encode(row, codes);
    format.decode(codes, to);
    if (losses != nullptr) count_losses(row, to, format.max_value, *losses);
  }
  return values;
}

/// A layer whose three tensors are in formats of run time.
class ExmyLayer final : public Layer<float> {
 public:
  ExmyLayer(int exponent_bits, int mantissa_bits, const Multiply& multiply)
      : exponent_bits_(exponent_bits), mantissa_bits_(mantissa_bits), sums_{multiply} {}

  void forward(std::span<const float> x, std::span<const float> w, std::span<float> y,
               const nf::LinearShape& shape, nf::Phase phase, Executor& run) override {
    const auto [rows, in, out] = shape;
    std::vector<float> qx = values(x, in), qw = values(w, in);
    nf::matmul(qx, qw, y, rows, out, in, sums_, {.b_transposed = true}, run);
    if (phase == nf::Phase::evaluation) return;
    x_ = std::move(qx);
    w_ = std::move(qw);
    shape_ = shape;
  }
  void backward(std::span<const float> dy, std::span<float> dx, std::span<float> dw,
                Executor& run) override {
    const auto [rows, in, out] = shape_;
    const std::vector<float> q = values(dy, out);
    if (!dx.empty()) nf::matmul(q, w_, dx, rows, in, out, sums_, {}, run);
    nf::matmul(q, x_, dw, out, in, rows, sums_, {.a_transposed = true}, run);
  }

 private:
  std::vector<float> values(std::span<const float> x, std::size_t cols) {
    return exmy_values(x, cols, exponent_bits_, mantissa_bits_, is_watched_ ? &losses_ : nullptr);
  }

  int exponent_bits_, mantissa_bits_;
  Sums sums_;
  std::vector<float> x_, w_;
  nf::LinearShape shape_{};
};

/// The format of a tensor, whose range c and mantissa bits M learn by gradients (Kuzmin et al.
/// 2022): of log2 c and M, by Adam. E + M stays 7.
class LearnedFormat {
 public:
  nf::RuntimeFormat format() const {
    const int bits = static_cast<int>(std::lround(std::clamp(values_[1], 1.0f, 6.0f)));
    return {.exponent_bits = 7 - bits, .mantissa_bits = bits, .max_value = std::exp2(values_[0])};
  }
  bool is_known() const { return is_known_ != 0; }
  /// Starts from the range and the split with the least squared error.
  void start(std::span<const float> x) {
    const nf::RuntimeFormat found = nf::search_format(x).format;
    values_ = {std::log2(found.max_value), static_cast<float>(found.mantissa_bits)};
    is_known_ = 1;
  }
  /// Codes, read back as floats.
  std::vector<float> quantized(std::span<const float> x, Losses* losses) const {
    std::vector<float> q(x.size());
    Codes codes(x.size());
    const nf::RuntimeFormat f = format();
    f.encode(x, codes);
    f.decode(codes, q);
    if (losses != nullptr) count_losses(x, q, f.max_value, *losses);
    return q;
  }
  /// Takes the gradient of the quantized tensor; returns that of the tensor.
  void learn(std::span<const float> x, std::span<const float> dq, std::span<float> dx) {
    const nf::RuntimeFormat f = format();
    const nf::FormatGradients by = nf::fake_quantize_gradient(x, dq, dx, f);
    gradients_ = {
        static_cast<float>(by.max_value * static_cast<double>(f.max_value) * std::numbers::ln2),
        static_cast<float>(by.mantissa_bits)};
  }
  void update() {
    adam_.step(values_, gradients_);
    gradients_ = {};
  }
  std::span<float> gradients() { return gradients_; }
  std::vector<nf::StatePart> parts() { return parts_of<nf::StatePart>(*this); }
  std::vector<nf::ConstStatePart> parts() const { return parts_of<nf::ConstStatePart>(*this); }

 private:
  template <class Part, class Self>
  static std::vector<Part> parts_of(Self& self) {
    std::vector<Part> all = self.adam_.parts();
    all.push_back(nf::state_part("values", std::span(self.values_)));
    all.push_back(nf::state_part("is_known", self.is_known_));
    return all;
  }

  std::array<float, 2> values_{}, gradients_{};  // log2 c, M
  std::uint8_t is_known_ = 0;
  nf::Adam<> adam_{{.lr = 0.01}, 2};
};

/// x and w in learned formats, gradients in float.
class LearnedLayer final : public Layer<float> {
 public:
  explicit LearnedLayer(const Multiply& multiply) : sums_{multiply} {}

  void forward(std::span<const float> x, std::span<const float> w, std::span<float> y,
               const nf::LinearShape& shape, nf::Phase phase, Executor& run) override {
    const auto [rows, in, out] = shape;
    LearnedFormat of_x = of_x_, of_w = of_w_;
    if (!of_x.is_known()) {
      of_x.start(x);
      of_w.start(w);
    }
    Losses* const losses = is_watched_ ? &losses_ : nullptr;
    std::vector<float> qx = of_x.quantized(x, losses), qw = of_w.quantized(w, losses);
    nf::matmul(qx, qw, y, rows, out, in, sums_, {.b_transposed = true}, run);
    if (phase == nf::Phase::evaluation) return;
    of_x_ = of_x;  // what only evaluation has seen is not learned from
    of_w_ = of_w;
    x_.assign(x.begin(), x.end());
    w_.assign(w.begin(), w.end());
    qx_ = std::move(qx);
    qw_ = std::move(qw);
    shape_ = shape;
  }
  void backward(std::span<const float> dy, std::span<float> dx, std::span<float> dw,
                Executor& run) override {
    const auto [rows, in, out] = shape_;
    std::vector<float> dqx(x_.size());
    nf::matmul(dy, qw_, dqx, rows, in, out, sums_, {}, run);
    of_x_.learn(x_, dqx, dqx);
    if (!dx.empty()) std::ranges::copy(dqx, dx.begin());
    nf::matmul(dy, qx_, dw, out, in, rows, sums_, {.a_transposed = true}, run);
    of_w_.learn(w_, dw, dw);
  }
  void update() override {
    of_x_.update();
    of_w_.update();
  }
  bool needs_first_pass() const override { return !of_x_.is_known(); }
  std::vector<std::span<float>> gradients() override {
    return {of_x_.gradients(), of_w_.gradients()};
  }
  void add_state(st::File& file, const std::string& name) const override {
    st::add_state(file, name + ".x", of_x_);
    st::add_state(file, name + ".w", of_w_);
  }
  void read_state(const st::File& file, const std::string& name) override {
    st::read_state(file, name + ".x", of_x_);
    st::read_state(file, name + ".w", of_w_);
  }

 private:
  Sums sums_;
  LearnedFormat of_x_, of_w_;
  std::vector<float> x_, w_, qx_, qw_;
  nf::LinearShape shape_{};
};

}  // namespace

std::vector<Recipe> learned_recipes(const RecipeOptions& options) {
  const LayerMaker exmy = [options](std::uint64_t) {
    return std::make_unique<ExmyLayer>(options.exponent_bits, options.mantissa_bits,
                                       options.multiply);
  };
  const LayerMaker learned = [options](std::uint64_t) {
    return std::make_unique<LearnedLayer>(options.multiply);
  };
  const LayerMaker bfloats = bfloat16_layer(options);
  return {
      {.name = "exmy",
       .summary = "any eXmY, a bias a row, for weights, activations, gradients (--format e4m3)",
       .layers = {exmy, {}, bfloats},
       .weights = adamw<Floats>()},
      {.name = "flexible-bias",
       .summary = "8 bits whose range and split are learned by gradients (Kuzmin et al. 2022)",
       .layers = {learned, {}, bfloats},
       .weights = adamw<Floats>()},
  };
}

}  // namespace train

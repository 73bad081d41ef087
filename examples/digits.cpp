// SPDX-License-Identifier: MIT
// Trains a small classifier of handwritten digits and saves its weights, activations, gradients and
// Adam moments: real tensors, whose distributions differ.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <fstream>
#include <narrowfloat/io/safetensors.hpp>
#include <numeric>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace st = narrowfloat::safetensors;

constexpr std::size_t pixels = 64, hidden = 64, classes = 10;
constexpr std::size_t epochs = 60, batch_size = 32, held_out = 360, recorded_steps = 4;
constexpr double wanted_accuracy = 0.95;

struct Matrix {
  Matrix(std::size_t r, std::size_t c) : rows(r), cols(c), values(r * c) {}
  float* operator[](std::size_t r) { return values.data() + r * cols; }
  const float* operator[](std::size_t r) const { return values.data() + r * cols; }

  std::size_t rows, cols;
  std::vector<float> values;
};

struct Parameter {
  Parameter(std::size_t r, std::size_t c) : value(r, c), grad(r, c), adam_m(r, c), adam_v(r, c) {}

  void adam_step(std::size_t step) {
    constexpr float rate = 1e-3f, beta_m = 0.9f, beta_v = 0.999f, epsilon = 1e-8f;
    const float m_scale = 1 / (1 - std::pow(beta_m, static_cast<float>(step)));
    const float v_scale = 1 / (1 - std::pow(beta_v, static_cast<float>(step)));
    for (std::size_t i = 0; i < value.values.size(); ++i) {
      const float g = grad.values[i];
      const float m = adam_m.values[i] = beta_m * adam_m.values[i] + (1 - beta_m) * g;
      const float v = adam_v.values[i] = beta_v * adam_v.values[i] + (1 - beta_v) * g * g;
      value.values[i] -= rate * m * m_scale / (std::sqrt(v * v_scale) + epsilon);
    }
  }

  Matrix value, grad, adam_m, adam_v;
};

struct Layer {
  Layer(std::size_t inputs, std::size_t outputs, std::mt19937& random) : weight(outputs, inputs) {
    const float bound = std::sqrt(6.0f / static_cast<float>(inputs));
    std::uniform_real_distribution<float> distribution(-bound, bound);
    for (float& w : weight.value.values) w = distribution(random);
  }

  void forward(const Matrix& in) {
    activation = Matrix(in.rows, weight.value.rows);
    for (std::size_t r = 0; r < in.rows; ++r)
      for (std::size_t o = 0; o < activation.cols; ++o)
        activation[r][o] = std::inner_product(in[r], in[r] + in.cols, weight.value[o], 0.0f);
  }

  // From the gradient of the activation, sets that of the weight and returns that of the input.
  Matrix backward(const Matrix& in) {
    Matrix in_grad(in.rows, in.cols);
    std::ranges::fill(weight.grad.values, 0.0f);
    for (std::size_t r = 0; r < in.rows; ++r)
      for (std::size_t o = 0; o < activation.cols; ++o) {
        const float g = activation_grad[r][o];
        for (std::size_t i = 0; i < in.cols; ++i) {
          weight.grad[o][i] += g * in[r][i];
          in_grad[r][i] += g * weight.value[o][i];
        }
      }
    return in_grad;
  }

  Parameter weight;
  Matrix activation{0, 0}, activation_grad{0, 0};
};

struct Batch {
  Matrix images;
  std::vector<std::size_t> labels;
};

// Two layers without biases, ReLU between them, softmax and cross-entropy at the end.
struct Network {
  explicit Network(std::mt19937& random)
      : layer1(pixels, hidden, random), layer2(hidden, classes, random) {}

  // Returns the share of right answers.
  double forward(const Batch& batch) {
    layer1.forward(batch.images);
    for (float& a : layer1.activation.values) a = std::max(a, 0.0f);
    layer2.forward(layer1.activation);
    std::size_t right = 0;
    for (std::size_t r = 0; r < batch.labels.size(); ++r) {
      const float* const row = layer2.activation[r];
      right += row[batch.labels[r]] == *std::max_element(row, row + classes);
    }
    return static_cast<double>(right) / static_cast<double>(batch.labels.size());
  }

  // Follows a forward() of the same batch; returns the mean loss.
  double backward(const Batch& batch) {
    const auto count = static_cast<float>(batch.labels.size());
    double loss = 0;
    layer2.activation_grad = layer2.activation;
    for (std::size_t r = 0; r < batch.labels.size(); ++r) {
      const std::span row(layer2.activation_grad[r], classes);
      const float top = *std::ranges::max_element(row);
      for (float& a : row) a = std::exp(a - top);
      const float sum = std::accumulate(row.begin(), row.end(), 0.0f);
      loss -= std::log(row[batch.labels[r]] / sum);
      for (float& a : row) a /= sum * count;
      row[batch.labels[r]] -= 1 / count;
    }
    layer1.activation_grad = layer2.backward(layer1.activation);
    for (std::size_t i = 0; i < layer1.activation.values.size(); ++i)
      if (layer1.activation.values[i] == 0) layer1.activation_grad.values[i] = 0;
    layer1.backward(batch.images);
    return loss / count;
  }

  void adam_step(std::size_t step) {
    layer1.weight.adam_step(step);
    layer2.weight.adam_step(step);
  }

  Layer layer1, layer2;
};

// The numbers of the file: in each row 64 pixels, 0 to 16, and the digit.
std::vector<float> read_digits(const std::string& path) {
  std::ifstream in(path);
  std::vector<float> numbers;
  for (float number = 0; in >> number; in.ignore()) numbers.push_back(number);
  if (numbers.size() % (pixels + 1) != 0 || numbers.size() / (pixels + 1) <= held_out)
    throw std::runtime_error(path + ": cannot be read as rows of 64 pixels and a digit");
  return numbers;
}

Batch pick(const std::vector<float>& digits, std::span<const std::size_t> rows) {
  Batch batch{Matrix(rows.size(), pixels), {}};
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const float* const row = &digits[rows[r] * (pixels + 1)];
    for (std::size_t i = 0; i < pixels; ++i) batch.images[r][i] = row[i] / 16;
    batch.labels.push_back(static_cast<std::size_t>(row[pixels]) % classes);
  }
  return batch;
}

// Adds a matrix to the tensor of that name, whose first extent counts them.
void record(st::File& file, const std::string& name, const Matrix& matrix) {
  st::Tensor added = st::make_tensor(name, {1, matrix.rows, matrix.cols}, matrix.values);
  const auto known = std::ranges::find(file.tensors, name, &st::Tensor::name);
  if (known == file.tensors.end()) return file.tensors.push_back(std::move(added));
  known->data.insert(known->data.end(), added.data.begin(), added.data.end());
  ++known->shape[0];
}

void record_step(st::File& file, const std::string& layer, const Parameter& weight) {
  record(file, layer + ".weight.grad", weight.grad);
  record(file, layer + ".weight.adam_m", weight.adam_m);
  record(file, layer + ".weight.adam_v", weight.adam_v);
}

void record_end(st::File& file, const std::string& name, const Layer& layer) {
  record(file, name + ".weight", layer.weight.value);
  record(file, name + ".activation", layer.activation);
  record(file, name + ".activation.grad", layer.activation_grad);
}

double train_and_save(const std::string& output) {
  std::mt19937 random(1);
  const std::vector<float> digits = read_digits(NARROWFLOAT_DATA_DIR "/digits.csv");
  std::vector<std::size_t> rows(digits.size() / (pixels + 1));
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  std::ranges::shuffle(rows, random);
  const Batch test = pick(digits, std::span(rows).first(held_out));
  const std::span training = std::span(rows).subspan(held_out);

  Network network(random);
  st::File file;
  const std::size_t batches = training.size() / batch_size;
  for (std::size_t step = 1; step <= epochs * batches; ++step) {
    const std::size_t batch_index = (step - 1) % batches;
    if (batch_index == 0) std::ranges::shuffle(training, random);
    const Batch batch = pick(digits, training.subspan(batch_index * batch_size, batch_size));
    network.forward(batch);
    const double loss = network.backward(batch);
    network.adam_step(step);
    if (step + recorded_steps > epochs * batches) {
      record_step(file, "layer1", network.layer1.weight);
      record_step(file, "layer2", network.layer2.weight);
    }
    if (step % (5 * batches) == 0)
      fmt::print("epoch {:2}: loss {:.4f}, held-out accuracy {:.2f} %\n", step / batches, loss,
                 100 * network.forward(test));
  }

  const Batch all = pick(digits, training);
  network.forward(all);
  network.backward(all);
  record_end(file, "layer1", network.layer1);
  record_end(file, "layer2", network.layer2);
  file.metadata = {{"source", "narrowfloat examples/digits.cpp"},
                   {"data", "UCI Optical Recognition of Handwritten Digits, CC BY 4.0"}};
  st::write(output, file);
  return network.forward(test);
}

}  // namespace

int main(int count, char** arguments) {
  const std::string output = count > 1 ? arguments[1] : "digits.safetensors";
  if (output == "--help") {
    fmt::print("usage: digits [OUTPUT.safetensors]\n");
    return 0;
  }
  if (count > 2 || output.empty() || output[0] == '-') {
    fmt::print(stderr, "digits: usage: digits [OUTPUT.safetensors]\n");
    return 2;
  }
  try {
    const double accuracy = train_and_save(output);
    fmt::print("{}: final held-out accuracy {:.2f} %\n", output, 100 * accuracy);
    return accuracy > wanted_accuracy ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "digits: {}\n", error.what());
    return 2;
  }
}

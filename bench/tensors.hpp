// SPDX-License-Identifier: MIT
// The benchmark's input: the tensors of a safetensors file as f32, and the arrays made of them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <narrowfloat/convert.hpp>
#include <narrowfloat/io/safetensors.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

/// What a tensor holds in training, in the order of the report's columns.
inline constexpr std::array<std::string_view, 6> tensor_kinds{"weights", "activations", "gradients",
                                                              "adam_m",  "adam_v",      "other"};

struct tensor {
  std::string name;
  std::string_view kind;
  std::vector<float> values;
};

/// The kind that a name ends in: "layer1.weight" and "layer1.weights" are weights, "weight.grad"
/// gradients.
inline std::string_view kind_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::size_t>, 6> endings{{{"weight", 0},
                                                                             {"activation", 1},
                                                                             {"gradient", 2},
                                                                             {"grad", 2},
                                                                             {"adam_m", 3},
                                                                             {"adam_v", 4}}};
  if (name.ends_with('s')) name.remove_suffix(1);
  for (const auto& [ending, kind] : endings) {
    if (name.ends_with(ending)) return tensor_kinds[kind];
  }
  return tensor_kinds.back();
}

/// The elements as f32; nothing if they are of type T.
template <class T>
bool widen(const narrowfloat::safetensors::Tensor& from, std::vector<float>& to) {
  if (from.dtype != *narrowfloat::safetensors::dtype_of<T>()) return false;
  // one by one: the array loops of every type would take longer to compile than this to run
  for (const T element : from.as<T>()) to.push_back(narrowfloat::convert<float>(element));
  return true;
}

/// The floating-point tensors of a file. Throws safetensors::Error if it cannot be read or has
/// none.
inline std::vector<tensor> read_tensors(const std::filesystem::path& path) {
  using namespace narrowfloat;
  std::vector<tensor> found;
  for (const safetensors::Tensor& each : safetensors::read(path).tensors) {
    std::vector<float> values;
    const bool is_float = widen<float>(each, values) || widen<double>(each, values) ||
                          widen<float16>(each, values) || widen<bfloat16>(each, values) ||
                          widen<float8_e4m3fn>(each, values) || widen<float8_e5m2>(each, values) ||
                          widen<float8_e4m3fnuz>(each, values) ||
                          widen<float8_e5m2fnuz>(each, values);
    if (is_float && !values.empty())
      found.push_back({each.name, kind_of(each.name), std::move(values)});
  }
  if (found.empty()) throw safetensors::Error(path.string() + ": holds no floating-point values");
  return found;
}

/// The values of all tensors in their order.
inline std::vector<float> concatenate(const std::vector<tensor>& tensors) {
  std::vector<float> all;
  for (const tensor& each : tensors) all.insert(all.end(), each.values.begin(), each.values.end());
  return all;
}

/// A part of the values that has elements of every tensor: runs of 64, evenly spaced. All of them
/// if they are no more than `most`, a multiple of 64.
inline std::vector<float> sample(const std::vector<float>& values, std::size_t most) {
  if (values.size() <= most) return values;
  constexpr std::size_t run = 64;
  const std::size_t runs = most / run;
  std::vector<float> part;
  part.reserve(most);
  for (std::size_t i = 0; i < runs; ++i) {
    const auto first =
        values.begin() + static_cast<std::ptrdiff_t>(i * ((values.size() - run) / runs));
    part.insert(part.end(), first, first + run);
  }
  return part;
}

}  // namespace bench

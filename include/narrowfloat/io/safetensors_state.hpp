// SPDX-License-Identifier: MIT
// The state of optimizers, weights, code-book tensors and scaling (all that has parts()) in
// safetensors files.
#pragma once

#include <cstddef>
#include <cstring>
#include <iterator>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../state.hpp"
#include "safetensors.hpp"

namespace narrowfloat::safetensors {
namespace detail {

/// How a part lies in a file: its dtype, and what the metadata say of it where that does not say
/// all.
struct StoredPart {
  std::string name;
  Dtype dtype;
  std::string format;

  std::size_t count(std::size_t bytes) const { return bytes / (dtype_bits(dtype) / 8); }
};

/// The dtype of a type's name; for a format that has none, that of its codes.
inline std::optional<Dtype> dtype_of_type(std::string_view type, bool& is_format) {
  static constexpr std::pair<std::string_view, Dtype> plain[] = {
      {"uint8", Dtype::u8},   {"uint16", Dtype::u16}, {"uint32", Dtype::u32},
      {"uint64", Dtype::u64}, {"int8", Dtype::i8},    {"int16", Dtype::i16},
      {"int32", Dtype::i32},  {"int64", Dtype::i64},  {"float32", Dtype::f32},
      {"float64", Dtype::f64}};
  for (const auto& [name, dtype] : plain)
    if (name == type) return dtype;
  std::optional<Dtype> found;
  for_each_format([&]<class F>(std::string_view name) {
    if (name != type) return;
    found = dtype_of<F>();
    if (!found) {
      is_format = true;
      found = sizeof(F) == 1 ? Dtype::u8 : sizeof(F) == 2 ? Dtype::u16 : Dtype::u32;
    }
  });
  return found;
}

template <class Byte>
StoredPart stored_part(const std::string& object, const BasicStatePart<Byte>& part) {
  std::string name = part.name.empty() ? object : object + "." + part.name;
  bool is_format = false;
  const std::optional<Dtype> dtype = dtype_of_type(part.type, is_format);
  if (!dtype) fail_at(name, "a file has no numbers of type " + quote(part.type));
  const std::size_t size = dtype_bits(*dtype) / 8;
  if (part.bytes.size() % size != 0)
    fail_at(name, std::to_string(part.bytes.size()) + " bytes are no whole number of " +
                      std::string(part.type));
  std::string format(is_format ? part.type : std::string_view());
  if (is_format && !part.layout.empty()) format += ", ";
  return {std::move(name), *dtype, format + part.layout};
}

inline void add_parts(File& file, const std::string& object,
                      const std::vector<ConstStatePart>& parts) {
  std::vector<Tensor> tensors;
  std::vector<StoredPart> stored;
  for (const ConstStatePart& part : parts) {
    const StoredPart& made = stored.emplace_back(stored_part(object, part));
    tensors.push_back({made.name,
                       made.dtype,
                       {made.count(part.bytes.size())},
                       {part.bytes.begin(), part.bytes.end()}});
  }
  for (StoredPart& each : stored)
    if (!each.format.empty()) file.metadata[each.name + ".format"] = std::move(each.format);
  std::move(tensors.begin(), tensors.end(), std::back_inserter(file.tensors));
}

/// The tensor of a part. Special: throws Error where there is none that the part can become.
inline const Tensor& tensor_for(const File& file, const StoredPart& wanted, const StatePart& part) {
  const Tensor* const found = file.find(wanted.name);
  if (found == nullptr) fail_at(wanted.name, "is not in the file");
  const auto shown = [](Dtype dtype, std::size_t count) {
    return std::string(dtype_name(dtype)) + " of " + std::to_string(count) + " elements";
  };
  if (found->dtype != wanted.dtype || found->data.size() != part.bytes.size())
    fail_at(wanted.name,
            "is " + shown(found->dtype, found->data.size() * 8 / dtype_bits(found->dtype)) +
                ", not " + shown(wanted.dtype, wanted.count(part.bytes.size())));
  const auto format = file.metadata.find(wanted.name + ".format");
  const std::string has = format == file.metadata.end() ? std::string() : format->second;
  if (has != wanted.format) {
    const auto named = [](const std::string& text) { return text.empty() ? "none" : quote(text); };
    fail_at(wanted.name,
            "its format is " + named(has) + " by the metadata, not " + named(wanted.format));
  }
  if (part.refusal != nullptr) {
    const std::string refused = part.refusal(part.owner, found->data);
    if (!refused.empty()) fail_at(wanted.name, refused);
  }
  return *found;
}

inline void read_parts(const File& file, const std::string& object,
                       const std::vector<StatePart>& parts) {
  std::vector<const Tensor*> tensors;
  tensors.reserve(parts.size());
  for (const StatePart& part : parts)
    tensors.push_back(&tensor_for(file, stored_part(object, part), part));
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (!parts[i].bytes.empty())
      std::memcpy(parts[i].bytes.data(), tensors[i]->data.data(), parts[i].bytes.size());
}

}  // namespace detail

/// A range of floats, doubles or numbers of a format that lie behind each other.
template <class Range>
concept contiguous_numbers =
    std::ranges::contiguous_range<Range> && number<std::ranges::range_value_t<Range>>;

/// Adds the state of an object to a file: of an optimizer, a form of weights, a CodebookTensor, a
/// state of scaling/, a Linear, or of what else has parts(). A part is the tensor NAME.PART, one
/// row of its numbers:
///
///   wte.adam.steps      U64 of 1
///   wte.adam.m.codes    U8 of n, and in the metadata wte.adam.m.codes.format, which code-book they
///                       are codes of
///   wte.adam.m.scales   F32, one a block
///
/// Formats of 8 bits and more with a dtype of their own (F8_E4M3, BF16 ...) have that; codes of
/// others are U8, U16 or U32, with the format's name in the metadata.
///
/// Result    tensors at the end of file.tensors. Options, such as lr, are not among them: the
///           object that is read into is made with the same ones.
/// Special   throws Error, and leaves the file as it was, for a part of a type that has no dtype.
///
/// Example   const AdamW<CodebookState> adam({.lr = 1e-3}, weights.size());
///           st::File file;
///           st::add_state(file, "wte", weights);
///           st::add_state(file, "wte.adam", adam);
///           st::write("example.safetensors", file);
///           assert(file.find("wte")->as<float>()[3] == weights[3] && file.tensors.size() > 2);
template <has_state Object>
void add_state(File& file, const std::string& name, const Object& object) {
  detail::add_parts(file, name, object.parts());
}
/// The same of a range of numbers, such as weights without a form of their own: the tensor NAME.
template <contiguous_numbers Range>
void add_state(File& file, const std::string& name, const Range& values) {
  detail::add_parts(file, name, {state_part("", std::span(values))});
}

/// Reads the state of an object from a file, into one that was made alike: of as many numbers, with
/// the same storages, code-books and options. Training goes on with the same bits.
///
/// Special   throws Error, which names the tensor, what it is and what it should be, and leaves the
///           object as it was, where a part is not in the file, has another dtype, size, format or
///           code-book, or numbers that the object cannot have: a code beyond its code-book, a
///           scale that is 0 or NaN. What the file has besides is left alone.
///
/// Example   std::vector<float> w = weights;
///           AdamW<CodebookState> adam({.lr = 1e-3}, w.size()), later({.lr = 1e-3}, w.size());
///           adam.step(w, gradients);
///           st::File file;
///           st::add_state(file, "wte.adam", adam);
///           st::read_state(file, "wte.adam", later);  // which goes on with the same bits
///           std::vector<float> again = w;
///           adam.step(w, gradients);
///           later.step(again, gradients);
///           assert(w == again);
template <has_state Object>
void read_state(const File& file, const std::string& name, Object& object) {
  detail::read_parts(file, name, object.parts());
}
template <contiguous_numbers Range>
void read_state(const File& file, const std::string& name, Range& values) {
  detail::read_parts(file, name, {state_part("", std::span(values))});
}

}  // namespace narrowfloat::safetensors

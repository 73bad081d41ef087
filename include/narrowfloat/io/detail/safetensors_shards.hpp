// SPDX-License-Identifier: MIT
// The JSON index of a checkpoint of several files: reads it strictly, writes it, knows the names of
// its files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "safetensors_header.hpp"

namespace narrowfloat::safetensors::detail {

inline constexpr std::string_view index_ending = ".index.json";

inline bool is_index(const std::filesystem::path& path) {
  return path.filename().string().ends_with(index_ending);
}

/// Which file each tensor is in, by name.
using WeightMap = std::map<std::string, std::string>;

/// Takes the parser's events and accepts {"weight_map": {name: file}} among other keys with any
/// values.
class IndexReader {
 public:
  explicit IndexReader(WeightMap& map) : map_(map) {}

  bool null() { return value("null"); }
  bool boolean(bool) { return value("a boolean"); }
  bool number_integer(std::int64_t) { return value("a number"); }
  bool number_unsigned(std::uint64_t) { return value("a number"); }
  bool number_float(double, const std::string&) { return value("a number"); }
  bool binary(std::vector<std::uint8_t>&) { return value("binary data"); }

  bool string(std::string& file) {
    if (!in_map_ || depth_ != 2) return value("a string");
    if (file.empty() || file == "." || file == ".." || file.find_first_of("/\\") != file.npos ||
        file.find('\0') != file.npos)
      throw Malformed(place_of(name_) + ": its file " + quote(file) +
                      " is no name in the index's folder");
    if (!map_.emplace(name_, std::move(file)).second)
      throw Malformed(place_of(name_) + " appears twice in the weight_map");
    return true;
  }

  bool key(std::string& name) {
    if (depth_ == 1 && (in_map_ = name == "weight_map") && std::exchange(has_map_, true))
      throw Malformed("the weight_map appears twice");
    if (in_map_ && depth_ == 2) name_ = std::move(name);
    return true;
  }

  bool start_object(std::size_t) {
    if (in_map_ && depth_ > 1) value("an object");
    ++depth_;
    return true;
  }
  bool start_array(std::size_t) {
    value("an array");
    ++depth_;
    return true;
  }
  bool end_object() { return --depth_, true; }
  bool end_array() { return --depth_, true; }

  bool parse_error(std::size_t position, const std::string&, const std::exception& error) {
    throw Malformed("byte " + std::to_string(position - 1) +
                    ": the index is not valid JSON: " + quote(error.what(), 160));
  }

  bool has_map() const { return has_map_; }

 private:
  // A value that may not stand for the index, for the weight_map, or for the name of a file.
  bool value(const std::string& got) {
    if (depth_ == 0) throw Malformed("expected an object as the index, got " + got);
    if (in_map_)
      throw Malformed((depth_ == 1 ? "expected an object as the weight_map, got "
                                   : place_of(name_) + ": expected the name of a file, got ") +
                      got);
    return true;
  }

  WeightMap& map_;
  std::size_t depth_ = 0;
  bool in_map_ = false, has_map_ = false;
  std::string name_;
};

/// Result  the weight_map; its files are names without a folder, nothing else has been compared.
inline WeightMap parse_index(std::string_view text) {
  WeightMap map;
  IndexReader reader(map);
  const std::size_t zero = text.find('\0');  // the parser takes it for the end of the text
  if (zero != text.npos)
    throw Malformed("byte " + std::to_string(zero) + ": a zero byte in the index");
  nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
  if (!reader.has_map()) throw Malformed("the index has no weight_map");
  return map;
}

/// Requires  names of tensors that print_header() has taken.
inline std::string print_index(const WeightMap& map, std::uint64_t total_size) {
  try {
    return nlohmann::json{{"metadata", {{"total_size", total_size}}}, {"weight_map", map}}.dump(2) +
           "\n";
  } catch (const nlohmann::json::exception&) {
    throw Malformed("the name of a file, " + quote(map.begin()->second) + ", is not valid UTF-8");
  }
}

/// The file of shard `at`, from 0, of `count`: model.safetensors.index.json has
/// model-00001-of-00003.safetensors.
inline std::string shard_name(const std::filesystem::path& index, std::size_t at,
                              std::size_t count) {
  std::string name = index.filename().string();
  name.resize(name.size() - index_ending.size());
  constexpr std::string_view ending = ".safetensors";
  if (name.ends_with(ending)) name.resize(name.size() - ending.size());
  char numbers[64];
  std::snprintf(numbers, sizeof numbers, "-%05zu-of-%05zu", at + 1, count);
  return name + numbers + std::string(ending);
}

}  // namespace narrowfloat::safetensors::detail

// SPDX-License-Identifier: MIT
// The JSON header of a safetensors file: reads it strictly, writes it, knows its grammar only.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exceptions.hpp"
#include "name_index.hpp"

namespace narrowfloat::safetensors::detail {

/// What is wrong and where in the file; read() and write() add the path.
struct Malformed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One tensor as the header describes it. Its data are the bytes begin to end of the data part.
struct RawEntry {
  std::string name;
  std::string dtype;
  std::vector<std::size_t> shape;
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct Header {
  std::vector<RawEntry> entries;  // in the order of the text
  std::map<std::string, std::string> metadata;
};

inline constexpr std::string_view metadata_name = "__metadata__";

// As the format's definition limits it.
inline constexpr std::size_t largest_header = 100'000'000;

// JSON readers that keep numbers in a double see other values above 2^53.
inline constexpr std::uint64_t largest_number =
    std::min<std::uint64_t>(std::uint64_t{1} << 53, std::numeric_limits<std::size_t>::max());

/// Text from a file made fit for a message: one line of ASCII, quoted, not long.
inline std::string quote(std::string_view text, std::size_t most = 64) {
  const nlohmann::json shown =
      std::string(text.substr(0, most)) + (text.size() > most ? "..." : "");
  return shown.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

inline std::string place_of(std::string_view tensor) { return "tensor " + quote(tensor); }

/// Takes the parser's events and accepts only {"__metadata__": {key: string} or null, name: {dtype,
/// shape, data_offsets}}. Other fields of a tensor may be any JSON, which is passed over, as all
/// loaders do.
class HeaderReader {
 public:
  explicit HeaderReader(Header& header) : header_(header) {}

  bool null() {
    if (next_ == Next::metadata) {  // as if there were none
      next_ = Next::name;
      return true;
    }
    return pass_over_or_refuse("null");
  }
  bool boolean(bool) { return pass_over_or_refuse("a boolean"); }
  bool number_integer(std::int64_t value) {
    return pass_over_or_refuse("the negative number " + std::to_string(value));
  }
  bool number_float(double, const std::string& text) {
    return pass_over_or_refuse("the number " + quote(text));
  }
  bool binary(std::vector<std::uint8_t>&) { refuse("binary data"); }

  bool number_unsigned(std::uint64_t value) {
    if (pass_over()) return true;
    if (next_ != Next::extent && next_ != Next::offset)
      refuse("the number " + std::to_string(value));
    if (value > largest_number)
      fail(std::to_string(value) + " is larger than " + std::to_string(largest_number));
    std::vector<std::size_t>& list = next_ == Next::extent ? entry().shape : offsets_;
    list.push_back(value);
    if (offsets_.size() > 2) fail("data_offsets has more than 2 numbers");
    return true;
  }

  bool string(std::string& value) {
    if (pass_over()) return true;
    if (next_ == Next::dtype) {
      entry().dtype = std::move(value);
      next_ = Next::field;
    } else if (next_ == Next::metadata_value) {
      if (!header_.metadata.emplace(key_, std::move(value)).second)
        fail("the key " + quote(key_) + " appears twice");
      next_ = Next::metadata_key;
    } else {
      refuse("a string");
    }
    return true;
  }

  bool start_object(std::size_t) {
    switch (next_) {
      case Next::header:
        next_ = Next::name;
        return true;
      case Next::metadata:
        next_ = Next::metadata_key;
        return true;
      case Next::tensor:
        next_ = Next::field;
        return true;
      case Next::anything:
        ++depth_;
        return true;
      default:
        refuse("an object");
    }
  }

  bool end_object() {
    if (next_ == Next::anything) return leave();
    if (next_ == Next::field) {
      for (std::size_t i = 0; i < fields.size(); ++i)
        if (!seen_[i]) fail("has no " + std::string(fields[i].name));
    }
    next_ = next_ == Next::name ? Next::header : Next::name;
    return true;
  }

  bool start_array(std::size_t) {
    switch (next_) {
      case Next::shape:
        next_ = Next::extent;
        return true;
      case Next::offsets:
        next_ = Next::offset;
        return true;
      case Next::anything:
        ++depth_;
        return true;
      default:
        refuse("an array");
    }
  }

  bool end_array() {
    if (next_ == Next::anything) return leave();
    if (next_ == Next::offset) {
      if (offsets_.size() != 2)
        fail("data_offsets has " + std::to_string(offsets_.size()) + " numbers, not 2");
      entry().begin = offsets_[0];
      entry().end = offsets_[1];
    }
    next_ = Next::field;
    return true;
  }

  bool key(std::string& name) {
    if (next_ == Next::anything) return true;
    if (next_ == Next::metadata_key) {
      key_ = std::move(name);
      next_ = Next::metadata_value;
    } else if (next_ == Next::field) {
      begin_field(name);
    } else if (name == metadata_name) {
      next_ = Next::metadata;
      if (std::exchange(has_metadata_, true)) fail("appears twice");
    } else {
      header_.entries.emplace_back().name = std::move(name);
      seen_ = {};
      offsets_.clear();
      next_ = Next::tensor;
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const std::exception& error) {
    // the parser counts from 1, and 8 bytes stand before the header
    throw Malformed("byte " + std::to_string(position + 7) +
                    ": the header is not valid JSON: " + quote(error.what(), 160));
  }

 private:
  // What must come next: a key, a value, or an element of an array.
  enum class Next {
    header,
    name,
    metadata,
    metadata_key,
    metadata_value,
    tensor,
    field,
    dtype,
    shape,
    extent,
    offsets,
    offset,
    anything  // within a field that has no meaning here
  };
  struct Field {
    std::string_view name;
    Next value;
  };
  static constexpr std::array<Field, 3> fields{
      {{"dtype", Next::dtype}, {"shape", Next::shape}, {"data_offsets", Next::offsets}}};

  RawEntry& entry() { return header_.entries.back(); }

  void begin_field(const std::string& name) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].name != name) continue;
      if (std::exchange(seen_[i], true)) fail(name + " appears twice");
      next_ = fields[i].value;
      return;
    }
    next_ = Next::anything;
    depth_ = 0;
  }

  /// Whether a value has no meaning here.
  bool pass_over() {
    if (next_ != Next::anything) return false;
    if (depth_ == 0) next_ = Next::field;
    return true;
  }
  bool pass_over_or_refuse(const std::string& got) {
    if (!pass_over()) refuse(got);
    return true;
  }
  bool leave() {
    --depth_;
    return pass_over();
  }

  std::string place() {
    switch (next_) {
      case Next::header:
      case Next::name:
        return "header";
      case Next::metadata:
      case Next::metadata_key:
      case Next::metadata_value:
        return std::string(metadata_name);
      default:
        return place_of(entry().name);
    }
  }

  std::string expected() {
    switch (next_) {
      case Next::metadata:
        return "an object";
      case Next::metadata_value:
        return "a string under the key " + quote(key_);
      case Next::tensor:
        return "an object with dtype, shape and data_offsets";
      case Next::dtype:
        return "a string as dtype";
      case Next::shape:
        return "an array as shape";
      case Next::extent:
        return "whole numbers in shape";
      case Next::offsets:
        return "an array as data_offsets";
      case Next::offset:
        return "whole numbers in data_offsets";
      default:
        return "a key";
    }
  }

  [[noreturn]] void fail(const std::string& reason) { throw Malformed(place() + ": " + reason); }
  [[noreturn]] void refuse(const std::string& got) {
    fail("expected " + expected() + ", got " + got);
  }

  Header& header_;
  Next next_ = Next::header;
  std::array<bool, fields.size()> seen_{};
  bool has_metadata_ = false;
  std::size_t depth_ = 0;  // of what is passed over
  std::string key_;
  std::vector<std::size_t> offsets_;
};

/// Throws Malformed if two tensors have one name or one has the metadata's.
inline void check_names(const Header& header) {
  const narrowfloat::detail::SortedNames names(header.entries);
  if (const auto twin = names.twin(header.entries))
    throw Malformed(place_of(*twin) + " appears twice");
  if (names.find(header.entries, metadata_name))
    throw Malformed(place_of(metadata_name) + ": the name is taken by the file's metadata");
}

/// Result  the header's content; names are unique, nothing else has been compared or computed.
inline Header parse_header(std::string_view text) {
  if (text.empty() || text.front() != '{')
    throw Malformed("byte 8: the header does not begin with '{'");
  // The parser takes a zero byte for the end of the text.
  const std::size_t zero = text.find('\0');
  if (zero != text.npos)
    throw Malformed("byte " + std::to_string(8 + zero) + ": a zero byte in the header");
  Header header;
  HeaderReader reader(header);
  nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
  check_names(header);
  return header;
}

/// Result  the text, padded with spaces so that the data begin at a multiple of 8 bytes.
inline std::string print_header(const Header& header) {
  check_names(header);
  const auto print = [](const std::string& place, const auto& value) {
    try {
      return nlohmann::json(value).dump();
    } catch (const nlohmann::json::exception&) {
      throw Malformed(place + ": a name, key or value is not valid UTF-8");
    }
  };
  std::string text;
  if (!header.metadata.empty())
    text += ",\"" + std::string(metadata_name) +
            "\":" + print(std::string(metadata_name), header.metadata);
  for (const RawEntry& entry : header.entries) {
    const std::string place = place_of(entry.name);
    for (const std::size_t extent : entry.shape)
      if (extent > largest_number)
        throw Malformed(place + ": " + std::to_string(extent) + " is larger than " +
                        std::to_string(largest_number));
    text += "," + print(place, entry.name) + ":{\"dtype\":\"" + entry.dtype +
            "\",\"shape\":" + print(place, entry.shape) + ",\"data_offsets\":[" +
            std::to_string(entry.begin) + "," + std::to_string(entry.end) + "]}";
  }
  text = "{" + text.erase(0, 1) + "}";
  text.append((8 - text.size() % 8) % 8, ' ');
  if (text.size() > largest_header)
    throw Malformed("header: its length " + std::to_string(text.size()) + " is larger than " +
                    std::to_string(largest_header));
  return text;
}

}  // namespace narrowfloat::safetensors::detail

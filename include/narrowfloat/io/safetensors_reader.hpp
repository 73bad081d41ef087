// SPDX-License-Identifier: MIT
// Reads tensors of a safetensors checkpoint one by one, from one file or from many.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "detail/byte_source.hpp"
#include "detail/name_index.hpp"
#include "detail/safetensors_header.hpp"
#include "detail/safetensors_layout.hpp"
#include "detail/safetensors_shards.hpp"
#include "safetensors_tensor.hpp"

namespace narrowfloat::safetensors {

static_assert(std::endian::native == std::endian::little, "the format's numbers are little-endian");

namespace detail {

inline Dtype find_dtype(const RawEntry& entry) {
  const auto found = std::ranges::find(dtypes, std::string_view(entry.dtype), &DtypeInfo::name);
  if (found == dtypes.end())
    throw Malformed(place_of(entry.name) + ": unknown dtype " + quote(entry.dtype));
  return static_cast<Dtype>(found - dtypes.begin());
}

inline std::string read_text(const narrowfloat::detail::ByteSource& source, std::uint64_t offset,
                             std::uint64_t size) {
  std::string text(size, '\0');
  source.read(offset, std::as_writable_bytes(std::span(text)));
  return text;
}

inline std::string read_header_text(const narrowfloat::detail::ByteSource& source) {
  const std::uint64_t file_size = source.size();
  if (file_size < 8)
    throw Malformed("byte 0: the file has " + std::to_string(file_size) + " bytes, fewer than 8");
  std::uint64_t size = 0;
  source.read(0, std::as_writable_bytes(std::span(&size, 1)));
  if (size > largest_header)
    throw Malformed("byte 0: the header's length " + std::to_string(size) + " is larger than " +
                    std::to_string(largest_header));
  if (size > file_size - 8)
    throw Malformed("byte 0: the header's length " + std::to_string(size) + " is larger than the " +
                    std::to_string(file_size - 8) + " bytes that follow");
  return read_text(source, 8, size);
}

inline std::string read_index_text(const narrowfloat::detail::ByteSource& source) {
  if (source.size() > largest_header)
    throw Malformed("the index has " + std::to_string(source.size()) + " bytes, more than " +
                    std::to_string(largest_header));
  return read_text(source, 0, source.size());
}

}  // namespace detail

/// A checkpoint that is open: what its headers say is checked and at hand, the data are read when
/// they are asked for.
///
///   const st::Reader reader("model.safetensors");    // or an index, and the files that it names
///   for (const st::Entry& e : reader.entries()) ...  // e.name, e.dtype, e.shape, e.size_bytes()
///   const st::Tensor w = reader.read("w");
///   const auto t = st::read_blocks<nf::nvfp4>(reader.read_group("w"), "w");
///
/// Files stay open, so that what is read is of the files that were checked: as many as there are,
/// which has to be within the system's limit (ulimit -n). Threads may share a Reader.
///
/// Example   DelayedScaling<float8_e4m3fn> scaling;
///           st::File file;
///           st::add_scaled(file, "w", {rows, cols},
///                          ScaledTensor<float8_e4m3fn>::quantize(weights, scaling));
///           st::write("example.safetensors", file);
///           const st::Reader reader("example.safetensors");  // reads the header alone
///           for (const st::Entry& e : reader.entries())
///             assert(e.size_bytes() > 0 && !e.name.empty());
///           const st::Tensor codes = reader.read("w");
///           assert(codes.as<float8_e4m3fn>().size() == weights.size());
class Reader {
 public:
  /// Opens a file; or the files of an index, a path that ends in .index.json, which lie in its
  /// folder.
  ///
  /// Special   throws Error unless every byte of each file is accounted for: the header is the
  ///           format's JSON and nothing else, and the data fill the rest without gap or overlap;
  ///           where index and files differ in what tensors there are and where; for a file in
  ///           another folder, and for what is no regular file. Links are followed.
  /// Promises  allocates a small multiple of the headers; reads nothing outside the files, whatever
  ///           they hold.
  explicit Reader(const std::filesystem::path& path) : prefix_(detail::prefix_of(path)) {
    if (detail::is_index(path)) {
      detail::with_prefix(prefix_, [&] { open_shards(path); });
    } else {
      open(path);
      names_ = narrowfloat::detail::SortedNames(entries_);
    }
  }
  /// Opens several files as one, without an index.
  ///
  /// Special   throws Error as well where two of them have a tensor of the same name.
  explicit Reader(const std::vector<std::filesystem::path>& files) {
    for (const std::filesystem::path& file : files) open(file);
    forget_unclear();
    names_ = narrowfloat::detail::SortedNames(entries_);
    if (const auto twin = names_.twin(entries_)) {
      const auto both = names_.beginning_with(entries_, *twin);  // itself before what is longer
      const auto [first, second] = std::minmax(places_[both[0]].source, places_[both[1]].source);
      throw Error(detail::place_of(*twin) + ": is in " + files_[first].string() + " and in " +
                  files_[second].string());
    }
  }
  /// Opens a file that lies in memory, and stays there.
  explicit Reader(std::span<const std::byte> bytes) {
    detail::with_prefix("", [&] { open(narrowfloat::detail::ByteSource(bytes), ""); });
    names_ = narrowfloat::detail::SortedNames(entries_);
  }

  /// What there is, in the order of the data; the files of an index by their names.
  const std::vector<Entry>& entries() const { return entries_; }
  /// The texts of the header. Those of the files of an index are joined; a key that they give
  /// different texts is left out.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// The paths of the files that hold the tensors; none of memory.
  const std::vector<std::filesystem::path>& files() const { return files_; }

  /// Result  the tensor of that name without its data, or nullptr.
  /// Cost    logarithmic in the number of tensors.
  const Entry* find(std::string_view name) const {
    const auto at = names_.find(entries_, name);
    return at ? &entries_[*at] : nullptr;
  }

  /// Result   the tensor of that name.
  /// Special  throws Error where there is none, or it cannot be read.
  Tensor read(std::string_view name) const { return read_at(require(name)); }

  /// Reads some bytes of a tensor, from byte `first` of its data on.
  ///
  /// Special  throws Error where there is no such tensor, or not so many bytes.
  void read(std::string_view name, std::uint64_t first, std::span<std::byte> out) const {
    const std::size_t at = require(name);
    const std::uint64_t size = entries_[at].size_bytes();
    if (first > size || out.size() > size - first)
      throw Error(prefix_ + detail::place_of(name) + ": has " + std::to_string(size) +
                  " bytes, not " + std::to_string(out.size()) + " from byte " +
                  std::to_string(first));
    read_bytes(at, first, out);
  }

  /// Result   all tensors and the metadata, as read(path) gives them.
  File read() const {
    File file{{}, metadata_};
    file.tensors.reserve(entries_.size());
    for (std::size_t at = 0; at < entries_.size(); ++at) file.tensors.push_back(read_at(at));
    return file;
  }

  /// Result  the tensors NAME, NAME_... and NAME.... with their metadata: all that read_blocks(),
  ///         read_scaled(), read_qlora() and read_state() want of a file for that name.
  File read_group(std::string_view name) const {
    File file;
    if (const auto at = names_.find(entries_, name)) file.tensors.push_back(read_at(*at));
    for (const char joint : {'.', '_'}) {
      const std::string begin = std::string(name) + joint;
      for (const std::size_t at : names_.beginning_with(entries_, begin))
        file.tensors.push_back(read_at(at));
      for (auto each = metadata_.lower_bound(begin);
           each != metadata_.end() && each->first.starts_with(begin); ++each)
        file.metadata.insert(*each);
    }
    return file;
  }

 private:
  struct Place {
    std::size_t source;
    std::uint64_t offset;
  };
  struct Source {
    narrowfloat::detail::ByteSource bytes;
    std::string prefix;  // of its errors
  };

  std::size_t require(std::string_view name) const {
    const auto at = names_.find(entries_, name);
    if (!at) throw Error(prefix_ + detail::place_of(name) + ": is not in the file");
    return *at;
  }

  void read_bytes(std::size_t at, std::uint64_t first, std::span<std::byte> out) const {
    const Source& source = sources_[places_[at].source];
    detail::with_prefix(
        source.prefix + detail::place_of(entries_[at].name) + ": the data cannot be read: ",
        [&] { source.bytes.read(places_[at].offset + first, out); });
  }

  Tensor read_at(std::size_t at) const {
    const Entry& entry = entries_[at];
    Tensor tensor{entry.name, entry.dtype, entry.shape, std::vector<std::byte>(entry.size_bytes())};
    read_bytes(at, 0, tensor.data);
    return tensor;
  }

  // Adds the tensors of a file.
  void open(const std::filesystem::path& path) {
    const std::string prefix = detail::prefix_of(path);
    detail::with_prefix(prefix, [&] { open(narrowfloat::detail::ByteSource(path), prefix); });
    files_.push_back(path);
  }
  void open(narrowfloat::detail::ByteSource source, const std::string& prefix) {
    const std::string text = detail::read_header_text(source);
    const std::uint64_t begin = 8 + text.size();
    detail::Header header = detail::parse_header(text);
    detail::order_entries(header.entries, source.size() - begin);
    for (detail::RawEntry& entry : header.entries) {
      const Dtype dtype = detail::find_dtype(entry);
      detail::check_size(entry, dtype_bits(dtype));
      entries_.push_back({std::move(entry.name), dtype, std::move(entry.shape)});
      places_.push_back({sources_.size(), begin + entry.begin});
    }
    for (auto& [key, value] : header.metadata) {
      const auto [known, is_new] = metadata_.emplace(key, value);
      if (!is_new && known->second != value) unclear_.push_back(key);
    }
    sources_.push_back({std::move(source), prefix});
  }

  void open_shards(const std::filesystem::path& index) {
    const detail::WeightMap map =
        detail::parse_index(detail::read_index_text(narrowfloat::detail::ByteSource(index)));
    std::set<std::string> names;
    for (const auto& [tensor, name] : map) names.insert(name);
    for (const std::string& name : names) {
      std::size_t at = entries_.size();
      open(index.parent_path() / name);
      for (; at < entries_.size(); ++at) {
        const std::string& tensor = entries_[at].name;
        const auto found = map.find(tensor);
        if (found == map.end() || found->second != name)
          throw detail::Malformed(detail::place_of(tensor) + ": is in " + detail::quote(name) +
                                  ", and by the weight_map in " +
                                  (found == map.end() ? "no file" : detail::quote(found->second)));
      }
    }
    forget_unclear();
    names_ = narrowfloat::detail::SortedNames(entries_);
    for (const auto& [tensor, name] : map)
      if (find(tensor) == nullptr)
        throw detail::Malformed(detail::place_of(tensor) + ": is not in " + detail::quote(name) +
                                ", where the weight_map has it");
  }

  void forget_unclear() {
    for (const std::string& key : unclear_) metadata_.erase(key);
  }

  std::string prefix_;
  std::vector<std::filesystem::path> files_;
  std::vector<Source> sources_;
  std::vector<Entry> entries_;
  std::vector<Place> places_;  // of entries_
  narrowfloat::detail::SortedNames names_;
  std::map<std::string, std::string> metadata_;
  std::vector<std::string> unclear_;  // keys with several texts
};

}  // namespace narrowfloat::safetensors

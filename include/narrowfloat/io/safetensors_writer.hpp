// SPDX-License-Identifier: MIT
// Writes tensors of a safetensors checkpoint one by one, to one file or to many.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "detail/name_index.hpp"
#include "detail/pending_file.hpp"
#include "detail/safetensors_header.hpp"
#include "detail/safetensors_layout.hpp"
#include "detail/safetensors_shards.hpp"
#include "safetensors_tensor.hpp"

namespace narrowfloat::safetensors {

/// How a checkpoint is laid out.
struct WriterOptions {
  /// The most bytes of data in a file, where there is an index; a tensor that is larger has a file
  /// of its own.
  std::uint64_t largest_shard = 5'000'000'000;
  /// The largest elements first in each file, so that each tensor is aligned; else the data are in
  /// the order given.
  bool aligned = false;
};

/// A checkpoint that is being written: what tensors it has is said first, then their data are
/// given, in any order.
///
///   st::Writer writer("model.safetensors",
///                     {{"w", st::Dtype::f32, {2, 3}}, {"b", st::Dtype::bf16, {3}}});
///   writer.write("w", std::as_bytes(std::span(values)));   // at once, or by parts
///   writer.write(st::make_tensor("b", {3}, biases));
///   writer.commit();
///
/// A path that ends in .index.json becomes an index, and its tensors files beside it:
/// model.safetensors.index.json has model-00001-of-00003.safetensors and so on. All are open at
/// once, which has to be within the system's limit (ulimit -n). Files of an older checkpoint with
/// another number of files stay beside the new ones.
///
/// Nothing is under the final names before commit(); without it, or when the process is killed,
/// what was there stays. Each file appears whole. commit() of an index removes the old index first,
/// then renames the files, then the new index: what is killed in between has no index, rather than
/// one of old and new files mixed. After a power cut that holds as far as the file system keeps the
/// order.
///
/// Example   st::Writer writer("example.safetensors",
///                             {{"w", st::Dtype::f32, {rows, cols}}, {"b", st::Dtype::bf16, {2}}});
///           writer.write("w", std::as_bytes(std::span(weights)));  // at once, or by parts
///           writer.write(st::make_tensor("b", {2}, std::vector<bfloat16>(2)));
///           writer.commit();  // until then nothing is under the final name
///           assert(st::Reader("example.safetensors").find("w") != nullptr);
class Writer {
 public:
  /// Special  throws Error, and leaves nothing behind, where a name appears twice or is
  ///          "__metadata__", a text is not UTF-8, a shape has no whole number of bytes, or a file
  ///          cannot be made.
  Writer(const std::filesystem::path& path, std::vector<Entry> entries,
         const std::map<std::string, std::string>& metadata = {}, WriterOptions options = {})
      : prefix_(detail::prefix_of(path)), entries_(std::move(entries)), places_(entries_.size()) {
    detail::with_prefix(prefix_, [&] {
      names_ = narrowfloat::detail::SortedNames(entries_);
      if (const auto twin = names_.twin(entries_))
        throw detail::Malformed(detail::place_of(*twin) + " appears twice");
      const bool has_index = detail::is_index(path);
      const auto shards = split(has_index ? options.largest_shard : ~std::uint64_t{0});
      std::vector<std::string> headers;
      for (std::size_t i = 0; i < shards.size(); ++i)
        headers.push_back(lay_out(i, shards[i], metadata, options.aligned));
      for (std::size_t i = 0; i < shards.size(); ++i) {
        files_.emplace_back(
            has_index ? path.parent_path() / detail::shard_name(path, i, shards.size()) : path);
        const std::uint64_t size = headers[i].size();
        files_.back().append(std::as_bytes(std::span(&size, 1)));
        files_.back().append(std::as_bytes(std::span(headers[i])));
      }
      if (has_index) write_index(path, shards.size());
    });
  }

  /// Where the files will be: those of the tensors, then the index, if there is one.
  std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> paths;
    for (const auto& file : files_) paths.push_back(file.path());
    if (index_) paths.push_back(index_->path());
    return paths;
  }

  /// Where the files of the tensors are before commit(), to be read back by a Reader of several
  /// files.
  std::vector<std::filesystem::path> pending() const {
    std::vector<std::filesystem::path> paths;
    for (const auto& file : files_) paths.push_back(file.temporary());
    return paths;
  }

  /// Writes the first bytes of a tensor's data, or those that follow what was written of it before.
  ///
  /// Special  throws Error where there is no such tensor, it has fewer bytes, or the disk refuses.
  void write(std::string_view name, std::span<const std::byte> bytes) {
    const std::size_t at = require(name);
    Place& place = places_[at];
    if (bytes.size() > place.size - place.written) refuse(at, place.written + bytes.size());
    detail::with_prefix(prefix_,
                        [&] { files_[place.file].write_at(place.offset + place.written, bytes); });
    place.written += bytes.size();
  }
  /// Writes a tensor.
  ///
  /// Special  throws Error as well where it is of another dtype or shape than was said, its data do
  ///          not fit its shape, or some were written before.
  void write(const Tensor& tensor) {
    const std::size_t at = require(tensor.name);
    if (tensor.dtype != entries_[at].dtype || tensor.shape != entries_[at].shape)
      throw Error(prefix_ + detail::place_of(tensor.name) +
                  ": its dtype or shape is not what the writer was made with");
    if (tensor.data.size() != places_[at].size) refuse(at, tensor.data.size());
    if (places_[at].written != 0)
      throw Error(prefix_ + detail::place_of(tensor.name) + ": " +
                  std::to_string(places_[at].written) + " of its " +
                  std::to_string(places_[at].size) + " bytes were written before");
    write(tensor.name, tensor.data);
  }

  /// Puts the files under their names. Does nothing after it was done.
  ///
  /// Special  throws Error where a byte of a tensor was not written, and what was there stays; or
  ///          where the system refuses: then an old index is gone, and files of the new one that
  ///          were renamed before are in the place of old ones. Another commit() renames the rest.
  void commit() {
    for (std::size_t at = 0; at < entries_.size(); ++at)
      if (places_[at].written != places_[at].size) refuse(at, places_[at].written);
    detail::with_prefix(prefix_, [&] {
      if (index_ && !index_->is_committed()) std::filesystem::remove(index_->path());
      for (auto& file : files_) file.commit();
      if (index_) index_->commit();
    });
  }

 private:
  struct Place {
    std::size_t file = 0;
    std::uint64_t offset = 0, size = 0, written = 0;
  };

  detail::RawEntry raw(std::size_t at, std::size_t begin, std::size_t end) const {
    const Entry& entry = entries_[at];
    return {entry.name, std::string(dtype_name(entry.dtype)), entry.shape, begin, end};
  }

  std::size_t require(std::string_view name) const {
    const auto at = names_.find(entries_, name);
    if (!at) throw Error(prefix_ + detail::place_of(name) + ": is not among the writer's");
    return *at;
  }

  [[noreturn]] void refuse(std::size_t at, std::uint64_t bytes) const {
    throw Error(prefix_ + detail::size_message(raw(at, 0, 0), places_[at].size, bytes));
  }

  // Which tensors are in which file. Sets the sizes.
  std::vector<std::vector<std::size_t>> split(std::uint64_t most) {
    std::vector<std::vector<std::size_t>> shards(1);
    std::uint64_t filled = 0, total = 0;
    for (std::size_t at = 0; at < entries_.size(); ++at) {
      const std::uint64_t size = detail::count_bytes(raw(at, 0, 0), dtype_bits(entries_[at].dtype));
      places_[at].size = size;
      if (size > detail::largest_number - total)
        throw detail::Malformed(detail::place_of(entries_[at].name) + ": its data end at byte " +
                                std::to_string(total + size) + " of all, beyond 2^53");
      total += size;
      if (!shards.back().empty() && (filled > most || size > most - filled)) {
        shards.emplace_back();
        filled = 0;
      }
      shards.back().push_back(at);
      filled += size;
    }
    return shards;
  }

  // The header of a file. Sets the places of its tensors.
  std::string lay_out(std::size_t file, std::vector<std::size_t> tensors,
                      const std::map<std::string, std::string>& metadata, bool aligned) {
    if (aligned)
      std::ranges::stable_sort(tensors, std::greater(),
                               [&](std::size_t at) { return dtype_bits(entries_[at].dtype); });
    detail::Header header{{}, metadata};
    std::size_t filled = 0;
    for (const std::size_t at : tensors) {
      const std::size_t end = filled + places_[at].size;
      header.entries.push_back(raw(at, filled, end));
      filled = end;
    }
    std::string text = detail::print_header(header);
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      places_[tensors[i]].file = file;
      places_[tensors[i]].offset = 8 + text.size() + header.entries[i].begin;
    }
    return text;
  }

  void write_index(const std::filesystem::path& path, std::size_t shards) {
    detail::WeightMap map;
    std::uint64_t total = 0;
    for (std::size_t at = 0; at < entries_.size(); ++at) {
      map.emplace(entries_[at].name, detail::shard_name(path, places_[at].file, shards));
      total += places_[at].size;
    }
    const std::string text = detail::print_index(map, total);
    index_.emplace(path).append(std::as_bytes(std::span(text)));
  }

  std::string prefix_;
  std::vector<Entry> entries_;
  std::vector<Place> places_;  // of entries_
  narrowfloat::detail::SortedNames names_;
  std::deque<narrowfloat::detail::PendingFile> files_;
  std::optional<narrowfloat::detail::PendingFile> index_;
};

}  // namespace narrowfloat::safetensors

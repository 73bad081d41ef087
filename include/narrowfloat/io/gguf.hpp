// SPDX-License-Identifier: MIT
// Reads and writes tensors and metadata in the GGUF file format of ggml and llama.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "detail/byte_source.hpp"
#include "detail/gguf_header.hpp"
#include "detail/gguf_print.hpp"
#include "detail/gguf_rules.hpp"
#include "detail/name_index.hpp"
#include "detail/pending_file.hpp"
#include "gguf_types.hpp"

namespace narrowfloat::gguf {

static_assert(std::endian::native == std::endian::little, "the format's numbers are little-endian");

/// A file or tensor that cannot be read, written or viewed; says which file, where in it, and why.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A named array, row-major. Its bytes are as in the file.
struct Tensor {
  /// The name, and the type of the elements.
  std::string name;
  Type type = Type::f32;
  std::vector<std::size_t>
      shape;  ///< the outermost extent first, which a file has last; empty for a scalar
  /// The bytes of the elements.
  std::vector<std::byte> data;

  /// Result    a view of the elements; valid as long as `data` is left alone.
  /// Requires  type is type_of<T>(), else Error.
  template <storable T>
  std::span<const T> as() const {
    // the vector's bytes come from the plain operator new, so any such T may live there
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__ &&
                  std::is_trivially_copyable_v<T>);
    if (type != *type_of<T>())
      throw Error(detail::place_of(name) + ": is " + detail::name_of(type) + ", not " +
                  detail::name_of(*type_of<T>()));
    return {reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T)};
  }
};

/// The content of a file, in its order; names and keys are unique.
struct File {
  /// The tensors, and the entries of the metadata.
  std::vector<Tensor> tensors;
  std::vector<KeyValue> metadata;
  mutable narrowfloat::detail::NameIndex names{};  ///< of find(); may be left out

  /// Result    the tensor of that name, or nullptr.
  /// Promises  the tensors may have been changed in any way since the last call.
  /// Cost      the same for any number of tensors; linear where no tensor has the name, or names
  ///           have changed.
  const Tensor* find(std::string_view name) const {
    const auto place = names.find(tensors, name);
    return place ? &tensors[*place] : nullptr;
  }
  /// Result  the value under the key, or nullptr.
  /// Cost    linear in the number of keys.
  const Value* find_value(std::string_view key) const {
    const auto found = std::ranges::find(metadata, key, &KeyValue::key);
    return found == metadata.end() ? nullptr : &found->value;
  }
};

/// Result  a tensor that holds a copy of the values.
template <std::ranges::contiguous_range Values, storable T = std::ranges::range_value_t<Values>>
Tensor make_tensor(std::string name, std::vector<std::size_t> shape, const Values& values) {
  const auto bytes = std::as_bytes(std::span<const T>(values));
  return {std::move(name), *type_of<T>(), std::move(shape), {bytes.begin(), bytes.end()}};
}

namespace detail {

/// Throws Malformed unless the data follow each other in the header's order, each from the next
/// multiple of the alignment on, and end with the file.
inline void check_offsets(const Source& source, const std::vector<Entry>& entries,
                          std::uint32_t alignment) {
  const std::uint64_t begin = source.at() + padding(source.at(), alignment);
  std::uint64_t end = source.at();
  for (const Entry& entry : entries) {
    const std::uint64_t expected = end + padding(end, alignment) - begin;
    if (entry.offset != expected)
      throw Malformed(place_of(entry.name) + ": its offset is " + std::to_string(entry.offset) +
                      ", not " + std::to_string(expected) + ", the first multiple of " +
                      std::to_string(alignment) + " after the data before it");
    const std::uint64_t at = begin + expected, size = source.at() + source.left();
    if (at > size || entry.bytes > size - at)
      throw Malformed(place_of(entry.name) + ": its " + std::to_string(entry.bytes) +
                      " bytes from byte " + std::to_string(at) + " on are beyond the file's " +
                      std::to_string(size));
    end = at + entry.bytes;
  }
}

inline File read(Source source) {
  Header header = HeaderReader(source).read();
  const std::uint32_t alignment = alignment_of(header.metadata);
  check_offsets(source, header.entries, alignment);
  File file{{}, std::move(header.metadata)};
  file.tensors.reserve(header.entries.size());
  for (Entry& entry : header.entries) {
    source.set_place("");
    source.skip_padding(alignment);
    source.set_place(place_of(entry.name));
    std::vector<std::byte> data(entry.bytes);
    source.read(data.data(), data.size(), "its data");
    file.tensors.push_back(
        {std::move(entry.name), entry.type, std::move(entry.shape), std::move(data)});
  }
  source.set_place("");
  if (source.left() != 0) source.skip_padding(alignment);
  if (source.left() != 0)
    source.fail(source.at(), std::to_string(source.left()) + " bytes of no tensor");
  return file;
}

/// Gives the bytes of a file, in pieces, to append(span of bytes).
template <class Append>
void write(const File& file, Append append) {
  std::vector<Entry> entries;
  for (const Tensor& tensor : file.tensors)
    entries.push_back({tensor.name, tensor.type, tensor.shape, 0, 0});
  const std::string text = print_header(file.metadata, entries);
  for (std::size_t i = 0; i < entries.size(); ++i)
    require(place_of(entries[i].name), why_no_data(entries[i], file.tensors[i].data.size()));
  append(std::as_bytes(std::span(text)));
  const std::uint32_t alignment = alignment_of(file.metadata);
  constexpr std::array<std::byte, 256> zeros{};
  for (const Tensor& tensor : file.tensors) {
    append(std::span(tensor.data));
    for (std::uint64_t n = padding(tensor.data.size(), alignment); n != 0;) {
      const std::size_t part = std::min<std::uint64_t>(n, zeros.size());
      append(std::span(zeros).first(part));
      n -= part;
    }
  }
}

/// Calls f, and throws Error with the prefix where something is malformed or the system refuses.
template <class F>
auto with_prefix(const std::string& prefix, F f) {
  try {
    return f();
  } catch (const std::system_error& error) {
    throw Error(prefix + error.what());
  } catch (const Malformed& malformed) {
    throw Error(prefix + malformed.what());
  }
}

}  // namespace detail

/// Reads a file of version 3, or of version 2, which has the same layout.
///
/// Result    all tensors and the metadata, in their order.
/// Special   throws Error unless every byte of the file is accounted for: the header is the
///           format's and nothing else, keys are ASCII and texts UTF-8, the data follow each other
///           in the header's order, and between them are zeros up to the alignment, no more; after
///           the last these may be missing. At most four extents, as ggml has, names of 64 bytes
///           and arrays nested 8 deep. Types of elements that are not in Type, and big-endian
///           files, are refused.
/// Promises  allocates no more than a small multiple of the file; reads nothing outside it,
///           whatever it holds.
inline File read(const std::filesystem::path& path) {
  return detail::with_prefix(path.string() + ": ", [&] {
    return detail::read(detail::Source(narrowfloat::detail::ByteSource(path)));
  });
}

/// Reads a file that lies in memory.
///
/// Result    as for a path; the tensors hold copies.
/// Special   the same, without the path in the message.
inline File read(std::span<const std::byte> bytes) {
  return detail::with_prefix(
      "", [&] { return detail::read(detail::Source(narrowfloat::detail::ByteSource(bytes))); });
}

/// Writes a file of version 3: first whole under another name in the same folder, then renamed.
///
/// Result    `path` holds the tensors and the metadata in their order, each tensor from a multiple
///           of the key general.alignment on (32 without it), zeros between and after them: what
///           ggml writes. The same File always gives the same bytes, and a file that was written so
///           and read gives its own.
/// Special   throws Error, and leaves what `path` held, if a name or a key appears twice, read()
///           would refuse anything of it, data do not fit their shape, or the disk refuses. ggml
///           itself takes names of 63 bytes, and no arrays of arrays.
/// Example   gguf::File file;
///           file.metadata.push_back({"general.architecture", std::string("llama")});
///           file.tensors.push_back(gguf::make_tensor("output_norm.weight", {cols},
///                                                    std::vector<float>(cols, 1.0f)));
///           gguf::write("example.gguf", file);
///           assert(gguf::read("example.gguf").find("output_norm.weight")->as<float>()[3] == 1);
inline void write(const std::filesystem::path& path, const File& file) {
  detail::with_prefix(path.string() + ": ", [&] {
    narrowfloat::detail::PendingFile out(path);
    detail::write(file, [&](std::span<const std::byte> bytes) { out.append(bytes); });
    out.commit();
  });
}

}  // namespace narrowfloat::gguf

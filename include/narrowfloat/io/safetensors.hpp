// SPDX-License-Identifier: MIT
// Reads and writes tensors in the safetensors file format; needs nlohmann/json.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "safetensors_dtype.hpp"
#include "safetensors_reader.hpp"
#include "safetensors_tensor.hpp"
#include "safetensors_writer.hpp"

namespace narrowfloat::safetensors {

/// Reads a file, or all files of an index (a path that ends in .index.json).
///
/// Result    all tensors in the order of their data, and the metadata.
/// Special   throws Error unless every byte of the file is accounted for: the header is the
///           format's JSON and nothing else, and the data fill the rest without gap or overlap. As
///           Reader.
/// Promises  allocates no more than the data and a small multiple of the header; reads nothing
///           outside the file, whatever it holds.
inline File read(const std::filesystem::path& path) { return Reader(path).read(); }

/// Reads a file that lies in memory.
///
/// Result    as for a path; the tensors hold copies.
/// Special   the same, without the path in the message.
inline File read(std::span<const std::byte> bytes) { return Reader(bytes).read(); }

/// Writes a file: first whole under another name in the same folder, then renamed. Or an index and
/// its files, where the path ends in .index.json.
///
/// Result    `path` holds the tensors in their order; the same File always gives the same bytes.
/// Special   throws Error, and leaves what `path` held, if a name appears twice or is
///           "__metadata__", a text is not UTF-8, data do not fit their shape, or the disk refuses.
/// Example   std::vector<bfloat16> codes(weights.size());
///           convert(weights, codes);
///           st::File file;
///           file.tensors.push_back(st::make_tensor("w", {rows, cols}, codes));
///           st::write("example.safetensors", file);
///           assert(st::read("example.safetensors").find("w")->as<bfloat16>()[7] == codes[7]);
inline void write(const std::filesystem::path& path, const File& file, WriterOptions options = {}) {
  std::vector<Entry> entries;
  for (const Tensor& tensor : file.tensors)
    entries.push_back({tensor.name, tensor.dtype, tensor.shape});
  Writer writer(path, std::move(entries), file.metadata, options);
  for (const Tensor& tensor : file.tensors) writer.write(tensor);
  writer.commit();
}

}  // namespace narrowfloat::safetensors

// SPDX-License-Identifier: MIT
// Reads and writes tensors in the safetensors file format; needs nlohmann/json.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <istream>
#include <map>
#include <numeric>
#include <ranges>
#include <span>
#include <stdexcept>
#include <streambuf>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "detail/pending_file.hpp"
#include "detail/safetensors_header.hpp"
#include "detail/safetensors_layout.hpp"
#include "safetensors_dtype.hpp"

namespace narrowfloat::safetensors {

static_assert(std::endian::native == std::endian::little, "the format's numbers are little-endian");

/// A file or tensor that cannot be read, written or viewed; says which file, where in it, and why.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A named array, row-major. Its bytes are as in the file.
struct Tensor {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<std::size_t> shape;  ///< empty for a scalar
  std::vector<std::byte> data;

  /// Result    a view of the elements; valid as long as `data` is left alone.
  /// Requires  dtype is dtype_of<T>(), else Error.
  template <storable T>
  std::span<const T> as() const {
    // the vector's bytes come from the plain operator new, so any such T may live there
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__ &&
                  std::is_trivially_copyable_v<T>);
    require(*dtype_of<T>());
    return {reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T)};
  }

  /// Result    a view of the codes, of 4 and 6 bits as well; valid as long as `data` is left alone.
  /// Requires  dtype is packed_dtype_of<F>() and the data are those of the shape, else Error.
  template <storable_packed F>
  PackedSpan<const F> packed() const {
    require(*packed_dtype_of<F>());
    try {
      detail::check_size({name, std::string(dtype_name(dtype)), shape, 0, data.size()}, F::width);
    } catch (const detail::Malformed& malformed) {
      throw Error(malformed.what());
    }
    // divided first: 3 bytes hold 4 codes of 6 bits
    constexpr std::size_t bytes = std::lcm(8, F::width) / 8, codes = bytes * 8 / F::width;
    const std::size_t n = data.size() / bytes * codes + data.size() % bytes * 8 / F::width;
    return {static_cast<const void*>(data.data()), n};
  }

 private:
  void require(Dtype wanted) const {
    if (dtype != wanted)
      throw Error(detail::place_of(name) + ": is " + std::string(dtype_name(dtype)) + ", not " +
                  std::string(dtype_name(wanted)));
  }
};

/// The content of a file. Tensors are in the order of their data; names are unique.
struct File {
  std::vector<Tensor> tensors;
  std::map<std::string, std::string> metadata;

  /// Result  the tensor of that name, or nullptr.
  /// Cost    linear in the number of tensors.
  const Tensor* find(std::string_view name) const {
    const auto found = std::ranges::find(tensors, name, &Tensor::name);
    return found == tensors.end() ? nullptr : &*found;
  }
};

/// Result  a tensor that holds a copy of the values.
template <std::ranges::contiguous_range Values, storable T = std::ranges::range_value_t<Values>>
Tensor make_tensor(std::string name, std::vector<std::size_t> shape, const Values& values) {
  const auto bytes = std::as_bytes(std::span<const T>(values));
  return {std::move(name), *dtype_of<T>(), std::move(shape), {bytes.begin(), bytes.end()}};
}

/// Result   a tensor that holds a copy of the codes, packed as the format wants them.
/// Special  throws Error unless the codes are as many as the shape has, and fill whole bytes.
template <storable_packed F>
Tensor make_packed_tensor(std::string name, std::vector<std::size_t> shape,
                          PackedSpan<const F> codes) {
  const auto bytes = std::as_bytes(codes.bytes());
  Tensor made{
      std::move(name), *packed_dtype_of<F>(), std::move(shape), {bytes.begin(), bytes.end()}};
  const std::size_t n = made.template packed<F>().size();
  if (n != codes.size())
    throw Error(detail::place_of(made.name) + ": the shape has " + std::to_string(n) +
                " elements, the codes " + std::to_string(codes.size()));
  return made;
}
template <storable_packed F>
Tensor make_packed_tensor(std::string name, std::vector<std::size_t> shape,
                          const PackedVector<F>& codes) {
  return make_packed_tensor(std::move(name), std::move(shape), PackedSpan<const F>(codes));
}

namespace detail {

inline Dtype find_dtype(const Entry& entry) {
  const auto found = std::ranges::find(dtypes, std::string_view(entry.dtype), &DtypeInfo::name);
  if (found == dtypes.end())
    throw Malformed(place_of(entry.name) + ": unknown dtype " + quote(entry.dtype));
  return static_cast<Dtype>(found - dtypes.begin());
}

// As the format's definition limits it.
inline constexpr std::size_t largest_header = 100'000'000;

inline std::string read_header_text(std::istream& in, std::uintmax_t file_size) {
  if (file_size < 8)
    throw Malformed("byte 0: the file has " + std::to_string(file_size) + " bytes, fewer than 8");
  std::uint64_t size = 0;
  in.read(reinterpret_cast<char*>(&size), sizeof size);
  if (in && size > largest_header)
    throw Malformed("byte 0: the header's length " + std::to_string(size) + " is larger than " +
                    std::to_string(largest_header));
  if (in && size > file_size - 8)
    throw Malformed("byte 0: the header's length " + std::to_string(size) + " is larger than the " +
                    std::to_string(file_size - 8) + " bytes that follow");
  std::string text(in ? static_cast<std::size_t>(size) : 0, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in) throw Malformed("the header cannot be read");
  return text;
}

inline File read(std::istream& in, std::uintmax_t file_size) {
  const std::string text = read_header_text(in, file_size);
  Header header = parse_header(text);
  order_entries(header.entries, file_size - 8 - text.size());
  File file{{}, std::move(header.metadata)};
  file.tensors.reserve(header.entries.size());
  for (Entry& entry : header.entries) {
    const Dtype dtype = find_dtype(entry);
    check_size(entry, dtype_bits(dtype));
    std::vector<std::byte> data(entry.end - entry.begin);
    in.read(reinterpret_cast<char*>(data.data()), static_cast<std::streamsize>(data.size()));
    if (!in) throw Malformed(place_of(entry.name) + ": the data cannot be read");
    file.tensors.push_back({std::move(entry.name), dtype, std::move(entry.shape), std::move(data)});
  }
  return file;
}

/// Bytes in memory as a stream's source.
struct MemorySource : std::streambuf {
  explicit MemorySource(std::span<const std::byte> bytes) {
    // streams read through pointers that could write, which none here does
    char* const begin = const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));
    setg(begin, begin, begin + bytes.size());
  }
};

inline std::string header_of(const File& file) {
  Header header{{}, file.metadata};
  std::size_t filled = 0;
  for (const Tensor& tensor : file.tensors) {
    const std::size_t end = filled + tensor.data.size();
    header.entries.push_back(
        {tensor.name, std::string(dtype_name(tensor.dtype)), tensor.shape, filled, end});
    check_size(header.entries.back(), dtype_bits(tensor.dtype));
    filled = end;
  }
  std::string text = print_header(header);
  if (text.size() > largest_header)
    throw Malformed("header: its length " + std::to_string(text.size()) + " is larger than " +
                    std::to_string(largest_header));
  return text;
}

}  // namespace detail

/// Reads a file.
///
/// Result    all tensors in the order of their data, and the metadata.
/// Special   throws Error unless every byte of the file is accounted for: the header is the format's
///           JSON and nothing else, and the data fill the rest without gap or overlap.
/// Promises  allocates no more than the data and a small multiple of the header; reads nothing
///           outside the file, whatever it holds.
inline File read(const std::filesystem::path& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) throw Error(path.string() + ": " + error.message());
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(path.string() + ": cannot be opened");
  try {
    return detail::read(in, size);
  } catch (const detail::Malformed& malformed) {
    throw Error(path.string() + ": " + malformed.what());
  }
}

/// Reads a file that lies in memory.
///
/// Result    as for a path; the tensors hold copies.
/// Special   the same, without the path in the message.
inline File read(std::span<const std::byte> bytes) {
  detail::MemorySource source(bytes);
  std::istream in(&source);
  try {
    return detail::read(in, bytes.size());
  } catch (const detail::Malformed& malformed) {
    throw Error(malformed.what());
  }
}

/// Writes a file: first whole under another name in the same folder, then renamed.
///
/// Result    `path` holds the tensors in their order; the same File always gives the same bytes.
/// Special   throws Error, and leaves what `path` held, if a name appears twice or is
///           "__metadata__", a text is not UTF-8, data do not fit their shape, or the disk refuses.
inline void write(const std::filesystem::path& path, const File& file) {
  try {
    const std::string header = detail::header_of(file);
    const std::uint64_t header_size = header.size();
    narrowfloat::detail::PendingFile out(path);
    out.append(std::as_bytes(std::span(&header_size, 1)));
    out.append(std::as_bytes(std::span(header)));
    for (const Tensor& tensor : file.tensors) out.append(tensor.data);
    out.commit();
  } catch (const std::system_error& error) {
    throw Error(path.string() + ": " + error.what());
  } catch (const detail::Malformed& malformed) {
    throw Error(path.string() + ": " + malformed.what());
  }
}

}  // namespace narrowfloat::safetensors

// SPDX-License-Identifier: MIT
// A shared library that makes tensors for others and reads theirs: what scripts/check_dlpack loads.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <narrowfloat/io/dlpack.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace narrowfloat;

/// The codes of bytes 0, 1, 2 ... of memory.
template <class Values>
void fill(Values& values, std::size_t bytes) {
  auto* const to = reinterpret_cast<std::uint8_t*>(values.data());
  for (std::size_t i = 0; i < bytes; ++i) to[i] = static_cast<std::uint8_t>(i * 7);
}

/// A tensor of T, of 4 bits in pairs, as torch has them: then the last extent counts pairs.
template <class Managed, class T>
void* make(dlpack::Shape shape) {
  constexpr bool is_paired = ids::dlpack<T>()->bits == 4;
  if (is_paired) shape.back() *= 2;
  std::size_t n = 1;
  for (const std::size_t extent : shape) n *= extent;
  if constexpr (ids::dlpack<T>()->bits < 8) {
    PackedVector<T> codes(n);
    fill(codes, codes.size_bytes());
    auto tensor = dlpack::make_tensor<Managed>(std::move(codes), shape);
    if constexpr (is_paired) dlpack::pair_codes(*tensor);
    return tensor.release();
  } else {
    std::vector<T> values(n);
    fill(values, n * sizeof(T));
    return dlpack::make_tensor<Managed>(std::move(values), shape).release();
  }
}

/// The bytes of a tensor's elements in row-major order, and its type by NumPy's name.
template <class Managed>
std::vector<std::uint8_t> read(const Managed& tensor, std::string& name) {
  std::vector<std::uint8_t> bytes;
  const auto& type = tensor.dl_tensor.dtype;
  ids::visit_dlpack({type.code, type.bits}, [&]<class T>() {
    name = *ids::numpy<T>();
    if constexpr (ids::dlpack<T>()->bits < 8) {
      const auto view = dlpack::packed<const T>(tensor);
      bytes.assign(view.bytes().begin(), view.bytes().end());
    } else {
      const std::vector<T> values = dlpack::copy<T>(tensor);
      bytes.resize(values.size() * sizeof(T));
      if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    }
  });
  return bytes;
}

}  // namespace

extern "C" {

/// A tensor of the type of that name, for a capsule; null where there is none.
void* exchange_make(const char* name, bool versioned, const std::int64_t* extents, int axes) {
  void* made = nullptr;
  const dlpack::Shape shape(extents, extents + axes);
  ids::visit_numpy(name, [&]<class T>() {
    if constexpr (dlpack::shareable<T>)  // not all that NumPy has
      made = versioned ? make<dlpack::ManagedTensorVersioned, T>(shape)
                       : make<dlpack::ManagedTensor, T>(shape);
  });
  return made;
}

/// Takes a tensor from a capsule, and gives it back: how many bytes it has; the first `most` of
/// them are in `bytes`. What it says, its type or why it is refused (then -1), is in `text`, of 256
/// characters.
std::int64_t exchange_read(void* tensor, bool versioned, std::uint8_t* bytes, std::int64_t most,
                           char* text) {
  std::string said;
  std::vector<std::uint8_t> found;
  std::int64_t size = -1;
  try {
    if (versioned) {
      const dlpack::Pointer<> taken(static_cast<dlpack::ManagedTensorVersioned*>(tensor));
      found = read(*taken, said);
    } else {
      const dlpack::Pointer<dlpack::ManagedTensor> taken(
          static_cast<dlpack::ManagedTensor*>(tensor));
      found = read(*taken, said);
    }
    size = static_cast<std::int64_t>(found.size());
    if (size != 0)
      std::memcpy(bytes, found.data(), static_cast<std::size_t>(size < most ? size : most));
  } catch (const std::exception& error) {
    said = error.what();
  }
  text[said.copy(text, 255)] = '\0';
  return size;
}

}  // extern "C"

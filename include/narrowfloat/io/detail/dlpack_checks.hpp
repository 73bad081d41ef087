// SPDX-License-Identifier: MIT
// What a DLPack tensor of a stranger must be before its memory is read.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../../packed/span.hpp"
#include "../dlpack_types.hpp"
#include "../ids.hpp"
#include "shape.hpp"

namespace narrowfloat::dlpack::detail {
inline namespace NF_BASELINE {

using narrowfloat::detail::throw_invalid;

inline constexpr int most_dimensions = 64;  // NumPy's and PyTorch's

/// A tensor of either header, with its flags. Of another version nothing is read but the version.
struct Seen {
  Tensor tensor;
  std::uint64_t flags;
};
template <any_tensor T>
Seen see(const char* call, const T& from) {
  if constexpr (versioned_tensor<T>) {
    if (from.version.major != 1)
      throw_invalid(call, "the tensor is of DLPack " + std::to_string(from.version.major) + "." +
                              std::to_string(from.version.minor) + ", not 1.x");
    if (from.flags >> 3 != 0)  // who knows what they change: the third came with 1.1
      throw_invalid(call, "the tensor has the flags " + std::to_string(from.flags) +
                              "; those beyond 7 are not known");
    return {see(call, from.dl_tensor).tensor, from.flags};
  } else if constexpr (managed_tensor<T>) {
    return see(call, from.dl_tensor);
  } else {
    return {{from.data,
             {static_cast<std::int32_t>(from.device.device_type), from.device.device_id},
             from.ndim,
             {from.dtype.code, from.dtype.bits, from.dtype.lanes},
             from.shape,
             from.strides,
             from.byte_offset},
            0};
  }
}

inline std::string type_text(const DataType& type) {
  return "of code " + std::to_string(type.code) + ", " + std::to_string(type.bits) + " bits, " +
         std::to_string(type.lanes) + " lanes";
}

inline std::vector<std::size_t> shape_of(const char* call, const Tensor& tensor) {
  if (tensor.ndim < 0 || tensor.ndim > most_dimensions)
    throw_invalid(call, "the tensor has " + std::to_string(tensor.ndim) +
                            " dimensions, not 0 ... " + std::to_string(most_dimensions));
  if (tensor.ndim > 0 && tensor.shape == nullptr)
    throw_invalid(call, "the tensor has " + std::to_string(tensor.ndim) +
                            " dimensions, and a null pointer for its shape");
  std::vector<std::size_t> shape;
  for (int axis = 0; axis < tensor.ndim; ++axis) {
    const std::int64_t extent = tensor.shape[axis];
    if (!std::in_range<std::size_t>(extent))  // which has 32 bits in WebAssembly
      throw_invalid(call, "axis " + std::to_string(axis) + " of the tensor has the extent " +
                              std::to_string(extent));
    shape.push_back(static_cast<std::size_t>(extent));
  }
  return shape;
}

/// The elements, times their lanes; each lane takes `bits` in memory.
inline std::size_t count_of(const char* call, const Tensor& tensor,
                            const std::vector<std::size_t>& shape, std::size_t bits) {
  const auto total = narrowfloat::detail::times_extents(bits * tensor.dtype.lanes, shape);
  if (!total)  // an eighth of what can be counted are fewer bytes than PTRDIFF_MAX
    throw_invalid(call, "a tensor of shape " + narrowfloat::detail::shape_text(shape) + " with " +
                            std::to_string(bits * tensor.dtype.lanes) +
                            " bits an element does not fit in memory");
  return *total / bits;
}

/// Element 0, where the elements lie in bytes `first` ... `end` from it: no address may wrap
/// around.
inline std::uint8_t* place_of(const char* call, const Tensor& tensor, std::ptrdiff_t first,
                              std::ptrdiff_t end) {
  auto* const data = static_cast<std::uint8_t*>(tensor.data);
  if (data == nullptr) throw_invalid(call, "the tensor has elements, and a null pointer to them");
  std::uintptr_t start = reinterpret_cast<std::uintptr_t>(data), unused = 0;
  if (tensor.byte_offset > PTRDIFF_MAX ||
      __builtin_add_overflow(start, tensor.byte_offset, &start) ||
      __builtin_add_overflow(start, first, &unused) || __builtin_add_overflow(start, end, &unused))
    throw_invalid(call, "bytes " + std::to_string(first) + " ... " + std::to_string(end) +
                            " of the data, after an offset of " +
                            std::to_string(tensor.byte_offset) + ", have no addresses");
  return data + tensor.byte_offset;
}

/// A walk over the elements in row-major order, whatever their strides.
struct Walk {
  std::vector<std::size_t> shape;
  std::vector<std::ptrdiff_t> steps;  // from an element to the next along an axis, in bytes
  std::ptrdiff_t first = 0, end = 0;  // of all elements' bytes, from element 0
};
inline Walk walk_of(const char* call, const Tensor& tensor, std::vector<std::size_t> shape,
                    std::size_t size) {
  Walk walk{std::move(shape), {}};
  walk.steps.resize(walk.shape.size());
  auto row_major = static_cast<std::ptrdiff_t>(size);  // fits, as all elements do
  for (std::size_t axis = walk.shape.size(); axis-- > 0;) {
    const auto extent = static_cast<std::ptrdiff_t>(walk.shape[axis]);
    std::ptrdiff_t& step = walk.steps[axis];
    std::ptrdiff_t reach = 0;
    const bool is_given = tensor.strides != nullptr && extent > 1;
    if (!is_given) step = row_major;
    row_major *= extent;
    if ((is_given && __builtin_mul_overflow(tensor.strides[axis], size, &step)) ||
        __builtin_mul_overflow(step, extent - 1, &reach) ||
        __builtin_add_overflow(reach < 0 ? walk.first : walk.end, reach,
                               reach < 0 ? &walk.first : &walk.end))
      throw_invalid(call, "axis " + std::to_string(axis) + ", of extent " + std::to_string(extent) +
                              " and stride " + std::to_string(tensor.strides[axis]) +
                              ", does not fit in memory");
  }
  if (__builtin_add_overflow(walk.end, size, &walk.end))
    throw_invalid(call, "the strides do not fit in memory");
  return walk;
}
/// Calls f(i, bytes from element 0) for each element i. There is one at least.
template <class Function>
void for_each_element(const Walk& walk, std::size_t n, Function f) {
  std::vector<std::size_t> at(walk.shape.size(), 0);
  std::ptrdiff_t offset = 0;
  for (std::size_t i = 0; i < n; ++i) {
    f(i, offset);
    for (std::size_t axis = at.size(); axis-- > 0;) {
      if (at[axis] + 1 < walk.shape[axis]) {
        ++at[axis];
        offset += walk.steps[axis];
        break;
      }
      offset -= walk.steps[axis] * static_cast<std::ptrdiff_t>(at[axis]);
      at[axis] = 0;
    }
  }
}

inline void require_row_major(const char* call, const Tensor& tensor,
                              const std::vector<std::size_t>& shape, const char* instead) {
  if (tensor.strides == nullptr || std::ranges::count(shape, std::size_t{0}) != 0) return;
  std::size_t next = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    if (shape[axis] != 1 && tensor.strides[axis] != static_cast<std::int64_t>(next))
      throw_invalid(call, "axis " + std::to_string(axis) + " of the shape " +
                              narrowfloat::detail::shape_text(shape) + " has the stride " +
                              std::to_string(tensor.strides[axis]) + ", not " +
                              std::to_string(next) + ": the tensor is not row-major" + instead);
    next *= shape[axis];
  }
}

/// Everything but the place of the elements. Codes of 4 and 6 bits lie in a bit stream if
/// `is_stream`, else in bytes.
template <class T>
void require_type(const char* call, const Seen& seen, bool is_stream, bool is_written) {
  using Element = std::remove_const_t<T>;
  constexpr auto wanted = ids::dlpack<Element>();
  static_assert(wanted, "narrowfloat::dlpack: DLPack has no such type");
  const auto& [tensor, flags] = seen;
  const DataType type = tensor.dtype;
  if (tensor.device.device_type != 1)
    throw_invalid(call, "the tensor is on a device of type " +
                            std::to_string(tensor.device.device_type) + ", not on the CPU (1)");
  const bool is_whole = type.lanes == 1 || (is_stream && type.lanes * type.bits % 8 == 0);
  if (type.code != wanted->code || type.bits != wanted->bits || type.lanes == 0 || !is_whole)
    throw_invalid(call, "the elements are " + type_text(type) + ", not " +
                            std::string(*ids::numpy<Element>()) + ": " +
                            type_text({wanted->code, wanted->bits, 1}));
  if (wanted->bits % 8 != 0 && is_stream == ((flags & flag_padded) != 0))
    throw_invalid(call, is_stream ? "the codes have a byte each: see dlpack::as"
                                  : "the codes have no byte each: see dlpack::packed");
  if (is_written && (flags & flag_read_only) != 0)
    throw_invalid(call, "the tensor is read-only: ask for const elements");
}

/// No bit above the codes of 4 or 6 bits in a byte.
template <class F>
void require_code(const char* call, std::size_t at, std::uint8_t byte) {
  if (byte >> F::width != 0)
    throw_invalid(call, "byte " + std::to_string(at) + " is " + std::to_string(byte) +
                            ", no code of " + std::to_string(F::width) + " bits");
}
template <class T>
inline constexpr bool is_short = ids::dlpack<T>()->bits < 8;

template <class T>
void copy_elements(const char* call, const Walk& walk, const std::uint8_t* place,
                   std::span<T> values) {
  for_each_element(walk, values.size(), [&](std::size_t i, std::ptrdiff_t offset) {
    if constexpr (is_short<T>) require_code<T>(call, i, place[offset]);
    std::memcpy(&values[i], place + offset, sizeof(T));
  });
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::dlpack::detail

// SPDX-License-Identifier: MIT
// How memory of the library becomes a managed tensor of DLPack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../../packed/matrix.hpp"
#include "../../packed/vector.hpp"
#include "../dlpack_types.hpp"
#include "../ids.hpp"
#include "dlpack_checks.hpp"
#include "shape.hpp"

namespace narrowfloat::dlpack::detail {
inline namespace NF_BASELINE {

/// Memory to be shared, as DLPack describes it.
struct Memory {
  const void* data;
  std::size_t count;
  ids::DlpackType type;
  std::uint64_t flags;
  std::vector<std::size_t> shape;
};
template <class T>
inline constexpr std::uint64_t read_only = std::is_const_v<T> ? flag_read_only : 0;

template <class Values>
using element_of = std::remove_reference_t<std::ranges::range_reference_t<Values>>;
template <std::ranges::contiguous_range Values>
requires shareable<element_of<Values>> Memory memory_of(const char*, Values& values) {
  using T = element_of<Values>;
  using Element = std::remove_const_t<T>;
  const std::size_t n = std::ranges::size(values);
  return {std::ranges::data(values),
          n,
          *ids::dlpack<Element>(),
          read_only<T> | (is_short<Element> ? flag_padded : 0),
          {n}};
}
template <class F>
requires shareable<F> Memory memory_of(const char*, PackedSpan<F> codes) {
  return {codes.data(),
          codes.size(),
          *ids::dlpack<std::remove_const_t<F>>(),
          read_only<F>,
          {codes.size()}};
}
template <shareable F>
Memory memory_of(const char* call, PackedVector<F>& codes) {
  return memory_of(call, PackedSpan<F>(codes));
}
template <shareable F>
Memory memory_of(const char* call, const PackedVector<F>& codes) {
  return memory_of(call, PackedSpan<const F>(codes));
}
template <class F>
requires shareable<F> Memory memory_of(const char* call, PackedMatrix<F> codes) {
  const std::size_t width = std::remove_const_t<F>::width;
  if (codes.rows() > 1 && codes.cols() * width % 8 != 0)
    throw_invalid(call, "rows of " + std::to_string(codes.cols()) + " codes of " +
                            std::to_string(width) +
                            " bits end within a byte, where DLPack has no gap");
  return {codes.data(),
          codes.size(),
          *ids::dlpack<std::remove_const_t<F>>(),
          read_only<F>,
          {codes.rows(), codes.cols()}};
}

/// What is constant owns constant elements, and nothing else does.
template <class Values>
concept owned_elements =
    std::ranges::contiguous_range<Values> && std::ranges::contiguous_range<const Values> &&
    !std::is_const_v<element_of<Values>> &&
    std::is_const_v<element_of<const Values>>;

/// A managed tensor and all that it points to.
template <class Managed>
struct Holder {
  Managed managed{};
  std::shared_ptr<const void> owner;
  std::vector<std::int64_t> extents;  // the shape, then the strides
};

template <class Tensor>
void describe(Tensor& tensor, const Memory& memory, std::vector<std::int64_t>& extents,
              const std::vector<std::size_t>& shape) {
  const std::size_t n = shape.size();
  extents.resize(2 * n, 1);
  for (std::size_t axis = n; axis-- > 0;) {
    extents[axis] = static_cast<std::int64_t>(shape[axis]);
    if (axis != 0)
      extents[n + axis - 1] = extents[n + axis] * (extents[axis] == 0 ? 1 : extents[axis]);
  }
  // Who takes the tensor heeds the flag.
  tensor.data = memory.count == 0 ? nullptr : const_cast<void*>(memory.data);
  tensor.device.device_type = static_cast<decltype(tensor.device.device_type)>(1);
  tensor.ndim = static_cast<std::int32_t>(n);
  tensor.dtype.code = memory.type.code;
  tensor.dtype.bits = memory.type.bits;
  tensor.dtype.lanes = 1;
  tensor.shape = n == 0 ? nullptr : extents.data();
  tensor.strides = n == 0 ? nullptr : extents.data() + n;
}

template <class Managed>
Pointer<Managed> share(const char* call, const Memory& memory,
                       const std::vector<std::size_t>& shape,
                       const std::shared_ptr<const void>& owner) {
  const auto count = narrowfloat::detail::times_extents(1, shape);
  if (count != memory.count || shape.size() > most_dimensions ||
      narrowfloat::detail::times_extents(8, shape).value_or(SIZE_MAX) > PTRDIFF_MAX)
    throw_invalid(call, "a tensor of shape " + narrowfloat::detail::shape_text(shape) + " (" +
                            std::to_string(shape.size()) + " dimensions) for " +
                            std::to_string(memory.count) + " elements");
  auto held = std::make_unique<Holder<Managed>>();
  describe(held->managed.dl_tensor, memory, held->extents, shape);
  if constexpr (versioned_tensor<Managed>) {
    held->managed.version.major = 1;
    held->managed.version.minor = 1;
    held->managed.flags = memory.flags;
  } else if (memory.flags != 0) {
    throw_invalid(call,
                  "memory that is read-only, or has codes of less than 8 bits in bytes, "
                  "needs a ManagedTensorVersioned");
  }
  held->owner = owner;
  held->managed.manager_ctx = held.get();
  held->managed.deleter = [](Managed* self) {
    delete static_cast<Holder<Managed>*>(self->manager_ctx);
  };
  return Pointer<Managed>(&held.release()->managed);
}

}  // namespace NF_BASELINE
}  // namespace narrowfloat::dlpack::detail

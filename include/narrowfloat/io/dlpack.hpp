// SPDX-License-Identifier: MIT
// Tensors shared with NumPy, PyTorch, JAX and others without a copy, by DLPack 1.x: made here and
// handed on, or taken from others and looked at.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../packed/vector.hpp"
#include "detail/dlpack_checks.hpp"
#include "detail/dlpack_memory.hpp"
#include "dlpack_types.hpp"

namespace narrowfloat::dlpack {

/// A range of numbers, or packed codes (PackedVector, PackedSpan, PackedMatrix such as the codes()
/// of a BlockTensor).
template <class Values>
concept shareable_values = requires(Values& values) {
  detail::memory_of("", values);
};

/// Values with memory of their own, which goes where they are moved: a vector, an array, a
/// PackedVector. Their elements are constant where they are: those of a view are not, or always.
template <class Values>
concept owning_values =
    shareable_values<Values> && std::movable<Values> && !std::ranges::borrowed_range<Values> &&
    !std::ranges::view<Values> &&
    (detail::owned_elements<Values> ||
     std::same_as<Values, PackedVector<typename Values::value_type>>);

/// Values that stay where they are: those with a name, and those of a std::span, a PackedSpan or a
/// PackedMatrix.
template <class Values>
concept viewable_values = shareable_values<Values> &&
    (std::is_lvalue_reference_v<Values> || std::ranges::borrowed_range<Values> ||
     (!std::ranges::contiguous_range<Values> && std::is_trivially_copyable_v<Values>));

/// A tensor of memory that the caller keeps, as it is.
///
/// Result    the shape is that of `values` (one axis; rows and columns of a PackedMatrix) unless
///           one is given. `owner` is let go when the tensor is given back: let it own the memory,
///           and the caller need not keep it.
/// Special   throws std::invalid_argument where the shape has not as many elements, or more than 64
///           axes; where rows of codes end within a byte. Constant elements, and codes of 4 and 6
///           bits in a byte each, need the versioned struct, which has flags for them.
/// Requires  without `owner` the memory must live until the tensor is given back.
/// Promises  what throws leaves nothing behind. Row-major strides, the CPU, DLPack 1.1; no pointer
///           where nothing is.
///
/// Example   const auto t = std::make_shared<const BlockTensor<mxfp8_e4m3>>(
///               BlockTensor<mxfp8_e4m3>::quantize(x, rows, cols));
///           const auto codes = dlpack::make_view(t->codes(), t);
///           const auto scales =
///               dlpack::make_view(t->scales(), {t->block_rows(), t->block_cols()}, t);
///           assert(codes->dl_tensor.ndim == 2 && scales->dl_tensor.shape[1] == cols / 32);
template <managed_tensor Managed = ManagedTensorVersioned, viewable_values Values>
[[nodiscard]] NF_INLINE Pointer<Managed> make_view(Values&& values, const Shape& shape,
                                                   std::shared_ptr<const void> owner = nullptr) {
  constexpr const char* call = "dlpack::make_view";
  return detail::share<Managed>(call, detail::memory_of(call, values), shape, std::move(owner));
}
template <managed_tensor Managed = ManagedTensorVersioned, viewable_values Values, class Owner>
[[nodiscard]] NF_INLINE Pointer<Managed> make_view(Values&& values, std::shared_ptr<Owner> owner) {
  constexpr const char* call = "dlpack::make_view";
  const detail::Memory memory = detail::memory_of(call, values);
  return detail::share<Managed>(call, memory, memory.shape, std::move(owner));
}
template <managed_tensor Managed = ManagedTensorVersioned, viewable_values Values>
[[nodiscard]] NF_INLINE Pointer<Managed> make_view(Values&& values) {
  return make_view<Managed>(values, std::shared_ptr<const void>());
}

/// A tensor that owns its memory: a vector, an array or a PackedVector that is moved into it.
///
/// Result    as make_view(). Codes of 4 and 6 bits have a byte each in a vector, and are packed in
///           a PackedVector.
/// Special   as make_view(); the values are lost.
///
/// Example   auto tensor = dlpack::make_tensor(std::vector<float8_e4m3fn>(6), {2, 3});
///           // PyCapsule_New(tensor.release(), "dltensor_versioned", ...)
///           assert(tensor->dl_tensor.shape[1] == 3);
template <managed_tensor Managed = ManagedTensorVersioned, owning_values Values>
[[nodiscard]] NF_INLINE Pointer<Managed> make_tensor(Values&& values, const Shape& shape) {
  constexpr const char* call = "dlpack::make_tensor";
  const auto owner = std::make_shared<Values>(std::forward<Values>(values));
  return detail::share<Managed>(call, detail::memory_of(call, *owner), shape, owner);
}

/// Makes a tensor of packed float4_e2m1fn one of torch's float4_e2m1fn_x2: an element is two codes,
/// the last extent half.
///
/// Special   throws std::invalid_argument for other tensors and an odd extent, and changes nothing.
/// Requires  a tensor of make_view() or make_tensor(), which nobody else has yet.
template <managed_tensor Managed>
NF_INLINE void pair_codes(Managed& tensor) {
  constexpr const char* call = "dlpack::pair_codes";
  auto& own = tensor.dl_tensor;
  detail::require_type<const float4_e2m1fn>(call, detail::see(call, tensor), true, false);
  const Shape extents = detail::shape_of(call, own);
  if (own.dtype.lanes != 1 || extents.empty() || extents.back() % 2 != 0)
    detail::throw_invalid(call, "a tensor of shape " + narrowfloat::detail::shape_text(extents) +
                                    ", " + std::to_string(own.dtype.lanes) +
                                    " lanes, has no pairs of codes");
  own.dtype.lanes = 2;
  own.shape[own.ndim - 1] /= 2;
  for (int axis = 0; axis + 1 < own.ndim; ++axis)
    if (own.strides[axis] % 2 == 0) own.strides[axis] /= 2;
}

/// The extents of any tensor.
///
/// Special   throws std::invalid_argument for another major version of DLPack, flags that are not
///           known, a number of axes below 0 or above 64, and extents without a pointer to them,
///           below 0 or beyond std::size_t.
template <any_tensor Any>
[[nodiscard]] NF_INLINE Shape shape(const Any& tensor) {
  constexpr const char* call = "dlpack::shape";
  return detail::shape_of(call, detail::see(call, tensor).tensor);
}

/// A view of the elements of a tensor that is row-major, as they are. T is const where they are
/// only read.
///
/// Special   throws std::invalid_argument, with the numbers, where the tensor is not of T, not on
///           the CPU, not row-major or not aligned for T; read-only, unless T is const; of more
///           elements, or at an address, than memory has; as shape(). Codes of 4 and 6 bits are
///           viewed where they have a byte each (flag_padded), and no other bit set.
/// Requires  that the tensor's memory is what it says: no library can see where memory ends.
/// Promises  valid until the tensor is given back. Elements of extent 0 have no address, and are
///           not looked for.
///
/// Example   // of a capsule
///           const dlpack::Pointer<> tensor =
///               dlpack::make_tensor(std::vector<float>(6, 1.5f), {2, 3});
///           const std::span<const float> values = dlpack::as<const float>(*tensor);
///           assert(values.size() == 6 && values[5] == 1.5f);
template <shareable T, any_tensor Any>
[[nodiscard]] NF_INLINE std::span<T> as(const Any& from) {
  constexpr const char* call = "dlpack::as";
  const detail::Seen seen = detail::see(call, from);
  detail::require_type<T>(call, seen, false, !std::is_const_v<T>);
  const Shape extents = detail::shape_of(call, seen.tensor);
  const std::size_t n = detail::count_of(call, seen.tensor, extents, 8 * sizeof(T));
  detail::require_row_major(call, seen.tensor, extents, "; dlpack::copy reads it");
  if (n == 0) return {};
  std::uint8_t* const place =
      detail::place_of(call, seen.tensor, 0, static_cast<std::ptrdiff_t>(n * sizeof(T)));
  const auto address = reinterpret_cast<std::uintptr_t>(place);
  if (address % alignof(T) != 0)
    detail::throw_invalid(call, "the elements begin " + std::to_string(address % alignof(T)) +
                                    " bytes after a multiple of " + std::to_string(alignof(T)));
  if constexpr (detail::is_short<std::remove_const_t<T>>)
    for (std::size_t i = 0; i < n; ++i) detail::require_code<T>(call, i, place[i]);
  return {reinterpret_cast<T*>(place), n};
}

/// A view of packed codes of 4 or 6 bits (or of any format that fills its bytes) of a row-major
/// tensor. F is const where they are only read.
///
/// Special   as as(), but for the alignment; codes that have a byte each are as()'s. Several lanes
///           are so many codes: torch's float4_e2m1fn_x2 has two.
template <class F, any_tensor Any>
requires shareable<F> && packable<std::remove_const_t<F>, BitStream>
[[nodiscard]] NF_INLINE PackedSpan<F> packed(const Any& from) {
  constexpr const char* call = "dlpack::packed";
  const detail::Seen seen = detail::see(call, from);
  detail::require_type<F>(call, seen, true, !std::is_const_v<F>);
  const Shape extents = detail::shape_of(call, seen.tensor);
  constexpr int width = std::remove_const_t<F>::width;
  const std::size_t n = detail::count_of(call, seen.tensor, extents, width);
  detail::require_row_major(call, seen.tensor, extents, "");
  if (n == 0) return {};
  const std::size_t bytes = BitStream::bytes<width>(n);
  return {detail::place_of(call, seen.tensor, 0, static_cast<std::ptrdiff_t>(bytes)), n};
}

/// A copy of the elements of a tensor with any strides, such as a transposed one, in row-major
/// order.
///
/// Special   as as(), but for strides, alignment and the flag read-only.
/// Cost      an element at a time. A stride of 0 repeats elements: the copy may be larger than the
///           tensor's memory, up to std::bad_alloc.
template <shareable T, any_tensor Any>
requires(!std::is_const_v<T>) [[nodiscard]] NF_INLINE std::vector<T> copy(const Any& from) {
  constexpr const char* call = "dlpack::copy";
  const detail::Seen seen = detail::see(call, from);
  detail::require_type<const T>(call, seen, false, false);
  const Shape extents = detail::shape_of(call, seen.tensor);
  const std::size_t n = detail::count_of(call, seen.tensor, extents, 8 * sizeof(T));
  if (n == 0) return {};
  const detail::Walk walk = detail::walk_of(call, seen.tensor, extents, sizeof(T));
  const std::uint8_t* const place = detail::place_of(call, seen.tensor, walk.first, walk.end);
  std::vector<T> values(n);
  detail::copy_elements(call, walk, place, std::span<T>(values));
  return values;
}

}  // namespace narrowfloat::dlpack

// SPDX-License-Identifier: MIT
// The structs of DLPack, by which libraries hand tensors to each other, for programs that do not
// have dlpack.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

#include "ids.hpp"

/// Layout and members are those of dlpack.h 1.x (its DLTensor is Tensor here, and so on), so that a
/// pointer to one may be put into the capsule of a Python object, or handed to a C function that
/// takes the other. The calls of io/dlpack.hpp take both: programs that include dlpack.h use its
/// structs.
namespace narrowfloat::dlpack {

/// The type of an element: its kind, its bits, and how many lanes an element has.
struct DataType {
  std::uint8_t code, bits;  ///< ids::dlpack<T>()
  std::uint16_t lanes;      ///< 1; 2 where an element is two codes
};
/// Where memory lies.
struct Device {
  std::int32_t device_type;  ///< 1: memory of the CPU
  std::int32_t device_id;    ///< 0 for the CPU
};
/// A view of memory that someone else owns.
struct Tensor {
  void* data;                 ///< the memory; elements begin byte_offset behind
  Device device;              ///< where the memory lies
  std::int32_t ndim;          ///< axes
  DataType dtype;             ///< the type of the elements
  std::int64_t* shape;        ///< an extent for each axis
  std::int64_t* strides;      ///< in elements; null: row-major
  std::uint64_t byte_offset;  ///< of the first element from `data`
};
/// A tensor that says by what call its memory is given back: "dltensor" is the name of its capsule
/// in Python.
struct ManagedTensor {
  Tensor dl_tensor;                 ///< the view
  void* manager_ctx;                ///< the owner's, for `deleter`
  void (*deleter)(ManagedTensor*);  ///< may be null
};
/// A version of DLPack.
struct Version {
  std::uint32_t major, minor;  ///< tensors of another major version are refused
};
/// The same since DLPack 1.0, with flags: "dltensor_versioned" is the name of its capsule.
struct ManagedTensorVersioned {
  Version version;                           ///< what the struct follows
  void* manager_ctx;                         ///< the owner's, for `deleter`
  void (*deleter)(ManagedTensorVersioned*);  ///< may be null
  std::uint64_t flags;                       ///< flag_read_only, flag_copied, flag_padded
  Tensor dl_tensor;                          ///< the view
};

inline constexpr std::uint64_t flag_read_only = 1;  ///< nobody may write to the memory
inline constexpr std::uint64_t flag_copied = 2;     ///< nobody else uses the memory
inline constexpr std::uint64_t flag_padded = 4;     ///< codes of 4 and 6 bits have a byte each

/// Tensor, or DLTensor.
template <class T>
concept plain_tensor = requires(const T& t) {
  t.data, t.device.device_type, t.device.device_id, t.ndim;
  t.dtype.code, t.dtype.bits, t.dtype.lanes, t.shape, t.strides, t.byte_offset;
};
/// ManagedTensor or ManagedTensorVersioned, or those of dlpack.h.
template <class T>
concept managed_tensor = requires(const T& t) {
  t.manager_ctx, t.deleter;
  requires plain_tensor<std::remove_cvref_t<decltype(t.dl_tensor)>>;
};
/// ManagedTensorVersioned, or that of dlpack.h.
template <class T>
concept versioned_tensor = managed_tensor<T> && requires(const T& t) {
  t.version.major, t.version.minor, t.flags;
};
/// Any of these structs.
template <class T>
concept any_tensor = plain_tensor<T> || managed_tensor<T>;

using Shape = std::vector<std::size_t>;  ///< empty for a scalar

/// A C++ type that DLPack has a type for, or its const.
template <class T>
concept shareable = (ids::dlpack<std::remove_const_t<T>>() != std::nullopt);

/// Gives the memory of a managed tensor back, as its consumer must, once.
struct Deleter {
  /// Calls the tensor's deleter, if it has one.
  template <managed_tensor M>
  NF_INLINE void operator()(M* tensor) const {
    if (tensor->deleter != nullptr) tensor->deleter(tensor);
  }
};
/// A managed tensor that is given back when it is not needed any more, unless release() hands it
/// on. One that is taken out of a Python capsule needs the capsule renamed ("used_dltensor", or
/// "used_dltensor_versioned"), or that gives it back too (docs/interchange.md).
///
/// Example   float numbers[6] = {};
///           std::int64_t shape[] = {2, 3};
///           // of someone else
///           const dlpack::Tensor tensor{numbers, {1, 0}, 2, {2, 32, 1}, shape, nullptr, 0};
///           assert(dlpack::as<const float>(tensor).size() == 6);
template <managed_tensor M = ManagedTensorVersioned>
using Pointer = std::unique_ptr<M, Deleter>;

}  // namespace narrowfloat::dlpack

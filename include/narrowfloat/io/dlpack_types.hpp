// SPDX-License-Identifier: MIT
// The structs of DLPack, by which libraries hand tensors to each other, for programs that do not have dlpack.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

#include "ids.hpp"

/// Layout and members are those of dlpack.h 1.x (its DLTensor is Tensor here, and so on), so that a pointer to one may be
/// put into the capsule of a Python object, or handed to a C function that takes the other. The calls of io/dlpack.hpp
/// take both: programs that include dlpack.h use its structs.
namespace narrowfloat::dlpack {

struct DataType {
  std::uint8_t code, bits;  ///< ids::dlpack<T>()
  std::uint16_t lanes;
};
struct Device {
  std::int32_t device_type;  ///< 1: memory of the CPU
  std::int32_t device_id;
};
struct Tensor {
  void* data;
  Device device;
  std::int32_t ndim;
  DataType dtype;
  std::int64_t* shape;
  std::int64_t* strides;  ///< in elements; null: row-major
  std::uint64_t byte_offset;
};
/// A tensor that says by what call its memory is given back: "dltensor" is the name of its capsule in Python.
struct ManagedTensor {
  Tensor dl_tensor;
  void* manager_ctx;
  void (*deleter)(ManagedTensor*);  ///< may be null
};
struct Version {
  std::uint32_t major, minor;
};
/// The same since DLPack 1.0, with flags: "dltensor_versioned" is the name of its capsule.
struct ManagedTensorVersioned {
  Version version;
  void* manager_ctx;
  void (*deleter)(ManagedTensorVersioned*);  ///< may be null
  std::uint64_t flags;
  Tensor dl_tensor;
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
template <class T>
concept versioned_tensor = managed_tensor<T> && requires(const T& t) {
  t.version.major, t.version.minor, t.flags;
};
template <class T>
concept any_tensor = plain_tensor<T> || managed_tensor<T>;

using Shape = std::vector<std::size_t>;  ///< empty for a scalar

/// A C++ type that DLPack has a type for.
template <class T>
concept shareable = (ids::dlpack<std::remove_cv_t<T>>() != std::nullopt);

/// Gives the memory of a managed tensor back, as its consumer must, once.
struct Deleter {
  template <managed_tensor M>
  void operator()(M* tensor) const {
    if (tensor->deleter != nullptr) tensor->deleter(tensor);
  }
};
/// A managed tensor that is given back when it is not needed any more, unless release() hands it on.
template <managed_tensor M = ManagedTensorVersioned>
using Pointer = std::unique_ptr<M, Deleter>;

}  // namespace narrowfloat::dlpack

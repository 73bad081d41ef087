// SPDX-License-Identifier: MIT
// Tensors in the safetensors file format, with their data and without.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <numeric>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "detail/name_index.hpp"
#include "detail/safetensors_layout.hpp"
#include "safetensors_dtype.hpp"

namespace narrowfloat::safetensors {

/// A file or tensor that cannot be read, written or viewed; says which file, where in it, and why.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

namespace detail {

/// What `action` gives; what it throws becomes an Error that begins with `prefix`, such as a path.
template <class Action>
decltype(auto) with_prefix(const std::string& prefix, Action action) {
  try {
    return action();
  } catch (const std::system_error& error) {
    throw Error(prefix + error.what());
  } catch (const Malformed& malformed) {
    throw Error(prefix + malformed.what());
  }
}
[[noreturn]] inline void fail_at(std::string_view tensor, const std::string& reason) {
  throw Error(place_of(tensor) + ": " + reason);
}
inline std::string prefix_of(const std::filesystem::path& path) { return path.string() + ": "; }

}  // namespace detail

/// A tensor without its data.
struct Entry {
  /// The name, and the type of the elements.
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<std::size_t> shape;  ///< empty for a scalar

  /// Result   the size of its data in a file.
  /// Special  throws Error where that is more than can be counted, or no whole number of bytes.
  std::size_t size_bytes() const {
    return detail::with_prefix("", [&] {
      return detail::count_bytes({name, std::string(dtype_name(dtype)), shape, 0, 0},
                                 dtype_bits(dtype));
    });
  }

  friend bool operator==(const Entry&, const Entry&) = default;
};

/// A named array, row-major. Its bytes are as in the file.
struct Tensor {
  /// The name, and the type of the elements.
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<std::size_t> shape;  ///< empty for a scalar
  /// The bytes of the elements.
  std::vector<std::byte> data;

  /// Result    a view of the elements; valid as long as `data` is left alone.
  /// Requires  dtype is dtype_of<T>(), else Error; std::uint8_t views BOOL as well.
  template <storable T>
  std::span<const T> as() const {
    // the vector's bytes come from the plain operator new, so any such T may live there
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__ &&
                  std::is_trivially_copyable_v<T>);
    if (!std::is_same_v<T, std::uint8_t> || dtype != Dtype::boolean) require(*dtype_of<T>());
    return {reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T)};
  }

  /// Result    a view of the codes, of 4 and 6 bits as well; valid as long as `data` is left alone.
  /// Requires  dtype is packed_dtype_of<F>() and the data are those of the shape, else Error.
  template <storable_packed F>
  PackedSpan<const F> packed() const {
    require(*packed_dtype_of<F>());
    detail::with_prefix("", [&] {
      detail::check_size({name, std::string(dtype_name(dtype)), shape, 0, data.size()}, F::width);
    });
    // divided first: 3 bytes hold 4 codes of 6 bits
    constexpr std::size_t bytes = std::lcm(8, F::width) / 8, codes = bytes * 8 / F::width;
    const std::size_t n = data.size() / bytes * codes + data.size() % bytes * 8 / F::width;
    return {static_cast<const void*>(data.data()), n};
  }

 private:
  void require(Dtype wanted) const {
    if (dtype != wanted)
      detail::fail_at(name, "is " + std::string(dtype_name(dtype)) + ", not " +
                                std::string(dtype_name(wanted)));
  }
};

/// The content of a file. Tensors are in the order of their data; names are unique.
struct File {
  /// The tensors, and the texts of the metadata by name.
  std::vector<Tensor> tensors;
  std::map<std::string, std::string> metadata;
  mutable narrowfloat::detail::NameIndex names{};  ///< of find(); may be left out

  /// Result    the tensor of that name, or nullptr.
  /// Promises  the tensors may have been changed in any way since the last call.
  /// Cost      the same for any number of tensors; linear where no tensor has the name, or names
  ///           have changed.
  const Tensor* find(std::string_view name) const {
    const auto place = names.find(tensors, name);
    return place ? &tensors[*place] : nullptr;
  }
};

/// Result  a tensor that holds a copy of the values.
/// Example   const st::Tensor t = st::make_tensor("w", {rows, cols}, weights);
///           assert(t.dtype == st::Dtype::f32 && t.as<float>()[3] == weights[3]);
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
    detail::fail_at(made.name, "the shape has " + std::to_string(n) + " elements, the codes " +
                                   std::to_string(codes.size()));
  return made;
}
template <storable_packed F>
Tensor make_packed_tensor(std::string name, std::vector<std::size_t> shape,
                          const PackedVector<F>& codes) {
  return make_packed_tensor(std::move(name), std::move(shape), PackedSpan<const F>(codes));
}

}  // namespace narrowfloat::safetensors

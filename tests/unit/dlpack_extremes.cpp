// SPDX-License-Identifier: MIT
// Tensors with extents, strides and offsets of any size: what 128-bit integers find to lie in
// memory is read as it lies, all else is refused.
#include <narrowfloat/io/dlpack.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "support/catch.hpp"

namespace {

using namespace narrowfloat;
__extension__ using Wide = __int128;

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::array<std::int64_t, 22> numbers{
    0,        1,    2,     3,         4,         5,         -1,       -2,
    -3,       -5,   7,     1 << 30,   most / 64, most / 16, most / 8, most / 4,
    most / 2, most, -most, -most - 1, -most / 4, -most / 8};

/// The offsets of the elements from the first, in elements and row-major order; none where they
/// leave the array.
std::vector<std::int64_t> places(const std::vector<std::int64_t>& shape,
                                 const std::vector<std::int64_t>& strides, std::int64_t size) {
  Wide low = 0, high = 0, count = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const Wide reach = Wide{strides[i]} * (shape[i] - 1);
    (reach < 0 ? low : high) += reach;
    count *= shape[i] > 1000 ? 1001 : shape[i];  // those of a stride of 0 are few enough
  }
  if (low < -size / 2 || high >= size / 2 || count > 1000) return {};
  std::vector<std::int64_t> found{0};
  for (std::size_t i = 0; i < shape.size(); ++i) {
    std::vector<std::int64_t> next;
    for (const std::int64_t from : found)
      for (std::int64_t k = 0; k < shape[i]; ++k) next.push_back(from + k * strides[i]);
    found = next;
  }
  return found;
}

/// Whether all bytes of a tensor that has elements have addresses, and distances from the first.
bool have_addresses(const float* data, std::uint64_t offset, const std::vector<std::int64_t>& shape,
                    const std::vector<std::int64_t>& strides) {
  Wide first = 0, end = sizeof(float);
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const Wide reach = Wide{strides[i]} * (shape[i] - 1) * Wide{sizeof(float)};
    (reach < 0 ? first : end) += reach;
  }
  const Wide start = Wide{reinterpret_cast<std::uintptr_t>(data)} + offset;
  return first >= -Wide{most} - 1 && end <= most && offset <= std::uint64_t{most} &&
         start + first >= 0 && start + end < Wide{1} << 64;
}

}  // namespace

TEST_CASE("dlpack: extents and strides of any size", "[dlpack]") {
  std::mt19937 words(1);
  std::vector<float> memory(64);
  for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<float>(i);
  int read = 0, refused = 0, beyond = 0, wrong = 0;
  for (int turn = 0; turn < 20000; ++turn) {
    const std::size_t n = words() % 4, most_used = turn % 2 == 0 ? numbers.size() : 10;
    std::vector<std::int64_t> shape(n), strides(n);
    for (std::size_t i = 0; i < n; ++i) {
      shape[i] = numbers[words() % most_used];
      strides[i] = numbers[words() % most_used];
    }
    const std::uint64_t offset =
        turn % 5 == 0 ? static_cast<std::uint64_t>(numbers[words() % 22]) : 128;
    const bool is_ours = turn % 7 != 0;  // or at the end of all addresses, where nothing is read
    float* const data = is_ours ? memory.data() : reinterpret_cast<float*>(~std::uintptr_t{255});
    const dlpack::Tensor tensor{data,       {1, 0},       static_cast<std::int32_t>(n),
                                {2, 32, 1}, shape.data(), strides.data(),
                                offset};
    bool is_negative = false, is_empty = false;
    Wide bytes = 4;
    for (const std::int64_t extent : shape) {
      is_negative |= extent < 0;
      is_empty |= extent == 0;
      if (extent > 0 && bytes < (Wide{1} << 61)) bytes *= extent;
    }
    const bool fits = !is_negative && bytes < (Wide{1} << 61);
    try {  // nothing is read by this
      const auto seen = dlpack::as<const float>(tensor);
      wrong += !fits || (seen.size() != (is_empty ? 0 : static_cast<std::size_t>(bytes / 4)));
      Wide next = 1;
      for (std::size_t i = n; i-- > 0 && !is_empty; next *= shape[i])
        wrong += shape[i] != 1 && strides[i] != next;
    } catch (const std::invalid_argument&) {
      wrong += fits && is_empty;
    }
    const auto at = fits && !is_empty ? places(shape, strides, 64) : std::vector<std::int64_t>{};
    const bool lies = fits && (is_empty || have_addresses(data, offset, shape, strides));
    if (lies && !is_empty && (at.empty() || offset != 128 || !is_ours)) continue;
    try {
      const std::vector<float> values = dlpack::copy<float>(tensor);
      bool is_same = lies && values.size() == at.size();
      for (std::size_t i = 0; is_same && i < at.size(); ++i)
        is_same = values[i] == static_cast<float>(32 + at[i]);
      wrong += !is_same;
      ++read;
    } catch (const std::invalid_argument&) {
      wrong += lies;
      ++refused;
      beyond += fits;
    }
  }
  CHECK(wrong == 0);
  CHECK((read > 1000 && refused > 1000 && beyond > 1000));
}

TEST_CASE("dlpack: any strides are copied, and those of rows viewed", "[dlpack]") {
  std::vector<float> values{0, 1, 2, 3, 4, 5};
  const auto tensor = dlpack::make_view(values, {2, 3});
  dlpack::Tensor& t = tensor->dl_tensor;
  const auto copied = [&](const dlpack::Shape& shape, std::vector<std::int64_t> strides,
                          std::uint64_t offset) {
    std::vector<std::int64_t> extents(shape.begin(), shape.end());
    t.shape = extents.data();
    t.strides = strides.data();
    t.ndim = static_cast<std::int32_t>(shape.size());
    t.byte_offset = offset;
    return dlpack::copy<float>(*tensor);
  };
  using Floats = std::vector<float>;
  CHECK(copied({3, 2}, {1, 3}, 0) == Floats{0, 3, 1, 4, 2, 5});
  CHECK(copied({2, 3}, {-3, -1}, 20) == Floats{5, 4, 3, 2, 1, 0});
  CHECK(copied({3, 2}, {0, 5}, 0) == Floats{0, 5, 0, 5, 0, 5});
  CHECK(copied({2, 1, 2}, {3, most, 2}, 0) == Floats{0, 2, 3, 5});
  for (const std::int64_t stride : {most, most / 4, most / 8, -most - 1, -most / 4, -most / 8})
    CHECK_THROWS_AS(copied({2, 3}, {stride, stride}, 0), std::invalid_argument);
  CHECK_THROWS_AS(copied({2, 2}, {-most / 8, most / 8}, 0), std::invalid_argument);
  std::vector<std::int64_t> extents{1, 2, 3}, strides{-7, 3, 1};
  t = {values.data(), {1, 0}, 3, {2, 32, 1}, extents.data(), strides.data(), 0};
  CHECK(dlpack::as<float>(*tensor).data() == values.data());
  t.strides = nullptr;
  CHECK(dlpack::as<float>(t).size() == 6);
  CHECK(dlpack::copy<float>(*tensor) == values);
}

TEST_CASE("dlpack: no stride is 0, of an empty tensor neither", "[dlpack]") {
  const auto tensor = dlpack::make_tensor(std::vector<float>(), {4, 0, 5});
  const std::int64_t* const strides = tensor->dl_tensor.strides;
  CHECK(std::vector<std::int64_t>(strides, strides + 3) == std::vector<std::int64_t>{5, 5, 1});
}

// SPDX-License-Identifier: MIT
// Whether a kernel gives in short calls what it gives in long ones.
#include <algorithm>
#include <numeric>

#include "conformance/kernel.hpp"
#include "conformance/text.hpp"

namespace conformance {
namespace {

// One array of a call behind the other.
class Arrays {
 public:
  Arrays(std::span<const std::size_t> sizes, std::span<const std::byte> bytes)
      : sizes_(sizes), bytes_(bytes), count_(bytes.size() / of_one()) {}

  std::size_t count() const { return count_; }
  // An element's part of an array.
  std::span<const std::byte> part(std::size_t array, std::size_t element) const {
    const std::size_t before =
        std::reduce(sizes_.begin(), sizes_.begin() + static_cast<std::ptrdiff_t>(array));
    return bytes_.subspan(count_ * before + element * sizes_[array], sizes_[array]);
  }
  // The arrays of these elements alone.
  std::vector<std::byte> of(std::span<const std::size_t> elements) const {
    std::vector<std::byte> chosen;
    for (std::size_t array = 0; array < sizes_.size(); ++array)
      for (const std::size_t element : elements)
        std::ranges::copy(part(array, element), std::back_inserter(chosen));
    return chosen;
  }
  std::size_t of_one() const { return std::reduce(sizes_.begin(), sizes_.end()); }

 private:
  std::span<const std::size_t> sizes_;
  std::span<const std::byte> bytes_;
  std::size_t count_;
};

// At most 4 bytes, the lowest first, as a number.
std::string hex_of(std::span<const std::byte> bytes) {
  std::uint32_t value = 0;
  const std::size_t n = std::min<std::size_t>(bytes.size(), 4);
  for (std::size_t i = 0; i < n; ++i) value |= std::to_integer<std::uint32_t>(bytes[i]) << (8 * i);
  return hex(value, static_cast<int>(8 * n));
}

}  // namespace

void check_lengths(Kernel& kernel, const Layout& layout, std::span<const std::byte> in,
                   std::span<const std::byte> out) {
  if (!kernel.is_cheap_to_call()) return;
  constexpr std::size_t most = 130;
  const Arrays inputs(layout.in, in), results(layout.out, out);
  const std::size_t step = std::max<std::size_t>(inputs.count() / (most * most / 2), 1);
  std::size_t next = 0;
  for (std::size_t n = 0; n <= most; ++n) {
    std::vector<std::size_t> chosen(n);
    for (std::size_t& element : chosen) element = next = (next + step) % inputs.count();
    const std::vector<std::byte> got =
        call_twice(kernel, inputs.of(chosen), n * results.of_one(), n * layout.count);
    const Arrays now(layout.out, got);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t array = 0; array < layout.out.size(); ++array) {
        const auto is = now.part(array, i), was = results.part(array, chosen[i]);
        const auto [different, its] = std::ranges::mismatch(is, was);
        if (different == is.end()) continue;
        // Of a block the code, of a number all of it.
        const std::size_t at = is.size() > 4 ? static_cast<std::size_t>(different - is.begin()) : 0;
        throw KernelFault(std::string(layout.element) + " " + std::to_string(i) + " of a call of " +
                          std::to_string(n) + " (" + hex_of(inputs.part(0, chosen[i])) +
                          ") gives " + hex_of(is.subspan(at)) + ", in a longer call " +
                          hex_of(was.subspan(at)));
      }
    }
  }
}

}  // namespace conformance

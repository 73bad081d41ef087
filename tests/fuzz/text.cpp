// SPDX-License-Identifier: MIT
// Any text is read as std::from_chars reads it as a double: the same end, the same errors of
// grammar, and the double's number rounded, but where the double is a midpoint and may not be what
// was written. What is read is written and comes back.
#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <narrowfloat/convert.hpp>
#include <narrowfloat/math.hpp>
#include <narrowfloat/text.hpp>

namespace {

using namespace narrowfloat;

void require(bool holds) {
  if (!holds) std::abort();
}

template <class F>
void read(const char* first, const char* last, std::chars_format format) {
  // libstdc++ 12 takes the "p+-1" of a hex number for an exponent.
  if (format == std::chars_format::hex &&
      std::string_view(first, last).find("+-") != std::string_view::npos)
    return;
  F x;
  const auto got = from_chars(first, last, x, format, nearest_even, Saturation::propagate);
  double standard = 0;
  const auto expected = std::from_chars(first, last, standard, format);
  require(got.ptr == expected.ptr);
  require((got.ec == std::errc::invalid_argument) == (expected.ec == std::errc::invalid_argument));
  if (got.ec != std::errc{}) return;
  // the places of a double that no format of 16 bits has, nor the midpoints of its numbers
  const std::uint64_t low = std::bit_cast<std::uint64_t>(standard) & 0xffffffffffu;
  if (expected.ec == std::errc{} && low != 0)
    require(x == convert<F>(standard, nearest_even, Saturation::propagate) || isnan(x));
  std::array<char, 400> text;
  for (const auto style : {std::chars_format::fixed, std::chars_format::scientific,
                           std::chars_format::general, std::chars_format::hex}) {
    const auto end = to_chars(text.data(), text.data() + text.size(), x, style).ptr;
    F back;
    require(from_chars(text.data(), end, back, style).ptr == end);
    require(back.bits() == x.bits() || (isnan(x) && isnan(back)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* const first = reinterpret_cast<const char*>(data);
  for (const auto format : {std::chars_format::fixed, std::chars_format::scientific,
                            std::chars_format::general, std::chars_format::hex}) {
    read<float8_e4m3fn>(first, first + size, format);
    read<float8_e5m2>(first, first + size, format);
    read<bfloat16>(first, first + size, format);
  }
  return 0;
}

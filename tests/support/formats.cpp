// SPDX-License-Identifier: MIT
// The inputs that decide a conversion.
#include "support/formats.hpp"

namespace test {

std::vector<double> deciding_doubles(double (*value_of)(std::uint32_t), int width, bool is_signed) {
  std::vector<double> inputs;
  const auto add = [&](double x) {
    const auto bits = std::bit_cast<std::uint64_t>(x);
    for (const std::uint64_t near : {bits - 1, bits, bits + 1}) {
      inputs.push_back(std::bit_cast<double>(near));
      inputs.push_back(std::bit_cast<double>(near ^ (std::uint64_t{1} << 63)));
    }
  };
  const std::uint32_t top = is_signed ? 1u << (width - 1) : ~0u >> (32 - width);
  const std::uint32_t step = width <= 12 ? 1 : (top >> 11) | 1;  // odd: both parities
  double previous = 0;
  for (std::uint32_t code = 0; code < top; code += step) {
    const std::uint32_t last = code > top - step ? top - 1 : code;
    for (const std::uint32_t c : {last, last + 1 < top ? last + 1 : last}) {
      const double value = value_of(c);
      if (value - value != 0) continue;  // Inf, NaN
      add(value);
      add((previous + value) / 2);
      previous = value;
    }
  }
  for (int k = 1; k <= 8; ++k) add(previous * (1 + k * 0.0625));  // beyond the largest
  for (int e = -1074; e < 1024; e += 7)
    add(std::bit_cast<double>(e < -1022 ? std::uint64_t{1} << (e + 1074)
                                        : static_cast<std::uint64_t>(e + 1023) << 52));
  for (const std::uint64_t bits :
       {0x0ull, 0x7ff0000000000000ull, 0x7ff8000000000000ull, 0x7ff0000000000001ull,
        0x7fefffffffffffffull, 0x47efffffe0000000ull, 0x47efffffefffffffull}) {
    inputs.push_back(std::bit_cast<double>(bits));
    inputs.push_back(std::bit_cast<double>(bits | 0x8000000000000000ull));
  }
  return inputs;
}

std::vector<float> deciding_floats(const std::vector<double>& doubles) {
  std::vector<float> inputs;
  for (const double x : doubles) {
    const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(x));
    for (const std::uint32_t near : {bits - 1, bits, bits + 1}) {
      inputs.push_back(std::bit_cast<float>(near));
    }
  }
  return inputs;
}

}  // namespace test

// SPDX-License-Identifier: MIT
// One number that depends on every bit that the library computes over a fixed set of inputs: two
// builds, or two floating-point environments, that agree on it agree on all of them.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <narrowfloat/convert.hpp>
#include <narrowfloat/hadamard.hpp>
#include <narrowfloat/math.hpp>

namespace test {
namespace {  // a copy in each translation unit: what may be shared is the library under test

/// Inputs with every exponent, ties and subnormals included; all integer work.
inline std::vector<float> checksum_inputs() {
  std::vector<float> inputs;
  std::uint32_t state = 1;
  for (std::uint32_t exponent = 0; exponent < 512; ++exponent) {  // with the sign bit
    for (std::uint32_t k = 0; k < 40; ++k) {
      state = state * 1664525u + 1013904223u;
      const std::uint32_t mantissa = k < 20 ? (k << 18) & 0x7fffffu : state >> 9;
      inputs.push_back(std::bit_cast<float>(exponent << 23 | mantissa));
    }
  }
  return inputs;
}

class Checksum {
 public:
  void add(std::uint64_t word) { sum_ = (sum_ ^ word) * 0x100000001b3u; }
  std::uint64_t value() const { return sum_; }

 private:
  std::uint64_t sum_ = 0xcbf29ce484222325u;
};

/// Each array conversion of these inputs on one instruction set, by every policy that has code of
/// its own.
class ArrayConversions {
 public:
  ArrayConversions(narrowfloat::Isa isa, const std::vector<float>& inputs)
      : scope_(isa), inputs_(inputs) {}

  template <class To, class From, class... Policies>
  std::vector<To> add(const std::vector<From>& in, const Policies&... policies) {
    std::vector<To> out(in.size());
    narrowfloat::convert(in, out, policies...);
    for (const To x : out) {
      if constexpr (std::is_same_v<To, float>)
        sum_.add(std::bit_cast<std::uint32_t>(x));
      else if constexpr (std::is_same_v<To, double>)
        sum_.add(std::bit_cast<std::uint64_t>(x));
      else
        sum_.add(x.bits());
    }
    return out;
  }

  /// To a format and back.
  template <class F>
  std::vector<F> add_format() {
    const std::vector<F> codes = add<F>(inputs_);
    add<float>(codes);
    return codes;
  }
  template <class F>
  void add_scaled() {
    for (const std::uint32_t factor : {0x3dcccccdu, 0xff000000u, 0x00012345u}) {
      add<F>(inputs_, narrowfloat::Scale{std::bit_cast<float>(factor)});
    }
  }

  /// The transform of the inputs, and its inverse.
  void add_transforms(std::size_t group, int axis) {
    const std::size_t cols = 128, rows = inputs_.size() / cols;
    const narrowfloat::HadamardOptions options{
        .group = group, .axis = axis, .signs = narrowfloat::HadamardSigns::random(group)};
    std::vector<float> out(rows * cols);
    const std::span<const float> in(inputs_.data(), out.size());
    narrowfloat::hadamard(in, out, rows, cols, options);
    for (const float x : out) sum_.add(std::bit_cast<std::uint32_t>(x));
    narrowfloat::inverse_hadamard(in, out, rows, cols, options);
    for (const float x : out) sum_.add(std::bit_cast<std::uint32_t>(x));
  }

  /// The transform within rows in groups of 16 alone: the loops of other groups take seconds to
  /// compile.
  void add_transform_of_16() {
    const std::size_t rows = inputs_.size() / 16;
    std::vector<float> out(16 * rows);
    const narrowfloat::HadamardOptions options{.signs = narrowfloat::HadamardSigns::random(16)};
    narrowfloat::detail::transform_groups<16>(
        narrowfloat::detail::place_of<true>(), narrowfloat::active_isa(),
        {inputs_.data(), 16, out.data(), 16, rows, 16}, true,
        narrowfloat::detail::factors_of(options, false), false);
    for (const float x : out) sum_.add(std::bit_cast<std::uint32_t>(x));
  }

  std::uint64_t value() const { return sum_.value(); }

 private:
  narrowfloat::ScopedIsa scope_;
  const std::vector<float>& inputs_;
  Checksum sum_;
};

/// All floats as the upper halves of doubles, with a tie or nothing below the 29 bits that float
/// has not.
inline std::vector<double> checksum_doubles(const std::vector<float>& floats) {
  std::vector<double> doubles;
  for (const float x : floats) {
    const std::uint64_t high = std::uint64_t{std::bit_cast<std::uint32_t>(x)} << 32;
    doubles.push_back(std::bit_cast<double>(high | 0x80000000u));
    doubles.push_back(std::bit_cast<double>(std::uint64_t{std::bit_cast<std::uint32_t>(x)}));
    doubles.push_back(
        std::bit_cast<double>((high >> 3 & 0x0fffffff00000000u) | 0x3000000010000000u));
  }
  return doubles;
}

/// Array calls only: they promise to leave the floating-point environment as it was.
inline std::uint64_t array_checksum(narrowfloat::Isa isa = narrowfloat::active_isa()) {
  using namespace narrowfloat;
  const std::vector<float> inputs = checksum_inputs();
  const std::vector<double> doubles = checksum_doubles(inputs);
  ArrayConversions arrays(isa, inputs);
  const auto e4m3 = arrays.add_format<float8_e4m3fn>();
  const auto half = arrays.add_format<float16>();
  arrays.add_format<bfloat16>();
  arrays.add_format<float8_e5m2fnuz>();
  arrays.add_format<float8_e8m0fnu>();
  arrays.add_format<float4_e2m1fn>();
  arrays.add_format<Float<8, 7, 150>>();
  arrays.add_format<Float<0, 7, 1, Specials::finite>>();
  arrays.add_scaled<float8_e4m3fn>();
  arrays.add_scaled<bfloat16>();
  arrays.add_transforms(16, 1);
  arrays.add_transforms(32, 0);
  arrays.add_transforms(128, 1);
  const Stochastic<> keyed{.seed = 1, .stream = 2, .offset = 3};
  arrays.add<float8_e4m3fn>(inputs, toward_positive, Saturation::none);
  arrays.add<float8_e4m3fn>(inputs, toward_negative);
  arrays.add<float8_e4m3fn>(inputs, to_odd);
  arrays.add<float8_e4m3fn>(inputs, nearest_away, Saturation::none, Subnormals::flush);
  arrays.add<float8_e4m3fn>(inputs, keyed);
  arrays.add<float8_e4m3fn>(inputs, Stochastic<24>{.seed = 1, .offset = ~std::uint64_t{0} - 9});
  arrays.add<bfloat16>(inputs, toward_negative);
  arrays.add<bfloat16>(inputs, to_odd, Saturation::finite);
  arrays.add<bfloat16>(inputs, keyed);
  arrays.add<float16>(inputs, toward_positive);
  arrays.add<float16>(inputs, nearest_away);
  arrays.add<float8_e4m3fn>(doubles);
  arrays.add<float16>(doubles, toward_negative);
  arrays.add<float>(doubles);
  arrays.add<double>(inputs);
  arrays.add<float8_e5m2>(e4m3);  // by tables
  arrays.add<float16>(e4m3);
  arrays.add<float8_e4m3fn>(half);
  arrays.add<bfloat16>(half);
  return arrays.value();
}

template <class F>
void add_scalars(Checksum& sum, const std::vector<float>& inputs) {
  using narrowfloat::convert;
  std::vector<F> codes;
  for (const float x : inputs) {
    codes.push_back(convert<F>(x, narrowfloat::toward_positive, narrowfloat::Saturation::none));
    sum.add(convert<F>(x, narrowfloat::nearest_even, narrowfloat::Saturation::none,
                       narrowfloat::Subnormals::flush)
                .bits());
  }
  for (std::size_t i = 0; i + 7 < codes.size(); i += 3) {
    const F a = codes[i], b = codes[i + 7];
    sum.add((a + b).bits());
    sum.add((a - b).bits());
    sum.add((a * b).bits());
    sum.add((a / b).bits());
    sum.add(narrowfloat::fma(a, b, a).bits());
    sum.add(narrowfloat::sqrt(a).bits());
    sum.add(exp(a).bits());
    sum.add(log1p(a).bits());
    sum.add(pow(a, b).bits());
    sum.add(remainder(a, b).bits());
    sum.add(a < b);
    sum.add(a == b);
  }
}

inline std::uint64_t scalar_checksum() {
  using namespace narrowfloat;
  Checksum sum;
  const std::vector<float> inputs = checksum_inputs();
  add_scalars<float8_e4m3fn>(sum, inputs);
  add_scalars<float8_e5m2fnuz>(sum, inputs);
  add_scalars<float8_e8m0fnu>(sum, inputs);
  add_scalars<float4_e2m1fn>(sum, inputs);
  add_scalars<float16>(sum, inputs);
  add_scalars<bfloat16>(sum, inputs);
  add_scalars<Float<8, 7, 150>>(sum, inputs);
  add_scalars<Float<0, 7, 1, Specials::finite>>(sum, inputs);
  for (const double x : checksum_doubles(inputs)) {
    sum.add(convert<float16>(x).bits());
    sum.add(std::bit_cast<std::uint32_t>(convert<float>(x)));
  }
  for (const float x : inputs) {
    sum.add(convert<float16>(x, Scale{std::bit_cast<float>(0x3dcccccdu)}).bits());
    sum.add(convert<bfloat16>(x, Scale{std::bit_cast<float>(0x00012345u)}, to_odd).bits());
  }
  return sum.value();
}

inline std::uint64_t checksum() {
  Checksum sum;
  sum.add(array_checksum());
  sum.add(scalar_checksum());
  return sum.value();
}

/// Long doubles of numbers that are constants once the loop is unrolled: with the sign of a zero.
inline void add_long_doubles(Checksum& sum) {
  using namespace narrowfloat;
  for (int i = 0; i < 3; ++i) {
    const float16 x = float16::from_bits(i == 0 ? 0x7e00 : i == 1 ? 0xfc00 : 0x8001);
    const auto wide = convert<long double>(x, nearest_even, Saturation::finite, Subnormals::flush);
    sum.add(std::bit_cast<std::uint64_t>(convert<double>(wide)));  // whatever its representation
  }
}

/// A call of each kind of code that the headers have: what several builds of one file can afford.
inline std::uint64_t small_checksum() {
  using namespace narrowfloat;
  const std::vector<float> inputs = checksum_inputs();
  ArrayConversions arrays(active_isa(), inputs);
  const auto e4m3 = arrays.add_format<float8_e4m3fn>();
  arrays.add_format<float16>();
  arrays.add_format<bfloat16>();
  arrays.add_scaled<float8_e4m3fn>();
  arrays.add_transform_of_16();
  arrays.add<float8_e4m3fn>(inputs, toward_negative);
  arrays.add<float8_e4m3fn>(inputs, Stochastic<>{.seed = 1, .stream = 2, .offset = 3});
  arrays.add<float8_e4m3fn>(checksum_doubles(inputs));
  arrays.add<float8_e5m2>(e4m3);  // by a table
  Checksum sum;
  sum.add(arrays.value());
  add_scalars<float8_e4m3fn>(sum, inputs);
  add_scalars<bfloat16>(sum, inputs);
  add_long_doubles(sum);
  return sum.value();
}

}  // namespace
}  // namespace test

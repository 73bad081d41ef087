// SPDX-License-Identifier: MIT
// What tests of forms of weights and of narrow states share.
#pragma once

#include <narrowfloat/optim.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/formats.hpp"

namespace test {

inline constexpr oracle::Format e4m3 = oracle_format<narrowfloat::float8_e4m3fn>();
inline oracle::Exact exact(float x) {
  return oracle::from_f32_bits(std::bit_cast<std::uint32_t>(x));
}
inline float to_float(const oracle::Exact& x) {
  return std::bit_cast<float>(oracle::round(oracle::binary32, x, {}, oracle::Saturation::none));
}
inline float largest(std::span<const float> x) {
  float most = 0;
  for (const float each : x) most = std::max(most, std::abs(each));
  return most;
}

/// Numbers of both signs, or squares of them, `spread` powers of two wide.
inline std::vector<float> draws(std::size_t n, unsigned seed, float spread, bool squares = false) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> x(n);
  for (float& each : x) each = normal(random) * std::exp2(spread * normal(random));
  if (squares)
    for (float& each : x) each *= each;
  return x;
}

template <class Object>
std::string bytes_of(const Object& object) {
  std::string all;
  for (const narrowfloat::ConstStatePart& part : object.parts())
    all.append(reinterpret_cast<const char*>(part.bytes.data()), part.bytes.size());
  return all;
}

/// What was saved of one object, into another of the same shape.
template <class Object>
void load_parts(const Object& saved, Object& into) {
  const auto from = saved.parts();
  const auto to = into.parts();
  REQUIRE(from.size() == to.size());
  for (std::size_t k = 0; k < from.size(); ++k) {
    REQUIRE((from[k].name == to[k].name && from[k].bytes.size() == to[k].bytes.size()));
    std::memcpy(to[k].bytes.data(), from[k].bytes.data(), from[k].bytes.size());
  }
}

}  // namespace test

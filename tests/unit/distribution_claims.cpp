// SPDX-License-Identifier: MIT
// What "The Power of the Exponent" claims of 8 bits comes out, by the integrals of
// examples/distributions.cpp.
#include "../../examples/distributions.hpp"

#include <narrowfloat/io/safetensors.hpp>

#include "support/catch.hpp"

using namespace example;

namespace {

enum Place : std::size_t { int8, m5e2, m4e3, m3e4, m2e5 };

Place best_of(const std::vector<double>& decibels) {
  return static_cast<Place>(std::ranges::max_element(decibels) - decibels.begin());
}

}  // namespace

TEST_CASE("8 bits of uniform, normal and heavy-tailed numbers: the reported ratios", "[claims]") {
  struct Row {
    double tolerance;
    double reported[5];  // INT8, 5M2E, 4M3E, 3M4E, 2M5E
  };
  // -10 log10 of the squared error, of numbers up to 100; of t with 4 and 3 degrees what lies
  // beyond counts
  constexpr Row rows[] = {{0.1, {52.9, 49.3, 43.4, 37.5, 31.7}},
                          {0.1, {40.5, 42.7, 37.6, 31.6, 25.6}},
                          {0.1, {33.1, 37.2, 36.3, 30.3, 24.3}},
                          {0.2, {26.9, 30.5, 35.0, 29.3, 23.3}}};
  const std::vector<Variable> all = variables();
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    const std::vector<double> decibels = best_decibels(all[i].error);
    for (std::size_t j = 0; j < decibels.size(); ++j) {
      CAPTURE(all[i].name, splits[j].name, decibels[j]);
      CHECK(std::abs(decibels[j] - 10 * std::log10(all[i].variance) - rows[i].reported[j]) <
            rows[i].tolerance + 0.05);
    }
  }
}

TEST_CASE("8 bits: the heavier the tails, the more exponent bits are best", "[claims]") {
  const Place expected[] = {int8, m5e2, m5e2, m4e3, m4e3, m3e4};
  const std::vector<Variable> all = variables();
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAPTURE(all[i].name);
    CHECK(best_of(best_decibels(all[i].error)) == expected[i]);
  }
}

TEST_CASE("8 bits: the best ranges of normal numbers", "[claims]") {
  const ErrorOf normal = error_of(nf::Distribution::normal);
  const auto c = [&](Place place) { return best_range(splits[place].format, normal).c; };
  CHECK(std::abs(c(int8) - 3.92) < 0.01);
  CHECK(std::abs(c(m5e2) - 4.35) < 0.01);
  CHECK(std::abs(c(m4e3) - 5.10) < 0.02);
  // what a range costs that is 8 times as large
  const auto lost = [&](Place place) {
    const nf::RuntimeFormat format = splits[place].format;
    return 10 * std::log10(normal(format, 8 * 3.92) / normal(format, 3.92));
  };
  CHECK(lost(int8) > 17);
  CHECK(lost(m3e4) < 0.1);
}

TEST_CASE("8 bits: outliers cost INT8 12 dB, three exponent bits nothing", "[claims]") {
  const auto with = [](double size) { return best_decibels(error_with_outliers(0.01, size)); };
  const auto none = with(1), some = with(8), more = with(64);
  CHECK(std::abs(none[int8] - 40.5) < 0.1);  // normal numbers
  CHECK(none[int8] - some[int8] > 12);
  CHECK(none[m5e2] - some[m5e2] > 10);
  CHECK(none[m4e3] - some[m4e3] < 0.2);
  CHECK(none[m3e4] - more[m3e4] < 0.01);
  CHECK(best_of(none) == m5e2);
  CHECK(best_of(some) == m4e3);
  CHECK(best_of(more) == m4e3);
}

TEST_CASE("8 bits of a small network: two exponent bits, three for gradients with outliers",
          "[claims]") {
  const auto file = nf::safetensors::read(NARROWFLOAT_DATA_DIR "/digits.safetensors");
  const auto decibels = [&](const char* name) {
    const auto values = file.find(name)->as<float>();
    return searched_decibels({values.begin(), values.end()});
  };
  for (const char* name : {"layer1.weight", "layer1.activation", "layer1.weight.adam_m"})
    CHECK(best_of(decibels(name)) == m5e2);
  CHECK(best_of(decibels("layer1.activation.grad")) == m4e3);
}

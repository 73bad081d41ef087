// SPDX-License-Identifier: MIT
// search_format(): the optima that arXiv 2208.09225 is about (the more outliers, the more exponent
// bits), the candidates by plain loops, and the vote of channels.
#include <narrowfloat/quantize/format_search.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

/// Random numbers by seed.
class Source {
 public:
  explicit Source(std::uint64_t seed) : state_(seed) {}
  /// Between 0 and 1.
  double uniform() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return (static_cast<double>(state_ >> 12) + 0.5) * 0x1p-52;
  }
  double normal() {
    const double radius = std::sqrt(-2 * std::log(uniform()));
    return radius * std::cos(2 * 3.14159265358979323846 * uniform());
  }
  double student(int freedom) {
    double squares = 0;
    const double x = normal();
    for (int i = 0; i < freedom; ++i) {
      const double y = normal();
      squares += y * y;
    }
    return x / std::sqrt(squares / freedom);
  }

 private:
  std::uint64_t state_;
};

constexpr std::size_t count = 1 << 16;

std::vector<float> uniform_numbers() {
  Source source(1);
  std::vector<float> x(count);
  for (float& y : x) y = static_cast<float>(2 * source.uniform() - 1);
  return x;
}
std::vector<float> normal_numbers() {
  Source source(2);
  std::vector<float> x(count);
  for (float& y : x) y = static_cast<float>(source.normal());
  return x;
}
std::vector<float> student_numbers(int freedom, std::size_t n = count) {
  Source source(3);
  std::vector<float> x(n);
  for (float& y : x) y = static_cast<float>(source.student(freedom));
  return x;
}

/// -10 log10 of the mean squared error of the best range.
double decibels(const std::vector<float>& x, int mantissa_bits) {
  const nf::FoundFormat found = nf::search_format(x, {.mantissa_bits = mantissa_bits});
  REQUIRE(found.format.mantissa_bits == mantissa_bits);
  REQUIRE(found.format.exponent_bits == 7 - mantissa_bits);
  return -10 * std::log10(found.squared_error / static_cast<double>(x.size()));
}

}  // namespace

TEST_CASE("format search: uniform numbers take no exponent bits to speak of",
          "[quantize][search]") {
  const std::vector<float> x = uniform_numbers();
  const nf::FoundFormat found = nf::search_format(x);
  CHECK(found.format.mantissa_bits == 6);  // one exponent bit: equal steps, as INT8
  CHECK(std::fabs(decibels(x, 6) - 52.9) < 0.2);
  CHECK(std::fabs(decibels(x, 5) - 49.3) < 0.2);
  CHECK(std::fabs(decibels(x, 4) - 43.3) < 0.2);
  CHECK(std::fabs(decibels(x, 3) - 37.2) < 0.2);
  CHECK(decibels(x, 2) < 31.9);  // 31.7 has a range beyond the candidates
}

TEST_CASE("format search: Gaussian numbers take two exponent bits", "[quantize][search]") {
  const std::vector<float> x = normal_numbers();
  const nf::FoundFormat found = nf::search_format(x);
  CHECK(found.format.mantissa_bits == 5);
  CHECK(found.format.exponent_bits == 2);
  CHECK(std::fabs(found.format.max_value - 4.35f) < 0.3f);
  CHECK(std::fabs(decibels(x, 6) - 40.5) < 0.3);
  CHECK(std::fabs(decibels(x, 5) - 42.7) < 0.3);
  CHECK(std::fabs(decibels(x, 4) - 37.6) < 0.3);
  CHECK(std::fabs(decibels(x, 3) - 31.6) < 0.3);
  CHECK(std::fabs(decibels(x, 2) - 25.6) < 0.3);
}

TEST_CASE("format search: the more outliers, the more exponent bits", "[quantize][search]") {
  const std::vector<float> some = student_numbers(8), heavy = student_numbers(4);
  CHECK(nf::search_format(some).format.mantissa_bits == 5);
  CHECK(std::fabs(decibels(some, 4) - 36.3) < 0.3);
  CHECK(nf::search_format(heavy).format.mantissa_bits == 4);
  CHECK(std::fabs(decibels(heavy, 4) - 33.9) < 0.5);
  // Between them it takes many numbers to meet the outliers.
  const std::vector<float> more = student_numbers(5, 16 * count);
  CHECK(std::fabs(decibels(more, 4) - 35.0) < 0.4);
  CHECK(decibels(more, 5) < 34);
}

TEST_CASE("format search: the candidates of the paper, one by one", "[quantize][search]") {
  std::vector<float> x = normal_numbers();
  x.resize(3001);
  float largest = 0;
  for (const float y : x) largest = std::max(largest, std::fabs(y));
  for (const bool is_signed : {true, false}) {
    nf::FoundFormat best{{}, std::numeric_limits<double>::infinity()};
    for (int mantissa = 1; mantissa < (is_signed ? 7 : 8); ++mantissa) {
      for (int k = 0; k < 111; ++k) {
        const auto c = static_cast<float>(static_cast<double>(largest) * (10 + k) / 100);
        const nf::RuntimeFormat format{(is_signed ? 7 : 8) - mantissa, mantissa, c, is_signed};
        const double error = nf::fake_quantize_error(x, format);
        if (error < best.squared_error) best = {format, error};
      }
    }
    const nf::FoundFormat found = nf::search_format(x, {.is_signed = is_signed});
    CHECK(found.format == best.format);
    CHECK(found.squared_error == best.squared_error);
  }
  std::vector<float> dirty = x;
  dirty.push_back(std::numeric_limits<float>::infinity());
  dirty.push_back(std::nanf(""));
  CHECK(nf::search_format(dirty).format == nf::search_format(x).format);
}

TEST_CASE("format search: INT8 with a searched range", "[quantize][search]") {
  const std::vector<float> uniform = uniform_numbers(), normal = normal_numbers(),
                           heavy = student_numbers(8);
  CHECK(std::fabs(decibels(uniform, 7) - 52.9) < 0.2);
  CHECK(std::fabs(decibels(normal, 7) - 40.5) < 0.3);
  CHECK(std::fabs(decibels(heavy, 7) - 33.1) < 1.5);  // its outliers are few
  CHECK(decibels(heavy, 7) < decibels(heavy, 5) - 3);
  // by plain loops: 127 steps a side
  std::vector<float> x = normal;
  x.resize(2000);
  const nf::FoundFormat found = nf::search_format(x, {.mantissa_bits = 7});
  const nf::FoundFormat same = nf::search_format(x, {.mantissa_bits = 6});
  CHECK(found.format.max_value == same.format.max_value);
  CHECK(found.squared_error == same.squared_error);
  double error = 0;
  const auto c = static_cast<double>(found.format.max_value);
  for (const float y : x) {
    const double steps = std::nearbyint(static_cast<double>(y) * 127 / c);
    const double q = std::min(127.0, std::max(-127.0, steps)) * c / 127;
    error += (q - static_cast<double>(y)) * (q - static_cast<double>(y));
  }
  CHECK(found.squared_error == Approx(error).epsilon(1e-5));
  CHECK(nf::search_format(x, {.is_signed = false, .mantissa_bits = 8}).format.width() == 8);
}

TEST_CASE("format search: the first and the last candidate", "[quantize][search]") {
  for (const float c : {0.1f, 1.2f}) {  // thirds of it, and the largest magnitude
    std::vector<float> x{1};
    const nf::RuntimeFormat format{1, 1, c};
    for (int i = 0; i < 1000; ++i)
      for (const std::uint32_t code : {1u, 2u, c < 1 ? 3u : 2u}) x.push_back(format.decode(code));
    CHECK(nf::search_format(x, {.width = 3}).format == format);
  }
}

TEST_CASE("format search: channels vote, and keep their ranges", "[quantize][search]") {
  constexpr std::size_t cols = 8192;
  std::vector<float> x(5 * cols);
  const std::vector<float> uniform = uniform_numbers(), normal = normal_numbers();
  for (std::size_t i = 0; i < cols; ++i) {
    x[i] = normal[i];
    x[cols + i] = 100 * normal[cols + i];
    x[2 * cols + i] = uniform[i];
    x[3 * cols + i] = 0;
    x[4 * cols + i] = 1e-3f * normal[2 * cols + i];
  }
  const nf::FoundChannelFormats found = nf::search_channel_formats(x, 5, cols);
  CHECK(found.format.mantissa_bits == 5);
  REQUIRE(found.max_values.size() == 5);
  for (std::size_t row = 0; row < 5; ++row) {
    const std::span<const float> channel = std::span<const float>(x).subspan(row * cols, cols);
    const nf::FoundFormat alone = nf::search_format(channel, {.mantissa_bits = 5});
    CHECK(found.max_values[row] == alone.format.max_value);
    CHECK(found.squared_errors[row] == alone.squared_error);
  }
  CHECK(found.max_values[3] == 1);
  CHECK(found.format.max_value == found.max_values[1]);
  // Of equals the fewest bits.
  CHECK(nf::search_channel_formats(std::span<const float>(x).subspan(cols, 2 * cols), 2, cols)
            .format.mantissa_bits == 5);
  // the first columns of each row
  const auto part = nf::search_channel_formats(nf::MatrixView(x, 5, 512, cols));
  for (std::size_t row = 0; row < 5; ++row) {
    const auto channel = std::span<const float>(x).subspan(row * cols, 512);
    CHECK(
        part.max_values[row] ==
        nf::search_format(channel, {.mantissa_bits = part.format.mantissa_bits}).format.max_value);
  }
}

TEST_CASE("format search: a channel of zeros has no vote, and of equals the fewest bits win",
          "[quantize][search]") {
  std::vector<float> x(2 * 256);
  const std::vector<float> uniform = uniform_numbers();
  std::copy_n(uniform.begin(), 256, x.begin());
  CHECK(nf::search_channel_formats(x, 2, 256).format.mantissa_bits == 6);
  // 1 is the largest value of every format: without error by all, and first by the one of 1
  // mantissa bit
  CHECK(nf::search_format(std::vector<float>{1, -1}).format == nf::RuntimeFormat{6, 1, 1});
}

TEST_CASE("format search: zeros, the ends of float, and what is refused", "[quantize][search]") {
  CHECK(nf::search_format(std::vector<float>(10)).format.max_value == 1);
  CHECK(nf::search_format(std::vector<float>{}).squared_error == 0);
  const float most = std::numeric_limits<float>::max(), least = 0x1p-149f;
  CHECK(nf::search_format(std::vector<float>{most, -most}).squared_error == 0);
  CHECK(nf::search_format(std::vector<float>{least}).squared_error == 0);
  const std::vector<float> x(6, 1.0f);
  CHECK_THROWS_WITH(nf::search_format(x, {.width = 2}),
                    "narrowfloat::search_format: no format of run time has 2 bits");
  CHECK_THROWS_AS(nf::search_format(x, {.width = 8, .mantissa_bits = 8}), std::invalid_argument);
  CHECK_THROWS_AS(nf::search_format(x, {.width = 40}), std::invalid_argument);
  CHECK_THROWS_AS(nf::search_channel_formats(x, 4, 2), std::invalid_argument);
}

// SPDX-License-Identifier: MIT
// The epilogue of a matrix product: on every instruction set each operation is rounded once, in its
// order, and each element takes its own random bits.
#include <narrowfloat/linalg.hpp>
#include <narrowfloat/loops.hpp>
#include <narrowfloat/packed.hpp>

#include <bit>
#include <cmath>
#include <random>

#include "support/catch.hpp"
#include "support/environments.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

constexpr std::size_t m = 5, n = 37;
const nf::FusedAccumulator<float> acc;

/// Floats of every kind: ordinary, huge, subnormal, zeros, Inf, NaN.
std::vector<float> numbers(std::size_t count, std::mt19937_64& random) {
  std::vector<float> all(count);
  for (float& x : all) {
    const auto code = static_cast<std::uint32_t>(random());
    const float normal = std::normal_distribution<float>()(random);
    switch (random() % 8) {
      case 0:
        x = std::bit_cast<float>(code);
        break;
      case 1:
        x = std::bit_cast<float>(code & 0x807fffffu);
        break;
      case 2:
        x = std::copysign(random() % 4 == 0 ? HUGE_VALF : 0.0f, normal);
        break;
      default:
        x = normal;
    }
  }
  return all;
}

float product(float a, float b) { return nf::detail::float_product(a, b); }
float sum(float a, float b) {
  return nf::detail::nearest_float(
      nf::detail::sum(nf::detail::exact_float(a), nf::detail::exact_float(b)));
}

struct Parts {
  float scale;
  std::vector<float> rows, columns, bias;

  Parts(unsigned which, std::mt19937_64& random)
      : scale((which & 1) != 0 ? numbers(1, random)[0] : 1),
        rows(numbers((which & 2) != 0 ? m : 0, random)),
        columns(numbers((which & 4) != 0 ? n : 0, random)),
        bias(numbers((which & 8) != 0 ? n : 0, random)) {}

  template <class R = nf::NearestEven>
  nf::Epilogue<R> epilogue(R rounding = {}) const {
    return {scale, rows, columns, bias, rounding, {}};
  }
  float of(float x, std::size_t i, std::size_t j) const {
    float factor = scale;
    if (!rows.empty()) factor = product(factor, rows[i]);
    if (!columns.empty()) factor = product(factor, columns[j]);
    const float y = product(x, factor);
    return bias.empty() ? y : sum(y, bias[j]);
  }
};

template <class T, class R>
void check(const char* name, const R& rounding) {
  std::mt19937_64 random(4);
  Mismatches bad;
  const std::vector<float> ones(n, 1.0f);
  for (unsigned which = 0; which < 64; ++which) {
    const Parts parts(which, random);
    const auto x = numbers(m, random);
    std::vector<T> c(m * (n + 1));
    const nf::MatrixView out(c, m, n, n + 1);
    nf::matmul(nf::MatrixView(x, m, 1), nf::MatrixView(ones, 1, n), out, acc, {},
               parts.epilogue(rounding));
    nf::PackedVector<T> packed(m * n);
    nf::matmul(x, ones, packed, m, n, 1, acc, {}, parts.epilogue(rounding));
    for (std::size_t i = 0; i < m * n; ++i) {
      const auto want =
          nf::detail::convert_number<T>(parts.of(sum(x[i / n], 0.0f), i / n, i % n), rounding,
                                        nf::default_saturation<T>, nf::Subnormals::keep, i);
      const auto where = [&] { return name + (" " + std::to_string(which)); };
      bad.expect_equal(where, i, want.bits(), out.row(i / n)[i % n].bits());
      bad.expect_equal(where, i, want.bits(), packed[i].bits());
    }
  }
  CHECK(bad.report() == "");
}

}  // namespace

TEST_CASE("an epilogue to narrower numbers", "[isa]") {
  check<nf::bfloat16>("nearest", nf::nearest_even);
  check<nf::float8_e4m3fn>("keyed", nf::Stochastic<>{.seed = 3, .stream = 1, .offset = 5});
  std::mt19937_64 random(5);
  std::vector<std::uint32_t> words(m * n);
  for (auto& word : words) word = static_cast<std::uint32_t>(random());
  check<nf::float8_e5m2>("words", nf::StochasticA<8>{words});
}

TEST_CASE("an epilogue in float, in every floating-point environment", "[isa]") {
  std::mt19937_64 random(6);
  const auto x = numbers(m, random);
  const std::vector<float> ones(n, 1.0f);
  Mismatches bad;
  for (unsigned which = 0; which < 16; ++which) {
    const Parts parts(which, random);
    const auto run = [&] {
      std::vector<float> y(m * n);
      nf::matmul(x, ones, y, m, n, 1, acc, {}, parts.epilogue());
      std::vector<std::uint32_t> codes;
      for (const float v : y) codes.push_back(std::bit_cast<std::uint32_t>(v));
      return codes;
    };
    const auto codes = run();
    for (std::size_t i = 0; i < m * n; ++i)
      bad.expect_equal([&] { return std::to_string(which); }, i,
                       std::bit_cast<std::uint32_t>(parts.of(sum(x[i / n], 0.0f), i / n, i % n)),
                       codes[i]);
    check_rounding_modes(run);
    check_flush_flags(run);
    check_unmasked_exceptions(run);
  }
  CHECK(bad.report() == "");
}

TEST_CASE("an epilogue of sums in other types", "[isa]") {
  std::vector<double> y(1);
  const std::vector<float> a = {0x1p-30f, 1.0f}, b = {1.0f, 1.0f};
  nf::matmul(a, b, y, 1, 1, 2, nf::FusedAccumulator<double>{}, {}, nf::Epilogue<>{.scale = 3});
  CHECK(y[0] == 3.0);  // rounded to a float first
  std::vector<float> z(1);
  nf::matmul(a, b, z, 1, 1, 2, nf::FusedAccumulator<nf::float12_e6m5>{}, {},
             nf::Epilogue<>{.scale = 0x1p40f});
  CHECK(z[0] == 0x1p40f);
}

TEST_CASE("epilogues that do not fit are refused", "[isa]") {
  const std::vector<float> x(6, 1.0f);
  std::vector<float> y(4, 7.0f);
  const std::string start = "narrowfloat::matmul: m = 2, n = 2, k = 3: the epilogue has 6 ";
  const auto run = [&](const auto& epilogue) { nf::matmul(x, x, y, 2, 2, 3, acc, {}, epilogue); };
  CHECK_THROWS_WITH(run(nf::Epilogue<>{.row_scales = x}), start + "row scales, not 2");
  CHECK_THROWS_WITH(run(nf::Epilogue<>{.column_scales = x}), start + "column scales, not 2");
  CHECK_THROWS_WITH(run(nf::Epilogue<>{.bias = x}), start + "bias numbers, not 2");
  CHECK(y == std::vector<float>(4, 7.0f));
}

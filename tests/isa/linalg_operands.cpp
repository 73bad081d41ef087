// SPDX-License-Identifier: MIT
// Matrix products of block tensors: on every instruction set each element is the sum of the exact
// products of scale * element, a step at a time, however the tensors are blocked and stored and
// wherever their scales lie.
#include <narrowfloat/linalg.hpp>
#include <narrowfloat/mx.hpp>

#include <array>
#include <bit>
#include <random>

#include "support/catch.hpp"
#include "support/environments.hpp"
#include "support/formats.hpp"
#include "support/mismatches.hpp"

using namespace test;

namespace {

using nf::detail::exact;
using Fused = nf::FusedAccumulator<float>;
using Keyed = nf::Stochastic<13, nf::StochasticVariant::p3109_a>;
using fp8_tiles = nf::BlockFormat<nf::float8_e4m3fn, float, 128, 128>;

enum class Scales { usual, some_nan, ends, zero_blocks, small };
constexpr std::array kinds = {Scales::usual, Scales::some_nan, Scales::ends, Scales::zero_blocks,
                              Scales::small};

template <class Format>
struct operand {
  nf::BlockTensor<Format> tensor;
  std::vector<exact> values;  ///< in row-major order
};

template <class Format>
operand<Format> make(std::size_t rows, std::size_t cols, int axis, Scales kind,
                     nf::Subnormals flush, std::mt19937_64& random) {
  using Scale = typename Format::scale;
  using Tensor = nf::BlockTensor<Format>;
  std::normal_distribution<float> normal;
  std::vector<float> x(rows * cols);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = kind == Scales::zero_blocks && i % 64 < 40 ? 0 : normal(random);
  Tensor tensor = Tensor::quantize(x, rows, cols, {.axis = axis});
  std::vector<Scale> scales(tensor.scales().begin(), tensor.scales().end());
  for (std::size_t i = 0; i < scales.size(); ++i) {
    if constexpr (nf::detail::power_of_two_scale<Scale>) {
      if (kind == Scales::some_nan && i % 3 == 1) scales[i] = Scale::from_bits(0xff);
      if (kind == Scales::ends) scales[i] = Scale::from_bits(i % 2 == 0 ? 0 : 0xfe);
      if (kind == Scales::small)
        scales[i] = Scale::from_bits(static_cast<std::uint8_t>(50 + i % 4));
    } else if constexpr (std::same_as<Scale, float>) {
      if (kind == Scales::some_nan)
        scales[i] = std::bit_cast<float>(static_cast<std::uint32_t>(0x7fc00000u + i % 2));
      if (kind == Scales::ends) scales[i] = std::bit_cast<float>(i % 2 == 0 ? 0x7f800000u : 1u);
      if (kind == Scales::small) scales[i] = i % 2 == 0 ? 0x1p-60f : 0x1.8p-70f;
    } else if (kind == Scales::some_nan && i % 3 == 1) {
      scales[i] = Scale::from_bits(0x7f);
    }
  }
  const float tensor_scale = kind == Scales::small ? 0x1p-20f : tensor.tensor_scale();
  operand<Format> made{Tensor::from_parts({tensor.codes().data(), tensor.codes().size_bytes()},
                                          scales, rows, cols, axis, tensor_scale),
                       std::vector<exact>(rows * cols)};
  for (std::size_t r = 0; r < made.tensor.block_rows(); ++r) {
    for (std::size_t c = 0; c < made.tensor.block_cols(); ++c) {
      const auto block = made.tensor.block(r, c);
      const exact factor =
          nf::detail::product(nf::detail::exact_float(static_cast<float>(block.scale)),
                              nf::detail::exact_float(made.tensor.tensor_scale()));
      for (std::size_t i = block.row; i < block.row + block.rows; ++i) {
        for (std::size_t j = block.col; j < block.col + block.cols; ++j) {
          const typename Format::element code = made.tensor.codes().row(i)[j];
          made.values[i * cols + j] =
              nf::detail::product(nf::detail::operand_value(code, flush), factor);
        }
      }
    }
  }
  return made;
}

template <class T>
std::uint32_t code_of(T x) {
  if constexpr (std::same_as<T, float>) {
    return std::bit_cast<std::uint32_t>(x);
  } else {
    return x.bits();
  }
}

/// Products of every blocking and storage, with tails.
template <class F, class G, class Acc>
void check(const char* name, const Acc& acc) {
  using T = typename Acc::type;
  constexpr std::size_t m = 7, n = 35, k = 150;
  const nf::Subnormals flush = nf::detail::running_sum<Acc>::subnormals(acc);
  std::mt19937_64 random(3);
  Mismatches bad;
  for (unsigned storage = 0; storage < 16; ++storage) {
    const bool across = (storage & 1) != 0, up = (storage & 2) != 0;
    const Scales kind = kinds[storage % kinds.size()],
                 other = kinds[(storage + storage / 8 * 2) % kinds.size()];
    const auto a = make<F>(across ? k : m, across ? m : k, (storage >> 2) % 2, kind, flush, random);
    const auto b = make<G>(up ? n : k, up ? k : n, storage >> 3, other, flush, random);
    std::vector<T> c(m * n);
    nf::matmul(a.tensor, b.tensor, c, m, n, k, acc, {.a_transposed = across, .b_transposed = up});
    for (std::size_t i = 0; i < m * n; ++i) {
      nf::detail::running_sum<Acc> sum(acc, i * k);
      for (std::size_t l = 0; l < k; ++l) {
        const std::size_t row = i / n, col = i % n;
        sum.add(a.values[across ? l * m + row : row * k + l],
                b.values[up ? col * k + l : l * n + col]);
      }
      bad.expect_equal([&] { return name + (" " + std::to_string(storage)); }, i,
                       code_of(sum.value()), code_of(c[i]));
    }
  }
  CHECK(bad.report() == "");
}

}  // namespace

TEST_CASE("products of MX tensors with sums in float", "[isa]") {
  check<nf::mxfp8_e4m3, nf::mxfp4_e2m1>("fused", Fused{});
  check<nf::mxfp8_e5m2, nf::mxint8>("separate", nf::SeparateAccumulator<float>{});
  check<nf::mxfp8_e4m3, nf::mxfp4_e2m1>("chunks",
                                        nf::ChunkedAccumulator<Fused, Fused>{.chunk = 32});
}

TEST_CASE("exact products of block tensors", "[isa]") {
  check<nf::mxfp8_e4m3, nf::mxfp4_e2m1>("exact", nf::ExactAccumulator{});
  check<nf::nvfp4, nf::mxfp4_e2m1>("exact, nvfp4", nf::ExactAccumulator{});
}

TEST_CASE("products of NVFP4 and of 128 x 128 blocks of FP8", "[isa]") {
  check<nf::nvfp4, nf::nvfp4>("nvfp4", Fused{});
  check<fp8_tiles, nf::nvfp4_2d>("fp8", Fused{});
}

TEST_CASE("products of MX tensors with sums in a narrow format", "[isa]") {
  using A = nf::float12_e6m5;
  const Keyed key{.seed = 7, .stream = 2, .offset = 99};
  check<nf::mxfp8_e5m2, nf::mxfp4_e2m1>("stochastic",
                                        nf::FusedAccumulator<A, Keyed>{.rounding = key});
  check<nf::mxfp8_e5m2, nf::mxfp4_e2m1>(
      "flushed",
      nf::FusedAccumulator<A, Keyed>{.rounding = key, .subnormals = nf::Subnormals::flush});
}

TEST_CASE("products of MX tensors in every floating-point environment", "[isa]") {
  std::mt19937_64 random(9);
  const auto keep = nf::Subnormals::keep;
  const auto a = make<nf::mxfp8_e4m3>(3, 64, 1, Scales::usual, keep, random),
             tiny = make<nf::mxfp8_e4m3>(3, 64, 1, Scales::small, keep, random),
             b = make<nf::mxfp8_e4m3>(64, 20, 0, Scales::small, keep, random);
  const auto product = [&] {
    std::vector<float> c(2 * 3 * 20);
    nf::matmul(a.tensor, b.tensor, std::span(c).first(60), 3, 20, 64, Fused{});
    nf::matmul(tiny.tensor, b.tensor, std::span(c).last(60), 3, 20, 64, Fused{});
    std::vector<std::uint32_t> bits;
    for (const float x : c) bits.push_back(code_of(x));
    return bits;
  };
  check_rounding_modes(product);
  check_flush_flags(product);
  check_unmasked_exceptions(product);
}

// SPDX-License-Identifier: MIT
// The recipes of Linear whose sums are narrow, or integers.
#include <cmath>

#include "support/linear_check.hpp"

using namespace test;
namespace recipes = nf::recipes;

constexpr nf::LinearShape shape{.rows = 133, .in = 37, .out = 29};  // two chunks of 64 and a tail

TEST_CASE("IBM's chunks in 1-6-9, and stochastic sums in E6M5", "[linear]") {
  check_recipe<recipes::Ibm2018<>>("IBM 2018", shape, 0x1p-5, 0x1p-4);
  check_recipe<recipes::Hfp8<>>("HFP8", shape, 0x1p-5, 0x1p-4);
  check_recipe<recipes::SrMac<>>("SR-MAC", shape, 1, 1);
  check_recipe<recipes::SrMac<9>>("SR-MAC", shape, 1, 1);
}

/// Integer sums times two scales over 127^2, rounded to float, by long arithmetic.
template <class A, class B>
void check_int8(const A& a, bool a_transposed, const B& b, bool b_transposed, std::size_t m,
                std::size_t n, std::size_t k, const std::vector<float>& got) {
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      std::int64_t sum = 0;
      for (std::size_t l = 0; l < k; ++l)
        sum += std::int64_t{a.codes()[a_transposed ? l * m + i : i * k + l]} *
               b.codes()[b_transposed ? j * k + l : l * n + j];
      const auto scale = [](const auto& scales, std::size_t at) {
        return static_cast<double>(scales.size() == 1 ? scales[0] : scales[at]);
      };
      const double exact =
          static_cast<double>(sum) * scale(a.scales(), i) * scale(b.scales(), j) / 16129;
      wrong += std::abs(got[i * n + j] - exact) > 0x1.01p-24 * std::abs(exact);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("int8: integer sums, scales outside of them", "[linear]") {
  constexpr std::size_t rows = shape.rows, in = shape.in, out = shape.out;
  const auto x = normal_floats(rows * in, 1), w = normal_floats(out * in, 2),
             dy = normal_floats(rows * out, 3);
  std::vector<float> y(rows * out), dx(rows * in), dw(out * in);
  const auto run = [&](auto layer) {
    const auto q = layer.quantized(x, w, shape);
    const auto& qx = q.x;
    const auto& qw = q.w;
    const auto qdy = layer.quantized(dy, shape);
    layer.forward(x, w, y, shape);
    layer.backward(dy, dx, dw);
    check_int8(qx.rows().values, false, qw.rows().values, true, rows, out, in, y);
    check_int8(qdy.rows().values, false, qw.columns().values, false, rows, in, out, dx);
    if constexpr (requires {
                    qx.columns().values.codes();
                    qdy.columns().values.codes();
                  })
      check_int8(qdy.columns().values, true, qx.columns().values, false, out, in, rows, dw);
    return std::pair(qx, qw);
  };
  const auto [x1, w1] = run(nf::Linear<recipes::SwitchBack<>>());
  CHECK((w1.is_shared() && w1.rows().values.scales().size() == 1));
  CHECK(x1.rows().size_bytes() == rows * (in + 4));
  CHECK(x1.columns().size_bytes() == rows * in * 2);
  const auto [x2, w2] = run(nf::Linear<recipes::SwitchBackM<>>());
  CHECK((x2.is_shared() && w2.is_shared() && x2.size_bytes() == rows * (in + 4)));
  const auto [x3, w3] = run(nf::Linear<recipes::SwitchBackQ<>>());
  CHECK((!w3.is_shared() && w3.rows().values.scales().size() == out));
  CHECK(w3.columns().values.scales().size() == in);
  const auto [x4, w4] = run(nf::Linear<recipes::LlmInt8<>>());
  CHECK(x4.columns().values.scales().size() == in);
}

TEST_CASE("SwitchBack's weight gradient is in 16 bits, of the M form from the int8 codes",
          "[linear]") {
  const auto check = [](const auto& how, const MadeProduct& made, double error) {
    if constexpr (!std::same_as<decltype(how.accumulator), nf::ExactAccumulator>)
      check_product(how, made, error);
  };
  check_products(recipes::SwitchBack<>{}, shape, 1, 0x1p-19, check);
  check_products(recipes::SwitchBackM<>{}, shape, 1, 0x1p-19, check);
  check_products(recipes::SwitchBackQ<>{}, shape, 1, 0x1p-19, check);
}

TEST_CASE("int8 sums that int32 may not hold are refused", "[linear]") {
  const std::size_t rows = nf::int8_product_depth + 1;
  std::vector<float> x(rows, 1.0f), w{1.0f}, y(rows), dw(1), dx(rows, 7.0f);
  nf::Linear<recipes::LlmInt8<>> layer;
  layer.forward(x, w, y, {rows, 1, 1});
  CHECK_THROWS_WITH(
      layer.backward(x, {}, dw),
      "narrowfloat::Linear::backward: a sum of 133145 products of int8 codes does not "
      "fit in int32: at most 133144");
  CHECK(dx[0] == 7);  // nothing was written
  CHECK_THROWS_AS(layer.forward(x, x, dw, {1, rows, 1}), std::invalid_argument);
  CHECK(layer.passes == 1);
}

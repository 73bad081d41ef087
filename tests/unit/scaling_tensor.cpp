// SPDX-License-Identifier: MIT
// ScaledTensor: the codes of a conversion with the recipe's scale and the amax of the same tensor
// in its state, from one call; decoded, cut, and made of its parts again.
#include <narrowfloat/scaling/scaled_tensor.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

using F = nf::float8_e4m3fn;
using Tensor = nf::ScaledTensor<F>;
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

std::vector<float> numbers(std::size_t n) {
  std::vector<float> values(n);
  std::uint32_t state = 3;
  for (float& x : values) {
    state = state * 1664525u + 1013904223u;
    x = std::bit_cast<float>((state & 0x807fffffu) | (115 + (state >> 28)) << 23);
  }
  return values;
}

template <class In, class R = nf::NearestEven>
std::vector<F> codes_of(const In& in, float scale, R rounding = {}) {
  std::vector<F> codes(in.size());
  nf::convert(in, codes, nf::Scale{scale}, rounding, nf::Saturation::finite);
  return codes;
}
bool same(std::span<const F> a, const std::vector<F>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](F x, F y) { return x.bits() == y.bits(); });
}

}  // namespace

TEST_CASE("scaled tensor: delayed scaling, converted and measured by one call", "[scaling]") {
  for (const std::size_t n : {0u, 1u, 1023u, 1024u, 5000u}) {
    std::vector<float> in = numbers(n);
    nf::DelayedScaling<F> state{.history_length = 4, .scale = 3};
    const nf::Stochastic<> random{.seed = 1, .offset = 5};
    const Tensor nearest = Tensor::quantize(in, state), noisy = Tensor::quantize(in, state, random);
    CHECK(same(nearest.codes(), codes_of(in, 3)));
    CHECK(same(noisy.codes(), codes_of(in, 3, random)));
    CHECK(state.scale == 3);  // the step's end is the caller's
    CHECK(state.amax_history[0] == nf::amax(in));
    if (n == 0) continue;
    in[n / 2] = -1000;
    in[n - 1] = not_a_number;
    state.amax_history[0] = 0;
    CHECK(nearest.scale_inv() == 1 / 3.0f);
    const Tensor with_nan = Tensor::quantize(in, state);
    CHECK(state.amax_history[0] == nf::amax(in, nf::NanAmax::drop));
    CHECK(same(with_nan.codes(), codes_of(in, 3)));
    state.non_finite = nf::NonFiniteAmax::keep;
    const Tensor kept = Tensor::quantize(in, state);
    CHECK(std::isnan(state.amax_history[0]));
  }
}

TEST_CASE("scaled tensor: gradients of 16 bits", "[scaling]") {
  std::vector<nf::bfloat16> in(3000);
  nf::convert(numbers(3000), in);
  std::vector<float> widened(3000);
  nf::convert(in, widened);
  nf::DelayedScaling<F> state{.history_length = 4, .scale = 0.5f};
  const Tensor made = Tensor::quantize(in, state);
  CHECK(same(made.codes(), codes_of(widened, 0.5f)));
  CHECK(state.amax_history[0] == nf::amax(widened));
}

TEST_CASE("scaled tensor: FP8-LM, in time until the window is filled", "[scaling]") {
  const std::vector<float> small(5, 1.75f), large(5, 7.0f);
  nf::ScalingMeta<F> meta{.window = 2};
  CHECK(Tensor::quantize(small, meta).scale() == 256);  // of this tensor
  CHECK(Tensor::quantize(large, meta).scale() == 64);
  CHECK_FALSE(meta.in_time());
  CHECK(Tensor::quantize(small, meta).scale() == 64);  // of the two before
  CHECK(Tensor::quantize(small, meta).scale() == 64);  // 7 is in the window
  const Tensor last = Tensor::quantize(small, meta);
  CHECK(last.scale() == 256);
  CHECK(last.scale_inv() == 1 / 256.0f);
}

TEST_CASE("scaled tensor: current scaling, and a scale of one's own", "[scaling]") {
  const std::vector<float> in{1, -7, 0.5f};
  const Tensor current = Tensor::quantize(in, nf::CurrentScalingOptions{});
  CHECK(current.scale() == 64);
  CHECK(same(current.codes(), codes_of(in, 64)));
  const Tensor own = Tensor::quantize(in, nf::Scale{2});
  CHECK(own.scale_inv() == 0.5f);
  CHECK(same(own.codes(), codes_of(in, 2)));
  CHECK(Tensor::quantize(std::vector<float>{1e-45f}, nf::CurrentScalingOptions{}).scale_inv() > 0);
}

TEST_CASE("scaled tensor: values are codes times the inverse scale", "[scaling]") {
  const std::vector<float> in = numbers(2500);
  const Tensor made = Tensor::quantize(in, nf::Scale{0.37f});
  std::vector<float> out(2500), part(700);
  made.dequantize(out);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < out.size(); ++i)
    wrong += out[i] != static_cast<float>(made.codes()[i]) * made.scales()[0] ? 1 : 0;
  CHECK(wrong == 0);
  made.dequantize(1111, 700, part);
  CHECK(std::equal(part.begin(), part.end(), out.begin() + 1111));
  CHECK_THROWS_WITH(
      made.dequantize(part),
      "narrowfloat::ScaledTensor::dequantize: the input has 2500 elements, the output 700");
  CHECK_THROWS_WITH(
      made.dequantize(2000, 501, part),
      "narrowfloat::ScaledTensor::dequantize: 501 elements from 2000 on, of a tensor of 2500");
  CHECK_THROWS_AS(made.dequantize(~std::size_t{0}, 2, part), std::invalid_argument);
}

TEST_CASE("scaled tensor: values of 16 bits are rounded once", "[scaling]") {
  const std::vector<float> in = numbers(3000);
  const Tensor made = Tensor::quantize(in, nf::Scale{0.37f});
  std::vector<nf::bfloat16> out(3000), noisy(3000), part(1000);
  const nf::Stochastic<> random{.seed = 4, .offset = 6};
  made.dequantize(out);
  made.dequantize(noisy, random);
  made.dequantize(1500, 1000, part, random);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const nf::Scale inverse{made.scale_inv()};
    const auto wanted = [&](auto rounding) {
      return nf::convert<nf::bfloat16>(made.codes()[i], inverse, rounding).bits();
    };
    wrong += out[i].bits() != wanted(nf::nearest_even) ? 1 : 0;
    wrong += noisy[i].bits() != wanted(random.from(i)) ? 1 : 0;
    wrong += i / 1000 == 1 && i >= 1500 && part[i - 1500].bits() != noisy[i].bits() ? 1 : 0;
  }
  CHECK(wrong == 0);
  const auto infinite =
      nf::ScaledTensor<nf::float8_e5m2>::from_parts({nf::float8_e5m2::from_bits(0x7c)}, 1, 1);
  std::vector<float> one(1);
  infinite.dequantize(one);
  CHECK(one[0] == infinity);
}

TEST_CASE("scaled tensor: assigned again in its memory, whole and in part", "[scaling]") {
  const std::vector<float> in = numbers(3000);
  const nf::Stochastic<> random{.seed = 9};
  Tensor made = Tensor::quantize(std::vector<float>(3000, 5.0f), nf::Scale{1});
  const F* const memory = made.codes().data();
  made.assign(in, nf::Scale{2}, random);
  CHECK(made.codes().data() == memory);
  const Tensor whole = Tensor::quantize(in, nf::Scale{2}, random);
  CHECK(made == whole);
  Tensor pieces = Tensor::quantize(std::vector<float>(3000, 5.0f), nf::Scale{2});
  CHECK_FALSE(pieces == whole);
  for (std::size_t first = 0; first < 3000; first += 750)
    pieces.assign(first, std::span(in).subspan(first, 750), random);
  CHECK(pieces == whole);
  CHECK_THROWS_WITH(
      pieces.assign(2999, std::vector<float>(2)),
      "narrowfloat::ScaledTensor::assign: 2 elements from 2999 on, of a tensor of 3000");
}

TEST_CASE("scaled tensor: made of its parts", "[scaling]") {
  const Tensor made = Tensor::quantize(numbers(100), nf::Scale{0.1f});
  const std::vector<F> codes(made.codes().begin(), made.codes().end());
  CHECK(Tensor::from_parts(codes, made.scale_inv(), made.scale()) == made);
  CHECK_FALSE(Tensor::from_parts(codes, made.scale_inv(), 0.2f) == made);
  CHECK(Tensor::from_parts(codes, 0.25f).scale() == 4);
  const Tensor tiny = Tensor::quantize(std::vector<float>{1e-45f}, nf::CurrentScalingOptions{});
  CHECK(Tensor::from_parts({tiny.codes()[0]}, tiny.scale_inv(), tiny.scale()) == tiny);
  for (const float bad : {0.0f, -1.0f, infinity, not_a_number}) {
    CHECK_THROWS_AS(Tensor::from_parts(codes, bad), std::invalid_argument);
    CHECK_THROWS_AS(Tensor::from_parts(codes, 1, bad), std::invalid_argument);
  }
  CHECK_THROWS_WITH(
      Tensor::from_parts(codes, 0),
      "narrowfloat::ScaledTensor::from_parts: the inverse scale is 0, not a positive number");
  CHECK(made.size_bytes() == 104);
  CHECK(made.bits_per_element() == 8.32);
}

TEST_CASE("scaled tensor: a state that is none is refused before anything changes", "[scaling]") {
  const std::vector<float> in{1, 2};
  Tensor made = Tensor::quantize(in, nf::Scale{1});
  const Tensor before = made;
  nf::DelayedScaling<F> state{.history_length = 2, .scale = -3};
  CHECK_THROWS_WITH(made.assign(in, state),
                    "narrowfloat::ScaledTensor::assign: the scale is -3, not "
                    "a number from 2^-127 to the largest float");
  state.scale = 1;
  state.amax_history.resize(1);
  CHECK_THROWS_AS(made.assign(in, state), std::invalid_argument);
  nf::ScalingMeta<F> meta{.scale_inv = 0};
  CHECK_THROWS_AS(made.assign(in, meta), std::invalid_argument);
  CHECK_THROWS_AS(made.assign(in, nf::Scale{0}), std::invalid_argument);
  CHECK_THROWS_AS(made.assign(in, nf::Scale{1}, nf::StochasticA<8>{std::vector<std::uint32_t>(3)}),
                  std::invalid_argument);
  CHECK(made == before);
}

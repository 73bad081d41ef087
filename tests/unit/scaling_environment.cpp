// SPDX-License-Identifier: MIT
// No rounding mode, no flush-to-zero flag and no unmasked exception moves a scale, a bias or a
// state.
#include <narrowfloat/narrowfloat.hpp>

#include "support/catch.hpp"
#include "support/checksum.hpp"
#include "support/environments.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

void add(Checksum& sum, double x) { sum.add(std::bit_cast<std::uint64_t>(x)); }
void add(Checksum& sum, float x) { sum.add(std::bit_cast<std::uint32_t>(x)); }

/// Bits, made without a float operation: exponents near both ends and subnormal ones are among
/// them.
std::vector<float> amaxes() {
  std::vector<float> values;
  std::uint32_t state = 1;
  for (int i = 0; i < 200; ++i) {
    state = state * 1664525u + 1013904223u;
    values.push_back(std::bit_cast<float>(state >> 1));
    values.push_back(std::bit_cast<float>(state >> (9 + i % 20)));
  }
  return values;
}

std::uint64_t scaling_checksum() {
  static const std::vector<float> inputs = amaxes();
  Checksum sum;
  nf::DelayedScaling<nf::float8_e4m3fn> delayed{.history_length = 3, .margin = 1};
  nf::ScalingMeta<nf::float8_e5m2> meta{.window = 2};
  nf::AllReduceScale<nf::float8_e4m3fn> shared{.workers = 7};
  nf::AutoScale mu{.threshold = 0.3, .backoff = 0.7};
  nf::DynamicLossScale loss{.growth_factor = 1.1, .backoff_factor = 0.3, .growth_interval = 2};
  std::uint32_t step = 0;
  for (const float amax : inputs) {
    ++step;
    delayed.record(amax);
    delayed.update();
    add(sum, delayed.scale);
    add(sum, delayed.scale_inv());
    meta.record(amax);
    meta.update();
    add(sum, meta.scale);
    add(sum, meta.scale_inv);
    shared.update(nf::reducible_amax(amax));
    add(sum, shared.scale);
    add(sum, shared.mean_scale_inv());
    mu.update(step % 3, 6);
    add(sum, mu.mu);
    add(sum, mu.factor());
    loss.update(step % 5 == 0);
    add(sum, loss.scale);
    add(sum, nf::current_scale<nf::float8_e5m2>(amax));
    add(sum, nf::current_scale<nf::float8_e4m3fn, nf::float16>(
                 amax, {.amax_epsilon = std::bit_cast<float>(5u), .power_of_two = true}));
    sum.add(static_cast<std::uint32_t>(nf::amax_bias<nf::float8_e4m3fnuz>(amax, 2).bias));
  }
  std::vector<float> out(inputs.size()), scales(20);
  sum.add(nf::unscale(inputs, out, 0x1.3p126f));
  for (const float x : out) add(sum, x);
  nf::current_scales<nf::float8_e4m3fn>(inputs, scales, 20, 20, {1, 20}, {.power_of_two = false});
  for (const float x : scales) add(sum, x);
  std::vector<nf::float8_e4m3fn> codes(inputs.size());
  nf::convert_blocks(inputs, scales, codes, 20, 20, {1, 20});
  for (const auto x : codes) sum.add(x.bits());
  sum.add(static_cast<std::uint32_t>(nf::mse_bias<nf::float8_e5m2fnuz>(inputs).bias));
  for (std::size_t n = 1; n < 40; ++n) {
    for (const auto constraint : {nf::Constraint::none, nf::Constraint::gmean,
                                  nf::Constraint::hmean, nf::Constraint::amean}) {
      const nf::BinaryScales s = nf::matmul_scales(n, 3 * n + 1, 7 * n + 5, constraint);
      add(sum, s.forward);
      add(sum, s.grad_left);
      add(sum, nf::activation_scales(nf::Activation::gelu, constraint).forward);
    }
    const double third = std::bit_cast<double>(0x3fd5555555555555u + n);
    add(sum, nf::residual_scales(third).skip);
    add(sum, nf::dropout_scales(third).forward);
    add(sum, nf::residual_tau(n, 40, third, third));
    add(sum, nf::softmax_cross_entropy_scales(n + 1).grad);
  }
  return sum.value();
}

/// Ratios that are no short numbers.
std::uint64_t ratios_checksum() {
  const std::vector<float> x(21, 1.0f);
  Checksum sum;
  add(sum, nf::BlockTensor<nf::mxfp4_e2m1>::quantize(x, 3, 7).bits_per_element());
  add(sum, nf::CodebookTensor::quantize(x, nf::nf4_codebook()).bits_per_element());
  add(sum, nf::Int8Matrix::quantize(x, 3, 7).bits_per_element());
  add(sum, nf::ScaledTensor<nf::float8_e4m3fn>::quantize(x, nf::Scale{1}).bits_per_element());
  const nf::RangeUse use{.normal = 5, .clipped = 2};
  add(sum, use.part(use.clipped));
  const nf::FormatReport report{.elements = 7, .clipped = 3, .flushed = 1};
  add(sum, report.clipped_percent());
  add(sum, report.flushed_percent());
  for (const double sigma : {0.3, 1.7, 900.0}) {
    add(sum, nf::snr<nf::float8_e4m3fn>(sigma));
    add(sum, nf::snr_db<nf::float8_e4m3fn>(sigma, nf::StudentT{3}));
  }
  return sum.value();
}

}  // namespace

TEST_CASE("the four rounding modes change no scale", "[environment][scaling]") {
  test::check_rounding_modes(&scaling_checksum);
}

TEST_CASE("flush to zero, denormals are zero and unmasked exceptions change no scale",
          "[environment][scaling]") {
  test::check_flush_flags(&scaling_checksum);
  test::check_unmasked_exceptions(&scaling_checksum);
#if defined(__x86_64__)
  // all but inexact: a comparison of numbers is no exception, an operation might be one
  test::check_control_register(&scaling_checksum, 0x1000);
#endif
}

TEST_CASE("no environment changes a ratio, and no flag says that it was rounded",
          "[environment][scaling]") {
  test::check_rounding_modes(&ratios_checksum);
  test::check_flush_flags(&ratios_checksum);
  std::feclearexcept(FE_ALL_EXCEPT);
  CHECK(ratios_checksum() != 0);
  CHECK(std::fetestexcept(FE_ALL_EXCEPT) == 0);
}

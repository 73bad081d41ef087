// SPDX-License-Identifier: MIT
#include "quantizers.hpp"

#include <narrowfloat/hadamard.hpp>
#include <narrowfloat/mx.hpp>
#include <narrowfloat/quantize/codebook_tensor.hpp>
#include <narrowfloat/quantize/fake_quantize.hpp>
#include <narrowfloat/quantize/integer.hpp>
#include <narrowfloat/scaling/loss.hpp>
#include <optional>
#include <span>
#include <tuple>

#include "arrays.hpp"

namespace bench {
namespace {

using namespace narrowfloat;

template <class Format, class R>
class block_quantizer : public quantizer {
 public:
  explicit block_quantizer(const QuantizeOptions& options, R rounding)
      : options_(options), rounding_(rounding) {}
  void quantize(const float* in, std::size_t n) override {
    tensor_.assign(std::span(in, n), n / columns, columns, options_, rounding_, executor());
  }
  void dequantize(float* out) const override {
    tensor_.dequantize(std::span(out, tensor_.size()), executor());
  }

 private:
  QuantizeOptions options_;
  R rounding_;
  BlockTensor<Format> tensor_;
};

template <class Format, int Axis = 1, class R = NearestEven>
std::unique_ptr<quantizer> make_blocks() {
  return std::make_unique<block_quantizer<Format, R>>(QuantizeOptions{.axis = Axis}, R{});
}

template <class Format>
quantizer_entry blocks(std::string format) {
  return {std::move(format), "",           Format::element::width,
          {0.30, 0.70},      {0.60, 0.95}, &make_blocks<Format>};
}
/// One that the targets do not name.
template <class Format, int Axis = 1, class R = NearestEven>
quantizer_entry more_blocks(std::string format, std::string options) {
  return {std::move(format),
          std::move(options),
          Format::element::width,
          {},
          {},
          &make_blocks<Format, Axis, R>};
}

/// NVFP4 under a tensor scale that is known beforehand, as from the step before.
std::unique_ptr<quantizer> make_scaled_nvfp4() {
  return std::make_unique<block_quantizer<nvfp4, NearestEven>>(
      QuantizeOptions{.tensor_scale = 0.001f}, NearestEven{});
}

/// Scales by the least loss of each block.
std::unique_ptr<quantizer> make_searched_mxfp8() {
  return std::make_unique<block_quantizer<mxfp8_e4m3, NearestEven>>(
      QuantizeOptions{.rule = ScaleRule::search}, NearestEven{});
}
std::unique_ptr<quantizer> make_four_over_six() {
  return std::make_unique<block_quantizer<nvfp4, NearestEven>>(
      QuantizeOptions{.four_over_six = FourOverSix::squared_error}, NearestEven{});
}

class codebook_quantizer : public quantizer {
 public:
  explicit codebook_quantizer(Codebook book) : book_(std::move(book)) {}
  void quantize(const float* in, std::size_t n) override {
    if (!tensor_ || tensor_->size() != n) tensor_ = CodebookTensor::zeros(n, book_);
    tensor_->assign(std::span(in, n), executor());
  }
  void dequantize(float* out) const override {
    tensor_->dequantize(std::span(out, tensor_->size()), executor());
  }

 private:
  Codebook book_;
  std::optional<CodebookTensor> tensor_;
};

class int8_quantizer : public quantizer {
 public:
  explicit int8_quantizer(BlockShape block) : block_(block) {}
  void quantize(const float* in, std::size_t n) override {
    rows_ = n / columns;
    codes_.resize(n);
    scales_.resize(block_.rows == 1 ? rows_ : columns);
    quantize_int8(std::span(in, n), codes_, scales_, rows_, columns, {.block = block_},
                  NearestEven{}, executor());
  }
  void dequantize(float* out) const override {
    dequantize_int8(codes_, scales_, std::span(out, codes_.size()), rows_, columns, block_,
                    executor());
  }

 private:
  BlockShape block_;
  std::size_t rows_ = 0;
  std::vector<std::int8_t> codes_;
  std::vector<float> scales_;
};

template <bool ByRow>
std::unique_ptr<quantizer> make_int8() {
  return std::make_unique<int8_quantizer>(ByRow ? BlockShape{1, whole} : BlockShape{whole, 1});
}
std::unique_ptr<quantizer> make_dynamic() {
  return std::make_unique<codebook_quantizer>(dynamic_codebook());
}
std::unique_ptr<quantizer> make_nf4() {
  return std::make_unique<codebook_quantizer>(nf4_codebook());
}

using floats = std::span<const float>;

void fake_quantize_e4m3(floats in, std::span<float> out, const pool_executor& executor) {
  fake_quantize(in, out, {.exponent_bits = 4, .mantissa_bits = 3, .max_value = 1}, executor);
}
void unscale_by_1000(floats in, std::span<float> out, const pool_executor& executor) {
  std::ignore = unscale(in, out, 1000.0f, OverflowCheck::results, executor);
}
template <std::size_t Group>
void transform(floats in, std::span<float> out, const pool_executor& executor) {
  hadamard(in, out, in.size() / quantizer::columns, quantizer::columns, {.group = Group}, executor);
}

/// From f32 to f32.
class pass : public quantizer {
 public:
  using function = void (*)(floats in, std::span<float> out, const pool_executor&);

  explicit pass(function run) : run_(run) {}
  void quantize(const float* in, std::size_t n) override {
    if (!out_) out_.emplace(n * sizeof(float));
    run_({in, n}, {reinterpret_cast<float*>(out_->data()), n}, executor());
  }
  void dequantize(float*) const override {}

 private:
  function run_;
  std::optional<buffer> out_;
};

template <pass::function Run>
std::unique_ptr<quantizer> make_pass() {
  return std::make_unique<pass>(Run);
}
template <pass::function Run>
quantizer_entry passing(std::string name, std::string options) {
  return {std::move(name), std::move(options), 32, {}, {}, &make_pass<Run>};
}

}  // namespace

std::vector<quantizer_entry> all_quantizers() {
  using fp8_row_blocks = BlockFormat<float8_e4m3fn, float, 128>;
  using fp8_square_blocks = BlockFormat<float8_e4m3fn, float, 128, 128>;
  return {blocks<mxfp8_e4m3>("mxfp8_e4m3"),
          blocks<mxfp8_e5m2>("mxfp8_e5m2"),
          blocks<mxfp6_e2m3>("mxfp6_e2m3"),
          blocks<mxfp6_e3m2>("mxfp6_e3m2"),
          blocks<mxfp4_e2m1>("mxfp4_e2m1"),
          {"nvfp4", "tensor scale given", 4, {0.20, 0.70}, {0.60, 0.95}, &make_scaled_nvfp4},
          more_blocks<nvfp4>("nvfp4", ""),
          more_blocks<mxint8>("mxint8", ""),
          more_blocks<mxfp8_e4m3, 0>("mxfp8_e4m3", "axis 0"),
          more_blocks<mxfp4_e2m1, 0>("mxfp4_e2m1", "axis 0"),
          more_blocks<nvfp4, 0>("nvfp4", "axis 0"),
          more_blocks<nvfp4_2d>("nvfp4_2d", ""),
          more_blocks<mxfp4_e2m1, 1, Stochastic<>>("mxfp4_e2m1", "stochastic_16"),
          more_blocks<nvfp4, 1, Stochastic<>>("nvfp4", "stochastic_16"),
          more_blocks<mxfp8_e4m3, 1, Stochastic<>>("mxfp8_e4m3", "stochastic_16"),
          {"mxfp8_e4m3", "search", 8, {}, {}, &make_searched_mxfp8},
          {"nvfp4", "four over six", 4, {}, {}, &make_four_over_six},
          more_blocks<BlockFormat<float8_e4m3fn, float8_e8m0fnu, 48>>("float8_e4m3fn", "1x48"),
          more_blocks<fp8_row_blocks>("float8_e4m3fn", "1x128"),
          more_blocks<fp8_square_blocks>("float8_e4m3fn", "128x128"),
          {"int8", "row-wise", 8, {}, {}, &make_int8<true>},
          {"int8", "column-wise", 8, {}, {}, &make_int8<false>},
          {"codebook", "dynamic, block 256", 8, {0.20, 0}, {}, &make_dynamic},
          {"codebook", "nf4, block 64", 4, {0.28, 0}, {}, &make_nf4},
          passing<&fake_quantize_e4m3>("fake_quantize", "e4m3"),
          passing<&unscale_by_1000>("unscale", ""),
          passing<&transform<16>>("hadamard", "group 16"),
          passing<&transform<32>>("hadamard", "group 32"),
          passing<&transform<128>>("hadamard", "group 128")};
}

}  // namespace bench

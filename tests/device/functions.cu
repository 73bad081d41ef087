// SPDX-License-Identifier: MIT
// Device code has every public scalar function, without a flag and without a warning.
#include <narrowfloat/narrowfloat.hpp>

using namespace narrowfloat;

template <class R>
__device__ void convert_by(const float* in, unsigned* out, int n, R rounding) {
  const int i = static_cast<int>(threadIdx.x);
  if (i >= n) return;
  R own = rounding;
  if constexpr (requires { own.offset; }) own.offset += static_cast<unsigned>(i);
  out[0] = convert<float8_e5m2>(in[i], own, Saturation::none, Subnormals::flush).bits();
  out[1] = convert<float4_e2m1fn>(in[i], Scale{0.5f}, own, Saturation::finite).bits();
  out[2] = convert<float8_e8m0fnu>(bfloat16(in[i]), Divide{3}, own).bits();
}
template <class R>
__device__ void convert_others(const float* in, unsigned* out, int n, R rounding) {
  out[0] = convert<float8_e4m3fn>(in[0], rounding).bits();
  out[1] = convert<bfloat16>(static_cast<double>(in[0]), rounding).bits();
  out[2] = convert<float16>(n, rounding).bits();
  out[3] = convert<float6_e3m2fn>(float8_e4m3fn(in[0]), rounding).bits();
  out[4] = __float_as_uint(convert<float>(static_cast<double>(in[0]), rounding));
}

__global__ void conversions(const float* in, unsigned* out, int n, unsigned word) {
  convert_by(in, out, n, nearest_even);
  convert_by(in, out, n, nearest_away);
  convert_by(in, out, n, toward_zero);
  convert_by(in, out, n, toward_positive);
  convert_by(in, out, n, toward_negative);
  convert_by(in, out, n, to_odd);
  convert_by(in, out, n, Stochastic<>{.seed = 1, .stream = 2});
  convert_by(in, out, n, Stochastic<8, StochasticVariant::p3109_a, Philox4x32_7>{3});
  convert_by(in, out, n, Stochastic<23, StochasticVariant::p3109_b>{4, 5, 6});
  convert_by(in, out, n, StochasticA<8>(word));
  convert_by(in, out, n, StochasticB<16>(word));
  convert_by(in, out, n, StochasticC<4>(word));
  convert_others(in, out, n, toward_zero);
  convert_others(in, out, n, Stochastic{1});
}

__global__ void presets(const float* in, unsigned* out) {
  out[0] = convert<float8_e5m2>(in[0], compat::torch_2).bits();
  out[1] = convert<float8_e4m3fn>(in[0], compat::ml_dtypes).bits();
  out[2] = convert<bfloat16>(in[0], compat::jax).bits();
  out[3] = convert<float8_e4m3fnuz>(in[0], compat::onnx_saturate).bits();
  out[4] = convert<float8_e5m2fnuz>(in[0], compat::onnx_wrap).bits();
  out[5] = convert<float8_e8m0fnu>(in[0], compat::onnxruntime).bits();
  out[6] = convert<float4_e2m1fn>(in[0], compat::cuda).bits();
  out[7] = convert<float8_e5m2>(in[0], compat::cuda_nosat).bits();
  out[8] = convert<float8_e4m3fnuz>(in[0], compat::hip).bits();
}

template <class F>
__device__ void compute(const float* in, float* out) {
  const F a(in[0]), b(in[1]), c = F::from_bits(static_cast<typename F::Storage>(3));
  F x = a + b * c - a / b + 1;
  x += a, x -= b, x *= c, x /= 2;
  x = +x + -x + (3 - x);
  const bool ordered = a < b || a > b || a <= b || a >= b || a == b || a != b || x == 1;
  x = add(x, a, toward_zero, Saturation::finite, Subnormals::flush);
  x = sub(x, a, nearest_away, Saturation::propagate);
  x = mul(x, a, Stochastic<>{7});
  x = div(x, a, to_odd);
  x = fma(x, a, b, toward_positive);
  x = sqrt(abs(x), toward_negative);
  out[0] = fma<tfloat32>(a, b, bfloat16(in[2])) + in[2] * static_cast<float>(x);
  out[1] = static_cast<float>(copysign(x, a)) + static_cast<float>(nextafter(x, b));
  int exponent = ilogb(x);
  x = ldexp(frexp(x, &exponent), exponent + 1);
  out[2] = isnan(x) || isinf(x) || isfinite(x) || signbit(x) || ordered ? x : 0.0f;
  using limits = std::numeric_limits<F>;
  out[3] = limits::max() + limits::lowest() + limits::min() + limits::denorm_min() +
           limits::epsilon() + limits::round_error() + limits::infinity() + limits::quiet_NaN() +
           limits::signaling_NaN() + static_cast<float>(limits::digits + limits::max_exponent10);
}

template <class F>
__device__ void call(const float* in, F* out) {
  const F a(in[0]), b(in[1]);
  out[0] = exp(a), out[1] = exp2(a), out[2] = expm1(a), out[3] = log(a), out[4] = log2(a),
  out[5] = log10(a);
  out[6] = log1p(a), out[7] = sin(a), out[8] = cos(a), out[9] = tan(a), out[10] = asin(a),
  out[11] = acos(a);
  out[12] = atan(a), out[13] = atan2(a, b), out[14] = sinh(a), out[15] = cosh(a), out[16] = tanh(a);
  out[17] = asinh(a), out[18] = acosh(a), out[19] = atanh(a), out[20] = erf(a), out[21] = erfc(a);
  out[22] = tgamma(a), out[23] = lgamma(a), out[24] = pow(a, b), out[25] = cbrt(a),
  out[26] = hypot(a, b);
  out[27] = floor(a), out[28] = ceil(a), out[29] = trunc(a), out[30] = round(a), out[31] = rint(a);
  out[32] = nearbyint(a), out[33] = modf(a, out + 34), out[35] = fmod(a, b),
  out[36] = remainder(a, b);
  out[37] = fmin(a, b), out[38] = fmax(a, b), out[39] = fdim(a, b), out[40] = midpoint(a, b),
  out[41] = fabs(a);
  out[42] = logb(a), out[43] = scalbn(a, 3), out[44] = scalbln(a, 3L);
  out[45] =
      F(lround(a) + llround(a) + lrint(a) + llrint(a) + fpclassify(a) + (isnormal(a) ? 1 : 0));
  ++out[0], out[1]++, --out[2], out[3]--;
}

__global__ void functions(const float* in, bfloat16* out) { call(in, out); }

__global__ void arithmetic(const float* in, float* out) {
  compute<float8_e4m3fn>(in, out);
  compute<bfloat16>(in, out);
}

__global__ void random(std::uint32_t* out) {
  out[0] = element_bits<8>(1, 2, 3) + element_bits<16, Philox4x32_7>(1, 2, 3) +
           element_bits<32>(1, 2, 3);
  const std::array<std::uint32_t, 4> counter{1, 2, 3, 4};
  const std::array<std::uint32_t, 2> key{5, 6};
  const auto ten = philox4x32_10(counter, key), seven = philox4x32_7(counter, key);
  out[1] = *reinterpret_cast<const std::uint32_t*>(&ten) +
           *reinterpret_cast<const std::uint32_t*>(&seven);
}

template <class F>
__device__ int text(char* to, const char* from, std::uint32_t* codes) {
  char* const last = to + 400;
  F x;
  const auto read = from_chars(from, from + 10, x);
  codes[0] = x.bits();
  from_chars(from, from + 10, x, std::chars_format::hex, toward_zero, Saturation::finite);
  codes[1] = x.bits();
  const auto written = to_chars(to, last, x);
  to_chars(to, last, x, std::chars_format::fixed);
  to_chars(to, last, x, std::chars_format::hex);
  return written.ec == std::errc{} ? static_cast<int>(read.ptr - from) : 0;
}

__global__ void texts(char* to, const char* from, std::uint32_t* codes) {
  text<float8_e4m3fn>(to, from, codes);
}

__global__ void sums(const float8_e5m2* a, const bfloat16* b, float* out, int n) {
  FusedAccumulator<float12_e6m5, Stochastic<13, StochasticVariant::p3109_a>> fused{
      .rounding = {.seed = 7}, .saturation = Saturation::finite};
  SeparateAccumulator<bfloat16> separate{.subnormals = Subnormals::flush};
  float12_e6m5 first;
  bfloat16 second;
  for (int i = 0; i < n; ++i) {
    first = fused.step(first, a[i], b[i], static_cast<std::uint64_t>(i));
    second = separate.step(second, a[i], b[i]);
  }
  out[0] = static_cast<float>(first) + second;
}

__global__ void blocks(const float* amax, std::uint32_t* out) {
  const float tensor = scale_of_tensor<nvfp4>(amax[0]);
  out[0] = scale_of_block<nvfp4>(amax[1], ScaleRule::floor, tensor).bits();
  out[1] = scale_of_block<mxfp8_e4m3>(amax[1], ScaleRule::rceil).bits();
  out[2] = scale_of_block<mxint8>(amax[1], ScaleRule::even, 1, NonFinite::saturate).bits();
}

__global__ void elements(std::uint32_t* out) {
  out[0] = __float_as_uint(FixedPoint<8, 6>::from_bits(0x81));
  out[1] = __float_as_uint(ExponentInt8::from_bits(0x81));
}

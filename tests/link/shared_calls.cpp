// SPDX-License-Identifier: MIT
// Calls of functions in which units of other flags might share a body: compiled with -O0, which
// leaves each that is not inlined by force as a symbol, for shared_calls.py. Never run.
#include <narrowfloat/io/dlpack.hpp>
#include <narrowfloat/io/ostream.hpp>
#include <narrowfloat/io/threads.hpp>
#include <narrowfloat/math.hpp>
#include <narrowfloat/mx/layouts.hpp>
#include <narrowfloat/narrowfloat.hpp>
#include <narrowfloat/stats/add.hpp>

#include <cstdint>
#include <iostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace narrowfloat;

std::string texts(const FormatSpec& format, float8_e4m3fn& x);
std::string texts(const FormatSpec& format, float8_e4m3fn& x) {
  const FormatDescription d = describe(format);
  std::cin >> x;
  std::cout << x << BlockTensor<mxfp4_e2m1>() << d.decibels() << decode_as(format, 1);
  return d.text() + d.name() + format_name(parse_format("e3m2")) + std::string(isa_name(Isa::avx2));
}

void arrays(std::vector<float8_e4m3fn>& x, std::vector<float>& floats);
void arrays(std::vector<float8_e4m3fn>& x, std::vector<float>& floats) {
  std::vector<long double> wide(x.size());
  std::vector<unsigned char> bytes(8);
  convert(wide, x);
  convert(x, wide);
  convert(std::as_const(floats), x, Divide{3});
  convert(as_codes<float16>(bytes), floats);
  add(x, x, x);
  const auto executor = [](std::size_t tasks, auto f) { SerialExecutor{}(tasks, f); };
  convert(wide, x, executor);
  convert(std::as_const(floats), x, Divide{3}, executor);
  add(x, x, x, nearest_even, Saturation::finite, executor);
  static_cast<void>(amax(x, NanAmax::keep, executor));
  hadamard(floats, floats, 1, floats.size(), {}, executor);
  ThreadPool pool(2);
  convert(x, wide, pool);
  static_cast<void>(amax(x, NanAmax::keep, pool));
  pool(8, [&](std::size_t task) { x[task] = {}; });
  PackedVector<float4_e2m1fn> packed(x.size());
  convert(floats, packed, executor);
  x[0] = sqrt(fma(x[0], x[1], x[2])) + fmin(x[0], convert<float8_e4m3fn>(7L));
  convert(unswizzle_scales<float8_e4m3fn>(swizzle_scales<float8_e4m3fn>(x, 2, 4), 2, 4), floats);
}

void tensors(std::vector<float>& x, const std::vector<float>& g);
void tensors(std::vector<float>& x, const std::vector<float>& g) {
  const auto t = BlockTensor<nvfp4>::quantize(x, 2, 32);
  static_cast<void>(dlpack::make_view(t.codes()));
  const auto owned = dlpack::make_tensor(PackedVector<float4_e2m1fn>(4), {2, 2});
  dlpack::pair_codes(*owned);
  static_cast<void>(dlpack::packed<const float4_e2m1fn>(*owned));
  static_cast<void>(dlpack::as<float>(*owned));
  static_cast<void>(dlpack::copy<float6_e2m3fn>(*owned));
  static_cast<void>(from_ggml_nvfp4(to_ggml_nvfp4(t), 2, 32));
  Optimizer<AdamWRule, Fp8BlockState, ExpandedState> adamw({}, x.size());
  adamw.step(x, g);
  static_cast<void>(Fp8LmWeights(g));
}

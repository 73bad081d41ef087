// SPDX-License-Identifier: MIT
// A step of a recipe allocates nothing: what it needs is there when its state is made.
#include <narrowfloat/narrowfloat.hpp>

#include <cstdlib>
#include <new>

#include "support/catch.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {
std::size_t allocations = 0;
}

// Not inlined: GCC would warn of free() for what new has returned.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

TEST_CASE("a step of a recipe allocates nothing", "[scaling]") {
  nf::DelayedScaling<nf::float8_e4m3fn> delayed;
  nf::ScalingMeta<nf::float8_e5m2> meta{.window = 16};
  nf::AllReduceScale<nf::float8_e4m3fn> shared{.workers = 3};
  nf::AutoScale mu;
  nf::DynamicLossScale loss;
  std::vector<float> in(5000, 1.5f), out(5000), scales(50);
  std::vector<nf::bfloat16> narrow(5000, nf::bfloat16(2));
  std::vector<nf::float8_e4m3fn> codes(5000);
  auto tensor = nf::ScaledTensor<nf::float8_e4m3fn>::quantize(in, delayed);
  std::uint64_t saturated = 0;
  const std::size_t before = allocations;
  REQUIRE(before > 0);
  for (int step = 0; step < 40; ++step) {
    const float amax = nf::amax(in);
    tensor.assign(in, delayed);
    tensor.dequantize(out);
    delayed.reduce([](float mine) { return mine; });
    delayed.update();
    meta.record(amax);
    meta.update();
    shared.update(nf::reducible_amax(amax));
    mu.update(1, 5000);
    loss.update(nf::unscale(in, out, loss.scale));
    loss.update(nf::unscale(narrow, out, loss.scale));
    nf::current_scales<nf::float8_e4m3fn>(in, scales, 50, 100, {1, 100});
    nf::convert_blocks(in, scales, codes, 50, 100, {1, 100});
    saturated += nf::add(codes, codes, codes);
  }
  nf::mse_bias<nf::float8_e4m3fnuz>(std::span<const float>(in).first(100));
  nf::snr<nf::float8_e4m3fn>(1);
  const std::size_t after = allocations;
  CHECK(after == before);
  CHECK(delayed.scale != 1);
  CHECK(saturated != 0);
}

// SPDX-License-Identifier: MIT
// Every operation on arrays of plain and packed numbers gives the same bits by the tasks of any
// executor as it does alone, around the places where arrays are cut, and writes nothing else.
#include <narrowfloat/compat.hpp>
#include <narrowfloat/hadamard.hpp>
#include <narrowfloat/packed.hpp>
#include <narrowfloat/stats.hpp>

#include <cmath>

#include "support/check_executors.hpp"
#include "support/executors.hpp"
#include "support/formats.hpp"

using namespace test;

namespace {

constexpr nf::Stochastic<> keyed{.seed = 3, .stream = 5, .offset = ~std::uint64_t{0} - 1000};

/// A conversion with some arguments behind the arrays.
template <class To, class... Arguments>
void check_convert(const Arguments&... arguments) {
  check_array<To>([&](std::size_t n, auto out, auto&... executor) {
    nf::convert(inputs(n), out, arguments..., executor...);
    return bits_list{};
  });
}

/// To packed codes, and from them.
template <class F, class Layout>
void check_layout() {
  check_packed<F, Layout>([](std::size_t n, auto out, auto&... executor) {
    nf::convert(inputs(n), out, nf::Scale{0.5f}, keyed, executor...);
    return bits_list{};
  });
  std::vector<unsigned char> bytes(Layout::template bytes<F::width>(most));
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<unsigned char>(i * 151 >> 3);
  check_array<float>([&](std::size_t n, auto out, auto&... executor) {
    nf::convert(nf::PackedSpan<const F, Layout>(bytes.data(), n), out, nf::Divide{3}, executor...);
    return bits_list{};
  });
}

}  // namespace

TEST_CASE("executors: conversions, whatever follows the arrays", "[isa]") {
  using nf::float8_e4m3fn;
  check_convert<float8_e4m3fn>();
  check_convert<float8_e4m3fn>(keyed);
  check_convert<nf::bfloat16>(nf::toward_zero, nf::Saturation::finite, nf::Subnormals::flush);
  check_convert<float8_e4m3fn>(nf::Scale{0.37f});
  check_convert<nf::float8_e5m2>(nf::Divide{3}, keyed, nf::Saturation::none);
  check_convert<nf::bfloat16>(nf::compat::torch_2);
  const std::vector<long double> wide(inputs().begin(), inputs().end());
  check_array<nf::bfloat16>([&](std::size_t n, auto out, auto&... executor) {
    nf::convert(std::span(wide).first(n), out, keyed, executor...);
    return bits_list{};
  });
  check_array<float8_e4m3fn>([](std::size_t n, auto out, auto&... executor) {
    nf::convert(nf::Isa::generic, inputs(n), out, nf::nearest_away, executor...);
    return bits_list{};
  });
}

TEST_CASE("executors: explicit random bits go with their elements", "[isa]") {
  std::vector<std::uint32_t> words(most);
  for (std::size_t i = 0; i < most; ++i) words[i] = static_cast<std::uint32_t>(i * 2654435761u);
  check_array<nf::float8_e4m3fn>([&](std::size_t n, auto out, auto&... executor) {
    nf::convert(inputs(n), out, nf::StochasticC<8>{std::span(words).first(n)}, executor...);
    return bits_list{};
  });
}

TEST_CASE("executors: counters, their sum of doubles too, and largest magnitudes", "[isa]") {
  check_array<nf::float8_e4m3fn>([](std::size_t n, auto out, auto&... executor) {
    nf::ConversionStats stats;
    nf::convert(inputs(n), out, nf::Scale{0.3f}, stats, keyed, executor...);
    nf::convert(inputs(n), out, stats, nf::nearest_even, executor...);
    return bits_list{
        stats.count, stats.saturated, stats.attained,      stats.flushed,
        stats.nan,   stats.infinite,  bits_of(stats.amax), bits_of(stats.squared_error)};
  });
  check_array<nf::float8_e5m2>([](std::size_t n, auto out, auto&... executor) {
    nf::convert(inputs(n), out);
    constexpr auto keep = nf::NanAmax::keep, drop = nf::NanAmax::drop;
    bits_list found{bits_of(nf::amax(inputs(n), keep, executor...)),
                    bits_of(nf::amax(out, keep, executor...))};
    if (n > task) {
      out[0] = out[task] = nf::float8_e5m2::from_bits(0x7f);
      found.push_back(bits_of(nf::amax(out, keep, executor...)));
      CHECK(std::isnan(nf::amax(out, keep, executor...)));
      found.push_back(bits_of(nf::amax(out, drop, executor...)));
      CHECK(!std::isnan(nf::amax(out, drop, executor...)));
    }
    return found;
  });
}

TEST_CASE("executors: sums of arrays", "[isa]") {
  std::vector<nf::float8_e4m3fn> a(most), b(most);
  nf::convert(inputs(), a);
  nf::convert(inputs(), b, nf::Scale{0.7f});
  check_array<nf::float8_e4m3fn>([&](std::size_t n, auto out, auto&... executor) {
    const std::span x(a.data(), n), y(b.data(), n);
    return bits_list{nf::add(x, y, out, keyed, nf::Saturation::finite, executor...)};
  });
}

TEST_CASE("executors: transforms within rows and down columns", "[isa]") {
  const auto check = [](std::size_t rows, std::size_t cols, std::size_t gap,
                        const nf::HadamardOptions& options) {
    const std::size_t leading = cols + gap;
    check_bytes(most, rows * leading * sizeof(float), 4 * gap, true,
                [&](unsigned char* out, auto&... executor) {
                  float* const numbers = reinterpret_cast<float*>(out);
                  std::copy_n(inputs().data(), rows * leading, numbers);
                  const nf::MatrixView x(std::span(numbers, rows * leading), rows, cols, leading);
                  nf::hadamard(x, x, options, executor...);
                  const std::size_t n = rows * cols;
                  nf::inverse_hadamard(std::span(numbers, n), std::span(numbers, n), rows, cols,
                                       options, executor...);
                  return bits_list{};
                });
  };
  for (const std::size_t gap : {0u, 3u, 16u}) {
    check(96, 1024, gap, {.axis = 1});
    check(1, 131072 + 128, gap, {.group = 128});
    check(16, 5001, gap, {.axis = 0});
    check(2176, 61, gap, {.group = 128, .axis = 0, .signs = nf::HadamardSigns::random(1)});
  }
}

TEST_CASE("executors: packed codes, in every layout", "[isa]") {
  check_layout<nf::float4_e2m1fn, nf::BitStream>();
  check_layout<nf::float6_e3m2fn, nf::BitStream>();
  check_layout<nf::float8_ue4m3, nf::BitStream>();
  check_layout<nf::float4_e2m1fn, nf::HighNibbleFirst>();
  check_layout<nf::float4_e2m1fn, nf::SplitNibbles>();
  check_layout<nf::float6_e3m2fn, nf::OnePerByte>();
  check_layout<nf::float6_e3m2fn, nf::AdjacentPlanes>();
  check_layout<nf::float6_e3m2fn, nf::StridedPlanes>();
  // of a bit stream, in which slices of these lengths begin within a byte
  nf::PackedVector<nf::float6_e3m2fn> codes(most);
  nf::convert(inputs(), codes);
  check_packed<nf::float6_e3m2fn, nf::StridedPlanes>(
      [&](std::size_t n, auto out, auto&... executor) {
        nf::convert(nf::PackedSpan<const nf::float6_e3m2fn>(codes.data(), n), out, executor...);
        return bits_list{};
      },
      false);
}

TEST_CASE("executors: packed matrices, by rows where these end within bytes", "[isa]") {
  using F = nf::float6_e3m2fn;
  for (const std::size_t cols : {5u, 64u, 1027u}) {
    const std::size_t rows = most / cols, n = rows * cols;
    nf::PackedVector<F> packed(n);
    nf::convert(inputs(n), packed);
    check_bytes(n, nf::PackedMatrix<F>(nullptr, rows, cols).size_bytes(), 6, true,
                [&](unsigned char* out, auto&... executor) {
                  const nf::PackedMatrix<F> to(out, rows, cols);
                  nf::convert(packed, to, nf::toward_zero, executor...);
                  nf::convert(to, to, nf::compat::ml_dtypes, executor...);
                  std::vector<nf::float16> back(n);
                  nf::convert(to, back, executor...);
                  return bits_list{bits_of(nf::amax(back)), bits_of(back[n - 1])};
                });
  }
}

TEST_CASE("executors: tasks begin on cache lines of what they write", "[isa]") {
  const auto check = [](auto out, const unsigned char* end) {
    const auto first_alone = [&](std::size_t tasks, const auto& f) {
      f(0);
      const unsigned char* last = end;
      while (last[-1] == 0xff) --last;
      CHECK(reinterpret_cast<std::uintptr_t>(last) % 64 == 0);
      for (std::size_t i = 1; i < tasks; ++i) f(i);
    };
    nf::convert(inputs(), out, first_alone);
  };
  std::vector<unsigned char> memory(2 * most + 64, 0xff);
  for (const std::size_t place : {0u, 6u, 16u, 38u}) {
    std::fill(memory.begin(), memory.end(), static_cast<unsigned char>(0xff));
    unsigned char* const begin = memory.data() + place;
    check(std::span(reinterpret_cast<nf::bfloat16*>(begin), most), &memory.back());
    std::fill(memory.begin(), memory.end(), static_cast<unsigned char>(0xff));
    check(nf::PackedSpan<nf::float6_e2m3fn>(begin, most), &memory.back());
  }
}

TEST_CASE("executors: wrong sizes are refused before a task begins", "[isa]") {
  std::vector<nf::float8_e4m3fn> few(most - 1, nf::float8_e4m3fn(7));
  nf::PackedVector<nf::float4_e2m1fn> packed(3);
  Executor executor{Threads{2}};
  CHECK_THROWS_WITH(nf::convert(inputs(), few, executor),
                    "narrowfloat::convert: the input has 196685 elements, the output 196684");
  CHECK_THROWS_WITH(nf::convert(inputs(), packed, nf::Scale{2}, executor),
                    "narrowfloat::convert: the input has 196685 elements, the output 3");
  CHECK(executor.tasks == 0);
  CHECK(few[0] == 7.0f);
}

// SPDX-License-Identifier: MIT
// The rows of matvec(): block tensors that no cache holds, by a vector, beside a BLAS's product of
// floats (sgemv).
#pragma once

#include <fmt/format.h>

#ifdef NARROWFLOAT_OPENBLAS
#include <cblas.h>
#endif
#include <cstdint>
#include <memory>
#include <narrowfloat/linalg.hpp>
#include <narrowfloat/mx.hpp>
#include <random>
#include <string>
#include <vector>

#include "blas.hpp"
#include "pools.hpp"
#include "progress.hpp"
#include "turns.hpp"

namespace bench {

/// Codes and scales as those of normal numbers: any codes but those of NaN and Inf, scales within
/// eight binades.
template <class Format>
std::shared_ptr<const narrowfloat::BlockTensor<Format>> random_tensor(std::size_t rows,
                                                                      std::size_t cols) {
  using tensor = narrowfloat::BlockTensor<Format>;
  using scale = typename Format::scale;
  std::mt19937_64 random(rows);
  std::vector<std::uint8_t> codes(rows * (cols * Format::element::width / 8));
  for (std::size_t i = 0; i + 8 <= codes.size(); i += 8) {
    const std::uint64_t bits = random() & 0xbfbfbfbfbfbfbfbfu;
    __builtin_memcpy(codes.data() + i, &bits, 8);
  }
  std::vector<scale> scales(rows * (cols / Format::block_size));
  for (scale& each : scales) each = scale::from_bits(static_cast<std::uint8_t>(118 + random() % 8));
  return std::make_shared<const tensor>(tensor::from_parts(codes, scales, rows, cols));
}

struct matvec_shape {
  std::size_t rows, cols;
};

/// run(threads) for one thread, whose CPU time counts, and for two, on the clock.
template <class Run>
void add_with_threads(turns& timed, const std::string& name, const matvec_shape& shape,
                      const Run& run) {
  const std::size_t items = shape.rows * shape.cols;
  timed.add(name + ", 1", items, [=] { run(1); });
  timed.add_on_clock(name + ", 2", items, [=] { run(2); });
}

template <class Format, class X, class Acc>
void add_matvec(turns& timed, const std::string& name, narrowfloat::Isa isa,
                const matvec_shape& shape,
                const std::shared_ptr<const narrowfloat::BlockTensor<Format>>& a, const X& x,
                const Acc& acc) {
  const auto y = std::make_shared<std::vector<float>>(shape.rows);
  add_with_threads(timed, fmt::format("{}, {}", name, narrowfloat::isa_name(isa)), shape,
                   [=](std::size_t threads) {
                     const narrowfloat::ScopedIsa scope(isa);
                     narrowfloat::matvec(*a, x, *y, shape.rows, shape.cols, acc, {},
                                         pool_of(threads));
                   });
}

/// The product of floats by a BLAS, in an order of its own, or by a plain loop.
inline void add_sgemv(turns& timed, const matvec_shape& shape, const std::vector<float>& x) {
  const auto a = std::make_shared<std::vector<float>>(shape.rows * shape.cols);
  for (std::size_t i = 0; i < a->size(); ++i)
    (*a)[i] = static_cast<float>(i * 2654435761u >> 8 & 1023u) - 512;
  timed.add(
      "sgemv", shape.rows * shape.cols, [=, y = std::make_shared<std::vector<float>>(shape.rows)] {
#ifdef NARROWFLOAT_OPENBLAS
        const auto rows = static_cast<blasint>(shape.rows), cols = static_cast<blasint>(shape.cols);
        cblas_sgemv(CblasRowMajor, CblasNoTrans, rows, cols, 1, a->data(), cols, x.data(), 1, 0,
                    y->data(), 1);
#else
              for (std::size_t i = 0; i < shape.rows; ++i) {
                float sum = 0;
                for (std::size_t l = 0; l < shape.cols; ++l) sum += (*a)[i * shape.cols + l] * x[l];
                (*y)[i] = sum;
              }
#endif
      });
}

/// The table of matvec().
inline std::string matvec_table(double min_time) {
  using namespace narrowfloat;
  // 4 bits an element are twice the last-level cache, 32 bits sixteen times
  matvec_shape shape{0, 16384};
  shape.rows = 4 * detail::find_cpu_features().last_level_cache / shape.cols / 64 * 64;
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> x(shape.cols);
  for (float& each : x) each = normal(random);
  const auto fp4 = random_tensor<mxfp4_e2m1>(shape.rows, shape.cols);
  const auto fp8 = random_tensor<mxfp8_e4m3>(shape.rows, shape.cols);
  const auto int8 = random_tensor<mxint8>(shape.rows, shape.cols);
  const auto x4 = BlockTensor<mxfp4_e2m1>::quantize(x, 1, shape.cols);
  const auto x8 = BlockTensor<mxfp8_e4m3>::quantize(x, 1, shape.cols);
  const auto xi = BlockTensor<mxint8>::quantize(x, 1, shape.cols);
  progress shown(1);
  shown.next_step();
  turns timed(min_time, shown);
  std::vector<Isa> isas;
  for (const Isa isa : all_isas) {
    if (isa_available(isa) && isa != Isa::generic) isas.push_back(isa);
  }
  const char* const names[] = {"mxfp4 x floats, f32",       "mxfp8 x floats, f32",
                               "mxint8 x floats, f32",      "mxfp4 x mxfp4, exact",
                               "mxfp4 x mxfp8 e4m3, exact", "mxint8 x mxint8, exact"};
  add_sgemv(timed, shape, x);
  for (const Isa isa : isas) {
    const FusedAccumulator<float> fused;
    add_matvec<mxfp4_e2m1>(timed, names[0], isa, shape, fp4, x, fused);
    add_matvec<mxfp8_e4m3>(timed, names[1], isa, shape, fp8, x, fused);
    add_matvec<mxint8>(timed, names[2], isa, shape, int8, x, fused);
    add_matvec<mxfp4_e2m1>(timed, names[3], isa, shape, fp4, x4, ExactAccumulator{});
    add_matvec<mxfp4_e2m1>(timed, names[4], isa, shape, fp4, x8, ExactAccumulator{});
    add_matvec<mxint8>(timed, names[5], isa, shape, int8, xi, ExactAccumulator{});
  }
  timed.run();
  const double sgemv = timed.rate("sgemv");
  std::string text = fmt::format(
      "A {} x {} matrix by a vector, by an executor that starts its threads for each call; billions of elements a\n"
      "second, of CPU time and, with two threads, on the clock. sgemv: one thread beside that by {}, also one.\n\n"
      "{:<44}{:>9}{:>10}{:>8}{:>11}{:>8}\n{:<44}{:>9}{:>10.2f}\n",
      shape.rows, shape.cols, example::blas_name(), "", "isa", "1 thread", "sgemv", "2 threads",
      "ratio", "f32 x f32, sgemv", "", sgemv / 1e9);
  for (const Isa isa : isas) {
    for (const char* name : names) {
      const double one = timed.rate(fmt::format("{}, {}, 1", name, isa_name(isa)));
      const double two = timed.rate(fmt::format("{}, {}, 2", name, isa_name(isa)));
      text += fmt::format("{:<44}{:>9}{:>10.2f}{:>8.2f}{:>11.2f}{:>8.2f}\n", name, isa_name(isa),
                          one / 1e9, one / sgemv, two / 1e9, two / one);
    }
  }
  return text;
}

}  // namespace bench

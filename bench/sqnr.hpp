// SPDX-License-Identifier: MIT
// How much of each kind of tensor a format keeps: the signal-to-quantization-noise ratio.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <narrowfloat/isa.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "kernels.hpp"
#include "tensors.hpp"

namespace bench {

/// Of one format and one kind of tensor, in dB; infinite where every value is kept, nothing where
/// the ratio has no meaning.
struct sqnr_row {
  std::string_view format;
  std::string_view kind;
  std::optional<double> decibel;
};

/// 10 log10(sum x^2 / sum (x - q(x))^2) over the finite values of all tensors of a kind, each
/// tensor converted as it is, without a scale. Has no meaning where all are zero, or where some are
/// negative and the format has no sign.
inline std::optional<double> sqnr(const std::vector<tensor>& tensors, std::string_view kind,
                                  const kernel& back) {
  double signal = 0, noise = 0;
  std::vector<float> kept;
  std::vector<unsigned char> codes;
  for (const tensor& each : tensors) {
    if (each.kind != kind) continue;
    const std::size_t n = each.values.size();
    const bool negative =
        std::any_of(each.values.begin(), each.values.end(), [](float x) { return x < 0; });
    if (negative && !back.is_signed) return std::nullopt;
    codes.resize(n * static_cast<std::size_t>(back.bytes.in_bytes));
    kept.resize(n);
    back.encode(narrowfloat::active_isa(), each.values.data(), codes.data(), n);
    back.run(narrowfloat::active_isa(), codes.data(), kept.data(), n);
    for (std::size_t i = 0; i < n; ++i) {
      const double x = each.values[i], error = x - kept[i];
      if (!std::isfinite(x)) continue;
      signal += x * x;
      noise += error * error;
    }
  }
  if (signal == 0) return std::nullopt;
  return noise == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(signal / noise);
}

/// For each format of `conversions` and each kind of tensor that is there, kinds in their order.
inline std::vector<sqnr_row> sqnr_of(const std::vector<tensor>& tensors,
                                     const kernels& conversions) {
  std::vector<sqnr_row> rows;
  for (const kernel& each : conversions) {
    if (!each.decodes()) continue;
    for (const std::string_view kind : tensor_kinds) {
      if (std::any_of(tensors.begin(), tensors.end(),
                      [&](const tensor& t) { return t.kind == kind; })) {
        rows.push_back({each.from, kind, sqnr(tensors, kind, each)});
      }
    }
  }
  return rows;
}

}  // namespace bench

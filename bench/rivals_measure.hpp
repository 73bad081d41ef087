// SPDX-License-Identifier: MIT
// Times narrowfloat and its rivals on the same arrays, in turns.
#pragma once

#include <fmt/format.h>
#include <cstddef>
#include <narrowfloat/isa.hpp>
#include <string_view>
#include <vector>

#include "arrays.hpp"
#include "kernels.hpp"
#include "machine.hpp"
#include "progress.hpp"
#include "rivals.hpp"
#include "turns.hpp"

namespace bench {

inline constexpr std::string_view ourselves = "narrowfloat";

/// One contender in one conversion at one size; medians.
struct rival_row {
  const kernel* conversion;
  std::string_view contender;
  std::size_t f32_bytes;  ///< the size of the f32 side
  double speed;           ///< elements a second
  double ours;            ///< narrowfloat's speed here
};

/// The rivals in a conversion, in their order.
inline std::vector<rival> rivals_in(const kernel& conversion, const rivals& found) {
  std::vector<rival> those;
  for (const rival& each : found.all) {
    if (each.format == conversion.format() && each.encodes == conversion.encodes())
      those.push_back(each);
  }
  return those;
}

/// Measures a conversion at one size, ours and theirs in turns.
inline void measure(const kernel& conversion, const std::vector<rival>& against,
                    std::size_t f32_bytes, arrays& data, double min_time, progress& shown,
                    std::vector<rival_row>& rows) {
  data.resize(f32_bytes);
  data.prepare(conversion);
  const std::size_t n = data.size();
  const void* const in = data.in(conversion);
  void* const out = data.out();
  const auto name_of = [&](std::string_view contender) {
    return fmt::format("{}/{}/{}/{}", conversion.from, conversion.to, contender,
                       size_name(f32_bytes));
  };

  turns timed(min_time, shown);
  timed.add(name_of(ourselves), n,
            [=, &conversion] { conversion.run(narrowfloat::active_isa(), in, out, n); });
  for (const rival& each : against) {
    timed.add(name_of(each.name), n, [=] { each.run(in, out, n); });
  }
  timed.run();

  const double ours = timed.rate(name_of(ourselves));
  rows.push_back({&conversion, ourselves, f32_bytes, ours, ours});
  for (const rival& each : against) {
    rows.push_back({&conversion, each.name, f32_bytes, timed.rate(name_of(each.name)), ours});
  }
}

}  // namespace bench

// SPDX-License-Identifier: MIT
// Measures convert() beside what installed libraries and plain loops do on the same arrays, and
// compares their results. bench/README.md says how to read it.
#include <fmt/format.h>
#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <exception>
#include <narrowfloat/convert.hpp>
#include <narrowfloat/io/safetensors.hpp>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "kernels.hpp"
#include "machine.hpp"
#include "progress.hpp"
#include "rivals.hpp"
#include "rivals_compare.hpp"
#include "rivals_measure.hpp"
#include "rivals_options.hpp"
#include "rivals_report.hpp"
#include "tensors.hpp"

namespace bench {
namespace {

rivals all_rivals() {
  struct library {
    std::string_view name, package;
    void (*add)(rivals&);
  };
  const library libraries[] = {{"Eigen", "libeigen3-dev", &add_eigen},
                               {"Highway", "libhwy-dev", &add_highway},
                               {"oneDNN", "libdnnl-dev", &add_onednn},
                               {"Imath", "libimath-dev", &add_imath},
                               {"FP16", "libfp16-dev", &add_fp16}};
  rivals found;
  for (const library& each : libraries) {
    if (each.add != nullptr) {
      each.add(found);
    } else {
      found.left_out.push_back(fmt::format("not built: {} ({})", each.name, each.package));
    }
  }
  add_plain(found);
  add_plain_native(found);
  return found;
}

/// The conversions that are asked for, both directions of a format together. Throws usage_error if
/// there is no such format.
kernels chosen_kernels(const std::vector<std::string>& formats) {
  using namespace narrowfloat;
  kernels all;
  add_format<float8_e4m3fn>(all, "float8_e4m3fn");
  add_format<float8_e5m2>(all, "float8_e5m2");
  add_format<float16>(all, "float16");
  add_format<bfloat16>(all, "bfloat16");
  if (formats.empty()) return all;
  for (const std::string& format : formats) {
    if (std::ranges::count(all, format, &kernel::format) == 0) {
      throw usage_error(fmt::format(
          "--format: '{}' is none of float8_e4m3fn, float8_e5m2, float16, bfloat16", format));
    }
  }
  std::erase_if(all, [&](const kernel& k) { return std::ranges::count(formats, k.format) == 0; });
  return all;
}

/// First-level cache, second-level cache, memory: bytes of the f32 side.
std::vector<std::size_t> sizes() {
  constexpr std::size_t kib = 1024, mib = 1024 * kib;
  const std::size_t memory = std::min(4 * last_level_cache(), 1024 * mib);
  return {16 * kib, 1 * mib, std::max(memory / mib, std::size_t{4}) * mib};
}

std::vector<difference> differences(const kernels& all, const rivals& found) {
  std::vector<difference> rows;
  for (const kernel& each : all) {
    const kernel& back = *std::ranges::find_if(
        all, [&](const kernel& k) { return k.format == each.format && !k.encodes; });
    const comparison compared(each, back);
    for (const rival& other : rivals_in(each, found)) rows.push_back(compared.with(other));
  }
  return rows;
}

void run(const rival_options& chosen) {
  const kernels all = chosen_kernels(chosen.formats);
  const std::vector<tensor> tensors = read_tensors(chosen.input);
  using narrowfloat::detail::PendingFile;
  // A path that cannot be written ends the run before it begins.
  if (chosen.json) static_cast<void>(PendingFile(*chosen.json));

  const std::time_t started = std::time(nullptr);
  const rivals found = all_rivals();
  const std::vector<std::size_t> all_sizes = sizes();
  rival_session measured(tensors, all_sizes.back(), chosen.min_time);
  {
    progress shown(all_sizes.size() * all.size());
    for (const kernel& each : all) {
      for (const std::size_t size : all_sizes) {
        shown.next_step();
        measured.measure(each, rivals_in(each, found), size, shown);
      }
    }
  }

  const rival_report result{chosen.input,    chosen.min_time,         started,
                            measured.rows(), differences(all, found), found.left_out};
  fmt::print("{}{}{}", head(result), rival_table(result.rows),
             difference_table(result.differences));
  if (std::fflush(stdout) != 0)
    throw std::system_error(errno, std::generic_category(), "standard output");
  if (chosen.json) {
    const std::string text = to_json(result);
    PendingFile json(*chosen.json);
    json.append(std::as_bytes(std::span(text)));
    json.commit();
  }
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
  try {
    const bench::rival_options chosen =
        bench::parse_rival_options({arguments + 1, arguments + count});
    if (chosen.help) {
      fmt::print("{}", bench::rival_usage);
    } else {
      bench::run(chosen);
    }
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_rivals: {}\n", error.what());
    return 2;
  }
}

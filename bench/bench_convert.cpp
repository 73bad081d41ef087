// SPDX-License-Identifier: MIT
// Measures convert() between f32 and each format on real tensors, beside the roof of the machine,
// and what each format keeps of them. bench/README.md says how to read it.
#include <fmt/format.h>
#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <exception>
#include <iterator>
#include <narrowfloat/convert.hpp>
#include <narrowfloat/io/safetensors.hpp>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "kernels.hpp"
#include "machine.hpp"
#include "measure.hpp"
#include "options.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "sqnr.hpp"
#include "tensors.hpp"

namespace bench {
namespace {

/// The conversions that are asked for. Throws usage_error if there is no such format.
kernels chosen_kernels(const options& chosen) {
  kernels all;
  add_narrow_kernels(all);
  add_wide_kernels(all);
  if (chosen.all) add_rounding_kernels(all);
  if (chosen.formats.empty()) return all;
  std::string known;
  for (const kernel& each : all) {
    if (!each.encodes) known += fmt::format("{}{}", known.empty() ? "" : ", ", each.format);
  }
  for (const std::string& format : chosen.formats) {
    if (std::ranges::count(all, format, &kernel::format) == 0) {
      throw usage_error(fmt::format("--format: '{}' is none of {}", format, known));
    }
  }
  std::erase_if(all,
                [&](const kernel& k) { return std::ranges::count(chosen.formats, k.format) == 0; });
  return all;
}

std::vector<narrowfloat::Isa> chosen_isas(const options& chosen) {
  if (!chosen.all) return {chosen.isa.value_or(narrowfloat::active_isa())};
  std::vector<narrowfloat::Isa> available;
  std::ranges::copy_if(narrowfloat::all_isas, std::back_inserter(available),
                       narrowfloat::isa_available);
  return available;
}

/// First-level cache, second-level cache, memory: bytes of the f32 side.
std::vector<std::size_t> sizes() {
  constexpr std::size_t kib = 1024, mib = 1024 * kib;
  const std::size_t memory = std::min(4 * last_level_cache(), 1024 * mib);
  return {16 * kib, 1 * mib, std::max(memory / mib, std::size_t{4}) * mib};
}

/// The conversions of one shape in one direction; every list has at least one.
std::vector<std::vector<const kernel*>> by_shape(const kernels& all) {
  std::vector<std::vector<const kernel*>> groups;
  for (const bool encodes : {true, false}) {
    for (const shape bytes : {shape{4, 1}, shape{4, 2}, shape{1, 4}, shape{2, 4}, shape{4, 4}}) {
      std::vector<const kernel*> group;
      for (const kernel& each : all) {
        if (each.encodes == encodes && each.bytes == bytes) group.push_back(&each);
      }
      if (!group.empty()) groups.push_back(std::move(group));
    }
  }
  return groups;
}

void run(const options& chosen) {
  const kernels all = chosen_kernels(chosen);
  const std::vector<tensor> tensors = read_tensors(chosen.input);
  using narrowfloat::detail::PendingFile;
  // A path that cannot be written ends the run before it begins.
  if (chosen.json) static_cast<void>(PendingFile(*chosen.json));

  const std::time_t started = std::time(nullptr);
  const std::vector<std::size_t> all_sizes = sizes();
  const std::vector<std::vector<const kernel*>> groups = by_shape(all);
  session measured(tensors, all_sizes.back(), chosen.min_time);
  {
    progress shown(all_sizes.size() * groups.size());
    for (const std::size_t size : all_sizes) {
      for (const std::vector<const kernel*>& group : groups) {
        shown.next_step();
        measured.measure(group, chosen_isas(chosen), size, shown);
      }
    }
  }

  const report result{chosen.input,    tensors,           chosen.min_time,      started,
                      measured.rows(), measured.copies(), sqnr_of(tensors, all)};
  fmt::print("{}{}{}", head(result), speed_table(result.rows), sqnr_table(result.sqnr));
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
    const bench::options chosen = bench::parse_options({arguments + 1, arguments + count});
    if (chosen.help) {
      fmt::print("{}", bench::usage);
    } else {
      bench::run(chosen);
    }
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_convert: {}\n", error.what());
    return 2;
  }
}

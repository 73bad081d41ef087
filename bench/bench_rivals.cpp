// SPDX-License-Identifier: MIT
// Measures convert() beside what installed libraries and plain loops do on the same arrays, and
// compares their results. bench/README.md says how to read it.
#include <fmt/format.h>
#include <algorithm>
#include <cstddef>
#include <ctime>
#include <narrowfloat/convert.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "arrays.hpp"
#include "kernels.hpp"
#include "machine.hpp"
#include "plan.hpp"
#include "program.hpp"
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
  add_format<float8_e4m3fn>(all, format_name<float8_e4m3fn>());
  add_format<float8_e5m2>(all, format_name<float8_e5m2>());
  add_format<float16>(all, format_name<float16>());
  add_format<bfloat16>(all, format_name<bfloat16>());
  keep_formats(all, formats);
  return all;
}

std::vector<difference> differences(const kernels& all, const rivals& found) {
  std::vector<difference> rows;
  for (const kernel& each : all) {
    const kernel& back = *std::ranges::find_if(
        all, [&](const kernel& k) { return k.format() == each.format() && k.decodes(); });
    const comparison compared(each, back);
    for (const rival& other : rivals_in(each, found)) rows.push_back(compared.with(other));
  }
  return rows;
}

void run(const common_options& chosen) {
  const kernels all = chosen_kernels(chosen.formats);
  const std::vector<tensor> tensors = read_tensors(chosen.input);
  if (chosen.json) check_writable(*chosen.json);

  const std::time_t started = std::time(nullptr);
  const rivals found = all_rivals();
  const standard_sizes sizes;
  arrays data(tensors, sizes.memory);
  std::vector<rival_row> rows;
  {
    progress shown(sizes.all().size() * all.size());
    for (const kernel& each : all) {
      for (const std::size_t size : sizes.all()) {
        shown.next_step();
        measure(each, rivals_in(each, found), size, data, chosen.min_time, shown, rows);
      }
    }
  }

  const rival_report result{chosen.input, chosen.min_time,         started,
                            rows,         differences(all, found), found.left_out};
  print(head(result) + rival_table(result.rows) + difference_table(result.differences));
  if (chosen.json) write_file(*chosen.json, json_text(result));
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
  return bench::run_program("bench_rivals", bench::rival_usage, count, arguments,
                            &bench::parse_rival_options, &bench::run);
}

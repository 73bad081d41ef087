// SPDX-License-Identifier: MIT
// Measures convert() between f32 and each format on real tensors, beside the roof of the machine,
// and what each format keeps of them. bench/README.md says how to read it.
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "arrays.hpp"
#include "kernels.hpp"
#include "machine.hpp"
#include "measure.hpp"
#include "options.hpp"
#include "passes.hpp"
#include "plan.hpp"
#include "program.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "report_json.hpp"
#include "section_calls.hpp"
#include "section_fused.hpp"
#include "section_threads.hpp"
#include "section_wide.hpp"
#include "sqnr.hpp"
#include "targets.hpp"
#include "tensors.hpp"

namespace bench {
namespace {

/// Those of a format that is asked for.
std::vector<pass> chosen_passes(std::vector<pass> all, const options& chosen) {
  std::erase_if(all, [&](const pass& each) {
    return !chosen.formats.empty() &&
           std::ranges::count(chosen.formats, each.conversion.format()) == 0;
  });
  return all;
}

void run(const options& chosen) {
  // calls that name no instruction set follow --isa too
  if (chosen.isa)
    ::setenv("NARROWFLOAT_ISA", std::string(narrowfloat::isa_name(*chosen.isa)).c_str(), 1);
  const kernels all = chosen_kernels(chosen);
  const std::vector<tensor> tensors = read_tensors(chosen.input);
  if (chosen.json) check_writable(*chosen.json);

  report result{chosen.input, tensors, chosen.min_time, std::time(nullptr), {}, {}, {}, {}, {},
                {},           {}};
  const std::vector<step> steps = chosen.wants("convert") ? plan(all, chosen) : std::vector<step>{};
  arrays data(tensors, standard_sizes().memory);
  {
    progress shown(steps.size() + all_sections.size() - 1);
    const bench_state with{all, data, chosen.min_time, shown};
    for (const step& each : steps) {
      shown.next_step();
      measure(with, each.tasks, each.f32_bytes, result.measured);
    }
    shown.next_step();
    if (chosen.wants("wide")) result.wide = measure_wide(with);
    shown.next_step();
    if (chosen.wants("threads")) result.threads = measure_threads(with, chosen);
    shown.next_step();
    if (chosen.wants("calls"))
      result.calls = measure_calls(with, chosen_passes(short_calls(), chosen));
    shown.next_step();
    if (chosen.wants("fused"))
      result.fused = measure_fused(with, chosen_passes(fused_passes(), chosen));
  }
  if (chosen.wants("convert")) result.sqnr = sqnr_of(tensors, all);
  result.targets = targets_of(result.measured.rows, result.wide, result.calls, result.fused);

  print(to_text(result));
  if (chosen.json) write_file(*chosen.json, json_text(result));
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
  return bench::run_program("bench_convert", bench::usage, count, arguments, &bench::parse_options,
                            &bench::run);
}

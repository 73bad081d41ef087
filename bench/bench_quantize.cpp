// SPDX-License-Identifier: MIT
// Measures the quantizers, the ways back and passes from f32 to f32 on real tensors, beside the
// roof of the machine and their targets.
#include <fmt/format.h>
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "arrays.hpp"
#include "machine.hpp"
#include "options.hpp"
#include "pools.hpp"
#include "program.hpp"
#include "progress.hpp"
#include "quantizers.hpp"
#include "roof_packed.hpp"
#include "targets.hpp"
#include "tensors.hpp"
#include "turns.hpp"

namespace bench {
namespace {

constexpr std::string_view quantize_usage =
    R"(Usage: bench_quantize [options]
Measures the quantizers and the ways back to f32, and passes from f32 to f32, beside the copies of the same
shape, and compares the speeds with their targets.

  --input FILE     quantize the tensors of this safetensors file
                   (default: )" NARROWFLOAT_DEFAULT_INPUT R"()
  --format NAME    only this format; may be given several times
  --threads N      threads of the columns of threads, beside one (default: 2)
  --min-time S     seconds for each of the 5 repetitions of a row (default: 0.015)
  --json FILE      write the results here too
  --help           show this text

The widest instruction set of the machine is used; NARROWFLOAT_ISA=avx2 narrows it.
)";

struct quantize_options : common_options {
  std::size_t threads = 2;
};

/// Medians, in elements a second.
struct quantize_row {
  const quantizer_entry* entry;
  bool back;  ///< dequantizes
  std::size_t f32_bytes;
  double speed, roof, memcpy;
  double threads, threads_roof;  ///< by several, on the clock; 0: takes no executor

  double bound() const {
    const quantizer_entry::bounds& of = back ? entry->dequantize : entry->quantize;
    return f32_bytes == standard_sizes().memory ? of.memory : of.second_level;
  }
};

std::string name_of(const quantizer_entry& of) {
  return of.options.empty() ? of.format : of.format + ", " + of.options;
}

/// The quantizers of one width at one size, in one direction.
void measure(const std::vector<const quantizer_entry*>& entries, bool back, const float* values,
             std::size_t n, unsigned char* out, const quantize_options& chosen, progress& shown,
             std::vector<quantize_row>& rows) {
  const int bits = entries.front()->code_bits;
  turns timed(chosen.min_time, shown);
  narrowfloat::ThreadPool* const pool = &pool_of(chosen.threads);
  const std::string threads = "/threads";
  std::vector<std::string> copies;
  const std::size_t code_bytes = n / 8 * static_cast<std::size_t>(bits);
  // What a copy back reads lies behind what it writes.
  unsigned char* const codes = out + n * sizeof(float);
  for (const roof_variant& variant : packed_roof(bits, back)) {
    copies.push_back(fmt::format("copy/{}", variant.name));
    const auto copy = [=, run = variant.run](std::size_t first, std::size_t end) {
      const float* const from = values + first;
      unsigned char *const narrow = codes + first / 8 * static_cast<std::size_t>(bits),
                           *const to = out + first * sizeof(float);
      back ? run(narrow, to, end - first) : run(from, narrow, end - first);
    };
    timed.add(copies.back(), n, [=] { copy(0, n); });
    timed.add_on_clock(copies.back() + threads, n, [=] {
      const std::size_t rows_of_all = n / quantizer::columns, count = pool->threads();
      (*pool)(count, [&](std::size_t task) {
        copy(rows_of_all * task / count * quantizer::columns,
             rows_of_all * (task + 1) / count * quantizer::columns);
      });
    });
  }
  const std::string memcpy_name = "memcpy";
  timed.add(memcpy_name, n,
            [=] { std::memcpy(out, values, (n * sizeof(float) + code_bytes) / 2); });
  std::vector<std::unique_ptr<quantizer>> tensors;
  for (const quantizer_entry* const entry : entries) {
    quantizer* const tensor = tensors.emplace_back(entry->make()).get();
    tensor->quantize(values, n);
    const auto run = [=] {
      back ? tensor->dequantize(reinterpret_cast<float*>(out)) : tensor->quantize(values, n);
    };
    timed.add(name_of(*entry), n, run);
    if (!entry->has_threads) continue;
    timed.add_on_clock(name_of(*entry) + threads, n, [=] {
      tensor->run_by(pool);
      run();
      tensor->run_by(nullptr);
    });
  }
  timed.run();
  double roof = 0, threads_roof = 0;
  for (const std::string& copy : copies) {
    roof = std::max(roof, timed.rate(copy));
    threads_roof = std::max(threads_roof, timed.rate(copy + threads));
  }
  for (const quantizer_entry* const entry : entries)
    rows.push_back({entry, back, n * sizeof(float), timed.rate(name_of(*entry)), roof,
                    timed.rate(memcpy_name),
                    entry->has_threads ? timed.rate(name_of(*entry) + threads) : 0, threads_roof});
}

std::string table_of(const std::vector<quantize_row>& rows) {
  std::string text;
  std::optional<std::pair<std::size_t, bool>> group;
  for (const quantize_row& each : rows) {
    if (group != std::pair(each.f32_bytes, each.back)) {
      group = {each.f32_bytes, each.back};
      constexpr std::string_view line =
          "{:<30} {:>7} {:>8} {:>8} {:>8} {:>8} {:>8} {:>4} {:>8} {:>6} {:>6}\n";
      text += "\n";
      text += fmt::format(line, each.back ? "back to f32" : "f32 to", "size", "speed", "roof",
                          "speed /", "memcpy", "target", "", "threads", "times", "roof's");
      text += fmt::format(line, "", "", "Gelem/s", "Gelem/s", "roof", "Gelem/s", "", "met",
                          "Gelem/s", "", "times");
    }
    const double ratio = each.speed / each.roof;
    text += fmt::format("{:<30} {:>7} {:>8.3f} {:>8.2f} {:>8.3f} {:>8.2f}", name_of(*each.entry),
                        size_name(each.f32_bytes), each.speed / 1e9, each.roof / 1e9, ratio,
                        each.memcpy / 1e9);
    text += each.bound() == 0 ? fmt::format(" {:>8} {:>4}", "-", "-")
                              : fmt::format(" {:>8} {:>4}", fmt::format(">= {:.2f}", each.bound()),
                                            ratio >= each.bound() ? "yes" : "no");
    text += each.threads == 0
                ? "\n"
                : fmt::format(" {:>8.3f} {:>6.2f} {:>6.2f}\n", each.threads / 1e9,
                              each.threads / each.speed, each.threads_roof / each.roof);
  }
  return text;
}

nlohmann::ordered_json to_json(const quantize_row& of) {
  return {{"format", of.entry->format},
          {"options", of.entry->options},
          {"direction", of.back ? "dequantize" : "quantize"},
          {"f32_bytes", of.f32_bytes},
          {"elements_per_s", of.speed},
          {"roof_elements_per_s", of.roof},
          {"memcpy_elements_per_s", of.memcpy},
          {"threads_elements_per_s", of.threads},
          {"threads_roof_elements_per_s", of.threads_roof},
          {"target",
           of.bound() == 0 ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(of.bound())}};
}

std::vector<const quantizer_entry*> chosen_entries(const std::vector<quantizer_entry>& all,
                                                   const std::vector<std::string>& formats) {
  std::vector<const quantizer_entry*> chosen;
  for (const quantizer_entry& each : all) {
    if (formats.empty() || std::ranges::count(formats, each.format) != 0) chosen.push_back(&each);
  }
  for (const std::string& format : formats) {
    if (std::ranges::none_of(all, [&](const auto& each) { return each.format == format; }))
      throw usage_error("--format: there is no quantizer of '" + format + "'");
  }
  return chosen;
}

void run(const quantize_options& chosen) {
  std::vector<quantizer_entry> all = all_quantizers();
  if (add_onednn_quantizers != nullptr) add_onednn_quantizers(all);
  const auto entries = chosen_entries(all, chosen.formats);
  const std::vector<tensor> tensors = read_tensors(chosen.input);
  if (chosen.json) check_writable(*chosen.json);
  const std::vector<float> values = concatenate(tensors);
  const standard_sizes sizes;
  const std::time_t started = std::time(nullptr);
  std::vector<quantize_row> rows;
  {
    constexpr int widths[] = {8, 6, 4, 32};
    progress shown(2 * 2 * std::size(widths));
    const buffer in(sizes.memory), out(2 * sizes.memory);
    for (const std::size_t size : {sizes.second_level, sizes.memory}) {
      const std::vector<float> part = sample(values, size / sizeof(float));
      std::memcpy(in.data(), part.data(), part.size() * sizeof(float));
      in.repeat(part.size() * sizeof(float), size);
      for (const bool back : {false, true}) {
        for (const int bits : widths) {
          shown.next_step();
          std::vector<const quantizer_entry*> those;
          std::ranges::copy_if(entries, std::back_inserter(those), [&](const auto* each) {
            return each->code_bits == bits && (!back || each->goes_back());
          });
          if (those.empty()) continue;
          measure(those, back, reinterpret_cast<const float*>(in.data()), size / sizeof(float),
                  out.data(), chosen, shown, rows);
        }
      }
    }
  }
  print(
      fmt::format(
          "{}, {}, last-level cache {}, {}\n"
          "{}: {} tensors. Medians of {} repetitions of {} s, in turns with the copies; one thread.\n"
          "threads: by {}, on the clock; times: over one thread; roof's: of the fastest copy.\n"
          "size: of the f32 side. memcpy: of as many bytes in all. roof: the fastest copy with the\n"
          "same loads, change of width and stores; of packed codes, without the packing.\n",
          processor_name(), narrowfloat::isa_name(narrowfloat::active_isa()),
          size_name(last_level_cache()), compiler_name(), chosen.input.filename().string(),
          tensors.size(), repetitions, chosen.min_time, chosen.threads) +
      table_of(rows));
  if (!chosen.json) return;
  nlohmann::ordered_json json;
  json["date"] = started;
  json["processor"] = processor_name();
  json["compiler"] = compiler_name();
  json["isa"] = narrowfloat::isa_name(narrowfloat::active_isa());
  for (const quantize_row& each : rows) json["rows"].push_back(to_json(each));
  write_file(*chosen.json, json.dump(2) + "\n");
}

quantize_options parse(const std::vector<std::string_view>& arguments) {
  quantize_options chosen;
  parse_arguments(arguments, chosen, [&](std::string_view name, const auto& value) {
    if (name != "--threads") return false;
    chosen.threads = parse_threads(value());
    return true;
  });
  return chosen;
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
  return bench::run_program("bench_quantize", bench::quantize_usage, count, arguments,
                            &bench::parse, &bench::run);
}

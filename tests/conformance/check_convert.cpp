// SPDX-License-Identifier: MIT
// Conversions and decodes: what differs, from which policy.
#include <bit>
#include <cstdio>
#include <cstring>

#include "conformance/checks.hpp"
#include "conformance/sweep.hpp"
#include "conformance/text.hpp"

namespace conformance {
namespace {

using oracle::CodeRun;

std::string code_text(const NamedFormat& format, std::uint32_t code) {
  return hex(code, static_cast<int>(8 * format.code_bytes()));
}

void list_differences(const Options& options, std::span<const Difference> all) {
  const NamedFormat& format = options.format;
  const auto text = [&](const Difference& d) {
    return hex(d.first, 32) + (d.first == d.last ? "" : " to " + hex(d.last, 32)) + ", code " +
           code_text(format, d.got) + " for " + code_text(format, d.right);
  };
  const auto is_nan = [&](std::uint32_t code) {
    return code >> format.width() == 0 && oracle::is_nan(format.format, code);
  };
  Listing list(options.most_intervals);
  bool all_ties = !all.empty();
  std::vector<Difference> nans;  // another NaN than the right one: several are one line
  for (const Difference& d : all) {
    all_ties = all_ties && d.first == d.last && is_tie(format.format, d.first);
    if (is_nan(d.got) && is_nan(d.right) && options.most_intervals != 0)
      nans.push_back(d);
    else
      list.add("  but " + interval_text(d.first, d.last) + " gives " +
               value_text(format.format, d.got) + " where " + value_text(format.format, d.right) +
               " is right: " + text(d));
  }
  list.finish("interval");
  if (!nans.empty())
    std::printf("  but another code of nan in %s: %s%s\n",
                count_text(nans.size(), "interval").c_str(), text(nans.front()).c_str(),
                nans.size() == 1 ? "" : " ...");
  if (all_ties) std::printf("  all of these are ties\n");
}

void check_convert_lengths(Kernel& kernel, const NamedFormat& format, const Sweep& sweep) {
  std::vector<std::uint32_t> floats;
  std::vector<std::byte> codes;
  for (const CodeRun& run : sweep.runs) {
    floats.push_back(run.first);
    append_code(codes, format, run.code);
  }
  check_lengths(kernel, {"float", {sizeof(float)}, {format.code_bytes()}},
                std::as_bytes(std::span(floats)), codes);
}

}  // namespace

void append_code(std::vector<std::byte>& codes, const NamedFormat& format, std::uint32_t code) {
  codes.push_back(static_cast<std::byte>(code));
  if (format.code_bytes() == 2) codes.push_back(static_cast<std::byte>(code >> 8));
}

void Listing::add(const std::string& line) {
  if (most_ == 0 || count_ < most_) std::printf("%s\n", line.c_str());
  ++count_;
}
void Listing::finish(const char* thing) const {
  if (most_ != 0 && count_ > most_)
    std::printf("  ... and %s more (--intervals 0 shows all)\n",
                count_text(count_ - most_, thing).c_str());
}

bool check_convert(Kernel& kernel, const Options& options) {
  const oracle::Format& format = options.format.format;
  const Policy expected = options.policy();
  const std::vector<CodeRun> right = runs_of(format, expected);
  std::printf("expected: %s; digest %s\n", name_of(expected).c_str(),
              oracle::digest(right).c_str());
  std::fflush(stdout);
  const Sweep sweep = options.all
                          ? sweep_all(kernel, options.format)
                          : sweep_stratified(kernel, options.format, options.inputs, options.seed);
  if (sweep.has_all)
    std::printf("read: all %llu floats; digest %s\n", static_cast<unsigned long long>(sweep.inputs),
                oracle::digest(sweep.runs).c_str());
  else
    std::printf(
        "read: %llu floats; one between two that have the same code is taken to have it too\n",
        static_cast<unsigned long long>(sweep.inputs));
  check_convert_lengths(kernel, options.format, sweep);
  if (sweep.runs == right) {
    std::printf("verdict: equal\n");
    return true;
  }
  const std::vector<Difference> from_expected = differences(sweep.runs, right);
  std::printf("verdict: differs for %s\n", count_text(count_of(from_expected), "float").c_str());
  const Policy nearest = nearest_policy(format, sweep.runs, expected);
  const std::vector<Difference> all = differences(sweep.runs, runs_of(format, nearest));
  std::printf("%s: %s\n", all.empty() ? "equal to" : "nearest", name_of(nearest).c_str());
  list_differences(options, all);
  return false;
}

bool check_decode(Kernel& kernel, const Options& options) {
  const NamedFormat& format = options.format;
  const std::uint32_t count = 1u << format.width();
  std::vector<std::byte> codes;
  for (std::uint32_t code = 0; code < count; ++code) append_code(codes, format, code);
  std::printf("expected: the value of every code as a float\n");
  std::fflush(stdout);
  std::vector<std::byte> floats;
  const std::size_t size = format.code_bytes(),
                    batch = std::min<std::size_t>(kernel.batch(), count);
  for (std::size_t first = 0; first < count; first += batch) {  // both are powers of two
    const std::vector<std::byte> some = call_twice(
        kernel, std::span(codes).subspan(first * size, batch * size), batch * sizeof(float), batch);
    floats.insert(floats.end(), some.begin(), some.end());
  }
  std::printf("read: all %u codes\n", count);
  check_lengths(kernel, {"code", {size}, {sizeof(float)}}, codes, floats);
  std::size_t wrong = 0, flushed = 0;
  for (int pass = 0; pass < 2; ++pass) {  // counts, then shows
    Listing list(options.most_intervals);
    for (std::uint32_t code = 0; code < count; ++code) {
      const oracle::Exact value = oracle::decode(format.format, code);
      std::uint32_t got;
      std::memcpy(&got, floats.data() + code * sizeof(float), sizeof(float));
      const std::uint32_t right =
          oracle::round(oracle::binary32, value, {}, oracle::Saturation::none);
      const bool is_nan = (got & 0x7fffffff) > 0x7f800000;
      if (value.is_nan() ? is_nan : got == right) continue;
      if (pass == 0) {
        ++wrong;
        flushed += value.subnormal && (got & 0x7fffffff) == 0;
      } else {
        list.add("  but " + code_text(format, code) + " gives " + float_text(got) + " where " +
                 value_text(format.format, code) + " is right: " + hex(got, 32) + " for " +
                 hex(right, 32));
      }
    }
    if (pass == 1) list.finish("code");
    if (pass == 0 && wrong == 0) {
      std::printf("verdict: equal\n");
      return true;
    }
    if (pass == 0)
      std::printf("verdict: differs for %s%s\n", count_text(wrong, "code").c_str(),
                  flushed == wrong ? ", subnormals that decode to zero" : "");
  }
  return false;
}

}  // namespace conformance

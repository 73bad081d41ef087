// SPDX-License-Identifier: MIT
// Converts all 2^32 floats to every format of docs/digests.csv, in one rounding, and compares with
// the oracle. A sweep that is stopped goes on where it was. `--help` has the options.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <narrowfloat/isa.hpp>

#include "digests/check.hpp"
#include "digests/results.hpp"
#include "support/every_format.hpp"

namespace {

using namespace digests;
namespace fs = std::filesystem;

constexpr const char usage[] =
    "usage: %s [--only NAME] [--state FILE] [--threads N]\n"
    "       %s --table FILE...\n"
    "  --only NAME    formats with this name, or those whose name goes on with a letter: e4m3\n"
    "  --state FILE   where results are kept; else NARROWFLOAT_DIGESTS_STATE, else digests.txt beside the program\n"
    "  --threads N    else one for each processor\n"
    "  --table FILE   prints docs/digests.csv from such files\n";

struct Options {
  std::string only;
  fs::path state;
  unsigned threads = std::thread::hardware_concurrency();
  std::vector<fs::path> table;
};

Options parse(int argc, char** argv) {
  Options options;
  const char* const from_environment = std::getenv("NARROWFLOAT_DIGESTS_STATE");
  options.state = from_environment != nullptr ? fs::path(from_environment)
                                              : fs::path(argv[0]).parent_path() / "digests.txt";
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (i + 1 == argc) throw std::invalid_argument(std::string(name) + ": unknown, or no value");
    const char* const value = argv[++i];
    if (name == "--only") {
      options.only = value;
    } else if (name == "--state") {
      options.state = value;
    } else if (name == "--threads") {
      options.threads = static_cast<unsigned>(std::strtoul(value, nullptr, 10));
      if (options.threads == 0 || options.threads > 1024)
        throw std::invalid_argument(std::string("--threads ") + value + ": must be 1 to 1024");
    } else if (name == "--table") {
      options.table.assign(argv + i, argv + argc);
      break;
    } else {
      throw std::invalid_argument(std::string(name) + ": unknown");
    }
  }
  return options;
}

/// Whether a format is among those wanted: e4m3 wants e4m3b7fn, not e4m30.
bool is_wanted(const std::string& name, const std::string& only) {
  return name.starts_with(only) &&
         (only.empty() || name.size() == only.size() || name[only.size()] > '9');
}

template <std::size_t... E>
std::vector<Kernel> every_kernel(std::index_sequence<E...>) {
  std::vector<Kernel> all;
  for (const std::vector<Kernel>& some : {kernels_with<static_cast<int>(E)>()...})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

oracle::Mode mode_named(std::string_view name) {
  for (std::size_t i = 0; i < test::table_modes.size(); ++i)
    if (name == test::table_mode_names[i]) return test::table_modes[i];
  throw std::logic_error("no such rounding");
}

/// What is done, on stderr: a line that changes on a terminal, else one a minute.
class Progress {
 public:
  Progress(std::size_t done, std::size_t all) : before_(done), done_(done), all_(all) {}
  ~Progress() {
    if (is_terminal_) std::fputs("\r\x1b[K", stderr);
  }
  void show(std::size_t more, const std::string& name) {
    done_ += more;
    const auto now = clock::now();
    if (!is_terminal_ && now - shown_ < std::chrono::minutes(1)) return;
    shown_ = now;
    const double seconds = std::chrono::duration<double>(now - start_).count();
    const double rate = static_cast<double>(done_ - before_) / seconds;
    std::fprintf(stderr, "%s%zu of %zu formats, %.2f/s, %.0f min left: %s%s",
                 is_terminal_ ? "\r\x1b[K" : "", done_, all_, rate,
                 static_cast<double>(all_ - done_) / rate / 60, name.c_str(),
                 is_terminal_ ? "" : "\n");
    std::fflush(stderr);
  }

 private:
  using clock = std::chrono::steady_clock;
  std::size_t before_, done_, all_;
  clock::time_point start_ = clock::now(), shown_ = start_;
  bool is_terminal_ = isatty(STDERR_FILENO) == 1;
};

/// Sweeps what is left; returns how many formats differ.
std::size_t sweep(const Options& options, const char* program) {
  const fs::path self = fs::exists("/proc/self/exe") ? "/proc/self/exe" : program;
  Results results(options.state, DIGESTS_ROUNDING, DIGESTS_ISA, build_of(self));
  std::vector<Kernel> left;
  std::size_t wanted = 0;
  for (const Kernel& kernel : every_kernel(std::make_index_sequence<9>{})) {
    const std::string name = test::name_of(kernel.format);
    if (!is_wanted(name, options.only)) continue;
    ++wanted;
    if (!results.has(name)) left.push_back(kernel);
  }
  if (wanted == 0) throw std::invalid_argument("--only " + options.only + ": no such format");
  std::printf("%zu formats, %s, %s; %zu of them are done in %s\n", wanted, DIGESTS_ROUNDING,
              DIGESTS_ISA, wanted - left.size(), options.state.c_str());
  std::fflush(stdout);

  constexpr std::size_t group = 8;
  Progress progress(wanted - left.size(), wanted);
  std::atomic<std::size_t> next = 0, different = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    for (std::size_t first; (first = next.fetch_add(group)) < left.size();) {
      const std::span<const Kernel> some =
          std::span(left).subspan(first, std::min(group, left.size() - first));
      try {
        const std::vector<Outcome> outcomes = check_every_float(some, mode_named(DIGESTS_ROUNDING));
        const std::lock_guard lock(mutex);
        for (std::size_t i = 0; i < some.size(); ++i) {
          const std::string name = test::name_of(some[i].format);
          if (const auto& bad = outcomes[i].mismatch) {
            ++different;
            std::printf("%s %s: float %08x, expected %x, got %x\n", name.c_str(), DIGESTS_ROUNDING,
                        bad->input, bad->expected, bad->got);
            std::fflush(stdout);
          } else {
            results.add(name, outcomes[i].digest);
          }
        }
        progress.show(some.size(), test::name_of(some.back().format));
      } catch (...) {
        const std::lock_guard lock(mutex);
        failure = std::current_exception();
        next = left.size();
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < options.threads; ++i) threads.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);
  return different;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--help") {
    std::printf(usage, argv[0], argv[0]);
    return 0;
  }
  try {
    const Options options = parse(argc, argv);
    if (!options.table.empty()) {
      print_table(options.table);
      return 0;
    }
    for (const narrowfloat::Isa isa : narrowfloat::all_isas) {
      if (narrowfloat::isa_name(isa) == DIGESTS_ISA && !narrowfloat::isa_available(isa)) {
        std::printf("this machine lacks %s\n", DIGESTS_ISA);
        return 77;
      }
    }
    const std::size_t different = sweep(options, argv[0]);
    std::printf("%zu formats differ from the oracle\n", different);
    return different == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 2;
  }
}

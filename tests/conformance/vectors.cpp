// SPDX-License-Identifier: MIT
// Expected results as files of runs.
#include "conformance/vectors.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "conformance/text.hpp"

namespace conformance {
namespace {

constexpr const char* readme =
    R"(Conversions of all 2^32 floats, one file for each format, rounding and saturation:
FORMAT.ROUNDING.SATURATION.csv. Subnormals are kept, and a NaN gives the quiet NaN of its sign, the format's one
NaN, or the largest finite value where there is none.

The first line says what the file is and its digest. Each other line is the start of a run of floats that have
one code: the bits of the first float and the code, in hexadecimal. Runs are in the order of the bits as unsigned
numbers; a run ends before the next one, the last with ffffffff. So the code of a float is that of the last line
whose first number is not above its bits.

The digest is 64-bit FNV-1a (offset basis cbf29ce484222325, prime 100000001b3) over the first float and the code
of every run, each as 4 bytes, the lowest first.

finite: overflow and Inf give the largest finite value. propagate: overflow does, Inf stays (or gives NaN, or the
largest finite value, where there is no Inf). none: both give Inf, else NaN, else the largest finite value, but a
finite float that is rounded toward zero gives the largest finite value.
)";

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw UsageError(path.string() + ": cannot be written");
}

std::string text_of(const NamedFormat& format, const Policy& policy) {
  const std::vector<oracle::CodeRun> runs = runs_of(format.format, policy);
  std::string text = "# " + format.name + ", " + name_of(policy) + ", digest " +
                     oracle::digest(runs) + "\nfirst,code\n";
  const int bits = static_cast<int>(8 * format.code_bytes());
  for (const oracle::CodeRun& run : runs)
    text += hex(run.first, 32) + "," + hex(run.code, bits) + "\n";
  return text;
}

}  // namespace

void print_digests() {
  for (const NamedFormat& named : named_formats()) {
    const Policy policy{.saturation = named.saturation};
    std::printf("%-20s %-10s %s\n", named.name.c_str(), name_of(named.saturation).c_str(),
                oracle::digest(runs_of(named.format, policy)).c_str());
  }
}

void write_vectors(const Options& options) {
  const std::filesystem::path folder = options.vectors;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw UsageError(options.vectors + ": " + error.message());
  write_file(folder / "README", readme);
  std::vector<NamedFormat> formats;
  for (const NamedFormat& named : named_formats())
    if (!options.has_format && named.width() <= 8) formats.push_back(named);
  if (options.has_format) formats.push_back(options.format);
  for (const NamedFormat& named : formats) {
    for (int mode = 0; mode <= static_cast<int>(oracle::Mode::to_odd); ++mode) {
      for (const auto saturation :
           {oracle::Saturation::finite, oracle::Saturation::propagate, oracle::Saturation::none}) {
        const Policy policy{static_cast<oracle::Mode>(mode), saturation};
        write_file(
            folder / (named.name + "." + name_of(policy.mode) + "." + name_of(saturation) + ".csv"),
            text_of(named, policy));
      }
    }
  }
}

}  // namespace conformance

// SPDX-License-Identifier: MIT
// Quantizes the matrices of a safetensors checkpoint to a block format, says what each one lost, and
// reads its own output back.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <narrowfloat/io/safetensors_blocks.hpp>
#include <narrowfloat/quantize/format_report.hpp>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "program.hpp"
#include "tensors.hpp"

namespace {

namespace fs = std::filesystem;
namespace nf = narrowfloat;
namespace st = narrowfloat::safetensors;

constexpr std::string_view help =
    R"(usage: quantize [INPUT.safetensors OUTPUT.safetensors] [options]

Quantizes every F32, F16, BF16 and F64 (through F32) tensor of two dimensions or more whose last
one is whole blocks; copies all others. NAME becomes NAME, NAME_scale and, for nvfp4, NAME_scale_2.
Without files: the digits example's, to a temporary file.

Says of each tensor the signal over the noise, how many of its finite values are clipped (more than half
a step beyond the largest of their block) and flushed to zero, and how many are lost: finite before and Inf
or NaN after, as all values of a block that holds an Inf or a NaN. Then nothing is written.

  --format NAME  mxfp8_e4m3, mxfp8_e5m2, mxfp6_e2m3, mxfp6_e3m2, mxfp4_e2m1 (default), mxint8, nvfp4
  --rule NAME    floor (default), ceil, rceil, even, search: how the power-of-two scale is chosen
  --only TEXT    only the tensors whose names end in TEXT, as .weight
  --allow-lossy  writes the file even if finite values are lost
  --help

exit status: 0; 1 if finite values are lost, or if the output does not read back as it was written, which
removes it; 2 for anything else
)";

struct Options {
  std::string input, output, format = "mxfp4_e2m1", rule = "floor", only;
  bool allow_lossy = false, help = false;
};

/// What became of one tensor, or of all.
struct Row {
  std::size_t bytes_before = 0, bytes_after = 0;
  nf::FormatReport report{};  // of those that were quantized
  bool quantized = false;

  Row& operator+=(const Row& other) {
    bytes_before += other.bytes_before;
    bytes_after += other.bytes_after;
    report.elements += other.report.elements;
    report.non_finite += other.report.non_finite;
    report.lost += other.report.lost;
    report.clipped += other.report.clipped;
    report.flushed += other.report.flushed;
    report.signal += other.report.signal;
    report.noise += other.report.noise;
    quantized = quantized || other.quantized;
    return *this;
  }
};

nf::ScaleRule rule_of(const std::string& name) {
  const auto found = std::ranges::find(st::scale_rule_names, name);
  if (found == st::scale_rule_names.end()) throw std::invalid_argument("unknown rule " + name);
  return static_cast<nf::ScaleRule>(found - st::scale_rule_names.begin());
}

std::string shape_text(const st::Tensor& tensor) {
  std::string text;
  for (const std::size_t extent : tensor.shape)
    text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text.empty() ? "scalar" : text;
}

/// Rewrites one line of a terminal, and clears it at the end.
class Progress {
 public:
  ~Progress() {
    if (shown_) fmt::print(stderr, "\r\033[K");
  }
  void show(std::size_t done, std::size_t all, const std::string& name) {
    if (isatty(STDERR_FILENO) == 0) return;
    fmt::print(stderr, "\r\033[K{} of {}: {}", done, all, name);
    shown_ = true;
  }

 private:
  bool shown_ = false;
};

template <class Format>
class Quantizer {
 public:
  explicit Quantizer(const Options& options) : options_(options), rule_(rule_of(options.rule)) {}

  /// Adds what becomes of a tensor to the output.
  Row add(const st::Tensor& tensor) {
    Row row{.bytes_before = tensor.data.size(), .bytes_after = tensor.data.size()};
    const std::optional<std::vector<float>> values =
        wanted(tensor) ? example::floats_of(tensor) : std::nullopt;
    if (!values) {
      output_.tensors.push_back(tensor);
      return row;
    }
    const std::size_t cols = tensor.shape.back();
    nf::QuantizeOptions options;
    if (Format::tensor_scale == nf::TensorScale::none) options.rule = rule_;
    auto blocks = nf::BlockTensor<Format>::quantize(*values, values->size() / cols, cols, options);
    st::add_blocks(output_, tensor.name, tensor.shape, blocks, rule_text());
    row.bytes_after = blocks.size_bytes();
    row.report = nf::format_report(*values, blocks);
    row.quantized = true;
    quantized_.emplace_back(tensor.name, std::move(blocks));
    return row;
  }

  void write(const fs::path& path, std::map<std::string, std::string> metadata) {
    output_.metadata.merge(metadata);
    // the largest elements first, so that each tensor is aligned in the file
    std::ranges::stable_sort(output_.tensors, std::greater(),
                             [](const st::Tensor& tensor) { return st::dtype_bits(tensor.dtype); });
    st::write(path, output_);
  }

  /// Whether the file holds what was written, and the same numbers come out of it.
  bool verify(const fs::path& path) const {
    const st::File file = st::read(path);
    const auto same_tensor = [](const st::Tensor& x, const st::Tensor& y) {
      return x.name == y.name && x.dtype == y.dtype && x.shape == y.shape && x.data == y.data;
    };
    return std::ranges::equal(file.tensors, output_.tensors, same_tensor) &&
           file.metadata == output_.metadata &&
           std::ranges::all_of(quantized_, [&](const auto& known) {
             const auto expected = numbers_of(known.second);
             const auto got = numbers_of(st::read_blocks<Format>(file, known.first));
             return std::ranges::equal(got, expected, {}, std::bit_cast<std::uint32_t, float>,
                                       std::bit_cast<std::uint32_t, float>);
           });
  }

 private:
  using Blocks = nf::BlockTensor<Format>;

  bool wanted(const st::Tensor& tensor) const {
    return tensor.shape.size() >= 2 && !tensor.data.empty() &&
           tensor.shape.back() % static_cast<std::size_t>(Format::block_size) == 0 &&
           tensor.name.ends_with(options_.only);
  }

  std::string_view rule_text() const {
    return Format::tensor_scale == nf::TensorScale::none ? std::string_view(options_.rule) : "amax";
  }

  static std::vector<float> numbers_of(const Blocks& blocks) {
    std::vector<float> numbers(blocks.size());
    blocks.dequantize(numbers);
    return numbers;
  }

  const Options& options_;
  nf::ScaleRule rule_;
  st::File output_;
  std::vector<std::pair<std::string, Blocks>> quantized_;
};

void print_row(std::string_view name, const std::string& shape, const Row& row) {
  fmt::print("{:<24} {:>12} {:>12} {:>12}", name, shape, row.bytes_before, row.bytes_after);
  if (!row.quantized) {
    fmt::print("     copied\n");
    return;
  }
  const nf::FormatReport& r = row.report;
  const std::string sqnr = r.is_blank()                  ? "-"  // nothing is finite
                           : r.noise == 0 && r.lost == 0 ? "exact"
                                                         : fmt::format("{:.2f}", r.sqnr_db());
  fmt::print(" {:>10} {:>9.4f} {:>9.4f} {:>10}\n", sqnr, r.clipped_percent(), r.flushed_percent(),
             r.lost);
}

void print_table(const st::File& input, const std::vector<Row>& rows, const Row& total) {
  fmt::print("{:<24} {:>12} {:>12} {:>12} {:>10} {:>9} {:>9} {:>10}\n", "tensor", "shape", "bytes",
             "after", "SQNR dB", "clipped %", "flushed %", "lost");
  for (std::size_t i = 0; i < rows.size(); ++i)
    print_row(input.tensors[i].name, shape_text(input.tensors[i]), rows[i]);
  print_row("total", "", total);
}

/// Says it where finite values are lost; whether that ends the conversion.
bool is_refused(const std::vector<Row>& rows, const Row& total, bool allowed) {
  if (total.report.lost == 0) return false;
  const auto tensors = std::ranges::count_if(rows, [](const Row& row) { return row.report.lost; });
  fmt::print(stderr, "quantize: {} finite values of {} tensor{} became Inf or NaN{}\n",
             total.report.lost, tensors, tensors == 1 ? "" : "s",
             allowed ? "" : "; nothing is written without --allow-lossy");
  return !allowed;
}

template <class Format>
int run(const Options& options) {
  Quantizer<Format> quantizer(options);
  const st::File input = st::read(options.input);
  std::vector<Row> rows;
  Row total, quantized;
  {
    Progress progress;
    for (const st::Tensor& tensor : input.tensors) {
      progress.show(rows.size() + 1, input.tensors.size(), tensor.name);
      rows.push_back(quantizer.add(tensor));
      total += rows.back();
      if (rows.back().quantized) quantized += rows.back();
    }
  }
  const bool refused = is_refused(rows, total, options.allow_lossy);
  if (!refused) quantizer.write(options.output, input.metadata);
  print_table(input, rows, total);
  if (refused) return 1;
  const bool same = quantizer.verify(options.output);
  fmt::print("{}: {:.3f} bits an element quantized; read back: {}\n", options.format,
             quantized.report.elements == 0 ? 0.0
                                            : 8 * static_cast<double>(quantized.bytes_after) /
                                                  static_cast<double>(quantized.report.elements),
             same ? "the same numbers" : "OTHER NUMBERS");
  if (!same) fs::remove(options.output);
  return same ? 0 : 1;
}

/// Calls run() for the format of that name.
template <class... Formats>
int run_named(const Options& options) {
  int status = -1;
  const bool known = ((st::block_format_name<Formats>() == options.format &&
                       (status = run<Formats>(options), true)) ||
                      ...);
  if (!known) throw std::invalid_argument("unknown format " + options.format);
  return status;
}

Options parse(int count, char** arguments) {
  Options options;
  std::vector<std::string> files;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    std::string* const value = argument == "--format" ? &options.format
                               : argument == "--rule" ? &options.rule
                               : argument == "--only" ? &options.only
                                                      : nullptr;
    if (value != nullptr) {
      if (++i == count) throw std::invalid_argument(argument + " needs a value");
      *value = arguments[i];
    } else if (argument == "--allow-lossy") {
      options.allow_lossy = true;
    } else if (argument == "--help") {
      options.help = true;
    } else if (argument.starts_with("-")) {
      throw std::invalid_argument("unknown option " + argument);
    } else {
      files.push_back(argument);
    }
  }
  if (!files.empty() && files.size() != 2)
    throw std::invalid_argument("needs an input and an output, or neither; see --help");
  if (!files.empty()) {
    options.input = files[0];
    options.output = files[1];
  }
  return options;
}

/// A name for a file of its own, which is removed at the end.
class TemporaryFile {
 public:
  TemporaryFile()
      : path(fs::temp_directory_path() /
             fmt::format("narrowfloat-{:08x}.safetensors", std::random_device{}())) {}
  ~TemporaryFile() {
    std::error_code ignored;
    fs::remove(path, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const fs::path path;
};

}  // namespace

int main(int count, char** arguments) {
  const auto run_chosen = [](Options& options) {
    std::optional<TemporaryFile> temporary;
    if (options.input.empty()) {
      options.input = NARROWFLOAT_DATA_DIR "/digits.safetensors";
      options.output = temporary.emplace().path.string();
    }
    return run_named<nf::mxfp8_e4m3, nf::mxfp8_e5m2, nf::mxfp6_e2m3, nf::mxfp6_e3m2, nf::mxfp4_e2m1,
                     nf::mxint8, nf::nvfp4>(options);
  };
  return example::run_program(
      "quantize", help, [&] { return parse(count, arguments); }, run_chosen);
}

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
#include <narrowfloat/limits.hpp>
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

  --format NAME  mxfp8_e4m3, mxfp8_e5m2, mxfp6_e2m3, mxfp6_e3m2, mxfp4_e2m1 (default), mxint8, nvfp4
  --rule NAME    floor (default), ceil, rceil, even, search: how the power-of-two scale is chosen
  --only TEXT    only the tensors whose names end in TEXT, as .weight
  --help

exit status: 0; 1 if the output does not read back as it was written, which removes it; 2 for anything else
)";

struct Options {
  std::string input, output, format = "mxfp4_e2m1", rule = "floor", only;
  bool help = false;
};

/// What became of one tensor, or of all.
struct Row {
  std::size_t bytes_before = 0, bytes_after = 0;
  std::size_t elements = 0, clipped = 0;  // those that were quantized
  double signal = 0, noise = 0;
  bool quantized = false;

  Row& operator+=(const Row& other) {
    bytes_before += other.bytes_before;
    bytes_after += other.bytes_after;
    elements += other.elements;
    clipped += other.clipped;
    signal += other.signal;
    noise += other.noise;
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
double largest_element() {
  using E = typename Format::element;
  if constexpr (nf::narrow_float<E>) {
    return static_cast<double>(std::numeric_limits<E>::max());
  } else {
    return std::ldexp((1 << (E::width - 1)) - 1, -E::fraction_bits);
  }
}

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
    auto blocks =
        nf::BlockTensor<Format>::quantize(*values, values->size() / cols, cols, {.rule = rule_});
    st::add_blocks(output_, tensor.name, tensor.shape, blocks, rule_text());
    row.bytes_after = blocks.size_bytes();
    measure(*values, blocks, row);
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

  /// Signal and noise over the finite values; clipped are those beyond what their block can hold.
  static void measure(const std::vector<float>& values, const Blocks& blocks, Row& row) {
    const std::vector<float> got = numbers_of(blocks);
    const double largest = largest_element<Format>() * static_cast<double>(blocks.tensor_scale());
    std::size_t i = 0;
    for (std::size_t r = 0; r < blocks.rows(); ++r) {
      const auto scales = blocks.scales().subspan(r * blocks.block_cols(), blocks.block_cols());
      for (std::size_t c = 0; c < blocks.cols(); ++c, ++i) {
        const double x = values[i];
        if (!std::isfinite(x)) continue;
        const double scale =
            static_cast<float>(scales[c / static_cast<std::size_t>(Format::block_size)]);
        row.clipped += std::fabs(x) > scale * largest ? 1 : 0;
        const double error = x - static_cast<double>(got[i]);
        if (!std::isfinite(error)) continue;  // of a block with Inf or NaN
        row.signal += x * x;
        row.noise += error * error;
      }
    }
    row.elements = values.size();
    row.quantized = true;
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
  fmt::print(
      " {:>10} {:>9.4f}\n",
      row.noise == 0 ? "exact" : fmt::format("{:.2f}", 10 * std::log10(row.signal / row.noise)),
      100 * static_cast<double>(row.clipped) / static_cast<double>(row.elements));
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
  quantizer.write(options.output, input.metadata);

  fmt::print("{:<24} {:>12} {:>12} {:>12} {:>10} {:>9}\n", "tensor", "shape", "bytes", "after",
             "SQNR dB", "clipped %");
  for (std::size_t i = 0; i < rows.size(); ++i)
    print_row(input.tensors[i].name, shape_text(input.tensors[i]), rows[i]);
  print_row("total", "", total);
  const bool same = quantizer.verify(options.output);
  fmt::print("{}: {:.3f} bits an element quantized; read back: {}\n", options.format,
             quantized.elements == 0 ? 0.0
                                     : 8 * static_cast<double>(quantized.bytes_after) /
                                           static_cast<double>(quantized.elements),
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

// SPDX-License-Identifier: MIT
// Quantizes the matrices of a safetensors checkpoint to a block format, says what each one lost,
// and reads its own output back.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <map>
#include <narrowfloat/io/safetensors_blocks.hpp>
#include <narrowfloat/loops.hpp>
#include <narrowfloat/quantize/format_report.hpp>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "program.hpp"
#include "tensors.hpp"

namespace {

namespace fs = std::filesystem;
namespace nf = narrowfloat;
namespace st = narrowfloat::safetensors;

constexpr std::string_view help =
    R"(usage: quantize [INPUT OUTPUT] [options]

Quantizes every F32, F16, BF16 and F64 (through F32) tensor of two dimensions or more whose last
one is whole blocks; with blocks of 128 x 128, every matrix, and several whose rows are whole blocks.
Copies all others. NAME becomes NAME, NAME_scale and, for nvfp4, NAME_scale_2,
or what a --layout has in their place.
INPUT and OUTPUT are safetensors files; a name that ends in .index.json is the index of several. All
are open at once: of more than some hundred, raise the limit of open files (ulimit -n).
Without files: the digits example's, which are not kept.

Says of each tensor the signal over the noise, how many of its finite values are clipped (more than half
a step beyond the largest of their block) and flushed to zero, and how many are lost: finite before and Inf
or NaN after, as all values of a block that holds an Inf or a NaN. Then nothing is written.

  --format NAME      mxfp8_e4m3, mxfp8_e5m2, mxfp6_e2m3, mxfp6_e3m2, mxfp4_e2m1 (default), mxint8, nvfp4,
                     or "F8_E4M3 by F32": E4M3 in blocks of 128 x 128 under float scales
  --layout NAME      tensors as these loaders take them, in the formats that they know, the first the default:
                       gpt-oss             mxfp4_e2m1
                       compressed-tensors  nvfp4, mxfp4_e2m1
                       modelopt            nvfp4, mxfp4_e2m1, mxfp8_e4m3
                       deepseek            "F8_E4M3 by F32", blocks smaller at the edges
                       mxfp8               mxfp8_e4m3
                     They also want a config.json whose quantization_config has the quant_method mxfp4 (gpt-oss),
                     compressed-tensors, modelopt, fp8 (deepseek) or mxfp8, and lists the matrices that are not
                     quantized: choose those that are by --only
  --rule NAME        floor (default), ceil, rceil, even, search: how the power-of-two scale is chosen; nvfp4 and
                     "F8_E4M3 by F32" have none
  --only TEXT        only the tensors whose names end in TEXT, as .weight
  --shard-bytes N    with an index: the most bytes of tensors in a file (default 5000000000)
  --allow-lossy      writes the file even if finite values are lost
  --help

exit status: 0; 1 if finite values are lost, or if what was written does not read back the same; 2 for
anything else. OUTPUT is there, whole, with status 0 alone
)";

struct Options {
  std::string input, output, format, layout, rule, only;
  std::uint64_t shard_bytes = st::WriterOptions{}.largest_shard;
  bool keep = true, allow_lossy = false, help = false;
};

/// Adds the counts of a part.
void add(nf::FormatReport& all, const nf::FormatReport& part) {
  all.elements += part.elements;
  all.non_finite += part.non_finite;
  all.lost += part.lost;
  all.clipped += part.clipped;
  all.flushed += part.flushed;
  all.signal += part.signal;
  all.noise += part.noise;
}

/// What became of one tensor, or of all.
struct Row {
  std::size_t bytes_before = 0, bytes_after = 0;
  nf::FormatReport report{};  // of those that were quantized
  bool quantized = false;

  Row& operator+=(const Row& other) {
    bytes_before += other.bytes_before;
    bytes_after += other.bytes_after;
    add(report, other.report);
    quantized = quantized || other.quantized;
    return *this;
  }
};

nf::ScaleRule rule_of(const std::string& name) {
  const auto found = std::ranges::find(st::scale_rule_names, name);
  if (found == st::scale_rule_names.end()) throw std::invalid_argument("unknown rule " + name);
  return static_cast<nf::ScaleRule>(found - st::scale_rule_names.begin());
}

std::string shape_text(const st::Entry& tensor) {
  std::string text;
  for (const std::size_t extent : tensor.shape)
    text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text.empty() ? "scalar" : text;
}

/// A number that tells other bytes from these.
class Digest {
 public:
  void add(std::span<const std::byte> bytes) {
    for (; !bytes.empty(); bytes = bytes.subspan(std::min<std::size_t>(bytes.size(), 8))) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data(), std::min<std::size_t>(bytes.size(), 8));
      value_ = (value_ ^ word) * 0x9e3779b97f4a7c15u;  // odd, so no two words have one product
      value_ ^= value_ >> 32;
    }
  }
  friend bool operator==(const Digest&, const Digest&) = default;

 private:
  std::uint64_t value_ = 0;
};

/// A --layout: its names, and the formats that its loaders know; of none, all.
struct Layout {
  std::string_view name;
  st::BlockNames names;
  std::vector<std::string_view> formats;
};

using deepseek_blocks = nf::BlockFormat<nf::float8_e4m3fn, float, 128, 128>;

const Layout& layout_of(const std::string& name) {
  static const Layout layouts[] = {
      {"", {}, {}},
      {"gpt-oss", st::gpt_oss, {"mxfp4_e2m1"}},
      {"compressed-tensors", st::compressed_tensors, {"nvfp4", "mxfp4_e2m1"}},
      {"modelopt", st::model_opt, {"nvfp4", "mxfp4_e2m1", "mxfp8_e4m3"}},
      {"deepseek", st::deepseek, {"F8_E4M3 by F32"}},
      {"mxfp8", st::mxfp8_u8, {"mxfp8_e4m3"}}};
  const auto found = std::ranges::find(layouts, std::string_view(name), &Layout::name);
  if (found == std::end(layouts)) throw std::invalid_argument("unknown layout " + name);
  return *found;
}

/// What becomes of one tensor of the input: which tensors, known before their data are, so that the
/// header comes first.
struct Plan {
  const st::Entry* input;
  bool quantized = false;
  std::vector<st::Entry> outputs;
};

template <class Format>
class Quantizer {
 public:
  Quantizer(const Options& options, const st::Reader& input)
      : options_(options),
        names_(layout_of(options.layout).names),
        input_(input),
        metadata_(input.metadata()) {
    if (!options.rule.empty()) {
      quantize_.rule = rule_of(options.rule);
      if (!has_rule)
        throw std::invalid_argument("--rule is of power-of-two scales, which --format " +
                                    options.format + " has not");
    }
    for (const st::Entry& tensor : input.entries()) plans_.push_back(plan(tensor));
    if (!options.only.empty() && std::ranges::none_of(plans_, &Plan::quantized))
      throw std::invalid_argument(options.input +
                                  ": no tensor that can be quantized has a name that ends in " +
                                  options.only);
  }

  const std::vector<Plan>& plans() const { return plans_; }

  /// A writer of all that comes out, made before the work, so that a bad path costs no time.
  void open(std::optional<st::Writer>& writer) const {
    std::vector<st::Entry> entries;
    for (const Plan& plan : plans_)
      entries.insert(entries.end(), plan.outputs.begin(), plan.outputs.end());
    // the largest elements first, so that each tensor is aligned in the file
    writer.emplace(options_.output, std::move(entries), metadata_,
                   st::WriterOptions{.largest_shard = options_.shard_bytes, .aligned = true});
    for (const fs::path& output : writer->files()) {
      example::require_apart(output, options_.input);
      for (const fs::path& input : input_.files()) example::require_apart(output, input);
    }
  }

  /// Writes what becomes of a tensor; calls advance() for every part of it.
  template <class Advance>
  Row write(const Plan& plan, st::Writer& writer, Advance advance) {
    Row row{.bytes_before = plan.input->size_bytes()};
    if (plan.quantized) {
      const Blocks blocks = quantize(*plan.input, row.report, advance);
      numbers_.push_back(digest_of(blocks));
      row.quantized = true;
      st::File made;
      st::add_blocks(made, plan.input->name, plan.input->shape, blocks, rule_text(), names_);
      for (const st::Tensor& tensor : made.tensors) {
        written_[tensor.name].add(tensor.data);
        writer.write(tensor);
      }
    } else {
      Digest& digest = written_[plan.input->name];  // of a tensor without bytes, too
      example::for_each_bytes(input_, *plan.input, [&](std::span<const std::byte> part) {
        digest.add(part);
        writer.write(plan.input->name, part);
        advance(part.size());
      });
    }
    for (const st::Entry& each : plan.outputs) row.bytes_after += each.size_bytes();
    return row;
  }

  /// Whether the files hold what was written, and the same numbers come out of them.
  bool verify(const st::Reader& output) const {
    std::size_t found = 0;
    auto numbers = numbers_.begin();
    for (const Plan& plan : plans_) {
      for (const st::Entry& each : plan.outputs) {
        const st::Entry* const there = output.find(each.name);
        if (there == nullptr || *there != each || digest_of(output, each) != written_.at(each.name))
          return false;
        ++found;
      }
      if (plan.quantized && digest_of(read_back(plan, output)) != *numbers++) return false;
    }
    return found == output.entries().size() && output.metadata() == metadata_;
  }

 private:
  using Blocks = nf::BlockTensor<Format>;
  static constexpr bool has_tensor_scale = Format::tensor_scale != nf::TensorScale::none,
                        has_rule = nf::detail::power_of_two_scale<typename Format::scale>;
  static constexpr auto block_size = static_cast<std::size_t>(Format::block_size),
                        block_rows = static_cast<std::size_t>(Format::block_rows);

  bool is_wanted(const st::Entry& tensor) const {
    return example::is_float(tensor.dtype) && tensor.shape.size() >= 2 &&
           tensor.size_bytes() != 0 && (block_rows != 1 || tensor.shape.back() % block_size == 0) &&
           (tensor.shape.size() == 2 || tensor.shape.end()[-2] % block_rows == 0) &&
           tensor.name.ends_with(options_.only);
  }

  std::string_view rule_text() const {
    return has_rule ? st::scale_rule_names[static_cast<std::size_t>(quantize_.rule)] : "amax";
  }

  /// What comes out of a tensor, with the metadata of any of its blocks.
  Plan plan(const st::Entry& tensor) {
    Plan plan{&tensor, is_wanted(tensor), {tensor}};
    if (!plan.quantized) return plan;
    plan.outputs = st::block_entries<Format>(tensor.name, tensor.shape, 1, names_);
    st::File made;
    st::add_blocks(made, tensor.name, {1, block_size}, block_of(1), rule_text(), names_);
    for (const auto& [key, value] : made.metadata) metadata_[key] = value;
    return plan;
  }

  /// A block whose largest magnitude this is, and the tensor scale that belongs to it and that a
  /// file can hold.
  Blocks block_of(float amax) const {
    std::vector<float> values(block_size);
    values[0] = amax;
    const float scale = Blocks::quantize(values, 1, block_size).tensor_scale();
    nf::QuantizeOptions options;
    if (has_tensor_scale) options.tensor_scale = names_.stored(scale);
    return Blocks::quantize(values, 1, block_size, options);
  }

  float largest_magnitude(const st::Entry& tensor) const {
    float amax = 0;
    example::for_each_floats(input_, tensor, [&](const std::vector<float>& values) {
      for (const float x : values)
        if (std::isfinite(x)) amax = std::max(amax, std::fabs(x));
    });
    return amax;
  }

  template <class Advance>
  Blocks quantize(const st::Entry& tensor, nf::FormatReport& report, Advance advance) const {
    nf::QuantizeOptions options = quantize_;
    if (has_tensor_scale) options.tensor_scale = block_of(largest_magnitude(tensor)).tensor_scale();
    std::vector<std::uint8_t> codes;
    std::vector<typename Format::scale> scales;
    const std::size_t cols = tensor.shape.back();
    const auto use = [&](const std::vector<float>& values) {
      const std::size_t rows = block_rows == 1 ? 1 : values.size() / cols;
      const auto part = Blocks::quantize(values, rows, values.size() / rows, options);
      add(report, nf::format_report(values, part));
      codes.insert(codes.end(), part.codes().bytes().begin(), part.codes().bytes().end());
      scales.insert(scales.end(), part.scales().begin(), part.scales().end());
      advance(values.size() * st::dtype_bits(tensor.dtype) / 8);
    };
    example::for_each_floats(input_, tensor, use, block_rows == 1 ? 1 : block_rows * cols);
    const std::size_t rows = tensor.size_bytes() * 8 / st::dtype_bits(tensor.dtype) / cols;
    return Blocks::from_parts(codes, scales, rows, cols, 1,
                              has_tensor_scale ? options.tensor_scale : 1);
  }

  /// The blocks as a file has them.
  Blocks read_back(const Plan& plan, const st::Reader& output) const {
    st::File file;
    for (const st::Entry& each : plan.outputs) file.tensors.push_back(output.read(each.name));
    const std::string keys = plan.input->name + ".";
    for (auto each = output.metadata().lower_bound(keys);
         each != output.metadata().end() && each->first.starts_with(keys); ++each)
      file.metadata.insert(*each);
    return st::read_blocks<Format>(file, plan.input->name, names_);
  }

  static Digest digest_of(const st::Reader& reader, const st::Entry& entry) {
    Digest digest;
    example::for_each_bytes(reader, entry, [&](auto part) { digest.add(part); });
    return digest;
  }

  /// Of the numbers, row by row or several at a time; whole blocks.
  static Digest digest_of(const Blocks& blocks) {
    const std::size_t most = example::most_in_memory, cols = blocks.cols();
    const std::size_t width = block_rows == 1 ? std::min(cols, most) : cols;
    const std::size_t band = std::max<std::size_t>(1, most / cols / block_rows) * block_rows;
    std::vector<float> numbers;
    Digest digest;
    for (std::size_t row = 0; row < blocks.rows(); row += band) {
      for (std::size_t col = 0; col < cols; col += width) {
        numbers.resize(std::min(band, blocks.rows() - row) * std::min(width, cols - col));
        blocks.dequantize(row * cols + col, numbers.size(), numbers);
        digest.add(std::as_bytes(std::span(numbers)));
      }
    }
    return digest;
  }

  const Options& options_;
  const st::BlockNames names_;
  const st::Reader& input_;
  nf::QuantizeOptions quantize_;
  std::vector<Plan> plans_;
  std::map<std::string, std::string> metadata_;  // of the output
  std::map<std::string, Digest> written_;        // by name
  std::vector<Digest> numbers_;                  // of each quantized tensor
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

void print_table(const std::vector<Plan>& plans, const std::vector<Row>& rows, const Row& total) {
  fmt::print("{:<24} {:>12} {:>12} {:>12} {:>10} {:>9} {:>9} {:>10}\n", "tensor", "shape", "bytes",
             "after", "SQNR dB", "clipped %", "flushed %", "lost");
  for (std::size_t i = 0; i < rows.size(); ++i)
    print_row(plans[i].input->name, shape_text(*plans[i].input), rows[i]);
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
  const st::Reader input(options.input);
  Quantizer<Format> quantizer(options, input);
  std::optional<st::Writer> writer;
  quantizer.open(writer);
  std::vector<Row> rows;
  Row total, quantized;
  bool same = false;
  {
    example::Progress progress;
    std::uint64_t done = 0, all = 0;
    for (const st::Entry& tensor : input.entries()) all += tensor.size_bytes();
    for (const Plan& plan : quantizer.plans()) {
      const auto advance = [&](std::size_t bytes) {
        done += bytes;
        progress.show(fmt::format("{} %, {} of {}: {}", done * 100 / all, rows.size() + 1,
                                  quantizer.plans().size(), plan.input->name));
      };
      rows.push_back(quantizer.write(plan, *writer, advance));
      total += rows.back();
      if (rows.back().quantized) quantized += rows.back();
    }
    progress.show("reading back");
    same = quantizer.verify(st::Reader(writer->pending()));
  }
  const bool refused = is_refused(rows, total, options.allow_lossy);
  print_table(quantizer.plans(), rows, total);
  if (refused) return 1;
  fmt::print("{}: {:.3f} bits an element quantized; read back: {}\n", options.format,
             quantized.report.elements == 0 ? 0.0
                                            : 8 * static_cast<double>(quantized.bytes_after) /
                                                  static_cast<double>(quantized.report.elements),
             same ? "the same numbers" : "OTHER NUMBERS");
  example::flush_stdout();  // before there is a file that no one was told of
  if (same && options.keep) writer->commit();
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
  std::string shard_bytes;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    std::string* const value = argument == "--format"        ? &options.format
                               : argument == "--layout"      ? &options.layout
                               : argument == "--rule"        ? &options.rule
                               : argument == "--only"        ? &options.only
                               : argument == "--shard-bytes" ? &shard_bytes
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
  const Layout& layout = layout_of(options.layout);
  if (options.format.empty())
    options.format = layout.formats.empty() ? "mxfp4_e2m1" : layout.formats.front();
  if (!layout.formats.empty() &&
      std::ranges::find(layout.formats, options.format) == layout.formats.end())
    throw std::invalid_argument("layout " + options.layout + " has no format " + options.format);
  if (!files.empty() && files.size() != 2)
    throw std::invalid_argument("needs an input and an output, or neither; see --help");
  if (!files.empty()) {
    options.input = files[0];
    options.output = files[1];
    for (const std::string& file : files)
      if (file.empty()) throw std::invalid_argument("an input or output has no name");
  }
  if (!shard_bytes.empty()) {
    const char* const end = shard_bytes.data() + shard_bytes.size();
    const auto [at, error] = std::from_chars(shard_bytes.data(), end, options.shard_bytes);
    if (error != std::errc() || at != end || options.shard_bytes == 0)
      throw std::invalid_argument("--shard-bytes takes a whole number of at least 1, not " +
                                  shard_bytes);
  }
  return options;
}

}  // namespace

int main(int count, char** arguments) {
  const auto run_chosen = [](Options& options) {
    if (options.input.empty()) {
      options.input = NARROWFLOAT_DATA_DIR "/digits.safetensors";
      options.output = (fs::temp_directory_path() / "narrowfloat-quantize.safetensors").string();
      options.keep = false;
    }
    return run_named<nf::mxfp8_e4m3, nf::mxfp8_e5m2, nf::mxfp6_e2m3, nf::mxfp6_e3m2, nf::mxfp4_e2m1,
                     nf::mxint8, nf::nvfp4, deepseek_blocks>(options);
  };
  return example::run_program(
      "quantize", help, [&] { return parse(count, arguments); }, run_chosen);
}

// SPDX-License-Identifier: MIT
#include "trainer.hpp"

#include <unistd.h>

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <numbers>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "../blas.hpp"
#include "../program.hpp"
#include "kept_tensors.hpp"
#include "micro_batches.hpp"

namespace train {

namespace {

volatile std::sig_atomic_t interrupt_seen = 0;

/// While it lives, SIGINT and SIGTERM are only noted.
class Interrupts {
 public:
  Interrupts() {
    interrupt_seen = 0;
    for (std::size_t i = 0; i < 2; ++i)
      before_[i] = std::signal(signals[i], [](int signal) {
        interrupt_seen = 1;
        if (signal == SIGTERM) say_which_rank_ended();
      });
  }
  ~Interrupts() {
    for (std::size_t i = 0; i < 2; ++i) std::signal(signals[i], before_[i]);
  }
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

 private:
  static constexpr int signals[] = {SIGINT, SIGTERM};
  void (*before_[2])(int);
};

/// A loss scale of either kind.
struct LossScale {
  explicit LossScale(const LossScaling& options)
      : is_dynamic(options.kind == LossScaling::Kind::dynamic) {
    dynamic.growth_interval = options.growth_interval;
    dynamic.scale = options.scale;
  }
  float scale() const { return dynamic.scale; }
  void update(bool overflowed) {
    if (is_dynamic) dynamic.update(overflowed);
  }

  bool is_dynamic;
  nf::DynamicLossScale dynamic;
};

/// What has happened so far; saved with the run.
struct Counters {
  std::uint64_t step = 0, skipped = 0, clipped = 0, flushed = 0;
  float largest_update = 0;

  std::vector<nf::StatePart> parts() { return parts_of<nf::StatePart>(*this); }
  std::vector<nf::ConstStatePart> parts() const { return parts_of<nf::ConstStatePart>(*this); }

 private:
  template <class Part, class Self>
  static std::vector<Part> parts_of(Self& self) {
    return {nf::state_part("step", self.step), nf::state_part("skipped", self.skipped),
            nf::state_part("clipped", self.clipped), nf::state_part("flushed", self.flushed),
            nf::state_part("largest_update", self.largest_update)};
  }
};

/// What a step did.
struct StepRecord {
  double loss = 0, rate = 0, gradient_norm = 0;
  float loss_scale = 1, largest_update = 0;
  bool skipped = false;
  Losses losses;
  nf::StorageCounts storage;
};

std::string minutes(double seconds) {
  const auto whole = static_cast<long>(std::lround(std::max(0.0, seconds)));
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

/// The rows of a run, one a step. A run that goes on keeps the rows of the steps before.
class StepTable {
 public:
  static constexpr const char* header =
      "step,loss,rate,gradient_norm,loss_scale,skipped,largest_update,flushed,clipped";

  StepTable(const std::string& path, std::uint64_t first_step) : path_(path) {
    if (path.empty()) return;
    std::uintmax_t kept = 0;
    if (first_step > 0 && std::filesystem::exists(path)) {
      std::ifstream before(path);
      std::string line;
      const auto next = [&] { return std::getline(before, line) && !before.eof(); };
      std::uint64_t rows = 0;
      const bool is_table = next() && line == header;
      kept = line.size() + 1;
      for (; rows < first_step && next(); ++rows) kept += line.size() + 1;
      if (!is_table || rows < first_step)
        throw std::invalid_argument(
            fmt::format("{}: is not the table of the {} steps so far", path, first_step));
    }
    // Rows that are kept stay in the file: they are there whenever the run is killed.
    if (kept > 0) std::filesystem::resize_file(path, kept);
    file_.open(path, kept > 0 ? std::ios::app : std::ios::out);
    if (!file_) throw std::invalid_argument(path + ": " + std::strerror(errno));
    if (kept == 0) file_ << header << '\n';
  }
  void add(std::uint64_t step, const StepRecord& r) {
    if (path_.empty()) return;
    file_ << fmt::format("{},{},{},{},{},{},{},{},{}\n", step, r.loss, r.rate, r.gradient_norm,
                         r.loss_scale, r.skipped ? 1 : 0, r.largest_update, r.storage.flushed,
                         r.storage.clipped);
  }
  void flush() {
    if (!path_.empty() && !file_.flush())
      throw std::runtime_error(path_ + ": " + std::strerror(errno));
  }

 private:
  std::string path_;
  std::ofstream file_;
};

/// A run: the task with the weights and states of a recipe, which are the same on all ranks.
class Run {
 public:
  Run(Task& task, const Recipe& recipe, const TrainOptions& options, Ranks& ranks)
      : task_(task),
        recipe_(recipe),
        options_(options),
        threads_(options.threads),
        loss_scale_(recipe.loss_scaling),
        weights_(task.tensors(), recipe.weights, options.seed, ranks, options.zero) {
    if (task.micro_batches() > 1) micro_batches_.emplace(task, ranks, options.wire);
  }

  /// Whether a rank was interrupted, as far as all know it.
  bool is_interrupted() const { return micro_batches_ ? is_interrupted_ : interrupt_seen != 0; }
  Context context(nf::Phase phase) { return {threads_, options_.recipe_options.multiply, phase}; }
  const Counters& counters() const { return counters_; }
  float loss_scale() const { return loss_scale_.scale(); }
  double validate() { return task_.validate(context(nf::Phase::evaluation)); }
  std::size_t parameters() const {
    std::size_t n = 0;
    for (const Tensor<float>& t : task_.tensors()) n += t.size();
    return n;
  }
  double weight_bits() const { return bits_of(weights_.bytes()[0]); }
  double state_bits() const { return bits_of(weights_.bytes()[1]); }
  /// The part of weights and states that this rank keeps.
  double kept_share() const {
    const auto [weights, states] = weights_.own_bytes();
    return static_cast<double>(weights + states) /
           static_cast<double>(weights_.bytes()[0] + weights_.bytes()[1]);
  }

  StepRecord step(bool is_watched) {
    StepRecord record;
    record.loss_scale = loss_scale_.scale();
    record.rate = rate_at(counters_.step) * options_.rate;
    passes(record, is_watched);
    const float inverse = 1 / record.loss_scale;
    nf::GradientNorm norm;
    std::vector<Tensor<float>>& tensors = task_.tensors();
    for (const Tensor<float>& t : tensors) norm.add(t.gradient, inverse, threads_);
    record.gradient_norm = norm.norm();
    const bool by_tensor = recipe_.on_overflow == nf::OnOverflow::skip_tensor;
    const nf::StepOptions how{.inverse_loss_scale = inverse,
                              .max_norm = recipe_.max_norm,
                              .on_overflow = recipe_.on_overflow,
                              .measured = by_tensor ? nullptr : &norm};
    const nf::StepReport done = weights_.step(how, record.rate, threads_);
    record.skipped = done.skipped;
    record.largest_update = done.largest_update;
    record.storage += done.weights;
    record.storage += done.state;
    loss_scale_.update(norm.overflowed());
    for (const auto& layer : task_.layers()) layer->update();
    ++counters_.step;
    counters_.skipped += record.skipped;
    counters_.clipped += record.storage.clipped;
    counters_.flushed += record.storage.flushed;
    counters_.largest_update = std::max(counters_.largest_update, record.largest_update);
    return record;
  }

  /// Ranks that share the weights do it together; the first one writes.
  void save(const std::string& path, bool is_first) const {
    if (!is_first && !weights_.is_sharded()) return;
    st::File file;
    st::add_state(file, "run", counters_);
    st::add_state(file, "loss_scale", loss_scale_.dynamic);
    weights_.add_state(file);
    if (!is_first) return;
    for (std::size_t i = 0; i < task_.layers().size(); ++i)
      task_.layers()[i]->add_state(file, layer_name(i));
    for (const Tensor<float>& t : task_.tensors())  // for other recipes, and other programs
      file.tensors.push_back(st::make_tensor("values." + t.name, {t.rows, t.cols}, t.values));
    for (const auto& [name, value, usual] : options_.identity)
      if (value != usual) file.metadata["run." + name] = value;
    st::write(path, file);
  }

  /// Then publish().
  void resume(const std::string& path) {
    const st::File file = st::read(path);
    for (const auto& [name, value, usual] : options_.identity) {
      const auto found = file.metadata.find("run." + name);
      if (found == file.metadata.end() && usual.empty())
        throw st::Error(
            fmt::format("{}: is no checkpoint of a training run: \"run.{}\" is not in its metadata",
                        path, name));
      const std::string& before = found == file.metadata.end() ? usual : found->second;
      if (before != value)
        throw st::Error(
            fmt::format("{}: was trained with --{} {}, not {}", path, name, before, value));
    }
    try {
      st::read_state(file, "run", counters_);
      if (counters_.step > options_.steps)
        throw st::Error(fmt::format("is at step {} of {}", counters_.step, options_.steps));
      st::read_state(file, "loss_scale", loss_scale_.dynamic);
      weights_.read_state(file);
      for (std::size_t i = 0; i < task_.layers().size(); ++i)
        task_.layers()[i]->read_state(file, layer_name(i));
    } catch (const std::exception& error) {
      throw st::Error(fmt::format("{}: {}", path, error.what()));
    }
  }

  /// Takes the floats of another run's weights; then publish().
  void start_from(const std::string& path) {
    const st::File file = st::read(path);
    weights_.start_from([&](std::size_t i) {
      const Tensor<float>& t = task_.tensors()[i];
      const std::string name = "values." + t.name;
      const st::Tensor* const found = file.find(name);
      if (found == nullptr)
        throw st::Error(fmt::format("{}: tensor \"{}\": is not in the file", path, name));
      if (found->shape != std::vector{t.rows, t.cols})
        throw st::Error(
            fmt::format("{}: tensor \"{}\": is not {} x {}", path, name, t.rows, t.cols));
      return found->as<float>();
    });
  }
  /// All ranks get the weights of those that keep them.
  void publish() { weights_.publish(); }

 private:
  /// Forward and back: the loss of the step's batch, its gradients in the tensors of the task.
  void passes(StepRecord& record, bool is_watched) {
    const auto loss_scale = static_cast<double>(record.loss_scale);
    const Context at = context(nf::Phase::training);
    if (micro_batches_) {
      const Passes made =
          micro_batches_->pass(at, counters_.step, loss_scale, is_watched, interrupt_seen);
      record.loss = made.loss;
      record.losses = made.seen;
      is_interrupted_ = made.is_interrupted;
      return;
    }
    for (const auto& layer : task_.layers()) layer->watch(is_watched);
    record.loss = task_.pass(at, counters_.step, 0, loss_scale);
    for (const auto& layer : task_.layers()) {
      record.losses += layer->losses();
      layer->watch(false);
    }
  }
  static std::string layer_name(std::size_t i) { return "layer" + std::to_string(i); }
  double bits_of(std::uint64_t bytes) const {
    return 8 * static_cast<double>(bytes) / static_cast<double>(parameters());
  }
  /// Grows in the first steps, then falls by a cosine to a tenth.
  double rate_at(std::uint64_t step) const {
    const auto t = static_cast<double>(step), all = static_cast<double>(options_.steps);
    const double grows = std::max(1.0, std::round(options_.warmup * all));
    if (t < grows) return (t + 1) / grows;
    const double done = (t - grows) / std::max(1.0, all - grows);
    return 0.1 + 0.45 * (1 + std::cos(std::numbers::pi * done));
  }

  Task& task_;
  const Recipe& recipe_;
  const TrainOptions& options_;
  Executor threads_;
  std::optional<MicroBatches> micro_batches_;
  bool is_interrupted_ = false;
  LossScale loss_scale_;
  Counters counters_;
  KeptTensors weights_;
};

double share(std::uint64_t part, std::uint64_t all) {
  return all == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(all);
}

double mean_of_last(const std::vector<double>& values, std::size_t count) {
  const std::size_t n = std::min(values.size(), count);
  if (n == 0) return 0;
  return std::accumulate(values.end() - static_cast<std::ptrdiff_t>(n), values.end(), 0.0) /
         static_cast<double>(n);
}

/// Why a file could not be written later, told before the work.
void require_writable(const std::string& path) {
  if (path.empty()) return;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const std::string at = folder.empty() ? "." : folder.string();
  if (access(at.c_str(), W_OK) != 0 || std::filesystem::is_directory(path))
    throw std::invalid_argument(
        path + ": " + std::strerror(std::filesystem::is_directory(path) ? EISDIR : errno));
}

/// What a person reads while a run goes on.
class Progress {
 public:
  Progress(const Task& task, const TrainOptions& options, const Ranks& ranks, std::uint64_t first,
           std::uint64_t last)
      : task_(task), options_(options), ranks_(ranks), first_(first), last_(last) {}

  void begin(const Recipe& recipe, const Run& run) const {
    if (!is_shown()) return;
    fmt::print("{}: {}\n{} parameters: {:.2f} bits each, and {:.2f} of the optimizer's state\n",
               recipe.name, recipe.summary, run.parameters(), run.weight_bits(), run.state_bits());
    fmt::print("products of floats: {}; {} threads\n",
               options_.recipe_options.multiply.use_blas ? example::blas_name()
                                                         : "in a fixed order, without a BLAS",
               options_.threads);
    if (task_.micro_batches() > 1)
      fmt::print(
          "micro-batches: {} a step, on {} {}; gradients {}\n", task_.micro_batches(),
          ranks_.size(), ranks_.size() == 1 ? "rank" : "ranks",
          options_.wire == Wire::exact
              ? "summed exactly"
              : fmt::format("summed in {}", wire_names[static_cast<std::size_t>(options_.wire)]));
    if (options_.zero && ranks_.size() > 1)
      fmt::print("this rank keeps {:.1f} % of the weights' and states' bytes\n",
                 100 * run.kept_share());
    if (first_ > 0) fmt::print("goes on at step {}\n", first_);
    fmt::print("{:>6} {:>9} {:>9} {:>8} {:>6} {:>9} {:>8} {:>7} {:>7} {:>9} {:>8}{}\n", "step",
               "loss", "validate", "|g|", "scale", "update", "skipped", "sat. %", "0 %",
               task_.item_name() + "/s", "left",
               ranks_.size() == 1 ? "" : fmt::format(" {:>9} {:>9}", "MB sent", "ms/step"));
  }
  /// `validation` is empty where there is none.
  void line(std::uint64_t step, double loss, const std::string& validation,
            const StepRecord& record, const Run& run) const {
    if (!is_shown()) return;
    const double done = static_cast<double>(step - first_);
    fmt::print(
        "{:>6} {:>9.4f} {:>9} {:>8.3f} {:>6} {:>9.3g} {:>8} {:>7.3f} {:>7.3f} {:>9.0f} {:>8}{}\n",
        step, loss, validation, record.gradient_norm,
        fmt::format("2^{:.0f}", std::log2(run.loss_scale())), record.largest_update,
        run.counters().skipped, share(record.losses.saturated, record.losses.count),
        share(record.losses.flushed, record.losses.count),
        done * static_cast<double>(task_.step_items()) / seconds(),
        minutes(seconds() / done * static_cast<double>(last_ - step)),
        ranks_.size() == 1 ? ""
                           : fmt::format(" {:>9.3f} {:>9.1f}", bytes_per_step(step) / 1e6,
                                         1e3 * seconds() / done));
    std::fflush(stdout);
  }
  /// What this rank has sent to others in a step of the run so far.
  double bytes_per_step(std::uint64_t step) const {
    if (step == first_) return 0;
    return static_cast<double>(ranks_.bytes_sent() - bytes_before_) /
           static_cast<double>(step - first_);
  }
  double seconds() const { return std::chrono::duration<double>(clock::now() - start_).count(); }

 private:
  bool is_shown() const { return !options_.quiet && ranks_.is_first(); }

  using clock = std::chrono::steady_clock;
  const Task& task_;
  const TrainOptions& options_;
  const Ranks& ranks_;
  std::uint64_t first_, last_, bytes_before_ = ranks_.bytes_sent();
  clock::time_point start_ = clock::now();
};

nlohmann::ordered_json report_of(const Recipe& recipe, const TrainOptions& options, const Run& run,
                                 const TrainResult& result) {
  nlohmann::ordered_json all{{"recipe", recipe.name},
                             {"summary", recipe.summary},
                             {"baseline", recipe.baseline},
                             {"parameters", run.parameters()},
                             {"steps", result.steps},
                             {"skipped", result.skipped},
                             {"loss", result.loss},
                             {"validation_loss", result.validation_loss},
                             {"weight_bits", run.weight_bits()},
                             {"state_bits", run.state_bits()},
                             {"clipped", run.counters().clipped},
                             {"flushed", run.counters().flushed},
                             {"largest_update", run.counters().largest_update},
                             {"loss_scale", run.loss_scale()},
                             {"seconds", result.seconds},
                             {"text", result.text}};
  if (result.ranks > 1)
    all.update({{"ranks", result.ranks}, {"bytes_per_step", result.bytes_per_step}});
  for (const auto& [step, loss] : result.curve) all["curve"].push_back({step, loss});
  for (const auto& [name, value, usual] : options.identity)
    if (value != usual) all["options"][name] = value;
  return all;
}

/// The run of one rank. The first one prints, validates and writes.
TrainResult train_on(Task& task, const Recipe& recipe, const TrainOptions& options, Ranks& ranks) {
  const bool is_first = ranks.is_first();
  Run run(task, recipe, options, ranks);
  std::optional<StepTable> table;
  together(ranks, [&] {
    if (!options.resume.empty()) run.resume(options.resume);
    if (!options.from.empty()) run.start_from(options.from);
    if (is_first)
      for (const std::string& path : {options.save, options.csv, options.json})
        require_writable(path);
    table.emplace(is_first ? options.csv : "", run.counters().step);
    return true;
  });
  run.publish();
  const Interrupts interrupts;
  const std::uint64_t first = run.counters().step,
                      last = options.stop_at == 0 ? options.steps
                                                  : std::min(options.steps, options.stop_at);
  const Progress progress(task, options, ranks, first, last);
  progress.begin(recipe, run);
  TrainResult result;
  std::vector<double> losses;
  const auto validate = [&] {
    if (!is_first) return;
    result.validation_loss = run.validate();
    result.curve.emplace_back(run.counters().step, result.validation_loss);
  };
  validate();
  while (run.counters().step < last && !run.is_interrupted()) {
    const std::uint64_t next = run.counters().step + 1;
    const bool is_line = next % options.every == 0 || next == last;
    const StepRecord record = run.step(is_line && !options.quiet);
    table->add(next, record);
    losses.push_back(record.loss);
    const bool validates = next % options.validate_every == 0 || next == last;
    if (validates) validate();
    if (is_line) {
      table->flush();
      progress.line(next, mean_of_last(losses, options.every),
                    validates ? fmt::format("{:.4f}", result.validation_loss) : "", record, run);
    }
    if (options.save_every != 0 && next % options.save_every == 0 && !options.save.empty()) {
      table->flush();  // before the run that goes on after these rows
      run.save(options.save, is_first);
    }
  }
  table->flush();
  result.steps = run.counters().step;
  result.skipped = run.counters().skipped;
  result.loss = mean_of_last(losses, 50);
  result.interrupted = run.is_interrupted() && result.steps < last;
  result.seconds = progress.seconds();
  result.ranks = ranks.size();
  result.bytes_per_step = progress.bytes_per_step(result.steps);
  const std::string path = options.save.empty() && result.interrupted
                               ? options.program + "-" + recipe.name + ".safetensors"
                               : options.save;
  if (!path.empty()) run.save(path, is_first);
  if (!is_first) return result;
  if (!path.empty()) {
    if (!options.quiet || result.interrupted) fmt::print("step {}: saved {}\n", result.steps, path);
  }
  if (result.interrupted) {
    fmt::print("{}: interrupted; --resume {} goes on\n", options.program, path);
    return result;
  }
  if (!options.quiet || !options.json.empty())
    result.text = task.result(run.context(nf::Phase::evaluation));
  if (!options.quiet) fmt::print("\n{}\n\n", result.text);
  fmt::print(
      "{:<22} loss {:.4f}, validation {:.4f}, {:.2f} + {:.2f} bits a weight, {} skipped, {} steps in "
      "{}{}\n",
      recipe.name, result.loss, result.validation_loss, run.weight_bits(), run.state_bits(),
      result.skipped, result.steps - first, minutes(result.seconds),
      result.ranks == 1 ? ""
                        : fmt::format(" on {} ranks, each of which sent {:.3f} MB a step",
                                      result.ranks, result.bytes_per_step / 1e6));
  if (!options.json.empty())
    example::OutputFile(options.json)
        .write(report_of(recipe, options, run, result)
                   .dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  return result;
}

}  // namespace

TrainResult train(Task& task, const Recipe& recipe, const TrainOptions& options, Ranks& ranks) {
  try {
    return train_on(task, recipe, options, ranks);
  } catch (const std::exception& error) {
    if (ranks.size() == 1 || ranks.ends_together) throw;
    throw std::runtime_error(fmt::format("rank {}: {}", ranks.rank(), error.what()));
  }
}
TrainResult train(Task& task, const Recipe& recipe, const TrainOptions& options) {
  nf::SingleRank alone;
  RanksOf<nf::SingleRank> ranks(alone);
  return train(task, recipe, options, ranks);
}

std::uint64_t whole_number(const std::string& name, const std::string& text, std::uint64_t least,
                           std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
    throw std::invalid_argument(
        fmt::format("{} takes a whole number from {} to {}, not {}", name, least, most, text));
  return value;
}
double real_number(const std::string& name, const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) ||
      value < 0)
    throw std::invalid_argument(fmt::format("{} takes a number of at least 0, not {}", name, text));
  return value;
}

const char* const train_options_help =
    R"(  --recipe NAME      a row of --list (fp32)
  --steps N          of the whole schedule (700; of digits 300)
  --stop-at N        saves and stops there
  --rate X           times the recipe's learning rates (1)
  --seed N           of weights, batches and random bits (1)
  --threads N        results do not depend on it (2)
  --micro-batches M  of a step, which the ranks of mpirun -n R share (one a rank; those of the run
                     that --resume goes on with); bits depend on M
  --wire FORMAT      sums their gradients in f32, bf16, e4m3 or e5m2 (f32), or exactly:
  --exact-sum        the same bits on every number of ranks
  --zero             each rank keeps the weights and states of some tensors: the same bits (ZeRO-1)
  --ranks R          fails unless mpirun has started so many
  --no-blas          products of floats in a fixed order: the same bits on every instruction set
  --every N          steps between two lines (50); --validate-every N (100)
  --save FILE        a checkpoint, at the end; and each N steps with --save-every N
  --resume FILE      goes on with a run: the bits are those of one that was not stopped
  --from FILE        starts from the weights of a run in any recipe; with --steps 0 only validates
  --csv FILE         a row a step
  --json FILE        the result, for scripts/reproduce
  --quiet            one line for the run
  --bits R           of sr-mac: 4, 9 or 13 random bits (13); --flush: without subnormal numbers
  --cscale B         of fp8-graphcore: the bias of all tensors, in the place of FP8-AMAX
  --layer-scale 0|1  of fp8-all-layer-scale (1); --gain X: its gains at first (0)
  --part NAME        what alone is narrow: of nvfp4 and sr-mac forward or backward, of adam4bit m or v (all)
  --format eXmY      of exmy (e4m3)
)";

namespace {

constexpr std::uint64_t most_micro_batches = 1 << 20;
constexpr std::string_view part_names[] = {"all", "forward", "backward", "m", "v"};

/// One of the flags that every trainer has; false for another.
bool take_flag(TrainOptions& o, const std::string& name) {
  if (name == "--help")
    o.help = true;
  else if (name == "--list")
    o.list = true;
  else if (name == "--quiet")
    o.quiet = true;
  else if (name == "--exact-sum")
    o.wire = Wire::exact;
  else if (name == "--zero")
    o.zero = true;
  else if (name == "--no-blas")
    o.recipe_options.multiply.use_blas = false;
  else if (name == "--flush")
    o.recipe_options.subnormals = false;
  else
    return false;
  return true;
}

/// The place of a name among those that an option takes.
std::ptrdiff_t named(const std::string& option, const std::string& value,
                     std::span<const std::string_view> names) {
  const auto found = std::ranges::find(names, value);
  if (found == names.end())
    throw std::invalid_argument(
        fmt::format("{} takes {}, not {}", option, fmt::join(names, ", "), value));
  return found - names.begin();
}

/// The same of options with a value.
bool take_option(TrainOptions& o, const std::string& name, const std::string& value) {
  RecipeOptions& of_recipe = o.recipe_options;
  const auto count = [&](std::uint64_t least, std::uint64_t most = 0xffffffff) {
    return whole_number(name, value, least, most);
  };
  if (name == "--recipe")
    o.recipe = value;
  else if (name == "--steps")
    o.steps = count(0);
  else if (name == "--stop-at")
    o.stop_at = count(1);
  else if (name == "--rate")
    o.rate = real_number(name, value);
  else if (name == "--seed") {
    o.seed = static_cast<std::uint32_t>(count(0));
  } else if (name == "--threads")
    o.threads = count(1, 1024);
  else if (name == "--ranks")
    o.ranks = static_cast<std::size_t>(count(1));
  else if (name == "--micro-batches")
    o.micro_batches = static_cast<std::size_t>(count(1, most_micro_batches));
  else if (name == "--every")
    o.every = count(1);
  else if (name == "--validate-every")
    o.validate_every = count(1);
  else if (name == "--save-every")
    o.save_every = count(1);
  else if (name == "--save")
    o.save = value;
  else if (name == "--resume")
    o.resume = value;
  else if (name == "--from")
    o.from = value;
  else if (name == "--csv")
    o.csv = value;
  else if (name == "--json")
    o.json = value;
  else if (name == "--bits")
    of_recipe.bits = static_cast<int>(count(1, 32));
  else if (name == "--cscale") {
    int bias = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), bias);
    if (error != std::errc() || end != value.data() + value.size() ||
        bias < nf::ScalingBias::lowest || bias > nf::ScalingBias::highest)
      throw std::invalid_argument("--cscale takes a whole number from -31 to 31, not " + value);
    of_recipe.bias = bias;
    of_recipe.has_bias = true;
  } else if (name == "--layer-scale") {
    if (value != "0" && value != "1")
      throw std::invalid_argument("--layer-scale takes 0 or 1, not " + value);
    of_recipe.layer_scale = value == "1";
  } else if (name == "--gain") {
    of_recipe.gain = real_number(name, value);
  } else if (name == "--part") {
    of_recipe.part = static_cast<Part>(named(name, value, part_names));
  } else if (name == "--wire") {
    o.wire = static_cast<Wire>(named(name, value, wire_names));
  } else if (name == "--format") {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (value.size() != 4 || value[0] != 'e' || !is_digit(value[1]) || value[2] != 'm' ||
        !is_digit(value[3]))
      throw std::invalid_argument("--format takes a format such as e4m3, not " + value);
    of_recipe.exponent_bits = value[1] - '0';
    of_recipe.mantissa_bits = value[3] - '0';
  } else {
    return false;
  }
  return true;
}

}  // namespace

void parse_options(TrainOptions& o, int count, char** arguments,
                   const std::vector<std::string>& own_flags, const OwnOption& own) {
  o.recipe_options.multiply.use_blas = example::has_blas;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    if (take_flag(o, name)) continue;
    if (std::ranges::find(own_flags, name) != own_flags.end()) {
      own(name, "");
      continue;
    }
    if (i + 1 == count) throw std::invalid_argument(name + " needs a value, or is unknown");
    const std::string value = arguments[++i];
    if (!own(name, value) && !take_option(o, name, value))
      throw std::invalid_argument("unknown option " + name);
  }
  if (!o.resume.empty() && !o.from.empty())
    throw std::invalid_argument("--resume goes on with a run, --from starts one: not both");
}

int run_trainer(const TrainOptions& o, Ranks& ranks, const std::function<Prepared()>& prepare) {
  if (o.list) {
    if (ranks.is_first()) fmt::print("{}", recipe_list());
    return 0;
  }
  const Prepared made = together(ranks, prepare);
  example::set_blas_threads(1);
  return train(*made.task, made.recipe, o, ranks).interrupted ? 130 : 0;
}

void choose_micro_batches(TrainOptions& o, const Ranks& ranks) {
  require_ranks(ranks, o.ranks);
  const auto count = static_cast<std::size_t>(ranks.size());
  if (o.micro_batches == 0 && !o.resume.empty()) {
    const std::map<std::string, std::string> noted = st::Reader(o.resume).metadata();
    const auto found = noted.find("run.micro-batches");
    o.micro_batches =
        found == noted.end()
            ? 1
            : static_cast<std::size_t>(whole_number(o.resume + ": run.micro-batches", found->second,
                                                    1, most_micro_batches));
  }
  if (o.micro_batches == 0) o.micro_batches = count;
  if (o.micro_batches < count)
    throw std::invalid_argument(fmt::format("--micro-batches {}: {} ranks share at least one each",
                                            o.micro_batches, count));
}

void add_identity(TrainOptions& o, const Recipe& recipe) {
  const auto is = [&](const char* name, const auto& value, const char* usual = "") {
    o.identity.push_back({name, fmt::format("{}", value), usual});
  };
  const RecipeOptions& chosen = o.recipe_options;
  is("recipe", recipe.name);
  is("steps", o.steps);
  is("rate", o.rate);
  is("seed", o.seed);
  is("bits", chosen.bits);
  is("flush", !chosen.subnormals);
  is("cscale", chosen.has_bias ? std::to_string(chosen.bias) : "none");
  is("layer-scale", chosen.layer_scale ? 1 : 0);
  is("gain", chosen.gain);
  is("part", part_names[static_cast<std::size_t>(chosen.part)]);
  is("format", fmt::format("e{}m{}", chosen.exponent_bits, chosen.mantissa_bits));
  is("no-blas", !chosen.multiply.use_blas);
  is("micro-batches", std::max<std::size_t>(1, o.micro_batches), "1");
  is("wire", wire_names[static_cast<std::size_t>(o.wire)], "f32");
}

std::string recipe_list() {
  std::string text;
  for (const Recipe& recipe : all_recipes({}))
    text += fmt::format("  {:<22} {}\n", recipe.name, recipe.summary);
  return text;
}

}  // namespace train

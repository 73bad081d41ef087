// SPDX-License-Identifier: MIT
// A run of the trainer, and the same run in pieces, whose last checkpoints are the same bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <narrowfloat/isa.hpp>
#include <random>
#include <string>
#include <vector>

#include "../../examples/train/trainer.hpp"
#include "support/catch.hpp"

namespace pieces {

namespace nf = narrowfloat;
using TaskMaker = std::function<std::unique_ptr<train::Task>(const train::Recipe&)>;

inline std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A file in the working directory that is gone in the end.
class Checkpoint {
 public:
  explicit Checkpoint(std::string name) : path_(std::move(name)) { clear(); }
  ~Checkpoint() { clear(); }
  Checkpoint(const Checkpoint&) = delete;
  Checkpoint& operator=(const Checkpoint&) = delete;
  const std::string& path() const { return path_; }

 private:
  /// With what a process that was killed has left beside it.
  void clear() const {
    std::filesystem::remove(path_);
    for (int i = 0; i < 10; ++i) std::filesystem::remove(path_ + ".tmp" + std::to_string(i));
  }

  std::string path_;
};

/// Trains on one thread, without a stop; then on two threads, in as many pieces as there are
/// instruction sets, each on one of them with objects made anew. Both end in the same checkpoint,
/// with less than `fall` of the first held-out loss.
inline void check(const train::Recipe& recipe, const TaskMaker& make_task, std::uint64_t steps,
                  double fall) {
  INFO(recipe.name);
  const std::string name =
      make_task(recipe)->item_name() + "_" + recipe.name;  // tests run side by side
  const Checkpoint whole(name + ".whole"), stopped(name + ".stopped");
  train::TrainOptions options;
  options.recipe = recipe.name;
  train::add_identity(options, recipe);
  options.quiet = true;
  const auto run = [&](std::uint64_t length) {
    options.steps = length;
    return train::train(*make_task(recipe), recipe, options);
  };
  const double before = run(0).validation_loss;
  options.save = whole.path();
  options.threads = 1;
  const double after = run(steps).validation_loss;
  CAPTURE(before, after);
  CHECK(after < fall * before);

  std::vector<nf::Isa> isas;
  for (const nf::Isa isa : nf::all_isas)
    if (nf::isa_available(isa)) isas.push_back(isa);
  std::mt19937 random(static_cast<std::uint32_t>(std::hash<std::string>{}(recipe.name)));
  options.save = stopped.path();
  options.threads = 2;
  std::string stops;
  for (std::size_t i = 0; i < isas.size(); ++i) {
    // Without vectors fused sums are slow: two steps at most.
    const std::uint64_t left = steps - options.stop_at - (isas.size() - 1 - i),
                        most = isas[i] == nf::Isa::generic ? 2 : left / (isas.size() - i);
    options.stop_at = i + 1 == isas.size() ? steps : options.stop_at + 1 + random() % most;
    stops += " " + std::to_string(options.stop_at);
    const nf::ScopedIsa scope(isas[i]);
    run(steps);
    options.resume = stopped.path();
  }
  INFO("stops:" << stops);
  CHECK((bytes_of(whole.path()) == bytes_of(stopped.path())));
}

}  // namespace pieces

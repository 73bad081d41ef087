// SPDX-License-Identifier: MIT
// Every recipe trains on digits. A run that is stopped and gone on with ends in the bytes of one
// that was not, on every instruction set and for any number of threads; weights and states take the
// bytes that are promised.
#include <algorithm>
#include <cmath>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../../examples/train/digits_task.hpp"
#include "pieces.hpp"

namespace {

using namespace train;

const std::string data = NARROWFLOAT_DATA_DIR "/digits.csv";

std::unique_ptr<Task> make_mlp(const Recipe& recipe) {
  return std::make_unique<DigitsTask>(data, mlp(), 64, 1, recipe);
}

}  // namespace

TEST_CASE("every recipe trains a perceptron, in pieces as in one") {
  for (const Recipe& recipe : all_recipes({})) pieces::check(recipe, make_mlp, 24, 0.7);
}

TEST_CASE("convolutions train, in pieces as in one") {
  for (const char* const name : {"fp32", "fp8-hybrid", "nvfp4", "unit-scaling-fp8"})
    pieces::check(
        find_recipe(name, {}),
        [](const Recipe& recipe) {
          return std::make_unique<DigitsTask>(data, lenet(16, 32), 64, 1, recipe);
        },
        12, 0.8);
}

TEST_CASE("bfloat16 with a remainder is bfloat16 with a master copy, bit for bit") {
  const auto trained = [](const char* name) {
    const Recipe recipe = find_recipe(name, {});
    const pieces::Checkpoint checkpoint(std::string("away_") + name);
    TrainOptions options;
    options.steps = 40;
    options.quiet = true;
    options.save = checkpoint.path();
    train::train(*make_mlp(recipe), recipe, options);
    return st::read(checkpoint.path());
  };
  const st::File kept = trained("bf16-remainder"), copied = trained("bf16-away");
  std::size_t compared = 0;
  for (const st::Tensor& t : kept.tensors) {
    if (!t.name.starts_with("values.") && t.name.find(".optimizer") == std::string::npos) continue;
    const st::Tensor* const other = copied.find(t.name);
    INFO(t.name);
    REQUIRE(other != nullptr);
    CHECK((t.data == other->data));
    ++compared;
  }
  CHECK(compared >= 18);  // six tensors: values, m and v
}

TEST_CASE("a checkpoint that is damaged is refused, and nothing is written") {
  const Recipe recipe = find_recipe("fp8-hybrid", {});
  const pieces::Checkpoint good("damaged.good"), bad("damaged.bad"), out("damaged.out");
  TrainOptions options;
  options.steps = 2;
  options.quiet = true;
  options.save = good.path();
  train::train(*make_mlp(recipe), recipe, options);
  options.save = options.csv = options.json = out.path();
  options.resume = bad.path();
  const auto is_refused = [&](const std::string& reason) {
    INFO(reason);
    std::string message;
    try {
      train::train(*make_mlp(recipe), recipe, options);
    } catch (const std::exception& error) {
      message = error.what();
    }
    INFO(message);
    CHECK(message.starts_with(bad.path() + ": "));
    CHECK(message.find(reason) != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
    CHECK(!std::filesystem::exists(out.path()));
  };
  const auto with = [&](const std::string& name, const auto& change) {
    st::File file = st::read(good.path());
    const auto found = std::ranges::find(file.tensors, name, &st::Tensor::name);
    REQUIRE(found != file.tensors.end());
    change(file.tensors, found);
    st::write(bad.path(), file);
  };

  const std::string bytes = pieces::bytes_of(good.path());
  for (const std::size_t length : {bytes.size() - 1, bytes.size() / 2, std::size_t{20}}) {
    std::ofstream(bad.path(), std::ios::binary) << bytes.substr(0, length);
    is_refused("");
  }
  with("fc2.w", [](auto&, auto t) { t->dtype = st::Dtype::i32; });
  is_refused("fc2.w");
  with("fc2.w", [](auto& tensors, auto t) { tensors.erase(t); });
  is_refused("fc2.w");
  with("fc2.w", [](auto&, auto t) {
    t->shape.back() /= 2;
    t->data.resize(t->data.size() / 2);
  });
  is_refused("fc2.w");
  with("run.step", [](auto& tensors, auto t) { tensors.erase(t); });
  is_refused("run.step");
}

TEST_CASE("weights and states take the bytes that are promised") {
  const std::map<std::string, std::pair<double, double>> promised{
      {"fp32", {4, 8}},
      {"mixed-fp16", {6, 8}},
      {"bf16", {6, 8}},
      {"bf16-nearest", {2, 8}},
      {"bf16-sr", {2, 8}},
      {"bf16-kahan", {4, 8}},
      {"bf16-remainder", {4, 8}},
      {"bf16-away", {6, 8}},
      {"fp8-lm", {2, 3}},
      {"hfp8", {3, 8}},
      {"ibm-fp8", {2, 2}},
      {"fp32-sgd", {4, 4}},
      {"adam8bit", {4, 2 * 1.016}},
      {"adam4bit", {4, 2 * 0.531}},
      {"stable-adamw", {4, 8}},
      {"muon", {4, 4}},
      {"muon-8bit", {4, 1.016}},
  };
  constexpr std::size_t rows = 128, cols = 256;
  const std::vector<float> values(rows * cols, 0.01f), gradient(values.size(), 0.001f);
  for (const auto& [name, bytes] : promised) {
    INFO(name);
    const Recipe recipe = find_recipe(name, {});
    const auto kept = recipe.weights.hidden.make({Role::hidden, rows, cols, 1}, values);
    Executor run;
    kept->step(gradient, {}, 1, run);
    const auto each = [&](std::size_t all) {
      return static_cast<double>(all) / static_cast<double>(values.size());
    };
    CHECK(std::abs(each(kept->weight_bytes()) - bytes.first) < 0.001);
    CHECK(std::abs(each(kept->state_bytes()) - bytes.second) < 0.002);
  }
}

// SPDX-License-Identifier: MIT
// The tensors of a small GPT, as tables: their sizes with and without unit scaling, what float16
// keeps of gradients, the parts of NVFP4's recipe, int8 gradients over the number of tokens.
#include "../panels.hpp"
#include "tensors.hpp"

namespace {

using namespace train;
using example::places;
using example::Table;

constexpr const char* help =
    R"(usage: train_tensors [options]

Looks into a small GPT in float on The Devil's Dictionary, before its first step and after 100: the standard deviations of its
tensors with and without unit scaling, the gradients that float16 flushes to 0 under a loss scale, its layers' products with
parts of NVFP4's recipe left out, and in int8 over the number of tokens. About ten seconds.

  --json FILE    writes the tables, for scripts/plot_panels
  --help

exit status: 0; 2 for anything else, with one line that says why
)";
constexpr const char* text = NARROWFLOAT_DATA_DIR "/devils-dictionary.txt";

std::vector<nlohmann::json> names_of(const Deviations& all) {
  std::vector<nlohmann::json> names;
  for (const auto& [name, value] : all) names.emplace_back(name);
  return names;
}

/// The tables of standard deviations.
std::vector<Table> deviations() {
  const AllDeviations usual = deviations_at_first(false, text),
                      unit = deviations_at_first(true, text),
                      random = deviations_at_first(true, text, Tokens::random);
  const auto most = [](const Deviations& all) {
    return std::ranges::max(all, {}, &Deviations::value_type::second).second;
  };
  const auto table = [](const char* title, std::string caption, std::vector<Deviations> columns,
                        std::vector<std::string> curves) -> Table {
    const auto names = names_of(columns.front());
    return {title,
            std::move(caption),
            "tensor",
            "standard deviation",
            places(names.size()),
            std::move(curves),
            [columns](std::size_t i) {
              std::vector<double> row;
              row.reserve(columns.size());
              for (const Deviations& column : columns) row.push_back(column[i].second);
              return row;
            },
            names};
  };
  return {
      table(
          "Activations before the first step",
          "Claim: with unit scaling all are near 1. It holds, 0.6 to 1.4: values of nearby tokens are alike, so that\n"
          "means of them (attention) are larger than those of independent ones. Without: 0.007 to 1.",
          {usual.activations, unit.activations}, {"GPT-2", "unit scaling"}),
      table(
          "Gradients of activations before the first step",
          "Of what goes to a layer, and of what it makes. Claim: near 1. It holds, 0.7 to 1.4; without a scale 5e-6 to\n"
          "7e-4, most of them below the normal numbers of float16.",
          {usual.activation_gradients, unit.activation_gradients}, {"GPT-2", "unit scaling"}),
      table(
          "Gradients of weights before the first step",
          fmt::format(
              "Claim: near 1. On a text it does not hold: 1 to 9, as tokens are not independent, which unit\n"
              "scaling takes them to be. Of random tokens it holds, 0.8 to 1.7. Vectors reach {:.0f} and {:.0f}.",
              most(unit.vector_gradients), most(random.vector_gradients)),
          {usual.weight_gradients, unit.weight_gradients, random.weight_gradients},
          {"GPT-2", "unit scaling", "random tokens"})};
}

Table histograms(const Gradients& g) {
  constexpr int first = -44;
  std::vector<nlohmann::json> binades;
  for (int log2 = first; log2 < 2; ++log2) binades.emplace_back(log2);
  const std::size_t n = binades.size();
  const std::vector columns{histogram(g.activations, 1, first, n),
                            histogram(g.activations, 1024, first, n),
                            histogram(g.weights, 1, first, n)};
  return {
      "Gradients after 100 steps",
      fmt::format(
          "Claim: many gradients of activations lie below 2^-24, float16's smallest number. In a model of this\n"
          "size {:.0f} % do, and {:.0f} % below 2^-14, its smallest normal one; a loss scale moves them up.",
          percent_below(g.activations, 0x1p-24f), percent_below(g.activations, 0x1p-14f)),
      "log2 |g|",
      "%",
      places(n),
      {"activations", "times 1024", "weights"},
      [columns](std::size_t i) {
        std::vector<double> row;
        row.reserve(columns.size());
        for (const auto& column : columns) row.push_back(column[i]);
        return row;
      },
      binades};
}

Table flushed(const Gradients& g) {
  std::vector<nlohmann::json> scales;
  for (int log2 = 0; log2 <= 24; log2 += 2) scales.emplace_back(log2);
  return {
      "Gradients in float16 by loss scale",
      "Claim: a constant scale of 8 and more saves what float16 flushes to 0. It holds; here 8 saves half of it, 2^10 all\n"
      "but 1 in 400 gradients. From 2^20 on the largest overflow.",
      "log2 S",
      "part, %",
      places(scales.size()),
      {"activations 0", "weights 0", "weights Inf"},
      [g](std::size_t i) {
        const float scale = std::ldexp(1.0f, 2 * static_cast<int>(i));
        const Lost weights = lost_in_float16(g.weights, scale);
        return std::vector{lost_in_float16(g.activations, scale).flushed, weights.flushed,
                           weights.overflowed};
      },
      scales};
}

using Model = std::shared_ptr<const SeenModel>;

std::vector<nlohmann::json> layer_names(const Model& model) {
  std::vector<nlohmann::json> names;
  for (const Seen& seen : model->seen()) names.emplace_back(seen.name);
  return names;
}

Table weight_gradients(const Model& model) {
  return {
      "dw in NVFP4",
      "Claim: the Hadamard transform of both operands lowers the error. It holds for 6 of 9 layers. Rounded stochastically\n"
      "it is higher than to nearest, but for the head, whose small gradients to nearest become 0.",
      "layer",
      "error, %",
      places(model->seen().size()),
      {nvfp4_parts[0], nvfp4_parts[1], nvfp4_parts[2]},
      [model](std::size_t i) {
        const auto errors = nvfp4_ablation(model->seen()[i]);
        return std::vector{100 * errors[0].dw, 100 * errors[1].dw, 100 * errors[2].dw};
      },
      layer_names(model)};
}

Table other_products(const Model& model) {
  return {
      "y and dx in NVFP4",
      "Claim: weights in blocks of 16 x 16 are the same numbers forward and in dx. They are; in blocks of 1 x 16 the two\n"
      "copies differ by 13 %. That costs: errors are up to a fifth higher. dy is rounded stochastically.",
      "layer",
      "error, %",
      places(model->seen().size()),
      {"y, 16 x 16", "y, 1 x 16", "dx, 16 x 16", "dx, 1 x 16"},
      [model](std::size_t i) {
        const auto errors = nvfp4_ablation(model->seen()[i]);
        return std::vector{100 * errors[0].y, 100 * errors[3].y, 100 * errors[0].dx,
                           100 * errors[3].dx};
      },
      layer_names(model)};
}

Table biases(const Model& model) {
  return {
      "Bias of dw in NVFP4",
      "Claim: rounded stochastically dw is unbiased. It nearly holds: the mean of n passes comes near dw of unrounded dy,\n"
      "but for the 1 % that blocks cut off whose scale was rounded down. To nearest it stays where it is.",
      "passes",
      "error of the mean, %",
      {1, 2, 4, 8, 16, 32, 64},
      {"1.down", "to nearest", "head", "to nearest"},
      [model](std::size_t passes) {
        const Bias down = nvfp4_bias(model->seen("1.down"), passes),
                   head = nvfp4_bias(model->seen("head"), passes);
        return std::vector{100 * down.stochastic, 100 * down.nearest, 100 * head.stochastic,
                           100 * head.nearest};
      }};
}

Table int8_layers(const Model& model) {
  return {
      "Gradients of a layer in int8",
      "Claim: the error of dw grows with the tokens that it sums over, that of dx does not. It holds up to 1024 tokens\n"
      "with one scale a tensor, not beyond; with a scale a column dw is as good as dx. Layer 1.up.",
      "tokens",
      "error, %",
      {64, 128, 256, 512, 1024, 2048, 4096, 8192},
      {"dx", "dw tensor", "dw columns"},
      [model](std::size_t tokens) {
        const example::Int8Errors errors = int8_errors_of(model->seen("1.up"), tokens);
        return std::vector{100 * errors.dx, 100 * errors.dw_tensor, 100 * errors.dw_columns};
      }};
}

std::vector<Table> tables() {
  std::vector<Table> all = deviations();
  const Model model = trained_model(text);
  const Gradients gradients = gradients_of(model->seen());
  auto many_tokens = trained_model(text);
  many_tokens->pass(many_tokens->batch(2000, 128));
  for (Table& table :
       std::vector{histograms(gradients), flushed(gradients), weight_gradients(model),
                   other_products(model), biases(model), int8_layers(std::move(many_tokens))})
    all.push_back(std::move(table));
  return all;
}

}  // namespace

int main(int count, char** arguments) {
  return example::run_panels("train_tensors", help, count, arguments, tables);
}

// SPDX-License-Identifier: MIT
// Programs that print tables, and give them as JSON for scripts/plot_panels.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "program.hpp"

namespace example {

/// A value for each curve at each x.
struct Table {
  std::string title, caption, x, y;
  std::vector<std::size_t> points;
  std::vector<std::string> curves;
  std::function<std::vector<double>(std::size_t)> row;
  std::vector<nlohmann::json> labels = {};  ///< numbers or names that stand in the place of points
};

/// 0, 1, ... n - 1: points that are the places of labels.
inline std::vector<std::size_t> places(std::size_t n) {
  std::vector<std::size_t> all(n);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

/// Prints a table row by row, as it is made, and gives it as JSON.
inline nlohmann::ordered_json print(const Table& table) {
  std::vector<nlohmann::json> xs = table.labels;
  if (xs.empty()) xs.assign(table.points.begin(), table.points.end());
  std::vector<std::string> names;
  std::size_t width = std::max<std::size_t>(8, table.x.size());
  for (const nlohmann::json& x : xs) {
    names.push_back(x.is_string() ? x.get<std::string>() : x.dump());
    width = std::max(width, names.back().size());
  }
  fmt::print("{}\n{}\n{:>{}}", table.title, table.caption, table.x, width);
  for (const std::string& curve : table.curves) fmt::print(" {:>11}", curve);
  std::vector<std::vector<double>> columns(table.curves.size());
  for (std::size_t point = 0; point < table.points.size(); ++point) {
    fmt::print("\n{:>{}}", names.at(point), width);
    std::fflush(stdout);
    const std::vector<double> row = table.row(table.points[point]);
    for (std::size_t i = 0; i < row.size(); ++i) {
      fmt::print(" {:>11.5g}", row[i]);
      columns[i].push_back(row[i]);
    }
  }
  fmt::print("\n\n");
  nlohmann::ordered_json curves = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < columns.size(); ++i)
    curves.push_back({{"name", table.curves[i]}, {"y", columns[i]}});
  return {{"title", table.title},
          {"x_name", table.x},
          {"y_name", table.y},
          {"x", xs},
          {"curves", curves}};
}

struct PanelOptions {
  std::string json;
  bool help = false;
};

inline PanelOptions parse_panel_options(int count, char** arguments) {
  PanelOptions options;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    if (argument == "--json") {
      if (++i == count) throw std::invalid_argument(argument + " needs a value");
      options.json = arguments[i];
    } else if (argument == "--help") {
      options.help = true;
    } else {
      throw std::invalid_argument("unknown option " + argument);
    }
  }
  return options;
}

/// The main() of such a program: `tables` makes its tables.
template <class Tables>
int run_panels(const char* name, const char* help, int count, char** arguments,
               const Tables& tables) {
  return run_program(
      name, help, [&] { return parse_panel_options(count, arguments); },
      [&](const PanelOptions& options) {
        OutputFile json(options.json);
        nlohmann::ordered_json panels = nlohmann::ordered_json::array();
        for (const Table& table : tables()) panels.push_back(print(table));
        if (json.is_wanted()) json.write(nlohmann::ordered_json{{"panels", panels}}.dump());
        return 0;
      });
}

}  // namespace example

// SPDX-License-Identifier: MIT
// What scripts/mutate is shown; nothing compiles it.
#pragma once

enum class Way { left, right };

constexpr int steps = 3;  // a constant stays: 1 < 2

inline int walk(int a, int b, bool done) {
  if (a < b && !done) return a + 1;
  const Way way = Way::right;
  for (int i = 0; i != b; ++i) {
    if constexpr (steps == 3) step({.by = 7, .way = way});  // not the text "a < b"
  }
  return a;
}

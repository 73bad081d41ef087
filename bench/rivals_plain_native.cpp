// SPDX-License-Identifier: MIT
// The plain loops with -O3 and every instruction of the machine that compiles them.
#include "rivals_plain.hpp"

namespace bench {

void add_plain_native(rivals& found) {
  add_plain_loops(found, "plain loop, native", "table loop, native");
}

}  // namespace bench

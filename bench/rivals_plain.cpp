// SPDX-License-Identifier: MIT
// The plain loops with the flags of the program.
#include "rivals_plain.hpp"

namespace bench {

void add_plain(rivals& found) { add_plain_loops(found, "plain loop", "table loop"); }

}  // namespace bench

// SPDX-License-Identifier: MIT
// The main function of every test where Catch2 is version 2 and has no library.
#define CATCH_CONFIG_MAIN
#include "support/catch.hpp"

// SPDX-License-Identifier: MIT
// The one place that knows which Catch2 is installed: version 3, else version 2.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

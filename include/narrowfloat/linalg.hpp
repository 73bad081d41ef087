// SPDX-License-Identifier: MIT
// Linear algebra in low precision.
#pragma once

#include "linalg/dot.hpp"

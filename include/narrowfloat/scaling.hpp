// SPDX-License-Identifier: MIT
// Scaling recipes: what keeps a tensor within the range of its format.
#pragma once

#include "scaling/bias.hpp"
#include "scaling/current.hpp"
#include "scaling/delayed.hpp"
#include "scaling/format_pair.hpp"
#include "scaling/fp8_lm.hpp"
#include "scaling/loss.hpp"
#include "scaling/scaled_tensor.hpp"
#include "scaling/snr.hpp"
#include "scaling/unit.hpp"
#include "scaling/unit_constraint.hpp"
#include "scaling/unit_transformer.hpp"

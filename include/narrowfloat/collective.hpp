// SPDX-License-Identifier: MIT
// Collectives of ranks: what several processes, or threads, make of their numbers together.
//
/// Example   SingleRank alone;  // under mpirun: mpi::Ranks ranks(MPI_COMM_WORLD), of io/mpi.hpp
///           std::vector<std::uint64_t> tokens(1, 512);
///           alone.all_sum(tokens);  // of all ranks
///           assert(tokens[0] == 512);
#pragma once

#include "collective/all_reduce.hpp"
#include "collective/assign_to_ranks.hpp"
#include "collective/block_reduce.hpp"
#include "collective/gather_state.hpp"
#include "collective/micro_batches.hpp"
#include "collective/ranks.hpp"
#include "collective/sharded.hpp"

# SPDX-License-Identifier: MIT
# The third parties that a build requires: the installed package first, pinned sources second.
include(FetchContent)

set(BENCHMARK_ENABLE_TESTING OFF)
set(BENCHMARK_ENABLE_INSTALL OFF)

FetchContent_Declare(
  Catch2
  GIT_REPOSITORY https://github.com/catchorg/Catch2.git
  GIT_TAG v3.5.4
  GIT_SHALLOW ON
  FIND_PACKAGE_ARGS)
FetchContent_Declare(
  benchmark
  GIT_REPOSITORY https://github.com/google/benchmark.git
  GIT_TAG v1.7.1
  GIT_SHALLOW ON
  FIND_PACKAGE_ARGS)
FetchContent_Declare(
  fmt
  GIT_REPOSITORY https://github.com/fmtlib/fmt.git
  GIT_TAG 9.1.0
  GIT_SHALLOW ON
  FIND_PACKAGE_ARGS)
FetchContent_Declare(
  nlohmann_json
  GIT_REPOSITORY https://github.com/nlohmann/json.git
  GIT_TAG v3.11.2
  GIT_SHALLOW ON
  FIND_PACKAGE_ARGS)

# A cross build has no packages of its own. The tests need headers alone, so it takes the host's,
# through links, since the host's whole include folder must stay out of the search path.
function(narrowfloat_use_host_headers target folder)
  if(TARGET ${target})
    return()
  endif()
  set(links ${PROJECT_BINARY_DIR}/host_headers)
  file(MAKE_DIRECTORY ${links})
  file(CREATE_LINK /usr/include/${folder} ${links}/${folder} SYMBOLIC)
  add_library(${target} INTERFACE IMPORTED)
  target_include_directories(${target} INTERFACE ${links})
endfunction()

# Makes the named dependencies' targets visible in the calling folder.
function(narrowfloat_require)
  if(NOT CMAKE_CROSSCOMPILING)
    set(CMAKE_COMPILE_WARNING_AS_ERROR OFF) # our strictness is not theirs
    set(CMAKE_CXX_CLANG_TIDY "")
    FetchContent_MakeAvailable(${ARGN})
    return()
  endif()
  foreach(dependency IN LISTS ARGN)
    if(dependency STREQUAL "Catch2")
      narrowfloat_use_host_headers(Catch2::Catch2 catch2)
    elseif(dependency STREQUAL "fmt")
      narrowfloat_use_host_headers(fmt::fmt fmt)
      target_compile_definitions(fmt::fmt INTERFACE FMT_HEADER_ONLY=1)
    elseif(dependency STREQUAL "nlohmann_json")
      narrowfloat_use_host_headers(nlohmann_json::nlohmann_json nlohmann)
    else()
      message(FATAL_ERROR "${dependency} is not header-only: not available in a cross build")
    endif()
  endforeach()
endfunction()

# Makes MPI::MPI_CXX visible in the calling folder where there is MPI (Debian: libopenmpi-dev, openmpi-bin), and what
# runs a program on N ranks, more than there are cores: ${narrowfloat_mpirun} N PROGRAM, with
# ${narrowfloat_mpi_environment} in its environment (Open MPI's options, which others do not read): a rank does not copy
# out of the memory of another one, which prints a line where that one is killed.
macro(narrowfloat_find_mpi)
  if(NOT CMAKE_CROSSCOMPILING AND NOT NARROWFLOAT_SANITIZE) # MPI's own leaks
    set(MPI_CXX_SKIP_MPICXX ON) # the C interface alone
    find_package(MPI QUIET COMPONENTS CXX)
  endif()
  set(narrowfloat_mpirun ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG})
  set(narrowfloat_mpi_environment
      OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
      OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl_vader_single_copy_mechanism=none)
endmacro()

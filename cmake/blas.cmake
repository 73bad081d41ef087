# SPDX-License-Identifier: MIT
# examples/blas.hpp with OpenBLAS (Debian: libopenblas-dev) where it is installed, else with its plain loop.
include_guard(GLOBAL)
add_library(narrowfloat_blas INTERFACE)
target_include_directories(narrowfloat_blas INTERFACE ${PROJECT_SOURCE_DIR}/examples)
find_path(NARROWFLOAT_CBLAS_INCLUDE cblas.h)
find_library(NARROWFLOAT_OPENBLAS_LIBRARY openblas)
if(NARROWFLOAT_CBLAS_INCLUDE AND NARROWFLOAT_OPENBLAS_LIBRARY AND NOT CMAKE_CROSSCOMPILING)
  message(STATUS "Found OpenBLAS: ${NARROWFLOAT_OPENBLAS_LIBRARY}")
  target_compile_definitions(narrowfloat_blas INTERFACE NARROWFLOAT_OPENBLAS)
  target_include_directories(narrowfloat_blas SYSTEM INTERFACE ${NARROWFLOAT_CBLAS_INCLUDE})
  target_link_libraries(narrowfloat_blas INTERFACE ${NARROWFLOAT_OPENBLAS_LIBRARY})
endif()

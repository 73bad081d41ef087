# SPDX-License-Identifier: MIT
# The rivals of bench_rivals, and those of bench_quantize and bench_linalg: what is installed takes part; bench_rivals tells what is not.
include(CheckCXXCompilerFlag)

# Short loops run at half their speed where chance puts them badly: that must not decide.
check_cxx_compiler_flag(-falign-loops=64 NARROWFLOAT_HAS_ALIGN_LOOPS)
set(aligned_flags $<$<BOOL:${NARROWFLOAT_HAS_ALIGN_LOOPS}>:-falign-loops=64>)

# What a rival is compiled with where its speed depends on it: the best flags for this machine.
check_cxx_compiler_flag(-march=native NARROWFLOAT_HAS_MARCH_NATIVE)
check_cxx_compiler_flag(-mcpu=native NARROWFLOAT_HAS_MCPU_NATIVE)
set(native_flags ${aligned_flags} -O3)
if(NARROWFLOAT_HAS_MARCH_NATIVE)
  list(APPEND native_flags -march=native)
elseif(NARROWFLOAT_HAS_MCPU_NATIVE)
  list(APPEND native_flags -mcpu=native)
endif()

target_sources(bench_rivals PRIVATE rivals_plain.cpp rivals_plain_native.cpp)
target_include_directories(bench_rivals PRIVATE .) # Highway includes rivals_highway.cpp again
target_link_libraries(bench_rivals PRIVATE ${CMAKE_DL_LIBS})
set_source_files_properties(
  rivals_eigen.cpp rivals_fp16.cpp rivals_imath.cpp rivals_plain_native.cpp optim_plain_native.cpp
  PROPERTIES COMPILE_OPTIONS "${native_flags}")
set_source_files_properties(
  rivals_highway.cpp rivals_plain.cpp PROPERTIES COMPILE_OPTIONS "${aligned_flags}")

# Adds rivals_<name>.cpp, with the library's header folder and what else it links.
function(narrowfloat_add_rival name header_folder)
  message(STATUS "bench_rivals: found ${name}")
  target_sources(bench_rivals PRIVATE rivals_${name}.cpp)
  target_include_directories(bench_rivals SYSTEM PRIVATE ${header_folder})
  target_link_libraries(bench_rivals PRIVATE ${ARGN})
endfunction()

find_path(NARROWFLOAT_EIGEN_INCLUDE Eigen/Core PATH_SUFFIXES eigen3)
if(NARROWFLOAT_EIGEN_INCLUDE)
  narrowfloat_add_rival(eigen ${NARROWFLOAT_EIGEN_INCLUDE})
endif()

find_path(NARROWFLOAT_HIGHWAY_INCLUDE hwy/foreach_target.h)
find_library(NARROWFLOAT_HIGHWAY_LIBRARY hwy)
if(NARROWFLOAT_HIGHWAY_INCLUDE AND NARROWFLOAT_HIGHWAY_LIBRARY)
  narrowfloat_add_rival(highway ${NARROWFLOAT_HIGHWAY_INCLUDE} ${NARROWFLOAT_HIGHWAY_LIBRARY})
endif()

# Not by its package file, which ends the configuration where OpenCL's headers are missing.
find_path(NARROWFLOAT_ONEDNN_INCLUDE dnnl.hpp)
find_library(NARROWFLOAT_ONEDNN_LIBRARY dnnl)
if(NARROWFLOAT_ONEDNN_INCLUDE AND NARROWFLOAT_ONEDNN_LIBRARY)
  narrowfloat_add_rival(onednn ${NARROWFLOAT_ONEDNN_INCLUDE} ${NARROWFLOAT_ONEDNN_LIBRARY})
  target_sources(bench_quantize PRIVATE quantizers_onednn.cpp)
  target_include_directories(bench_quantize SYSTEM PRIVATE ${NARROWFLOAT_ONEDNN_INCLUDE})
  target_link_libraries(bench_quantize PRIVATE ${NARROWFLOAT_ONEDNN_LIBRARY} ${CMAKE_DL_LIBS})
endif()

# Not by its package file, which complains where only half of the package is installed.
find_path(NARROWFLOAT_IMATH_INCLUDE Imath/half.h)
find_library(NARROWFLOAT_IMATH_LIBRARY Imath)
if(NARROWFLOAT_IMATH_INCLUDE AND NARROWFLOAT_IMATH_LIBRARY)
  narrowfloat_add_rival(imath ${NARROWFLOAT_IMATH_INCLUDE} ${NARROWFLOAT_IMATH_LIBRARY})
endif()

find_path(NARROWFLOAT_FP16_INCLUDE fp16/fp16.h)
if(NARROWFLOAT_FP16_INCLUDE)
  narrowfloat_add_rival(fp16 ${NARROWFLOAT_FP16_INCLUDE})
endif()

include(../cmake/blas.cmake)
target_link_libraries(bench_linalg PRIVATE narrowfloat_blas)
target_link_libraries(bench_layers PRIVATE narrowfloat_blas)

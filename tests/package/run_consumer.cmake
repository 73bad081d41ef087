# SPDX-License-Identifier: MIT
# Builds and runs a consumer of the library in an empty folder, the way `way` names.
# Usage: cmake -D way=... -D build=... -D source=... -D scratch=... -D compiler=... -P run_consumer.cmake
set(consumers ${source}/tests/package)
set(prefix ${scratch}/prefix)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(build_consumer)
  run(${CMAKE_COMMAND} -G Ninja -S ${consumers}/${way} -B ${scratch}/build
      -DCMAKE_CXX_COMPILER=${compiler} ${ARGN})
  run(${CMAKE_COMMAND} --build ${scratch}/build)
  run(${scratch}/build/consumer)
endfunction()

file(REMOVE_RECURSE ${scratch})
file(MAKE_DIRECTORY ${scratch})
if(way STREQUAL "add_subdirectory")
  build_consumer(-DNARROWFLOAT_SOURCE_DIR=${source})
  run(${CMAKE_COMMAND} --install ${scratch}/build --prefix ${prefix})
  if(EXISTS ${prefix}/include)
    message(FATAL_ERROR "the consumer's installation brings the library along")
  endif()
  return()
endif()

run(${CMAKE_COMMAND} --install ${build} --prefix ${prefix})
if(way STREQUAL "find_package")
  build_consumer(-DCMAKE_PREFIX_PATH=${prefix})
else()
  find_program(pkg_config pkg-config)
  if(NOT pkg_config)
    message("skipped: pkg-config is not installed")
    return()
  endif()
  set(ENV{PKG_CONFIG_PATH} ${prefix}/share/pkgconfig)
  execute_process(
    COMMAND ${pkg_config} --cflags narrowfloat
    OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  run(${compiler} -std=c++20 ${flags} ${consumers}/consumer.cpp -o ${scratch}/consumer)
  run(${scratch}/consumer)
endif()

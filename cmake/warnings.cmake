# SPDX-License-Identifier: MIT
# narrowfloat_strict: the flags of our own tests, benchmarks and examples; users never see them.
add_library(narrowfloat_strict INTERFACE)
target_compile_options(narrowfloat_strict INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)

if(NARROWFLOAT_SANITIZE)
  set(narrowfloat_sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all)
  target_compile_options(
    narrowfloat_strict INTERFACE ${narrowfloat_sanitizers} -fno-omit-frame-pointer)
  target_link_options(narrowfloat_strict INTERFACE ${narrowfloat_sanitizers})
endif()

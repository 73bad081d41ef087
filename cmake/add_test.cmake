# SPDX-License-Identifier: MIT
# narrowfloat_add_test: one source file, one executable, one ctest entry (or one per instruction set).

# The instruction sets a machine of this architecture can have; the test says 77 where it lacks one.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|i.86")
  set(narrowfloat_isas generic avx2 avx512)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64|ARM64")
  set(narrowfloat_isas generic neon)
else()
  set(narrowfloat_isas generic)
endif()

# The loops of the named formats are the library's, which are built as its users build them; what tests compile besides,
# other formats' loops and formulas, gives the same bits with less optimisation, sooner: GCC takes as long with none.
set(narrowfloat_test_options -Og)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  set(narrowfloat_test_options -O0)
endif()

# A test of some twenty seconds and more has a COST, its seconds: where no run has told yet, ctest starts it first, so that
# it is not the last one, on one core.

# narrowfloat_add_test(<name> [SOURCE <file>] [LABELS <label>...] [LIBRARIES <target>...] [ISA])
#   SOURCE     the test's only file; default <name>.cpp
#   LABELS     ctest labels; `exhaustive` also keeps it out of `all`, under the target `exhaustive`
#   LIBRARIES  what it links beside narrowfloat and the test support
#   ISA        run it once per instruction set, forced through NARROWFLOAT_ISA, under the label isa
function(narrowfloat_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "ISA" "SOURCE" "LABELS;LIBRARIES")
  if(NOT arg_SOURCE)
    set(arg_SOURCE ${name}.cpp)
  endif()

  add_executable(${name} ${arg_SOURCE})
  target_link_libraries(${name} PRIVATE narrowfloat_test_support ${arg_LIBRARIES})
  if(NOT name IN_LIST header_only_tests)
    # The loops under test are the library's; what else a test compiles need not be fast.
    set(options ${narrowfloat_test_options})
    set(loops narrowfloat_test_loops)
    if(TARGET narrowfloat_optimised_test_loops AND (name IN_LIST optimised_tests OR (
        NARROWFLOAT_SANITIZE AND arg_ISA AND NOT name IN_LIST unoptimised_tests)))
      set(options -O1)
      set(loops narrowfloat_optimised_test_loops)
    endif()
    target_compile_options(${name} PRIVATE ${options})
    target_link_libraries(${name} PRIVATE narrowfloat::compiled)
    if(NOT "fmt::fmt" IN_LIST arg_LIBRARIES) # which brings a definition that the shared header was not built with
      target_precompile_headers(${name} REUSE_FROM ${loops})
    endif()
  endif()

  set(timeout 600)
  if("exhaustive" IN_LIST arg_LABELS)
    set(timeout 86400)
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
    add_dependencies(exhaustive ${name})
  endif()

  if(NOT arg_ISA)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${timeout})
    return()
  endif()
  target_sources(${name} PRIVATE $<TARGET_OBJECTS:narrowfloat_isa_guard>)
  foreach(isa IN LISTS narrowfloat_isas)
    add_test(NAME ${name}.${isa} COMMAND ${name})
    set_tests_properties(
      ${name}.${isa}
      PROPERTIES LABELS "${arg_LABELS};isa" TIMEOUT ${timeout} SKIP_RETURN_CODE 77
                 ENVIRONMENT NARROWFLOAT_ISA=${isa})
  endforeach()
endfunction()

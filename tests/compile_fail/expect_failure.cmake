# SPDX-License-Identifier: MIT
# Passes when `source` compiles with NARROWFLOAT_VALID and fails without it, the message that it names in the first line
# that tells of an error; the other compilers of the list must say so too.
# Usage: cmake -D compilers=...[,...] -D source=... -D include=... -P expect_failure.cmake
file(STRINGS ${source} expected REGEX "^// expect: .+" LIMIT_COUNT 1)
if(NOT expected)
  message(FATAL_ERROR "${source} has no line '// expect: <regular expression>'")
endif()
string(REGEX REPLACE "^// expect: " "" expected "${expected}")
string(REPLACE "," ";" compilers "${compilers}")
list(GET compilers 0 compiler)
set(options -std=c++20 -fsyntax-only -I${include} ${source})

execute_process(
  COMMAND ${compiler} ${options} -DNARROWFLOAT_VALID RESULT_VARIABLE result ERROR_VARIABLE output)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "The valid use does not compile:\n${output}")
endif()

foreach(compiler IN LISTS compilers)
  execute_process(COMMAND ${compiler} ${options} RESULT_VARIABLE result ERROR_VARIABLE output)
  if(result EQUAL 0)
    message(FATAL_ERROR "${compiler}: the misuse compiles")
  endif()
  string(REGEX MATCH "[^\n]*error: [^\n]*" first "${output}")
  if(NOT first MATCHES "${expected}")
    message(FATAL_ERROR "${compiler}: the first error is not '${expected}':\n${output}")
  endif()
endforeach()

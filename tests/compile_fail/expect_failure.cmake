# SPDX-License-Identifier: MIT
# Passes when `source` compiles with NARROWFLOAT_VALID and fails without it, with the message it names.
# Usage: cmake -D compiler=... -D source=... -D include=... -P expect_failure.cmake
file(STRINGS ${source} expected REGEX "^// expect: .+" LIMIT_COUNT 1)
if(NOT expected)
  message(FATAL_ERROR "${source} has no line '// expect: <regular expression>'")
endif()
string(REGEX REPLACE "^// expect: " "" expected "${expected}")

set(command ${compiler} -std=c++20 -fsyntax-only -I${include} ${source})

execute_process(
  COMMAND ${command} -DNARROWFLOAT_VALID RESULT_VARIABLE result ERROR_VARIABLE output)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "The valid use does not compile:\n${output}")
endif()

execute_process(COMMAND ${command} RESULT_VARIABLE result ERROR_VARIABLE output)
if(result EQUAL 0)
  message(FATAL_ERROR "The misuse compiles")
endif()
if(NOT output MATCHES "${expected}")
  message(FATAL_ERROR "The misuse fails without the message '${expected}':\n${output}")
endif()

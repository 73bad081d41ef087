# SPDX-License-Identifier: MIT
# Bad input to the example `quantize` gets one line on stderr, exit status 2 and no output file.
# Usage: cmake -DPROGRAM=<quantize> -DDATA=<folder with digits.safetensors> -P quantize_errors.cmake
set(good ${DATA}/digits.safetensors)
set(out ${CMAKE_CURRENT_BINARY_DIR}/quantize_errors.out)
set(damaged ${CMAKE_CURRENT_BINARY_DIR}/quantize_errors.damaged)
file(WRITE ${damaged} "123456789")

function(expect reason)
  file(REMOVE ${out})
  execute_process(
    COMMAND ${PROGRAM} ${ARGN}
    RESULT_VARIABLE status
    OUTPUT_VARIABLE output
    ERROR_VARIABLE error)
  if(NOT status EQUAL 2 OR NOT output STREQUAL "" OR NOT error MATCHES "^quantize: [^\n]*${reason}[^\n]*\n$")
    message(FATAL_ERROR "quantize ${ARGN}: exit ${status}, \"${output}\", \"${error}\"")
  endif()
  file(GLOB left ${out}*)
  if(left)
    message(FATAL_ERROR "quantize ${ARGN}: left ${left}")
  endif()
endfunction()

expect("absent: No such file" absent ${out})
expect("unknown format mxfp5" ${good} ${out} --format mxfp5)
expect("unknown rule round" ${good} ${out} --rule round)
expect("unknown rule round" ${good} ${out} --format nvfp4 --rule round)
expect("is larger than" ${damaged} ${out})
expect("cannot create" ${good} ${out}/absent/out)
expect("needs an input and an output" ${good})
expect("--rule needs a value" ${good} ${out} --rule)
expect("unknown option --fast" ${good} ${out} --fast)
file(REMOVE ${damaged})

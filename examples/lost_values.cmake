# SPDX-License-Identifier: MIT
# A conversion says what it destroyed, and counts each value once.
# Usage: cmake -DQUANTIZE=<program> -DCHOOSE_FORMAT=<program> -P lost_values.cmake
set(in ${CMAKE_CURRENT_BINARY_DIR}/lost_values.in)
set(out ${CMAKE_CURRENT_BINARY_DIR}/lost_values.out)

# Bits of floats, lowest byte first, as printf takes them.
set(one "\\000\\000\\200\\077")
set(zero "\\000\\000\\000\\000")
set(infinity "\\000\\000\\200\\177")
set(nan "\\000\\000\\300\\177")
set(largest "\\377\\377\\177\\177")
set(least "\\000\\000\\000\\002") # 2^-123
set(tiny "\\000\\000\\000\\040") # 2^-63

# write(<float> <count> ...) makes the input: a matrix "w" of one row, 32 or 64 such floats.
function(write)
  set(values "")
  set(total 0)
  while(ARGN)
    list(POP_FRONT ARGN name count)
    string(REPEAT "${${name}}" ${count} more)
    string(APPEND values "${more}")
    math(EXPR total "${total} + ${count}")
  endwhile()
  math(EXPR bytes "4 * ${total}")
  set(header "{\"w\":{\"dtype\":\"F32\",\"shape\":[1,${total}],\"data_offsets\":[0,${bytes}]}}")
  string(LENGTH "${header}" length)
  math(EXPR high "${length} / 64")
  math(EXPR middle "${length} / 8 % 8")
  math(EXPR low "${length} % 8")
  execute_process(
    COMMAND printf "\\${high}${middle}${low}\\000\\000\\000\\000\\000\\000\\000${header}${values}"
    OUTPUT_FILE ${in} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# expect(<status> <row of w, a regex> <stderr, a regex> [option...]): what quantize answers, and whether it wrote.
function(expect status row error)
  file(REMOVE ${out})
  execute_process(
    COMMAND ${QUANTIZE} ${in} ${out} ${ARGN}
    RESULT_VARIABLE got_status
    OUTPUT_VARIABLE got
    ERROR_VARIABLE got_error)
  string(REGEX MATCH "\nw [^\n]*" got_row "${got}")
  if(NOT got_status EQUAL status OR NOT got_row MATCHES "${row}$" OR NOT got_error MATCHES "^${error}$")
    message(FATAL_ERROR "quantize ${ARGN}: exit ${got_status}, \"${got_row}\", \"${got_error}\"")
  endif()
  if(status EQUAL 0 AND NOT EXISTS ${out} OR status EQUAL 1 AND EXISTS ${out})
    message(FATAL_ERROR "quantize ${ARGN}: exit ${status}, and the file?")
  endif()
  file(REMOVE ${out})
endfunction()
set(zeros "0.0000 +0.0000")
set(refused "quantize: 31 finite values of 1 tensor became Inf or NaN; nothing is written without --allow-lossy\n")

write(one 31 infinity 1 one 32)
expect(1 " 3.08 +${zeros} +31" "${refused}") # 10 lg (63 / 31)
expect(0 " 3.08 +${zeros} +31" "quantize: 31 finite values of 1 tensor became Inf or NaN\n" --allow-lossy)
write(one 31 nan 1)
expect(1 " 0.00 +${zeros} +31" "${refused}" --format mxint8)
write(zero 31 nan 1) # zeros count, too
expect(1 " -inf +${zeros} +31" "${refused}")
write(largest 32) # the scale is so large that the largest element times it is no float
expect(1 " 0.00 +${zeros} +32" "quantize: 32 [^\n]*\n" --format mxfp8_e4m3 --rule ceil)
write(nan 32) # nothing that could be lost, nothing that is exact
expect(0 " - +${zeros} +0" "")
write(one 32)
expect(0 " exact +${zeros} +0" "")
write(one 16 tiny 16) # their scale underflows: flushed, not clipped too
expect(0 " [0-9.]+ +0.0000 +50.0000 +0" "" --format nvfp4)
write() # no values: copied
expect(0 " copied" "")
write(one 200) # of which no row is whole blocks, nor has to be
expect(0 " exact +${zeros} +0" "" --layout deepseek)
foreach(value IN ITEMS least largest) # whose tensor scale is far from 1
  write(${value} 32)
  expect(0 " [0-9.exact]+ +${zeros} +0" "" --layout compressed-tensors)
endforeach()

# choose_format(<regex>): what it says of the input.
function(choose text)
  execute_process(
    COMMAND ${CHOOSE_FORMAT} ${in}
    RESULT_VARIABLE status
    OUTPUT_VARIABLE got
    ERROR_VARIABLE error)
  if(NOT status EQUAL 0 OR NOT error STREQUAL "" OR NOT got MATCHES "${text}")
    message(FATAL_ERROR "choose_format: exit ${status}, \"${got}\", \"${error}\"")
  endif()
endfunction()
write(nan 32)
choose("^w .1 x 32.\n  all values are Inf or NaN: nothing to choose by\n\n$")
write(largest 32)
choose("flushed % +lost\n.*mxfp8_e4m3 +1x32 +even +8.250 +0.00 +0.0000 +0.0000 +32\n")
file(REMOVE ${in})

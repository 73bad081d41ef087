# SPDX-License-Identifier: MIT
# What the program `conformance` says of kernels with known faults, and its exit status.
# Usage: cmake -DCONFORMANCE=<program> -DKERNELS=<library> -DFILTER=<program> -DLIBRARY=<library> -DHALF_UP=<library>
#              -DSOURCE=<half_up.c> -DPAGE=<docs/conformance.md>
#              -P verdicts.cmake
set(few --inputs 200000)

# expect(<exit status> <regular expression that stdout matches> <arguments>...)
function(expect wanted text)
  execute_process(
    COMMAND ${CONFORMANCE} ${ARGN}
    RESULT_VARIABLE status
    OUTPUT_VARIABLE output
    ERROR_VARIABLE error)
  if(NOT status EQUAL wanted OR NOT output MATCHES "${text}" OR NOT error STREQUAL "")
    message(FATAL_ERROR "conformance ${ARGN}: exit ${status}, \"${output}\", \"${error}\", not \"${text}\"")
  endif()
endfunction()

# fault(<function of kernels.c> <what follows the verdict> <arguments>...): it differs, and this is all that is said
function(fault symbol text)
  expect(1 "\nverdict: ${text}\n$" --format e4m3fn --saturation finite --library ${KERNELS} --symbol ${symbol} ${few} ${ARGN})
endfunction()

# check(<check> <function of kernels.c> <what follows the verdict> <arguments>...): the same of the other checks
function(check which symbol text)
  expect(1 "\nverdict: ${text}\n$" --format e4m3fn --library ${KERNELS} --symbol ${symbol} --check ${which} ${ARGN})
endfunction()

function(refuse reason)
  execute_process(
    COMMAND ${CONFORMANCE} ${ARGN}
    RESULT_VARIABLE status
    OUTPUT_VARIABLE output
    ERROR_VARIABLE error)
  if(NOT status EQUAL 2 OR NOT output STREQUAL "" OR NOT error MATCHES "^conformance: [^\n]*${reason}[^\n]*\n$")
    message(FATAL_ERROR "conformance ${ARGN}: exit ${status}, \"${output}\", \"${error}\"")
  endif()
endfunction()

set(usual "nearest_even, saturation finite, subnormals keep, NaN canonical")
set(beyond_is_nan "nearest_even, saturation none, subnormals keep, NaN canonical")

# Equal, in each of the four checks; then in parts.
expect(0 "convert\n.*verdict: equal\n.*decode\n.*verdict: equal\n.*stochastic\n.*verdict: equal\n.*blocks\n.*verdict: equal\n$"
       --format e4m3fn --saturation finite --library ${KERNELS} --bits 8 ${few})
expect(0 "read: 16[0-9]* floats;.*verdict: equal\n$" --format float8_e4m3fn --saturation finite --library ${KERNELS}
       --symbol narrowfloat_convert)
expect(0 "verdict: equal\n$" --format e4m3b7fn --saturation finite --pipe ${FILTER} ${few})
expect(0 "verdict: equal\n.*verdict: equal\n$" --format e4m3fn --library ${LIBRARY} ${few})
expect(0 "verdict: equal\n$" --format float16 --rounding toward_zero --saturation propagate --library ${LIBRARY}
       --symbol float16_toward_zero ${few})

# All floats: the digest is the expected one, and one wrong float in 2^32 is found.
expect(0 "digest ([0-9a-f]+)\nread: all 4294967296 floats; digest ([0-9a-f]+)\nverdict: equal\n$" --format e4m3fn --library ${LIBRARY}
       --symbol narrowfloat_convert --all)
fault(one_input "differs for 1 float\nnearest: ${usual}\n  but 1.1 gives 1 where 1.125 is right: 3f8ccccd, code 38 for 39" --all)

# A choice of floats: policies by name, intervals from end to end.
fault(overflow_is_nan "differs for 1999634432 floats\nequal to: ${beyond_is_nan}")
fault(wrong_binade "differs for 1998585856 floats\nnearest: ${beyond_is_nan}
  but .480, 496. gives 448 where nan is right: 43f00000 to 43f7ffff, code 7e for 7f
  but .-496, -480. gives -448 where -nan is right: c3f00000 to c3f7ffff, code fe for ff")
fault(nan_is_zero "differs for 16777214 floats\nnearest: ${usual}
  but nan gives 0 where nan is right: 7f800001 to 7fffffff, code 00 for 7f
  but -nan gives 0 where -nan is right: ff800001 to ffffffff, code 00 for ff")
fault(beyond_is_zero "differs for 2016411646 floats\nnearest: ${beyond_is_nan}
  but .464.00003, inf. gives 0 where nan is right: 43e80001 to 7f800000, code 00 for 7f
  but nan gives 0 where nan is right: 7f800001 to 7fffffff, code 00 for 7f
  but .-inf, -464.00003. gives 0 where -nan is right: c3e80001 to ff800000, code 00 for ff
  but -nan gives 0 where -nan is right: ff800001 to ffffffff, code 00 for ff" --saturation none)
expect(1 "nearest: nearest_even, saturation finite, .*  but .-0.0029296875, -0.0009765626. gives no code where 0 is right: ba800001 to bb3fffff, code 81 for 00\n"
       --format ue4m3b7fn --library ${KERNELS} --symbol narrowfloat_convert ${few})
fault(nan_without_sign "differs for 8388607 floats\nequal to: nearest_even, saturation finite, subnormals keep, NaN positive")
fault(ties_away "differs for 118 floats\nnearest: nearest_away, saturation finite, subnormals keep, NaN canonical
  but 0.0009765625 gives 0 where 0.001953125 is right: 3a800000, code 00 for 01
.*  ... and 6 intervals more .--intervals 0 shows all.\n  all of these are ties" --intervals 2)
fault(no_subnormals "differs for 65011710 floats\nequal to: nearest_even, saturation finite, subnormals flush, NaN canonical")
fault(high_bit_set "differs for 2147483648 floats\nnearest: ${usual}\n  but .0, 0.0009765626. gives -0 where 0 is right.*")

# Kernels that are no function of the float.
fault(reads_behind "fails: killed by signal 11 .Segmentation fault. in a call of [0-9]+ elements, the first input 00000000")
fault(exits "fails: it ends the program, exit status 0, in a call of [0-9]+ elements, the first input 00000000")
expect(1 "\nverdict: fails: an exception, no memory, in a call of [0-9]+ elements, the first input 00000000\n$"
       --format e4m3fn --library ${LIBRARY} --symbol throws ${few})
fault(writes_short "fails: byte ([0-9]+) of the [0-9]+ of a call of [0-9]+ elements is not written")
fault(wrong_tail "fails: float 0 of a call of 1 .3a800001. gives 00, in a longer call 01")
fault(forgets "fails: byte 7 of the [0-9]+ of a call of [0-9]+ elements is 0[01] in one call, 0[01] in the next")

# The other checks.
check(decode decodes_no_subnormals "differs for 14 codes, subnormals that decode to zero
  but 01 gives 0 where 0.001953125 is right: 00000000 for 3b000000\n.*")
check(decode decodes_wrong_tail "fails: code 0 of a call of 1 .01. gives 00000000, in a longer call 3b000000")
expect(0 "read: all 65536 codes\nverdict: equal\n$" --format bfloat16 --library ${KERNELS} --symbol decodes_bfloat16 --check decode)
check(stochastic stochastic_nan_without_sign "differs for [0-9]+ pairs\nequal to: p3109_a, saturation finite, NaN positive"
      --saturation finite --bits 8)
expect(0 "verdict: equal\n$" --format e4m3fn --library ${KERNELS} --symbol stochastic_nan_without_sign --check stochastic
       --saturation finite --nan positive --bits 8)
check(stochastic stochastic_wrong_tail "fails: pair 0 of a call of 1 .*, in a longer call [0-9a-f]+" --saturation finite --bits 8)
check(blocks blocks_of_one_column "fails: byte [0-9]+ of the [0-9]+ of a call of [0-9]+ elements is not written")
check(blocks blocks_of_high_ties "differs in [0-9]+ blocks\nnearest: rule floor, nearest_even, with another scale in 0 blocks and another code in .*")
expect(1 "verdict: differs for [0-9]+ pairs\nequal to: p3109_a, saturation finite, NaN canonical\n$" --format e4m3fn --library ${KERNELS}
       --check stochastic --variant b --saturation finite --bits 8)
expect(1 "verdict: differs for [0-9]+ pairs\nequal to: p3109_a, saturation finite, NaN canonical\n$" --format e4m3fn --library ${KERNELS}
       --check stochastic --saturation none --bits 8)
expect(1 "verdict: differs for [0-9]+ pairs\nnearest: p3109_.*  but .* by the word .* gives "
       --format e4m3fn --library ${KERNELS} --check stochastic --saturation finite --bits 9)
expect(1 "verdict: differs in [0-9]+ blocks\nequal to: rule floor, nearest_even\n$" --format e4m3fn --library ${KERNELS}
       --check blocks --rule even)

# Pipes that end early, late or badly.
expect(1 "verdict: fails: head -c 1000 .dev.zero: 1000 bytes came for [0-9]+ inputs, not [0-9]+, and the command ended with exit status 0\n$"
       --format e4m3fn --pipe "head -c 1000 /dev/zero" ${few})
expect(1 "verdict: fails: cat: [0-9]+ or more bytes came for " --format e4m3fn --pipe cat ${few})
expect(1 "verdict: fails: exit 3: 0 bytes came for .* ended with exit status 3\n$" --format e4m3fn --pipe "exit 3" ${few})

# Bad usage.
refuse("--format is missing" --library ${KERNELS})
refuse("unknown format e4m3b7fnu" --format e4m3b7fnu --library ${KERNELS})
refuse("unknown format e4m3fm" --format e4m3fm --library ${KERNELS})
refuse("format e8m10b127 has 19 bits" --format e8m10b127 --library ${KERNELS})
refuse("unknown format e4m3b2147483647" --format e4m3b2147483647 --library ${KERNELS})
refuse("unknown format e4m2147483647b7" --format e4m2147483647b7 --library ${KERNELS})
foreach(format IN ITEMS e0m3b1 ue4m3b8fnuz e8m0b127scale e8m1b1500 e1m0b1)
  refuse("format ${format}: no such bits" --format ${format} --library ${KERNELS})
endforeach()
refuse("one of --library and --pipe" --format e4m3fn)
refuse("absent.so: cannot open" --format e4m3fn --library absent.so)
refuse("it has no function absent" --format e4m3fn --library ${KERNELS} --symbol absent)
refuse("--rounding up: it is one of nearest_even, nearest_away" --format e4m3fn --rounding up)
refuse("--bits 33: it is a number from 1 to 32" --format e4m3fn --bits 33)
refuse("--bits needs a value" --format e4m3fn --bits)
refuse("unknown option --fast" --fast)
refuse("--inputs 268435457: it is a number from 1 to 268435456; --all reads all floats" --format e4m3fn --inputs 268435457)
refuse("--nan: nothing that is asked for reads it .convert, stochastic would." --format e4m3fn --library ${KERNELS} --check decode
       --nan positive)
refuse("--saturation: nothing that is asked for reads it" --format e4m3fn --library ${KERNELS} --check blocks --saturation finite)
refuse("--rounding: nothing that is asked for reads it" --format e4m3fn --pipe cat --check stochastic --rounding to_odd)
refuse("--rule: nothing that is asked for reads it .blocks would." --format e4m3fn --library ${KERNELS}
       --symbol narrowfloat_convert --rule even)
refuse("--subnormals: nothing that is asked for reads it" --digests --subnormals flush)
refuse("at most 8 bits, not float16" --format float16 --library ${KERNELS} --check blocks)

execute_process(COMMAND ${CONFORMANCE} --digests OUTPUT_FILE /dev/full RESULT_VARIABLE status ERROR_VARIABLE error)
if(NOT status EQUAL 2 OR NOT error STREQUAL "conformance: stdout cannot be written\n")
  message(FATAL_ERROR "a full stdout: exit ${status}, \"${error}\"")
endif()

# What the page shows: a kernel, what is said of it, and the digests.
function(shown what text)
  string(FIND "${page}" "${text}" place)
  if(text STREQUAL "" OR place EQUAL -1)
    message(FATAL_ERROR "${PAGE} does not show ${what}:\n${text}")
  endif()
endfunction()
file(READ ${PAGE} page)
file(READ ${SOURCE} source)
string(FIND "${source}" "#include" place) # behind the licence
string(SUBSTRING "${source}" ${place} -1 source)
shown("the kernel" "${source}")
get_filename_component(folder ${HALF_UP} DIRECTORY)
get_filename_component(name ${HALF_UP} NAME)
execute_process(COMMAND ${CONFORMANCE} --format bfloat16 --library ${name} OUTPUT_VARIABLE output WORKING_DIRECTORY ${folder})
string(REPLACE ${name} "mine.so" output "${output}")
shown("the verdict" "${output}")
execute_process(COMMAND ${CONFORMANCE} --digests OUTPUT_VARIABLE digests)
shown("the digests" "${digests}")

# The files of vectors.
set(vectors ${CMAKE_CURRENT_BINARY_DIR}/conformance_vectors)
file(REMOVE_RECURSE ${vectors})
expect(0 "^$" --write-vectors ${vectors} --format e2m1fn)
file(READ ${vectors}/float4_e2m1fn.nearest_even.finite.csv text)
if(NOT text MATCHES "^# float4_e2m1fn, nearest_even, .*, digest [0-9a-f]+\nfirst,code\n00000000,00\n3e800001,01\n3f400000,02\n")
  message(FATAL_ERROR "float4_e2m1fn.nearest_even.finite.csv: ${text}")
endif()

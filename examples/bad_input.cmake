# SPDX-License-Identifier: MIT
# Bad input to an example gets one line on stderr, exit status 2, no other output and no file.
# Usage: cmake -DQUANTIZE=<program> -DCHOOSE_FORMAT=<program> -DSNR=<program> -DDIGITS=<program> -DTHREADS=<program>
#              -DACCUMULATE=<program> -DPRODUCTS=<program> -DOPTIMIZERS=<program>
#              -DDISTRIBUTIONS=<program> -DTRAIN_TENSORS=<program>
#              -DDATA=<folder with digits.safetensors> -P bad_input.cmake
set(good ${DATA}/digits.safetensors)
set(out ${CMAKE_CURRENT_BINARY_DIR}/bad_input.out)
set(damaged ${CMAKE_CURRENT_BINARY_DIR}/bad_input.damaged)
file(WRITE ${damaged} "123456789")

function(expect name program reason)
  file(REMOVE ${out})
  execute_process(
    COMMAND ${program} ${ARGN}
    RESULT_VARIABLE status
    OUTPUT_VARIABLE output
    ERROR_VARIABLE error)
  if(NOT status EQUAL 2 OR NOT output STREQUAL "" OR NOT error MATCHES "^${name}: [^\n]*${reason}[^\n]*\n$")
    message(FATAL_ERROR "${name} ${ARGN}: exit ${status}, \"${output}\", \"${error}\"")
  endif()
  file(GLOB left ${out}*)
  if(left)
    message(FATAL_ERROR "${name} ${ARGN}: left ${left}")
  endif()
endfunction()

expect(quantize ${QUANTIZE} "absent: No such file" absent ${out})
expect(quantize ${QUANTIZE} "unknown format mxfp5" ${good} ${out} --format mxfp5)
expect(quantize ${QUANTIZE} "unknown rule round" ${good} ${out} --rule round)
expect(quantize ${QUANTIZE} "unknown rule round" ${good} ${out} --format nvfp4 --rule round)
expect(quantize ${QUANTIZE} "is larger than" ${damaged} ${out})
expect(quantize ${QUANTIZE} "cannot create" ${good} ${out}/absent/out)
expect(quantize ${QUANTIZE} "needs an input and an output" ${good})
expect(quantize ${QUANTIZE} "--rule needs a value" ${good} ${out} --rule)
expect(quantize ${QUANTIZE} "unknown option --fast" ${good} ${out} --fast)
expect(choose_format ${CHOOSE_FORMAT} "absent: No such file" absent --json ${out})
expect(choose_format ${CHOOSE_FORMAT} "is larger than" ${damaged} --json ${out})
expect(choose_format ${CHOOSE_FORMAT} "no float tensor's name ends in .wait" --only .wait --json ${out})
expect(choose_format ${CHOOSE_FORMAT} "unknown order noise" ${good} --order noise)
expect(choose_format ${CHOOSE_FORMAT} "--only needs a value" --only)
expect(choose_format ${CHOOSE_FORMAT} "unknown option --fast" ${good} --fast)
expect(choose_format ${CHOOSE_FORMAT} "one input at a time" ${good} ${good})
expect(choose_format ${CHOOSE_FORMAT} "absent/out: No such file" ${good} --json absent/out)
expect(snr ${SNR} "unknown option E4M3" E4M3 --json ${out})
expect(snr ${SNR} "--json needs a value" --json)
expect(snr ${SNR} "absent/out: No such file" --json absent/out)
expect(digits ${DIGITS} "usage: digits .OUTPUT.safetensors." --fast)
expect(digits ${DIGITS} "usage: digits .OUTPUT.safetensors." ${out} ${out})
expect(products ${PRODUCTS} "takes no arguments, not --fast" --fast)
expect(threads ${THREADS} "takes no arguments, not --fast" --fast)
expect(accumulate ${ACCUMULATE} "unknown option E4M3" E4M3 --json ${out})
expect(accumulate ${ACCUMULATE} "--json needs a value" --json)
expect(accumulate ${ACCUMULATE} "absent/out: No such file" --json absent/out)
expect(distributions ${DISTRIBUTIONS} "unknown option E4M3" E4M3 --json ${out})
expect(train_tensors ${TRAIN_TENSORS} "unknown option E4M3" E4M3 --json ${out})
expect(optimizers ${OPTIMIZERS} "unknown option AdamW" AdamW)
file(REMOVE ${damaged})

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the machine code of the hot loops: the widest vectors, no call, no spill, few instructions.

Usage: check_loops.py COMPILER INCLUDE_FOLDER
A hot loop is an innermost backward jump with vector stores to memory other than the stack.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

# Kernel, as c++filt writes its name, from the namespace on; instructions of its loop; register; the most
# instructions. A loop converts four vectors of words: 64 elements with zmm, 32 with ymm, 16 with q. Limits: what
# GCC 12 and Clang 14 make, the larger of the two, plus 15 %.
E4M3, BF16, F16, F32, E5M2 = "<4, 3, 7,", "<8, 7, 127,", "<5, 10, 15,", "<8, 23, 127,", "<5, 2, 15,"
PACKS = ["vpackusdw", "vpackuswb", "vpacksswb"]
KERNELS = [
    ("avx512", F32, E4M3, "NearestEven", ["vrangeps", "vfixupimmps", "vpermt2w"], "zmm", 58),
    ("avx512", F32, E4M3, "NearestEven", ["vmulps", "vrangeps", "vfixupimmps", "vpermt2w"], "zmm", 64),
    ("avx512", F32, E5M2, "NearestEven", ["vrangeps", "vpermt2d|vpermi2d", "vpermt2w"], "zmm", 80),
    ("avx512", F32, BF16, "NearestEven", ["vpermt2w", "vpblendmw"], "zmm", 58),
    ("avx512", F32, F16, "NearestEven", ["vcvtps2ph"], "zmm", 44),
    ("avx512", F16, E4M3, "NearestEven", ["vcvtph2ps", "vrangeps", "vfixupimmps"], "zmm", 62),
    ("avx512", F32, E4M3, "Stochastic", ["vrangeps", "vfixupimmps", "vpmovzxwd"], "zmm", 69),
    ("avx2", F32, E4M3, "NearestEven", ["vfmadd231ps", *PACKS, "vpermd"], "ymm", 90),
    ("avx2", F32, BF16, "NearestEven", ["vpshufb", "vpunpckhqdq"], "ymm", 65),
    ("avx2", F32, F16, "NearestEven", ["vcvtps2ph"], "ymm", 42),
]
WIDENINGS = [
    ("avx512", BF16, ["vperm(t2)?w"], "zmm", 45),
    ("avx2", E5M2, ["vcvtph2ps"], "ymm", 58),
]
NEON_KERNELS = [
    ("neon", F32, E4M3, "NearestEven", ["fmin", "fmla", "usra", "uzp1"], "q", 71),
    ("neon", F32, E4M3, "Stochastic", ["fmin", "fmla", "uzp1"], "q", 85),
]
COUNTED = [
    ("avx512", E4M3, "NearestEven", ["vrangeps", "vpackssdw", "vfmadd\\d+pd"], "zmm", 130),
]
LOOK_UPS = [
    ("avx512_vbmi", 1, ["vperm[it]2b", "vpmovb2m"], "zmm", 18),
    ("avx512_vbmi", 2, ["vperm[it]2b", "vpmovb2m"], "zmm", 29),
    ("avx512_vbmi", 4, ["vperm[it]2b", "vpmovb2m"], "zmm", 41),
]

# Vectors written to the stack in a loop: Clang 14 has one too many for the 16 registers of AVX2.
MOST_SPILLED = {"zmm": 0, "ymm": 1, "q": 0}

LABEL = re.compile(r"^([.\w$]+):")
JUMP = re.compile(r"^(?:j\w+|b\.?\w*|cbn?z\s+\w+,)\s+([.\w$]+)$")
# %rbp may hold the address of an array; what a frame has lies below it.
STACK = re.compile(r"\(%rsp[,)]|-\d+\(%rbp\)|\[sp\b")


def functions(assembly):
    """The instructions and labels of each function, by its symbol."""
    name, body = None, []
    for line in assembly.splitlines():
        line = line.split("#")[0].strip()
        label = LABEL.match(line)
        if label and not label[1].startswith(".L"):
            name, body = label[1], []
            yield name, body
        elif line and (label or not line.startswith(".")):
            body.append(line)


def innermost_loops(body):
    """The instructions of each loop that holds no other."""
    place = {LABEL.match(line)[1]: at for at, line in enumerate(body) if LABEL.match(line)}
    spans = []
    for at, line in enumerate(body):
        jump = JUMP.match(line)
        if jump and place.get(jump[1], at) < at:
            spans.append((place[jump[1]], at))
    for first, last in spans:
        if not any(first <= f and l <= last and (f, l) != (first, last) for f, l in spans):
            yield [line for line in body[first:last + 1] if not LABEL.match(line)]


def stores(loop, register):
    """Whether a loop stores vectors of a kind to the arrays."""
    store = re.compile(rf"vmov\w+\s+%{register}\d+, .*\)$|st[rp]\s+{register}\d+, .*\[")
    return any(store.match(line) and not STACK.search(line) for line in loop)


def complaints(loops, wanted, register, most):
    """What is wrong with the hot loop of one kernel: the shortest with the wanted instructions."""
    fit = [loop for loop in loops if stores(loop, register) and
           all(any(re.match(rf"{op}\s", line) for line in loop) for op in wanted)]
    if not fit:
        yield f"no loop that stores %{register} registers and has all of " + " ".join(wanted)
        return
    hot = min(fit, key=len)
    yield from (f"a call: {line}" for line in hot if re.match(r"call|bl\s", line))
    # The 16 registers of AVX2 do not hold all constants: reading those from the stack is no spill.
    on_stack = [line for line in hot if STACK.search(line)]
    spilled = [line for line in on_stack if re.match(rf"(vmov\w+\s+%|st[rp]\s+){register}\d+, ", line)]
    if register != "ymm" and on_stack or len(spilled) > MOST_SPILLED[register]:
        yield f"spills: {'; '.join(on_stack)}"
    if len(hot) > most:
        yield f"{len(hot)} instructions, more than {most}"


def compiled(compiler, include):
    """The assembly of kernels.cpp, as its users' default build makes it."""
    source = pathlib.Path(__file__).with_name("kernels.cpp")
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "kernels.s"
        subprocess.run([compiler, "-std=c++20", "-O2", "-S", "-I", include, source, "-o", output],
                       check=True)
        return output.read_text()


def function_of(rounding):
    """The function that has the loop of a conversion."""
    return "run_all" if rounding == "Stochastic" else "convert_array"


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    is_arm = subprocess.run([sys.argv[1], "-dumpmachine"], capture_output=True, text=True,
                            check=True).stdout.startswith("aarch64")
    bodies = dict(functions(compiled(*sys.argv[1:])))
    names = subprocess.run(["c++filt"], input="\n".join(bodies), capture_output=True, text=True,
                           check=True).stdout.splitlines()
    bodies = dict(zip(names, bodies.values()))
    checks = [(re.compile(rf"::{isa}::{function_of(rounding)}<.*layout{a}.*layout{b}.*::{rounding}\b"
                          r"(?!.*scaled_source)"), *rest)
              for isa, a, b, rounding, *rest in (NEON_KERNELS if is_arm else KERNELS)]
    if not is_arm:
        checks += [(re.compile(rf"::{isa}::widen_array<.*layout{a}"), *rest)
                   for isa, a, *rest in WIDENINGS]
        checks += [(re.compile(rf"::{isa}::count_conversion<.*layout{a}.*::{rounding}\b"), *rest)
                   for isa, a, rounding, *rest in COUNTED]
        checks += [(re.compile(rf"::{isa}::look_up<{size}ul>"), *rest)
                   for isa, size, *rest in LOOK_UPS]
    failed = 0
    for pattern, wanted, register, most in checks:
        found = [body for name, body in bodies.items() if pattern.search(name)]
        wrong = (list(complaints(list(innermost_loops(found[0])), wanted, register, most))
                 if len(found) == 1 else [f"{len(found)} functions have this name"])
        for complaint in wrong:
            print(f"{pattern.pattern}: {complaint}")
        failed += len(wrong)
    print(f"{len(checks)} kernels, {failed} complaints")
    return 1 if failed else 0


sys.exit(main())

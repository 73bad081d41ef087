#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Passes when every case compiles with NARROWFLOAT_VALID and fails without it, by each compiler, its message in the first
error that the compiler traces to the case.

The cases share programs, each in a namespace of its own, as most of the time goes into the headers. A compiler tells of one
failed assertion once: cases that expect the same message are in different programs. A case with a #define or options has its own;
after the error of one with options the compiler stops.

Usage: expect_failures.py COMPILER[,COMPILER...] INCLUDE CASE...
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path


class Case:
    def __init__(self, path):
        self.path = Path(path).resolve()
        self.text = self.path.read_text(encoding="utf-8")
        expected = re.search(r"^// expect: (.+)", self.text, re.M)
        if not expected:
            sys.exit(f"{path} has no line '// expect: <regular expression>'")
        self.expected = expected[1]
        self.options = re.findall(r"^// options: (.+)", self.text, re.M)  # of the misuse
        self.is_alone = bool(self.options) or re.search(r"^#define", self.text, re.M) is not None


def program(cases):
    """The text of all cases; their headers stand before the namespaces."""
    if cases[0].is_alone:
        return f'#include "{cases[0].path}"\n'
    includes = {line: None for case in cases for line in re.findall(r"^#include <.*", case.text, re.M)}
    parts = [f'namespace case_{case.path.stem} {{\n#include "{case.path}"\n}}' for case in cases]
    return "\n".join([*includes, *parts, ""])


def compile_cases(compiler, include, cases, *options):
    """Whether they compile, and what the compiler says."""
    limit = "-ferror-limit=0" if "clang" in compiler else "-fmax-errors=0"
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "cases.cpp"
        source.write_text(program(cases), encoding="utf-8")
        command = [compiler, "-std=c++20", "-fsyntax-only", limit, f"-I{include}", *options, str(source)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.returncode == 0, run.stderr


def first_errors(output):
    """The first error of each case: GCC says before the error, Clang behind it, what instantiates what fails."""
    heading = re.compile(r"In file included from |.*: (In |At )[a-z]* ?.*:$")
    groups, pending = [], []  # of lines; an error begins after its headings
    for line in output.splitlines():
        is_error = ": error: " in line
        if is_error or heading.match(line) or (pending and not is_error):
            pending.append(line)
        elif groups:
            groups[-1][1].append(line)
        if is_error:
            groups.append((pending, []))
            pending = []
        elif pending and re.search(r": (note|warning): ", line):  # of the error before
            if groups:
                groups[-1][1].extend(pending)
            pending = []
    errors = {}
    for before, after in groups:
        for line in [*reversed(before), *after]:
            if place := re.match(r"(\S+\.cpp):\d+:", line):
                errors.setdefault(place[1], before[-1])
                break
    return errors


def distinct(cases):
    """The cases in as few lists as keep equal messages apart."""
    lists = []
    for case in cases:
        fits = (x for x in lists
                if not case.is_alone and not x[0].is_alone and case.expected not in [y.expected for y in x])
        home = next(fits, None)
        if home is None:
            home = []
            lists.append(home)
        home.append(case)
    return lists


def main():
    compilers, include, paths = sys.argv[1].split(","), sys.argv[2], sys.argv[3:]
    cases = [Case(path) for path in paths]
    failures = []
    alone = [[case] for case in cases if case.is_alone]
    for group in [[case for case in cases if not case.is_alone], *alone]:
        ok, output = compile_cases(compilers[0], include, group, "-DNARROWFLOAT_VALID")
        if not ok:
            failures.append(f"a valid use does not compile:\n{output}")
    for compiler in compilers:
        for group in distinct(cases):
            output = compile_cases(compiler, include, group, *" ".join(group[0].options).split())[1]
            errors = first_errors(output)
            for case in group:
                # Clang does not trace every error as far as the case; the first of a program of one case is its own.
                anywhere = re.search(r"^.*: error: .*", output, re.M) if len(group) == 1 else None
                first = anywhere[0] if anywhere else errors.get(str(case.path))
                if first is None:
                    failures.append(f"{compiler}: {case.path.name}: the misuse compiles")
                elif not re.search(case.expected, first):
                    failures.append(f"{compiler}: {case.path.name}: the first error is not '{case.expected}':\n{first}")
                elif case.options and len(re.findall(r"^.*: (?:fatal )?error: ", output, re.M)) != 2:
                    failures.append(f"{compiler}: {case.path.name}: not one error and the end:\n{output[:2000]}")
    print(f"{len(cases)} cases, {len(compilers)} compilers")
    if failures:
        sys.exit("\n".join(failures))


main()

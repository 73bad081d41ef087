#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/mutate lists the mutants of sample.hpp, and refuses what it does not know in one line.

Usage: check_mutate.py PATH-OF-MUTATE
"""
import pathlib
import subprocess
import sys

SAMPLE = pathlib.Path(__file__).with_name("sample.hpp")
EXPECTED = """
10: a < b && !done -> !(a < b && !done)
10: a < b && !done -> a <= b && !done
10: a < b && !done -> a < b || !done
10: a + 1 -> a - 1
10: a + 1 -> a + 2
10: a + 1 -> a + 0
12: i != b -> !(i != b)
12: i != b -> i == b
11: Way::right -> Way::left
13: 7 -> 8
"""


def run(*arguments):
    return subprocess.run([sys.executable, sys.argv[1], *map(str, arguments)], capture_output=True, text=True)


listed = " ".join(run(SAMPLE, "--list").stdout.split())
missing = [line for line in EXPECTED.strip().splitlines() if f"sample.hpp:{line}" not in listed]
extra = listed.count("sample.hpp:") - len(EXPECTED.strip().splitlines())
if missing or extra:
    sys.exit(f"missing {missing}, {extra} too many in\n{listed}")
if run(SAMPLE, "--list", "--lines", "12-12").stdout.count("sample.hpp:") != 2:
    sys.exit("--lines 12-12 does not list the two mutants of the line")
for arguments, reason in [((SAMPLE, "--fast"), "unrecognized arguments: --fast"),
                          ((SAMPLE,), "needs --tests or --list"),
                          (("absent", "--list"), "absent is no file of"),
                          ((SAMPLE, "--list", "--lines", "7"), "--lines takes A-B, not 7")]:
    result = run(*arguments)
    if result.returncode != 2 or result.stdout or reason not in result.stderr or result.stderr.count("\n") != 1:
        sys.exit(f"{arguments}: exit {result.returncode}, {result.stderr!r}")

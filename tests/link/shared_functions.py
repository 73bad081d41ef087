#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that no two units with different flags have a function of the library in common.

Usage: shared_functions.py COMPILER NM INCLUDE_FOLDER FLAGS...     each of FLAGS, and none, makes a unit
"""
import pathlib
import subprocess
import sys
import tempfile

SOURCE = """
#include <narrowfloat/convert.hpp>
#include <vector>
void unit(const std::vector<float>& in, std::vector<narrowfloat::float8_e4m3fn>& out) {
  narrowfloat::convert(in, out);
}
"""


def functions(nm, file):
    """The functions of the library in an object, which a linker keeps once for all units."""
    lines = subprocess.run([nm, "-C", "--defined-only", file], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    symbols = (line.split(None, 2)[1:] for line in lines)
    return {name for kind, name in symbols if kind == "W" and "narrowfloat::detail::" in name}


def main(compiler, nm, include, *flags):
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "unit.cpp"
        source.write_text(SOURCE)
        units = {}
        for flag in ("", *flags):
            target = source.with_suffix(".o")
            subprocess.run([compiler, "-std=c++20", "-O2", *flag.split(), "-I", include, "-c", source,
                            "-o", target], check=True)
            units[flag or "no flag"] = functions(nm, target)
    bad = [f"{flag}: no function of the library found" for flag, own in units.items() if not own]
    names = list(units)
    for i, first in enumerate(names):
        for second in names[i + 1:]:
            for name in sorted(units[first] & units[second]):
                bad.append(f"{first} and {second} share {name}")
    print("\n".join(bad) or f"{len(units)} units share no function")
    return bool(bad)


sys.exit(main(*sys.argv[1:]))

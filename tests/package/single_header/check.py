#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the single header, and programs of it that have nothing else of the library.

Usage: check.py AMALGAMATE FOLDER COMPILER INCLUDE [NVCC]
"""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
STRICT = "-std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror".split()
THIRD_PARTIES = ["io/safetensors.hpp", "io/gguf.hpp", "io/fmt.hpp"]
BOTH = "include the single header or the library's own files, not both"


def main():
    amalgamate, scratch, compiler, include = sys.argv[1:5]
    folder = pathlib.Path(scratch)
    folder.mkdir(parents=True, exist_ok=True)
    header, again = folder / "narrowfloat.hpp", folder / "again.hpp"

    def run(*command):
        subprocess.run(list(map(str, command)), cwd=folder, check=True)

    for path in header, again:
        run(sys.executable, amalgamate, "-o", path)
    text = header.read_text(encoding="ascii")
    assert text == again.read_text(encoding="ascii"), "two runs, two headers"
    for part in str(pathlib.Path(include).parent), '#include "', "pragma once", "NF_LOOP":
        assert part not in text, f"{part} in the single header"

    # without optimisation, as in the folders where newcomers debug
    objects = [folder / f"{unit}.o" for unit in ("consumer", "other_unit")]
    for path in objects:
        run(compiler, *STRICT, "-O0", "-I", folder, "-c", HERE / f"{path.stem}.cpp", "-o", path)
    run(compiler, *objects, "-o", folder / "consumer")
    run(folder / "consumer")
    for nvcc in sys.argv[5:]:
        run(nvcc, *"-std=c++20 -Werror all-warnings -x cu -c -o device.o -I".split(), folder, HERE / "other_unit.cpp")

    more = [word for door in THIRD_PARTIES for word in ("--with", door)]
    run(sys.executable, amalgamate, *more, "-o", folder / "more.hpp")
    (folder / "more.cpp").write_text('#include "more.hpp"\nnarrowfloat::safetensors::File file;\n')
    run(compiler, *STRICT, "-fsyntax-only", "more.cpp")

    for first, second in ("config.hpp", header), (header, "config.hpp"):
        names = [f"narrowfloat/{x}" if x == "config.hpp" else x for x in (first, second)]
        (folder / "both.cpp").write_text("".join(f'#include "{name}"\n' for name in names))
        said = subprocess.run([compiler, "-std=c++20", "-fsyntax-only", "-I", include, "both.cpp"], cwd=folder,
                              capture_output=True, text=True, check=False)
        assert said.returncode and BOTH in said.stderr, f"both headers pass, {names[0]} first"
        assert said.stderr.count("error: ") == 2, f"more than the #error and the stop, {names[0]} first"


main()

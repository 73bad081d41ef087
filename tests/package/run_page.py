#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does what a page says, from its top to its end, in an empty folder beside a clone of the library.

A block that begins with `# FILE` or `// FILE`, of a file in a folder or a .cpp, is written there; a block marked `sh` is
run. With MARK those marked `sh MARK` are run instead.
Usage: run_page.py PAGE SOURCES FOLDER COMPILER [MARK]
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

BLOCK = re.compile(r"^```(\w+) ?(\w*)\n(?:(?:#|//) (\S+/\S+|\S+\.cpp)\n)?(.*?)^```$", re.MULTILINE | re.DOTALL)


def main():
    page, sources, folder = map(pathlib.Path, sys.argv[1:4])
    compiler, mark = sys.argv[4], "".join(sys.argv[5:])
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "bin").mkdir(parents=True)
    (folder / "narrowfloat").symlink_to(sources.resolve())
    (folder / "bin/c++").symlink_to(shutil.which(compiler))
    path = f"{folder.resolve()}/bin:{os.environ['PATH']}"
    environment = os.environ | {"CXX": compiler, "PATH": path, "CMAKE_GENERATOR": "Ninja"}
    ran = 0
    for language, marked, file, text in BLOCK.findall(page.read_text(encoding="ascii")):
        if file:
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(text, encoding="ascii")
        elif "pkg-config" in text and not shutil.which("pkg-config"):
            print("left out, for there is no pkg-config:", text)
        elif language == "sh" and marked == mark:
            print(text, flush=True)
            subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=folder, env=environment, check=True)
            ran += 1
    assert ran, "the page has nothing to run"
    if (folder / "build/with_subdirectory").exists():  # brings nothing of the library along
        subprocess.run(["cmake", "--install", "build/with_subdirectory", "--prefix", "alone"], cwd=folder, check=True)
        assert not (folder / "alone").exists(), "a project's installation brings the library along"
        cache = (folder / "build/with_subdirectory/CMakeCache.txt").read_text()
        assert "NARROWFLOAT_BUILD_TESTS:BOOL=OFF" in cache, "the library brings its tests along"
        targets = folder / "library_prefix/share/cmake/layers/layers.cmake"
        assert "narrowfloat::narrowfloat" in targets.read_text(), "an exported library forgets narrowfloat"


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that each C++ block of a page that begins with a `// FILE` line is FILE of a folder, but for the comments at
its top.

Usage: check_page.py PAGE FOLDER
"""
import pathlib
import re
import sys

BLOCK = re.compile(r"^```cpp\n// (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOP = re.compile(r"\A(?://[^\n]*\n)*\n*")


def main():
    page = pathlib.Path(sys.argv[1]).read_text(encoding="ascii")
    shown = dict(BLOCK.findall(page))
    complaints = []
    folder = pathlib.Path(sys.argv[2])
    for path in sorted([*folder.glob("*.inl"), *folder.glob("*.hpp"), *folder.glob("*.cu")]):
        wanted = TOP.sub("", path.read_text(encoding="ascii"))
        if path.name not in shown:
            complaints.append(f"{path.name} is not on the page")
        elif (got := shown.pop(path.name)) != wanted:
            pairs = zip(got.splitlines() + [""], wanted.splitlines() + [""])
            differs = next((pair for pair in pairs if pair[0] != pair[1]), ("", ""))
            complaints.append(f"{path.name}: the page has\n  {differs[0]}\nthe file\n  {differs[1]}")
    complaints += [f"{name} is on the page and no file" for name in shown]
    print("\n".join(complaints), end="\n" * bool(complaints))
    return 1 if complaints else 0


sys.exit(main())

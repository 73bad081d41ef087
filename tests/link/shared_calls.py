#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that no function which units share calls one of NF_BASELINE, which is each unit's own: it would carry the
instructions, and the manner of failing, of one unit into another.

Usage: shared_calls.py OBJDUMP OBJECT...     objects in which the library's functions are not inlined
"""
import re
import subprocess
import sys

# In mangled names. A lambda of the library may be called in a template of the standard library.
OF_LIBRARY = re.compile(r"_ZZ?N[VKRO]*11narrowfloat|ZN[VKRO]*11narrowfloat\w*Ul")
OWN = re.compile(r"(?:6detail|S[0-9A-Z]*_)\d+(?:fp8_)?(?:handler_)?base")  # NF_BASELINE
SECTION = re.compile(r"RELOCATION RECORDS FOR \[\.text\.(_Z.*)\]")
# What reads and writes files: its units have the same flags, says docs/building.md.
HARMLESS = re.compile(r"_ZZ?N[VKRO]*11narrowfloat(?:11safetensors|4gguf)")


def calls(objdump, path):
    """(function, what it calls) of all that the linker keeps once, in functions of the library."""
    text = subprocess.run([objdump, "-r", "-w", path], check=True, capture_output=True, text=True).stdout
    function = None
    for line in text.splitlines():
        if line.startswith("RELOCATION"):
            section = SECTION.match(line)
            function = section[1] if section else None
        elif function and len(line.split()) >= 3:
            yield function, re.sub(r"[-+]0x[0-9a-f]+$", "", line.split()[2])


def main(objdump, *objects):
    shared, own, bad = set(), set(), set()
    for path in objects:
        for function, target in calls(objdump, path):
            if not OF_LIBRARY.search(function) or HARMLESS.match(function):
                continue
            (own if OWN.search(function) else shared).add(function)
            if not OWN.search(function) and OWN.search(target):
                bad.add((function, target))
    for pair in sorted(bad):
        names = subprocess.run(["c++filt", *pair], capture_output=True, text=True).stdout.splitlines()
        print("shared: {}\n  calls {}".format(*names))
    print(f"{len(bad)} calls from {len(shared)} functions that units share into {len(own)} of the unit's own")
    return bool(bad) or not own


sys.exit(main(*sys.argv[1:]))

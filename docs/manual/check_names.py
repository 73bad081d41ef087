#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares what Clang sees as public with what Doxygen wrote: every name outside of detail stands in the manual.

Doxygen reads C++ by rules of its own, leaves out what it does not understand without a word, and asks for no comments on
enumerators.
"""
import glob
import os
import re
import sys
import xml.etree.ElementTree as xml

from clang import cindex

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
HEADERS = os.path.join(ROOT, "include/narrowfloat/")
XML = os.path.join(ROOT, "build/manual/xml/")
DETAIL = re.compile(r"^namespace (?:narrowfloat::)?detail \{.*?^\}  // namespace (?:narrowfloat::)?detail$", re.DOTALL | re.MULTILINE)
MORE = re.compile(r"^concept (\w+)|^#define (NARROWFLOAT_\w+) ", re.MULTILINE)  # libclang 14 has no cursors for these
KIND = cindex.CursorKind
SCOPES = {KIND.NAMESPACE, KIND.STRUCT_DECL, KIND.CLASS_DECL, KIND.CLASS_TEMPLATE, KIND.ENUM_DECL}
NAMES = SCOPES | {KIND.FUNCTION_DECL, KIND.FUNCTION_TEMPLATE, KIND.CXX_METHOD, KIND.FIELD_DECL, KIND.VAR_DECL,
                  KIND.TYPE_ALIAS_DECL, KIND.TYPE_ALIAS_TEMPLATE_DECL, KIND.ENUM_CONSTANT_DECL}
HIDDEN = {cindex.AccessSpecifier.PRIVATE, cindex.AccessSpecifier.PROTECTED}


def written():
    """The names in Doxygen's index, without template arguments; an enumerator belongs to the scope of its enumeration."""
    names = set()
    for compound in xml.parse(XML + "index.xml").getroot():
        scope = re.sub("<.*", "", compound.findtext("name"))
        prefix = "" if compound.get("kind") == "file" else scope + "::"
        names.add(scope)
        names.update(prefix + member.findtext("name") for member in compound.findall("member"))
    return names


def bare_enumerators():
    """Enumerators without a comment. That of an enumeration is enough where it speaks for all of them."""
    for file in glob.glob(XML + "*_1_1*.xml") + glob.glob(XML + "namespace*.xml"):
        for values in map(list, map(lambda member: member.iter("enumvalue"), xml.parse(file).iter("memberdef"))):
            bare = [value.findtext("name") for value in values
                    if not "".join(text for part in ("brief", "detailed")
                                   for text in value.find(part + "description").itertext()).strip()]
            if len(bare) < len(values):
                yield from bare


def seen(cursor, scope=""):
    """(name, place) of each public name below a cursor."""
    for child in cursor.get_children():
        file = child.location.file
        if not file or not os.path.abspath(file.name).startswith(HEADERS) or "/detail/" in file.name:
            continue
        name = scope + re.sub("(?<!operator)(?<!operator<)<.*", "", child.spelling)
        if (child.kind not in NAMES or name == scope or child.spelling == "detail" or "type-parameter" in name or child.access_specifier in HIDDEN
                or child.semantic_parent != child.lexical_parent):
            continue
        if child.kind != KIND.NAMESPACE:
            yield name, f"{os.path.relpath(file.name, ROOT)}:{child.location.line}"
        if child.kind in SCOPES:
            yield from seen(child, scope if child.kind == KIND.ENUM_DECL else name + "::")


def main():
    headers = [file for file in sorted(glob.glob(HEADERS + "**/*.hpp", recursive=True)) if "/detail/" not in file]
    program = "".join(f'#include "{file}"\n' for file in headers)
    third = ["/usr/include/eigen3", *glob.glob("/usr/lib/*/openmpi/include")]
    unit = cindex.Index.create().parse("all.cpp", ["-std=c++20", "-fopenmp", "-fsyntax-only", "-x", "c++", *("-I" + folder for folder in third)],
                                       unsaved_files=[("all.cpp", program)])
    errors = [str(each) for each in unit.diagnostics if each.severity >= cindex.Diagnostic.Error]
    if errors:
        sys.exit("\n".join(errors[:5]))
    names, known = dict(seen(unit.cursor)), written()
    for file in headers:
        for name in MORE.findall(DETAIL.sub("", open(file, encoding="ascii").read())):
            names[name[0] or name[1]] = os.path.relpath(file, ROOT)
    short = {name.split("::")[-1] for name in known}
    missing = [f"{place}: {name} is not in the manual" for name, place in sorted(names.items(), key=lambda item: item[1])
               if name not in (known if "::" in name else short)]
    missing += [f"enumerator {name} is not described" for name in bare_enumerators()]
    if missing or len(names) < 1000:
        sys.exit("\n".join([*missing, f"{len(names)} public names, {len(missing)} complaints"]))
    print(f"{len(names)} public names, all of them in the manual")


main()

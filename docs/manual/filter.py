#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What Doxygen reads instead of a header or a page: the same lines, in its words.

The comments of the headers are plain text. In a header the first comment becomes that of the file; the words
Result, Special, Requires, Promises and Cost open paragraphs, Example opens code; deeper lines are tables or code;
and signs that mean something to Doxygen lose that. A comment holds for each of several declarations below it that no
empty line parts. In a page, links get the names that Doxygen gives to pages.
Usage: docs/manual/filter.py FILE > FILTERED
"""
import os
import posixpath
import re
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
WORD = "Result|Special|Requires|Promises|Cost|Use|Out"
SECTION = re.compile(rf"((?:{WORD})(?:, (?:{WORD}))*) {{2,}}(.*)")
EXAMPLE = "Example   "
COMMENT = re.compile(r"(\s*)///(?!<) ?(.*)")
BEHIND = re.compile(r"(.*///<)(.*)")
CODE_SPAN = re.compile(r"(`[^`]*`)")
CONDITION = re.compile(r"explicit\((?:[^()]|\([^()]*\))*\) ")  # Doxygen takes it for a name
EQUALITY = re.compile(r"^( *)(friend [^\n]*operator==\([^\n]* = default;)$", re.MULTILINE)
LITERAL = re.compile(r"//.*|\"(?:\\\\.|[^\"\\\\])*\"|'(?:\\\\.|[^'\\\\])'")


def plain(text):
    """Text in which all but the code in backquotes is free of commands, HTML, lists and emphasis."""
    parts = CODE_SPAN.split(text)
    for i in range(0, len(parts), 2):
        part = re.sub(r"([\\@<>&#%\"*~])", r"\\\1", parts[i])
        part = part.replace("...", "&hellip;").replace("et al. ", "et al.\\ ")
        part = re.sub(r"(?<!\w)::(?=\w)", ":&zwnj;:", part)
        parts[i] = re.sub(r"\b__|(?<!\w)_|_(?!\w)", lambda m: "&zwnj;_" * len(m[0]), part)
    return re.sub(r"^(?=([-+]|[0-9]+\.) )", "&zwnj;", "".join(parts))


def documentation(lines):
    """The lines of one comment, without their slashes, for Doxygen."""
    kinds, kind = [], "text"  # of each line: text, or what it is code of
    for line in lines:
        if SECTION.fullmatch(line):
            kind = "text"
        elif line.startswith(EXAMPLE):
            kind = "example"
        elif not line.startswith("   "):
            kind = "text"
        elif kind == "text" and not line.startswith(" " * 10):
            kind = "table"
        kinds.append(kind)
    out = []
    for i, (line, kind) in enumerate(zip(lines, kinds)):
        begins = kind != "text" and (i == 0 or kinds[i - 1] != kind or line.startswith(EXAMPLE))
        ends = kind != "text" and (i + 1 == len(lines) or kinds[i + 1] != kind or lines[i + 1].startswith(EXAMPLE))
        section = SECTION.fullmatch(line)
        if section:
            title = section[1].replace(",", "\\,")
            line = f"@section_{{{title}}} {plain(section[2])}"
        elif kind == "text":
            line = plain(line.strip())
        elif kind == "example":
            line = line[len(EXAMPLE):]
        else:
            line = line[3:]
        if begins:
            language = ".cpp" if kind == "example" or ";" in line else ".unparsed"
            line = ("@section_{Example} " if kind == "example" else "") + f"@code{{{language}}}{line}"
        out.append(line + (" @endcode" if ends else ""))
    return out


def behind_declaration(lines, i):
    """The number of the line behind the declaration that begins at line i."""
    depth, opener = 0, ""
    while i < len(lines):
        code = LITERAL.sub("", lines[i]).strip()
        if depth == 0:
            opener = code
        depth += sum(map(code.count, "({[")) - sum(map(code.count, ")}]"))
        i += 1
        if depth < 0:
            return len(lines)  # an enumerator: nothing that shares its comment
        if depth == 0 and code.endswith((";", "}")) and not (code == "}" and opener.startswith("requires requires")):
            break
    return i


def in_one_line(words):
    """A comment for Doxygen in one line, without its code."""
    kept, in_code = [], False
    for line in words:
        in_code |= "@code" in line
        if not in_code:
            kept.append(line or "@paragraph_")
        in_code &= "@endcode" not in line
    return "/** " + " @line_ ".join(kept) + " */ "


def one_by_one(lines, i, comment):
    """Where lines from i on declare several variables: a declaration for each, with the comment. True if they do."""
    end = behind_declaration(lines, i)
    code = "\n".join(lines[i:end])
    names = re.match(r"\s*((?:static |inline |constexpr )*(?!(?:using|friend|template|enum|struct|class|concept|union) )"
                     r"[\w:]+(?:<[^;]*?>)?) \w+(?= ?[={,])", code)
    if not names:
        return False
    out, depth = [], 0
    for k, sign in enumerate(code):
        depth += (sign in "({[<") - (sign in ")}]>")
        out.append(f"; {comment}{names[1]}" if k >= names.end() and depth == 0 and sign == "," else sign)
    lines[i:end] = "".join(out).split("\n")
    return len("".join(out)) > len(code)


def share(lines, i, indent, comment):
    """Gives the comment to all that is declared at line i and below, up to an empty line or the next comment."""
    one_by_one(lines, i, comment)
    while True:
        i = i + 1 if "#define" in lines[i] else behind_declaration(lines, i)
        while i < len(lines) and lines[i].startswith(f"{indent}// NOLINT"):
            i += 1
        if i >= len(lines) or not re.match(rf"{indent}(?! |/|#(?!define NARROWFLOAT)|}}|$|public:|private:|(inline )?namespace )", lines[i]):
            return
        if "///<" in lines[behind_declaration(lines, i) - 1]:
            return
        one_by_one(lines, i, comment)
        lines[i] = f"{indent}{comment}{lines[i].lstrip()}"


def header(text):
    """A header: its first comment is that of the file, even where it has two slashes."""
    lines = text.split("\n")
    lines[0] = "/// @file"
    for i in range(1, next(i for i, line in enumerate(lines) if not line.startswith("//"))):
        if not lines[i].startswith("///"):
            lines[i] = "/" + lines[i]
    lines = EQUALITY.sub(r"\1/** Whether all members are equal. */ \2", CONDITION.sub("", "\n".join(lines))).split("\n")
    i = 1
    while i < len(lines):
        comment, behind = COMMENT.fullmatch(lines[i]), BEHIND.fullmatch(lines[i])
        if comment:
            end = i
            while end < len(lines) and COMMENT.fullmatch(lines[end]):
                end += 1
            words = documentation([COMMENT.fullmatch(line)[2] for line in lines[i:end]])
            lines[i:end] = [f"{comment[1]}/// {line}" for line in words]
            if i > 1:
                share(lines, end, comment[1], in_one_line(words))
            i = end
            continue
        if behind:
            words = plain(behind[2].strip())
            lines[i] = behind[1][:-4].rstrip()
            comment = f"/** {words} */ "
            if lines[i].endswith(";") and one_by_one(lines, i, comment):
                lines[i] = comment + lines[i].lstrip()
            else:
                lines[i] = f"{behind[1]} {words}"
        i += 1
    return "\n".join(lines)


def label(path):
    """The name of a page, or of the part of it behind a #."""
    path, _, part = path.partition("#")
    return "page_" + re.sub(r"\W", "_", path.lower()) + ("_" + part if part else "")


def anchor(heading):
    """What comes behind the # of a link to the heading, as GitHub has it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def rooms():
    """A table of the public headers that are doors, with their first comments."""
    folder = os.path.join(ROOT, "include/narrowfloat")
    yield "| header | holds |\n| --- | --- |"
    doors = sorted(name for name in os.listdir(folder) if name.endswith(".hpp"))
    for door in doors + ["io/" + name for name in sorted(os.listdir(folder + "/io")) if name.endswith(".hpp")]:
        first = []
        for line in open(os.path.join(folder, door), encoding="ascii").read().split("\n")[1:]:
            if not line.startswith("// "):
                break
            first.append(line[3:])
        yield f"| @ref narrowfloat/{door} \"{door}\" | {plain(re.sub(r' Long because.*', '', ' '.join(first))).replace('|', '&#124;')} |"


def page(path, text):
    here = posixpath.dirname(path)

    def link(match):
        name, target = match[1], match[2]
        file = posixpath.normpath(posixpath.join(here, target))
        if re.match(r"https?:", target):
            return match[0]
        if target.endswith((".svg", ".png")):
            return f"{name}({file.replace('/', '_')})"  # where scripts/manual puts it
        if ".md" in target:
            return f"{name}(@ref {label(file)})"
        return name[1:-1]  # a source: its name alone

    parts = re.split(r"(^```.*?^```$|^    [^\n]*$|`[^`]+`)", text, flags=re.DOTALL | re.MULTILINE)
    for i in range(0, len(parts), 2):
        part = re.sub(r"<!--.*?-->", "", parts[i], flags=re.DOTALL)
        part = re.sub(r"([\\@<])", r"\\\1", part)
        parts[i] = re.sub(r"(?<!\w)#(?=\w)", r"\\#", part)
    text = "".join(parts)
    text = re.sub(r"(!?\[[^\]]*\])\(([^()\s]+)\)", link, text)
    text = re.sub(r"^(##+) (.*)$", lambda m: f"{m[0]} {{#{label(path + '#' + anchor(m[2]))}}}", text, flags=re.MULTILINE)
    text = re.sub(r"^# (.*)$", lambda m: f"{m[0]} {{#{label(path)}}}", text, count=1, flags=re.MULTILINE)
    return text.replace("\\@rooms", "\n".join(rooms()))


def main():
    path = os.path.relpath(os.path.abspath(sys.argv[1]), ROOT)
    text = open(sys.argv[1], encoding="utf-8").read()
    sys.stdout.write(page(path, text) if path.endswith(".md") else header(text))


main()

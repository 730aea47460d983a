"""Divides the sources of a target among compilation units; cpp/unity.cmake asks for it.

A unit reads the headers that its sources share only once. Sources that declare an equal name at namespace
scope never meet in one unit, and one that defines a macro is alone: all mean the same as if each were.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

LARGEST = 16
"""Sources in a unit. More save little, and leave less to do at the same time."""

TYPE = re.compile(r"(?:struct|class|enum class|enum|union) (\w+)")
ALIAS = re.compile(r"(?:using|namespace) (\w+) =")
IMPORT = re.compile(r"using (?:\w+::)+(\w+);")
OTHER = re.compile(r"(?<=[\s*&>])(\w+)(?:\(|\{|\[| =|;)")
MACRO = re.compile(r"^#define", re.MULTILINE)
BROKEN = re.compile(r"(\w+)\(")
NOTHING = ("namespace {", "using namespace ", "template", "extern ")
"""Beginnings of lines that declare nothing by themselves."""

Names = dict[str, str]
"""What is declared, and how if it may be declared again in the same words."""


def declared(text: str) -> Names:
    """The names at namespace scope: what begins a line, as clang-format leaves it."""
    names: Names = {}
    before = ""
    for line in text.splitlines():
        if line[:1].isalpha() and not line.startswith(NOTHING):
            repeatable = not before.startswith("template")
            if found := ALIAS.match(line) or IMPORT.match(line):
                names[found[1]] = line if repeatable else ""
            elif found := TYPE.match(line) or OTHER.search(line):
                if line[found.start(1) - 2 : found.start(1)] != "::":
                    names[found[1]] = ""
            elif (found := BROKEN.match(line)) and before[:1].isalpha() and before[-1] not in ";}{)":
                names[found[1]] = ""
        before = line
    return names


def agree(some: Names, others: Names) -> bool:
    """Whether what is in both is the same alias."""
    return all(some[name] and some[name] == others[name] for name in some.keys() & others.keys())


def units(sources: list[Path]) -> list[list[Path]]:
    """Each source in the first unit that has room for it and no name of its own."""
    alone: list[list[Path]] = []
    made: list[tuple[list[Path], Names]] = []
    for source in sources:
        text = source.read_text()
        if MACRO.search(text):
            alone.append([source])
            continue
        names = declared(text)
        for members, taken in made:
            if len(members) < LARGEST and agree(names, taken):
                members.append(source)
                taken.update(names)
                break
        else:
            made.append(([source], names))
    return [members for members, _ in made] + alone


def write(directory: Path, sources: list[Path]) -> list[Path]:
    """Files that include the sources of a unit each, as they are called from the current directory."""
    directory.mkdir(parents=True, exist_ok=True)
    made = []
    for number, members in enumerate(units(sources)):
        unit = directory / f"{number}.cpp"
        text = "".join(f'#include "{member.relative_to(Path.cwd()).as_posix()}"\n' for member in members)
        if not unit.is_file() or unit.read_text() != text:
            unit.write_text(text)
        made.append(unit)
    return made


if __name__ == "__main__":
    for unit in write(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]):
        print(unit)

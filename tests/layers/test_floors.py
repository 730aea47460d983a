"""Arrows run only downwards: cpp/FLOORS for the core, a table here for the package."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from .tree import ROOT, name, under


@dataclass(frozen=True)
class Room:
    """One row of cpp/FLOORS."""

    floor: int
    may_see: frozenset[str]


def rooms() -> dict[str, Room]:
    table = {}
    for line in (ROOT / "cpp/FLOORS").read_text().splitlines():
        if line and not line.startswith("#"):
            floor, room, *seen = line.split()
            table[room] = Room(int(floor), frozenset(seen))
    return table


ROOMS = rooms()

# Rooms of the plan that a row may name before they are built.
PLANNED: dict[str, int] = {}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def test_the_table_of_floors_only_looks_down() -> None:
    floors = {**PLANNED, **{room: row.floor for room, row in ROOMS.items()}}
    upwards = [
        f"{room} on floor {row.floor} may not look at {seen} on floor {floors[seen]}"
        for room, row in ROOMS.items()
        for seen in row.may_see
        if floors[seen] >= row.floor
    ]
    assert upwards == []


def test_every_room_has_a_row_and_every_row_a_room() -> None:
    assert {path.parent.name for path in under("cpp", ".h", ".cpp")} == set(ROOMS)


def test_every_include_obeys_the_table() -> None:
    wrong = []
    for path in under("cpp", ".h", ".cpp"):
        room = path.parent.name
        for included in INCLUDE.findall(path.read_text()):
            seen = included.partition("/")[0]
            if "/" not in included or not (ROOT / "cpp" / included).is_file():
                wrong.append(f"{name(path)} includes {included}, which is no header of the house")
            elif seen != room and seen not in ROOMS[room].may_see:
                wrong.append(f"{name(path)} includes {included}, but {room} may not look at {seen}")
    assert wrong == []


HEAVY = re.compile(r"^\s*#\s*include\s+<(nlohmann/json\.hpp|sqlite3\.h|openssl/|boost/beast)", re.MULTILINE)


def test_heavy_libraries_stay_out_of_public_headers() -> None:
    assert [name(path) for path in under("cpp", ".h") if HEAVY.search(path.read_text())] == []


# The package: a module sees those above it in this list, and those on its own line.
MODULES = (
    {"_core"},
    {"errors"},
    {"config", "server", "integrity", "takeover"},
    {"hooks"},
    {"cli"},
    {"__init__", "__main__"},
)
# `ocilot` itself may be imported for its version by everything above the floor on which it is put together.
FLOOR_OF_MODULE = {module: floor for floor, modules in enumerate(MODULES) for module in modules}


def module_of(path: Path) -> str:
    return path.relative_to(ROOT / "python/ocilot").parts[0].removesuffix(".py").removesuffix(".pyi")


def imported_modules(path: Path) -> set[str]:
    """First words after `ocilot.` of everything a file imports from the package."""
    package = ["ocilot", *path.relative_to(ROOT / "python/ocilot").parts[:-1]]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            paths = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = [*base, *(node.module.split(".") if node.module else [])]
            paths = [[*base, alias.name] for alias in node.names]
        else:
            continue
        found |= {words[1] for words in paths if words[0] == "ocilot" and len(words) > 1}
    return found - {"__version__"}


def test_the_modules_of_the_package_only_look_down() -> None:
    wrong = []
    for path in under("python/ocilot", ".py"):
        module = module_of(path)
        for seen in imported_modules(path) - {module}:
            if FLOOR_OF_MODULE[seen] >= FLOOR_OF_MODULE[module]:
                wrong.append(f"{name(path)} imports {seen}")
    assert wrong == []

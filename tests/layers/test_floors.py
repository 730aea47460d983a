"""Arrows run only downwards: cpp/FLOORS for the core, a table here for the package."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .imports import PACKAGE, graph
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


def room_of(path: Path) -> str:
    """The room of a source, `meta/sqlite` for one in a room within a room."""
    return path.parent.relative_to(ROOT / "cpp").as_posix()


INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def test_the_table_of_floors_only_looks_down() -> None:
    order = list(ROOMS)
    upwards = [
        f"{room} on floor {row.floor} may not look at {seen} on floor {ROOMS[seen].floor}"
        for room, row in ROOMS.items()
        for seen in row.may_see
        if ROOMS[seen].floor >= row.floor and not within_one_house(room, seen, order)
    ]
    assert upwards == []


def within_one_house(room: str, seen: str, order: list[str]) -> bool:
    """Whether both are parts of one room, and the one that is seen stands above in the table."""
    same = room.partition("/")[0] == seen.partition("/")[0]
    return same and order.index(seen) < order.index(room)


def test_every_room_has_a_row_and_every_row_a_room() -> None:
    assert {room_of(path) for path in under("cpp", ".h", ".cpp")} == set(ROOMS)


def test_every_include_obeys_the_table() -> None:
    wrong = []
    for path in under("cpp", ".h", ".cpp"):
        room = room_of(path)
        for included in INCLUDE.findall(path.read_text()):
            seen = included.rpartition("/")[0]
            if "/" not in included or not (ROOT / "cpp" / included).is_file():
                wrong.append(f"{name(path)} includes {included}, which is no header of the house")
            elif seen != room and seen not in ROOMS[room].may_see:
                wrong.append(f"{name(path)} includes {included}, but {room} may not look at {seen}")
    assert wrong == []


HEAVY = re.compile(r"^\s*#\s*include\s+<(nlohmann/json\.hpp|sqlite3\.h|openssl/|boost/beast)", re.MULTILINE)


def test_heavy_libraries_stay_out_of_public_headers() -> None:
    assert [name(path) for path in under("cpp", ".h") if HEAVY.search(path.read_text())] == []


# The package: a room is a module or a folder, and a folder within a folder is a room of its own. It sees the
# rooms on the lines above its own.
MODULES = (
    {"_core"},
    {"errors"},
    {"arguments", "counting"},
    {"local_connection", "text_file"},
    {"full_disk", "oci"},
    {"references"},
    {"config", "server", "adoption", "integrity"},
    {"backups"},
    {"hooks"},
    {"hooks.loading"},
    {"hooks.running", "hooks.testing"},
    {"display"},
    {"layers"},
    {"client.credentials", "testing"},
    {"client"},
    {"client.aio", "archives"},
    {"admin.types", "build", "bundle", "compare", "signatures"},
    {"admin"},
    {"admin.aio", "admin.groups"},
    {"places"},
    {"building", "bundling", "comparing", "verbs"},
    {"async_verbs"},
    {"cli", "pytest_plugin"},
    {"cli.images"},
    {"__init__", "__main__"},
)
FLOOR_OF_MODULE = {module: floor for floor, modules in enumerate(MODULES) for module in modules}


def module_of(name: str) -> str:
    """The room of a module: the longest row of the table that it stands below."""
    words = name.split(".")[1:] or ["__init__"]
    rows = [".".join(words[:length]) for length in range(len(words), 0, -1)]
    return next((row for row in rows if row in FLOOR_OF_MODULE), rows[-1])


def test_every_folder_and_module_of_the_package_has_a_row() -> None:
    folders = {path.parent for path in under("python/ocilot", ".py")} - {PACKAGE / "ocilot"}
    alone = {path for path in under("python/ocilot", ".py", ".pyi") if path.parent == PACKAGE / "ocilot"}
    rooms = {".".join(path.relative_to(PACKAGE / "ocilot").with_suffix("").parts) for path in folders | alone}
    assert rooms == set(FLOOR_OF_MODULE)


def test_the_modules_of_the_package_only_look_down() -> None:
    wrong = []
    for module, seen in graph().items():
        room = module_of(module)
        for other in seen:
            # `ocilot` itself may be imported for its version.
            if other == "ocilot" or module_of(other) == room:
                continue
            if FLOOR_OF_MODULE[module_of(other)] >= FLOOR_OF_MODULE[room]:
                wrong.append(f"{module} imports {other}")
    assert wrong == []

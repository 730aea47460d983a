"""Headers: once each, and each on its own.

That each compiles alone is CMake's target `header_checks`, which `./dev lint` builds.
"""

from __future__ import annotations

import re

from .tree import ROOT, name, under


def test_every_header_says_pragma_once_first() -> None:
    wrong = [name(path) for path in under("cpp", ".h") if not path.read_text().startswith("#pragma once\n")]
    assert wrong == []


def test_every_room_is_compiled() -> None:
    built = set(re.findall(r"^ocilot_room\((\w+)", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE))
    rooms = {path.relative_to(ROOT / "cpp").parts[0] for path in under("cpp", ".cpp")}
    assert rooms - {"python"} == built


def test_every_room_has_its_tests_in_a_program() -> None:
    listed = (ROOT / "tests/cpp/CMakeLists.txt").read_text()
    built = set(re.findall(r"^ocilot_test\((\w+)", listed, re.MULTILINE))
    assert {path.parent.name for path in under("tests/cpp", ".cpp")} - built == set()

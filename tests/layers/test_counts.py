"""Numbers on pages that the tree can count are those of the tree."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache

import pytest

from .pages import pages
from .test_pages import rows
from .test_rules import HANDLER, METHODS
from .test_sizes import FUNCTION, HEADER, SCRIPT, SOURCE
from .tree import ROOT, name


@cache
def collected() -> tuple[str, ...]:
    """The tests that are counted, as pytest names them; without its plugins this takes half a second."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    ran = subprocess.run(
        [*command, "tests/server/conversations", "tests/server/test_walk.py"],
        cwd=ROOT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(line for line in ran.stdout.splitlines() if "::" in line)


def passing(pattern: str) -> int:
    return sum(1 for test in collected() if re.search(pattern, test))


def fuzzers() -> int:
    return len({path.parent for path in (ROOT / "tests/fuzz/corpus").glob("*/*")})


COUNTS: dict[str, Callable[[], int]] = {
    r"(\d+) fuzzers": fuzzers,
    r"(\d+) units": lambda: passing(r"test_the_walk_passes\[sparse-"),
    r"(\d+) conversations": lambda: passing(r"^tests/server/conversations/"),
    r"Header ≤ (\d+) lines": lambda: HEADER,
    r"source ≤ (\d+)": lambda: SOURCE,
    r"function ≤ (\d+)": lambda: FUNCTION,
    r"Interfaces have at most (\d+) methods": lambda: METHODS,
    r"coroutine of at most (\d+) lines": lambda: HANDLER,
    r"Each is at most (\d+) lines": lambda: SCRIPT,
}
"""What pages say, and what it is counted from."""


def numbers(text: str, pattern: str) -> set[int]:
    """Those that a text gives; `1 000` is one number, and a line may end within the words."""
    text = re.sub(r"(?<=\d)[ ,](?=\d{3}\b)", "", re.sub(r"\s+", " ", text))
    return {int(number) for number in re.findall(pattern, text)}


@pytest.mark.parametrize("pattern", COUNTS)
def test_numbers_on_pages_are_those_of_the_tree(pattern: str) -> None:
    said = {name(page): numbers(page.read_text(), pattern) for page in pages()}
    given = {page: found for page, found in said.items() if found}
    assert given, "no page says this any more: take it out of the list"
    counted = COUNTS[pattern]()
    assert {page: found for page, found in given.items() if found != {counted}} == {}, f"it is {counted}"


def test_the_readme_tells_the_kills_that_the_page_shows() -> None:
    (row,) = (what for what, _ in rows("README.md", "What is tested") if " kills " in what)
    page = (ROOT / "docs/operate/durability.md").read_text()
    for pattern in (
        r"(\d+) kills",
        r"(\d+) requests",
        r"(\d+) (?:facts|metadata records)",
        r"(\d+) files compared",
    ):
        assert numbers(row, pattern) <= numbers(page, pattern), pattern


def test_numbers_are_read_as_people_write_them() -> None:
    text = "In 1 000 units,\n16\nfuzzers (12,500 units)"
    assert numbers(text, r"(\d+) units") == {1000, 12500}
    assert numbers(text, r"(\d+) fuzzers") == {16}

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


def constant(file: str, named: str) -> int:
    """A number of the core, as its source has it; products are worked out."""
    found = re.search(rf"\b{named}\b\s*(?:=|\{{)\s*([\d' *]+)[;}}]", (ROOT / "cpp" / file).read_text())
    assert found, f"cpp/{file} has no number called {named}"
    product = 1
    for factor in found[1].replace("'", "").split("*"):
        product *= int(factor)
    return product


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


def said(pattern: str) -> dict[str, set[int]]:
    """The numbers that pages give, by page; `1 000` is one number."""
    given = {}
    for page in pages():
        text = re.sub(r"(?<=\d)[ ,](?=\d{3}\b)", "", re.sub(r"\s+", " ", page.read_text()))
        if numbers := {int(number) for number in re.findall(pattern, text)}:
            given[name(page)] = numbers
    return given


@pytest.mark.parametrize("pattern", COUNTS)
def test_numbers_on_pages_are_those_of_the_tree(pattern: str) -> None:
    given = said(pattern)
    assert given, "no page says this any more: take it out of the list"
    counted = COUNTS[pattern]()
    assert {page: numbers for page, numbers in given.items() if numbers != {counted}} == {}, (
        f"it is {counted}"
    )

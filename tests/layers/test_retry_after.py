"""Whoever refuses because of a limit says when to come back, and only a few places say it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .tree import name, under

SETTERS = {
    "cpp/http/core/errors.cpp": "what the error knows, or a moment for a failure whose end is not known",
    "cpp/http/core/operations.cpp": "when the next probe is made",
    "cpp/http/core/rate.cpp": "when the window has room",
}

_SETS = re.compile(r"\.(?:set|replace)\(\s*\"Retry-After\"")
_LIMIT = re.compile(r"(?<!ErrorRow)(?<!Named)\{\s*(?:\.code = )?Errc::too_many_requests,")


def _braced(text: str, start: int) -> str:
    depth = 0
    for at in range(start, len(text)):
        depth += {"{": 1, "(": 1, "}": -1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return text[start + 1 : at]
    raise AssertionError("no end")


def _arguments(text: str) -> Iterator[str]:
    text = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)
    depth, begin = 0, 0
    for at, c in enumerate(text):
        depth += {"{": 1, "(": 1, "}": -1, ")": -1}.get(c, 0)
        if c == "," and depth == 0:
            yield text[begin:at].strip()
            begin = at + 1
    if last := text[begin:].strip():
        yield last


def test_only_these_places_set_the_header() -> None:
    found = {name(path) for path in under("cpp", ".h", ".cpp") if _SETS.search(path.read_text())}
    assert found == set(SETTERS)


def test_every_refusal_by_a_limit_says_when_to_come_back() -> None:
    silent = []
    limits = 0
    for path in under("cpp", ".h", ".cpp"):
        text = path.read_text()
        for found in _LIMIT.finditer(text):
            limits += 1
            arguments = list(_arguments(_braced(text, found.start())))
            named = any(argument.startswith(".retry_after") for argument in arguments)
            if not named and len(arguments) < 4:
                silent.append(f"{name(path)}: {arguments}")
    assert silent == []
    assert limits >= 5

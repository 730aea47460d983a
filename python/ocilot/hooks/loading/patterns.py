"""Patterns of repository names, the same as everywhere in the configuration.

`*` stands for any number of characters within a component, a component `**` for any number of components.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

_LONGEST = 255
_MOST_KEPT = 10_000


def problem_of(text: str) -> str | None:
    """Why a text is no pattern."""
    if len(text) > _LONGEST:
        return f"it is longer than {_LONGEST} characters"
    for part in text.split("/"):
        if not part:
            return "a component is empty"
        if not re.fullmatch(r"[a-z0-9._*-]+", part):
            return "it has a character other than a-z, 0-9, '.', '_', '-', '*' and '/'"
        if "**" in part and part != "**":
            return "'**' is not a component of its own"
    return None


class Patterns:
    """Where a script applies; remembers what it has answered."""

    def __init__(self, texts: Sequence[str] | None) -> None:
        self._patterns = None if texts is None else [text.split("/") for text in texts]
        self._known: dict[str, bool] = {}

    def covers(self, repository: str | None) -> bool:
        """Whether a repository is among them; None, the registry as a whole, only if they are everything."""
        if self._patterns is None:
            return True
        if repository is None:
            return False
        known = self._known.get(repository)
        if known is None:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            parts = repository.split("/")
            known = any(_matches(one, parts, "**", _component) for one in self._patterns)
            self._known[repository] = known
        return known


def _component(pattern: str, text: str) -> bool:
    return pattern == text or ("*" in pattern and _matches(pattern, text, "*", str.__eq__))


def _matches(pattern: Sequence[T], text: Sequence[T], star: T, fits: Callable[[T, T], bool]) -> bool:
    """Goes back to the last star only: one that comes later can stand for all that an earlier one could."""
    at = here = 0
    retry, again = -1, 0
    while here < len(text):
        if at < len(pattern) and pattern[at] == star:
            retry, again = at, here
            at += 1
        elif at < len(pattern) and fits(pattern[at], text[here]):
            at, here = at + 1, here + 1
        elif retry >= 0:
            again += 1
            at, here = retry + 1, again
        else:
            return False
    return all(rest == star for rest in pattern[at:])

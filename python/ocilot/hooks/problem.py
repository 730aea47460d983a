"""Why a script cannot be loaded."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class Problem(Exception):
    """A script that cannot be loaded: one sentence with the place, the cause and what to do."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?`, or what there is if nothing is near."""
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; there are {', '.join(names)}" if names else ""

"""A hook that gave no answer, and how its failure is described."""

from __future__ import annotations

import traceback
from typing import NamedTuple


class Failed(NamedTuple):
    """A hook that gave no answer."""

    reason: str
    outcome: str = "failure"
    """What the metrics call it."""


def describe(problem: BaseException, file: str) -> str:
    """What Python says about a failure, and the line of the script where it came up."""
    try:
        text = " ".join(str(problem).split()).encode(errors="replace").decode()
    except Exception:
        text = "it cannot be shown"  # The script has errors of its own making.
    text = f"{type(problem).__name__}: {text[:300]}" if text else type(problem).__name__
    for frame, line in reversed(list(traceback.walk_tb(problem.__traceback__))):
        if frame.f_code.co_filename == file:
            return f"{text} (line {line})"
    return text

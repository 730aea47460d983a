"""How a failed command ends: one line on standard error, and an exit code."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from contextlib import suppress
from typing import Final

from ocilot.errors import Error
from ocilot.text_file import shown

from .exit import Exit

TRACEBACK: Final = "OCILOT_TRACEBACK"
"""The variable that has a stack trace printed instead of kept in a file."""


def end(problem: BaseException) -> Exit:
    """Says what went wrong; answers the exit code."""
    _drop_output_that_fails()
    message, code = describe(problem)
    # If that fails, too, there is no place left to say it.
    with suppress(OSError, ValueError):
        if message:
            print(message, file=sys.stderr, flush=True)
    return code


def describe(problem: BaseException) -> tuple[str, Exit]:
    """What to say of it, and the exit code."""
    if isinstance(problem, KeyboardInterrupt):
        return "interrupted", Exit.INTERRUPTED
    if isinstance(problem, BrokenPipeError):
        return "", Exit.OTHER  # The reader of the output has seen enough.
    if isinstance(problem, Error):
        return str(problem), Exit.of(problem)
    if isinstance(problem, OSError) and problem.filename is not None:
        path = problem.filename if isinstance(problem.filename, str | os.PathLike) else str(problem.filename)
        return f"cannot use {shown(path)}: {problem.strerror or problem}", Exit.OTHER
    return f"internal error: {_named(problem)}; {_details(problem)}", Exit.OTHER


def _drop_output_that_fails() -> None:
    """Python would write once more at the very end, and complain."""
    with suppress(OSError, ValueError):
        try:
            sys.stdout.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _named(problem: BaseException) -> str:
    text = " ".join(str(problem).split())
    return f"{type(problem).__name__}: {text}" if text else type(problem).__name__


def _details(problem: BaseException) -> str:
    lines = "".join(traceback.format_exception(problem))
    if os.environ.get(TRACEBACK, "") not in {"", "0"}:
        return f"the stack trace follows\n{lines}"
    from ocilot import __version__

    try:
        number, path = tempfile.mkstemp(prefix="ocilot-error-", suffix=".txt")
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"ocilot {__version__}, Python {sys.version}\n{lines}")
    except OSError:
        return f"run it again with {TRACEBACK}=1 for a stack trace"
    return f"see {path} for details"

"""Runs `ocilot` commands, each in a fork of a process that has loaded it: a case in, an exit code out.

Streams are files, or closed. Nothing of the parent's is shared but what is loaded.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from typing import Any, TextIO


def run(case: dict[str, Any]) -> int:
    """The exit code of a command, as a process of its own would have it."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 70
    try:
        code = _command(case)
    except BaseException:
        os.write(2, traceback.format_exc().encode(errors="backslashreplace"))
    finally:
        os._exit(code)


def _redirect(number: int, target: str | None, mode: int) -> None:
    if target == "broken pipe":
        reading, writing = os.pipe()
        os.dup2(writing, number)
        os.close(reading)
        os.close(writing)
    elif target is not None:
        opened = os.open(target, mode)
        os.dup2(opened, number)
        os.close(opened)


def _text(number: int, mode: str) -> TextIO:
    """A stream as Python makes it of a descriptor when it starts."""
    errors = "backslashreplace" if number == 2 else "strict"
    return os.fdopen(number, mode, encoding="utf-8", errors=errors, closefd=False)  # type: ignore[return-value]


def _command(case: dict[str, Any]) -> int:
    from ocilot.cli.main import main

    streams = ((0, "stdin", os.O_RDONLY), (1, "stdout", os.O_WRONLY), (2, "stderr", os.O_WRONLY))
    for number, key, mode in streams:
        _redirect(number, case[key], mode)
    for number, key, _ in streams:
        if case[key] is None:
            os.close(number)
    sys.stdin = _text(0, "r") if case["stdin"] is not None else None
    sys.stdout = sys.__stdout__ = _text(1, "w") if case["stdout"] is not None else None  # type: ignore[assignment,misc]
    sys.stderr = _text(2, "w")
    os.environ.clear()
    os.environ.update(case["environ"])
    os.chdir(case["directory"])
    sys.argv = ["ocilot", *case["words"]]
    try:
        main()
    except SystemExit as end:
        return _ended(end.code if isinstance(end.code, int) else 0)
    finally:
        sys.stderr.flush()
    return _ended(0)


def _ended(code: int) -> int:
    """As Python ends: what is left is written, and it is a complaint and an exit code if that cannot be."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as problem:
        print(f"Exception ignored in: {sys.stdout!r}\n{type(problem).__name__}: {problem}", file=sys.stderr)
        sys.stderr.flush()
        return 120
    return code


if __name__ == "__main__":
    for module in (
        "typer.rich_utils",
        "ocilot.cli.typer_app",
        "ocilot.cli.control",
        "ocilot.config.yaml_tree",
        "ocilot.verbs",
        "ocilot.client.registry",
    ):
        importlib.import_module(module)
    for line in sys.stdin:
        print(run(json.loads(line)), flush=True)

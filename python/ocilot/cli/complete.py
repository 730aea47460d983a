"""Candidates for the word that a shell completes. Says nothing else, asks nothing, fails silently.

Typer is loaded for options only: names of commands, registries, repositories and tags are there sooner.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from .commands import COMMANDS, Row

NAME = "__complete"
"""The word that scripts call `ocilot` with."""


def print_candidates(arguments: list[str]) -> None:
    """`SHELL WORD...`, the last word is completed; for bash `bash LINE WORDBREAKS`."""
    # A shell shows what a completion says in the middle of the line that is typed.
    with suppress(Exception):
        shell, *words = arguments
        cut = ""
        if shell == "bash":
            line, breaks = words
            words = words_of(line)
            head, colon, _ = words[-1].rpartition(":")
            # Bash completes what is behind the last colon.
            cut = head + colon if ":" in breaks else ""
        for candidate in dict.fromkeys(candidates(words)):
            print(candidate.removeprefix(cut))


def words_of(line: str) -> list[str]:
    """The words of a line; the last one is that under the cursor, and may be empty or unfinished."""
    for ending in ("", "'", '"'):
        try:
            words = shlex.split(line + ending)
        except ValueError:
            continue
        return [*words, ""] if not words or line[-1:].isspace() else words
    return line.split(" ")


def candidates(words: list[str]) -> Iterator[str]:
    """What the last of these words may be; the first one is the program."""
    *before, current = words[1:] or [""]
    row = next((row for row in COMMANDS if before[:1] == [row.name]), None)
    if not before:
        names = [row.name for row in COMMANDS]
        yield from (name for name in [*names, "--help", "--version"] if name.startswith(current))
    elif row is not None:
        yield from _of_command(row, before[1:], current)


def _of_command(row: Row, before: list[str], current: str) -> Iterator[str]:
    is_group = row.source.endswith(".app")
    previous = before[-1] if before else ""
    if is_group or current.startswith("-") or previous.startswith("-"):
        found = _of_options(row, before, current)
        if found is not None:
            yield from found
            return
    if row.completes:
        from .complete_references import references

        yield from references(row.completes, current)


def _of_options(row: Row, before: list[str], current: str) -> list[str] | None:
    """Subcommands, options or values of an option; None if the word is an argument."""
    from .typer_app import load

    command: Any = load(row)
    inner = getattr(command, "commands", None)
    if inner is not None:
        if not before:
            return [name for name in inner if name.startswith(current)]
        command = inner.get(before[0])
        if command is None:
            return []
    options = {name: one for one in command.params for name in (*one.opts, *one.secondary_opts)}
    previous = options.get(before[-1]) if before else None
    if previous is not None and not previous.is_flag:
        return [str(value) for value in _choices(previous) if str(value).startswith(current)]
    if not current.startswith("-"):
        return None
    return [name for name in (*options, "--help") if name.startswith("--") and name.startswith(current)]


def _choices(option: Any) -> list[Any]:
    kind = getattr(option, "type_descriptor", None) or getattr(option, "type", None)
    return [getattr(one, "value", one) for one in getattr(kind, "choices", ())]

"""Does what a page tells people to do, and looks whether it shows what they will see."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE_NAME = re.compile(r"`([\w./-]+)`[^`]*:\s*$")

Do = Callable[[list[str]], str]
"""Runs one command, its words as a shell would split them; answers what it prints."""


class Block(NamedTuple):
    """A fenced block, with the file that the text before it calls it."""

    language: str
    text: str
    file: str | None


def blocks(page: Path | str) -> Iterator[Block]:
    """Every block of a page, or of its text; `This is NAME:` before one names a file to be written."""
    text = page if isinstance(page, str) else page.read_text(encoding="utf-8")
    for found in BLOCK.finditer(text):
        named = FILE_NAME.search(text[: found.start()])
        yield Block(found[1], found[2], named[1] if named else None)


def follow(page: Path, directory: Path, run: Do) -> None:
    """Writes the files of a page and runs its commands, in order, and compares what they print."""
    for block in blocks(page):
        if block.language == "console":
            for command, promised in commands(block.text):
                compare(command, promised, run(shlex.split(command)).splitlines())
        elif block.file is not None:
            (directory / block.file).write_text(block.text)


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """The commands of a console with the lines that follow each."""
    command, promised = "", list[str]()
    for line in text.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, promised
            command, promised = line.removeprefix("$ "), []
        else:
            promised.append(line)
    yield command, promised


def compare(command: str, promised: Sequence[str], said: Sequence[str]) -> None:
    """Every line that is promised is there in this order; `...` is any number of lines, or any end of one.

    A command without any promise may say what it likes.
    """
    if not promised:
        return
    pattern = "".join(
        r"(?:.*\n)*" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + r"\n"
        for line in promised
    )
    text = "".join(f"{line.rstrip()}\n" for line in said)
    assert re.fullmatch(pattern, text), f"$ {command}\nis promised to say\n{promised}\nand says\n{text}"

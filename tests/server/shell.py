"""Types the commands of a page into a shell, with the places of a test instead of the page's."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from .pages import Block, compare
from .pages import commands as of_console
from .programs import Ran, attempt, environment

BIN = Path(sys.executable).parent

SHELLS = ("console", "sh", "bash", "shell")
"""Languages of the blocks that a reader types."""


def typed(block: Block) -> Iterator[tuple[str, list[str]]]:
    """The commands of a block, without comments, and what each is promised to say."""
    text = block.text.replace("\\\n    ", "")
    if block.language == "console":
        found = of_console(text)
    else:
        found = ((line, list[str]()) for line in text.splitlines() if not line.startswith(" "))
    for command, promised in found:
        yield re.sub(r"\s+# .*", "", command).strip(), promised


def masked(text: str) -> str:
    """A text whose numbers, times and digests may be any others, and its columns of any width.

    So `1 link` may stand for `2 links`, and `1 repository` for `2 repositories`.
    """
    text = re.sub(r"[0-9a-f]{32,}", "0", text)
    text = re.sub(r"\d+(?:[-:.]\d+)*(?:T[\d:.]+Z)?", "0", text)
    text = re.sub(r"(?<![\w.])(0|\.\.\.) ([a-z]{3,}?)(?:y|ies|s)\b", r"\1 \2", text)
    return re.sub(r" +", " ", text)


class Shell:
    """A shell in a directory, where `ocilot` is the one under test."""

    def __init__(self, home: Path, places: Mapping[str, str], env: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.places = dict(places)
        self._env = environment(home, env)
        self._env["PATH"] = f"{BIN}:{self._env['PATH']}"

    def here(self, text: str) -> str:
        """Each place of the page is replaced by the test's; longer names come first."""
        for place in sorted(self.places, key=len, reverse=True):
            text = text.replace(place, self.places[place])
        return text

    def attempt(self, command: str) -> Ran:
        command = re.sub(r"\bcurl ", "curl --silent --show-error --fail-with-body ", self.here(command))
        return attempt(["sh", "-ec", f'cd "$0"; {command}', self.home], env=self._env)

    def type(self, command: str, promised: list[str] | None = None, *, code: int = 0) -> str:
        """It has to end with this code, and to say what the page shows; numbers and times may be others."""
        ran = self.attempt(command)
        assert ran.code == code, ran
        said = ran.out + ran.err
        lines = [masked(self.here(line)) for line in promised or []]
        compare(command, lines, masked(said).splitlines())
        return said

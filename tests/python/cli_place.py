"""A registry, a directory, and the command line: what a test of commands for images needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .cli_content import Content
from .cli_runs import Ran, Zygote


class Place:
    """A registry, a directory, and the command line."""

    def __init__(self, zygote: Zygote, content: Content, directory: Path) -> None:
        self._zygote = zygote
        self.content = content
        self.directory = directory
        self.host = content.host
        self.app = f"{content.host}/team/app"

    def run(self, *words: str, stdin: str = "/dev/null", stdout: str = "", **environ: str) -> Ran:
        environment = {"HOME": str(self.directory), **environ}
        return self._zygote.run(list(words), self.directory, stdin=stdin, stdout=stdout, environ=environment)

    def fine(self, *words: str, **environ: str) -> str:
        ran = self.run(*words, **environ)
        assert ran.code == 0, ran
        return ran.out

    def json(self, *words: str) -> Any:
        return json.loads(self.fine(*words, "-o", "json"))

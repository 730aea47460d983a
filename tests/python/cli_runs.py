"""Runs the command line as a user does, without loading it each time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from ocilot.cli.exit import Exit

NOWHERE = {"HOME": "/nonexistent", "OCILOT_REGISTRY": "localhost:9"}
"""No files of the user that runs the tests, and no registry anywhere."""


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class Zygote:
    """Runs commands without loading them each time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("cli_zygote.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self,
        words: list[str],
        directory: Path,
        *,
        stdin: str | None = "/dev/null",
        stdout: str | None = "",
        environ: dict[str, str] | None = None,
    ) -> Ran:
        """Runs a command; None is a closed stream, and standard output is kept unless it goes elsewhere."""
        out, err = directory / "stdout", directory / "stderr"
        out.write_bytes(b"")
        err.write_bytes(b"")
        case = {
            "words": words,
            "directory": str(directory),
            "environ": {**NOWHERE, "PATH": os.environ["PATH"], "TMPDIR": str(directory), **(environ or {})},
            "stdin": stdin,
            "stdout": str(out) if stdout == "" else stdout,
            "stderr": str(err),
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(case) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        ran = Ran(code, out.read_text(errors="replace"), err.read_text(errors="replace"))
        assert "Traceback" not in ran.out + ran.err, ran.err
        assert "internal error" not in ran.err, ran.err
        assert ran.code in set(Exit), ran
        assert ran.code == 0 or stdout is None or ran.err or stdout == "broken pipe", "it says nothing"
        return ran

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()

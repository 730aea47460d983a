"""What `ocilot --help` draws by itself is what typer draws of the same commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ocilot.cli.commands import COMMANDS, Row
from ocilot.cli.typer_app import load

ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"}

WITHOUT_OUR_PAGE = """
import sys
from ocilot.cli.typer_app import app
sys.argv[0] = "ocilot"
app()
"""


def help_of_all(drawn_by_typer: bool, **environment: str) -> str:
    program = str(Path(sys.executable).parent / "ocilot")
    command = [sys.executable, "-c", WITHOUT_OUR_PAGE] if drawn_by_typer else [program]
    ran = subprocess.run(
        [*command, "--help"], env={**ENVIRONMENT, **environment}, capture_output=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"restore-backup" in ran.stdout
    return ran.stdout.decode(errors="surrogateescape")


def cells(text: str) -> list[list[tuple[str, str]]]:
    """What a terminal shows: each character with its style, which does not matter for a space."""
    lines, style = [], ""
    for line in text.split("\n"):
        lines.append(list[tuple[str, str]]())
        for change, character in re.findall(r"\x1b\[([0-9;]*)m|(.)", line):
            if character:
                lines[-1].append((character, "" if character == " " else style))
            else:
                style = "" if change == "0" else change
    return lines


@pytest.mark.parametrize("columns", ["72", "80", "97", "121", "200"])
@pytest.mark.parametrize("style", [{}, {"FORCE_COLOR": "1"}, {"PY_COLORS": "1", "TERM": "xterm-256color"}])
def test_the_help_of_all_looks_as_typer_draws_it(columns: str, style: dict[str, str]) -> None:
    ours, of_typer = (help_of_all(by_typer, COLUMNS=columns, **style) for by_typer in (False, True))
    assert cells(ours) == cells(of_typer)
    assert ("\x1b[" in ours) == bool(style)
    assert style or ours == of_typer


@pytest.mark.parametrize(
    "wanted",
    [
        {"COLUMNS": "60"},
        {"TERMINAL_WIDTH": "90"},
        {"TYPER_USE_RICH": "0"},
        {"PYTHONIOENCODING": "latin-1"},
        {"FORCE_COLOR": "1", "NO_COLOR": "1"},
        {"FORCE_COLOR": "1", "TERM": "dumb"},
        {"NO_COLOR": "1"},
        {"TTY_COMPATIBLE": "1"},
    ],
    ids=str,
)
def test_other_looks_of_the_help_of_all_are_those_of_typer(wanted: dict[str, str]) -> None:
    assert help_of_all(False, **wanted) == help_of_all(True, **wanted)


def test_a_terminal_without_a_width_gets_help_too() -> None:
    assert help_of_all(False, COLUMNS="0") == help_of_all(False)


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.name)
def test_the_help_of_all_says_of_a_command_what_its_own_help_says(row: Row) -> None:
    command = load(row)
    assert command.name == row.name
    assert " ".join(command.help.split("\n\n")[0].split()) == row.help

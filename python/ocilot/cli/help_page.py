"""`ocilot --help` without typer and rich, which take longer to load than all else, but as they would draw it.

What the environment asks to look otherwise, and pages too narrow for this layout, are left to them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator

from .commands import COMMANDS, IMAGES, SERVER, SUMMARY

OPTIONS = (
    ("--version", "", "Print the version and exit."),
    ("--help", "-h", "Show this message and exit."),
)
NARROWEST = 72
ASK_FOR_OTHER_LOOKS = ("TTY_COMPATIBLE", "TERMINAL_WIDTH", "TYPER_USE_RICH", "_TYPER_FORCE_DISABLE_TERMINAL")
FORCE_STYLES = ("FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS")

BOLD, DIM = "1", "2"
USAGE, LONG, SHORT = "1;33", "1;36", "1;32"

Span = tuple[str, str]
"""A text and its style; spaces need none."""


def help_page() -> str | None:
    """The page for this terminal; None if typer has to draw it."""
    program, width, styled = _program(), _width(), _is_styled()
    if program is None or width < NARROWEST or styled is None:
        return None
    lines: list[list[Span]] = [
        [],
        [(" ", ""), ("Usage: ", USAGE), *program, (" [OPTIONS] COMMAND [ARGS]...", BOLD)],
        [],
        [(f" {SUMMARY}", "")],
        [],
        *_panel("Options", _options(width - 4), width),
        *_panel(IMAGES, _commands(IMAGES, width - 4), width),
        *_panel(SERVER, _commands(SERVER, width - 4), width),
    ]
    return "".join(_shown(line, width, styled) + "\n" for line in lines) + "\n"


def _program() -> list[Span] | None:
    """How this was called, in the two ways that people do."""
    package = getattr(sys.modules["__main__"], "__package__", None)
    if not package and os.path.basename(sys.argv[0]) == "ocilot":  # noqa: PTH119
        return [("ocilot", BOLD)]
    return [("python ", BOLD), ("-m", SHORT), (" ocilot", BOLD)] if package == "ocilot" else None


def _width() -> int:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns) > 0:
        return int(columns)
    for stream in (0, 1, 2):
        try:
            return os.get_terminal_size(stream).columns or 80
        except OSError:
            pass
    return 80


def _is_styled() -> bool | None:
    """None: in a way that is not known here."""
    wanted = os.environ
    if (sys.stdout.encoding or "").lower() != "utf-8" or any(name in wanted for name in ASK_FOR_OTHER_LOOKS):
        return None
    if not any(wanted.get(name) for name in FORCE_STYLES) and not sys.stdout.isatty():
        return False
    plain = wanted.get("NO_COLOR") or wanted.get("FORCE_COLOR") == ""
    return None if plain or wanted.get("TERM", "").lower() in ("dumb", "unknown") else True


def _options(width: int) -> Iterator[list[Span]]:
    for long, short, meaning in OPTIONS:
        head = [(f"{long:11}", LONG), (f"{short:10}", SHORT)]
        yield from _beside(head, meaning, width)


def _commands(family: str, width: int) -> Iterator[list[Span]]:
    longest = max(len(row.name) for row in COMMANDS)
    for row in COMMANDS:
        if row.family == family:
            yield from _beside([(f"{row.name:{longest + 2}}", LONG)], row.help, width)


def _beside(head: list[Span], text: str, width: int) -> Iterator[list[Span]]:
    """A text wrapped beside its head, all within the width."""
    indent = sum(len(part) for part, _ in head)
    line = ""
    for word in text.split(" "):
        if line and indent + len(line) + 1 + len(word) > width:
            yield [*head, (line, "")]
            head, line = [(" " * indent, "")], word
        else:
            line = f"{line} {word}" if line else word
    yield [*head, (line, "")]


def _panel(title: str, rows: Iterable[list[Span]], width: int) -> Iterator[list[Span]]:
    yield [(f"╭─ {title} ".ljust(width - 1, "─") + "╮", DIM)]
    for row in rows:
        room = width - 4 - sum(len(part) for part, _ in row)
        yield [("│ ", DIM), *row, (" " * room, ""), (" │", DIM)]
    yield [("╰".ljust(width - 1, "─") + "╯", DIM)]


def _shown(line: list[Span], width: int, styled: bool) -> str:
    room = " " * (width - sum(len(part) for part, _ in line))
    if not styled:
        return "".join(part for part, _ in line) + room
    return "".join(f"\33[{style}m{part}\33[0m" if style else part for part, style in line) + room

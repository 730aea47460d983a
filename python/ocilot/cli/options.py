"""What the commands that ask the registry have in common, besides where it is and how answers are printed."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

import typer

from ocilot import text_file


def path(*parts: str) -> str:
    """The path of a thing of the API."""
    return "/api/v1/" + "/".join(quote(part, safe="") for part in parts)


def moment_of(text: str, now: float) -> str:
    """A time as the API takes it: as it is, or so long before `now` as `1h` or `7d` says."""
    if not re.fullmatch(r"(?:[0-9]+[smhd])+", text):
        if not re.match(r"[0-9]{4}-[0-9]", text):
            raise typer.BadParameter(
                f'invalid time "{text}": expected a time such as 2026-11-21 or 2026-11-21T17:48:55Z, '
                "or an age such as 1h or 7d"
            )
        return text
    try:
        moment = datetime.fromtimestamp(now - seconds_of(text), UTC)
    except (OverflowError, ValueError, OSError):
        raise typer.BadParameter(f'invalid duration "{text}": expected a time after year 1') from None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600}


def seconds_of(text: str) -> int:
    """Seconds of `90d`, `12h` or `1h30m`."""
    parts = re.findall(r"([0-9]+)([smhd])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise typer.BadParameter(
            f'invalid duration "{text}": expected numbers and units, such as 90d, 12h or 1h30m'
        )
    return sum(int(number) * _UNITS[unit] for number, unit in parts)


def read_password(name: str, *, from_stdin: bool) -> str:
    """A password: the first line of standard input, or typed twice; an argument could be seen by others."""
    if from_stdin:
        password = text_file.read_line(None if sys.stdin is None else sys.stdin.buffer, "password")
        if not password:
            raise typer.BadParameter("standard input has no password", param_hint="--password-stdin")
        return password
    if sys.stdin is None or not sys.stdin.isatty():
        raise typer.BadParameter(
            "the password prompt needs a terminal; in a script, use --password-stdin",
            param_hint="--password-stdin",
        )
    try:
        return str(typer.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True, err=True))
    except typer.Abort:
        raise KeyboardInterrupt from None


def confirm(question: str, *, hint: str = "--yes") -> None:
    """Asks on a terminal whether to continue, and ends the command if not. Scripts use --yes."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise typer.BadParameter(
            "the confirmation prompt needs a terminal; in a script, use --yes", param_hint=hint
        )
    try:
        typer.confirm(question, abort=True, err=True)
    except typer.Abort:
        raise KeyboardInterrupt from None


def only(texts: Sequence[str] | None) -> list[str]:
    """What was given, none as an empty list."""
    return list(texts or ())

"""What the commands that ask the registry have in common: where it is, and how answers are printed."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote

import typer

ConfigOption = Annotated[
    str | None,
    typer.Option("--config", metavar="CONFIG", help="A config.yml; without one as for `ocilot serve`."),
]
RootOption = Annotated[
    str | None, typer.Option(metavar="DIR", help="Directory of the data.", show_default="./ocilot-data")
]


class Output(StrEnum):
    """How data is printed."""

    TABLE = "table"
    JSON = "json"


OutputOption = Annotated[Output, typer.Option("--output", "-o", help="Form of the answer.")]


def path(*parts: str) -> str:
    """The path of a thing of the API."""
    return "/api/v1/" + "/".join(quote(part, safe="") for part in parts)


def print_json(data: Any) -> None:
    """Data as JSON, on standard output."""
    print(json.dumps(data, indent=2, ensure_ascii=False))


def print_table(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    """Rows under the columns' titles; `columns` are members of a row, each with its title."""
    lines = [list(columns.values()), *([_shown(row[name]) for name in columns] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ",".join(value) or "-"
    # What others have written never moves the cursor.
    return "".join(c if c.isprintable() else "?" for c in str(value))


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600}


def seconds_of(text: str) -> int:
    """Seconds of `90d`, `12h` or `1h30m`."""
    parts = re.findall(r"(\d+)([smhd])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise typer.BadParameter(f"{text!r} is no duration; write it like 90d, 12h or 1h30m")
    return sum(int(number) * _UNITS[unit] for number, unit in parts)


def read_password(name: str, *, from_stdin: bool) -> str:
    """A password: the first line of standard input, or typed twice; an argument could be seen by others."""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise typer.BadParameter("found no password on standard input", param_hint="--password-stdin")
        return password
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            "a password is typed at a terminal; in a script pipe it in with --password-stdin",
            param_hint="--password-stdin",
        )
    return str(typer.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True, err=True))


def only(texts: Sequence[str] | None) -> list[str]:
    """What was given, none as an empty list."""
    return list(texts or ())

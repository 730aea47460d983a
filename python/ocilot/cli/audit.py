"""`ocilot audit`: who changed what, and who was refused."""

from __future__ import annotations

import time
from itertools import islice
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from .location import Location, located
from .options import moment_of, path
from .output import Output, OutputOption, print_data, print_table

LONGEST_PAGE = 1000


@located
def audit(
    at: Location,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Earliest time: 2026-11-21, 2026-11-21T17:48:55Z, or 1h or 7d before now."
        ),
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Latest time, in the same forms.")] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Name of the caller.")] = None,
    repository: Annotated[str | None, typer.Option(metavar="NAME", help="Name of the repository.")] = None,
    action: Annotated[
        str | None,
        typer.Option(
            metavar="ACTION",
            help="Action, such as manifest.push, tag.move or login; `account.`: all with this prefix.",
        ),
    ] = None,
    refused: Annotated[
        bool | None, typer.Option("--refused/--done", help="Refusals only, or changes only.")
    ] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Maximum number of entries.")] = 100,
    output: OutputOption = Output.TABLE,
) -> None:
    """List changes and refusals, newest first."""
    now = time.time()
    since, until = since and moment_of(since, now), until and moment_of(until, now)
    given = {"since": since, "until": until, "by": by, "repository": repository, "action": action}
    query = {name: value for name, value in given.items() if value is not None}
    if refused is not None:
        query["refused"] = "true" if refused else "false"
    query["n"] = str(min(count, LONGEST_PAGE))
    with at.control() as control:
        found = list(islice(control.ask_all(f"{path('audit')}?{urlencode(query)}", "entries"), count))
    print_data(found, output, lambda: _print_entries(found))


def _print_entries(found: list[dict[str, Any]]) -> None:
    rows = [
        {
            **entry,
            "by": entry["by"]["name"] or entry["by"]["kind"],
            "address": entry["by"]["address"],
            "what": entry["action"] + (" refused" if entry["refused"] else ""),
            "times": entry["times"] if entry["times"] > 1 else "",
        }
        for entry in found
    ]
    titles = ("AT", "BY", "FROM", "WHAT", "REPOSITORY", "SUBJECT", "TIMES", "DETAIL")
    members = ("at", "by", "address", "what", "repository", "subject", "times", "detail")
    print_table(rows, dict(zip(members, titles, strict=True)))

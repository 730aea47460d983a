"""`ocilot upload`: unfinished uploads."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from ocilot.counting import counted
from ocilot.errors import Error

from .location import Location, located
from .options import confirm, path, seconds_of
from .output import Output, OutputOption, print_data, print_table, size_of
from .registry_api import RegistryApi, failure

SHORT = 8
"""Characters of an id in a table."""

app: typer.Typer = typer.Typer(no_args_is_help=True)

Upload = dict[str, Any]

Repository = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Repository, such as team/app; default: all repositories.", show_default=False
    ),
]


@app.command("ls")
@located
def ls(at: Location, repository: Repository = None, output: OutputOption = Output.TABLE) -> None:
    """List unfinished uploads that hold data, longest idle first."""
    with at.control() as control:
        found = uploads_of(control, repository)
    print_data(found, output, lambda: print_uploads(found))


@app.command("rm")
@located
def rm(
    at: Location,
    upload: Annotated[
        str | None,
        typer.Argument(
            metavar="ID",
            help="Upload id, or its first characters, as in `ocilot upload ls`.",
            show_default=False,
        ),
    ] = None,
    older_than: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION",
            help="Remove all uploads without new data for this long, such as 1h or 0s.",
            show_default=False,
        ),
    ] = None,
    repository: Repository = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Remove unfinished uploads and their data. Their clients start again."""
    with at.control() as control:
        if (upload is None) == (older_than is None):
            raise typer.BadParameter("expected either the ID of an upload or --older-than DURATION")
        found = uploads_of(control, repository)
        chosen = [_named(found, upload)] if upload is not None else _idle(found, seconds_of(older_than or ""))
        if not chosen:
            print("no upload to remove", file=sys.stderr)
            return
        if not yes:
            print_uploads(chosen)
            confirm("Remove these uploads?")
        _remove(control, chosen)


def uploads_of(control: RegistryApi, repository: str | None) -> list[Upload]:
    """All unfinished uploads, of one repository if it is given."""
    query = f"?{urlencode({'repository': repository})}" if repository else ""
    return list(control.ask_all(path("uploads") + query, "uploads"))


def print_uploads(found: list[Upload]) -> None:
    """A table."""
    titles = ("REPOSITORY", "ID", "RECEIVED", "STARTED", "LAST WRITE", "OWNER", "RECEIVING")
    print_table([_row(one) for one in found], {title: title for title in titles})


def _row(upload: Upload) -> dict[str, Any]:
    return {
        "REPOSITORY": upload["repository"],
        "ID": upload["id"][:SHORT],
        "RECEIVED": size_of(upload["bytes"]),
        "STARTED": _second(upload["started_at"]),
        "LAST WRITE": _second(upload["last_write_at"]),
        "OWNER": upload["owner"] or upload["address"],
        "RECEIVING": upload["receiving"],
    }


def _second(moment: str) -> str:
    """Without the fraction of the second."""
    return moment.partition(".")[0] + "Z"


def _named(found: list[Upload], start: str) -> Upload:
    """The one upload whose id begins so."""
    named = [one for one in found if one["id"].startswith(start.lower())] if start else []
    if not named:
        raise failure("not_found", f'upload "{start}" not found: see `ocilot upload ls`')
    if len(named) > 1:
        raise failure("conflict", f'id "{start}" is ambiguous: {len(named)} uploads begin with it')
    return named[0]


def _idle(found: list[Upload], seconds: int) -> list[Upload]:
    """Those that nothing writes to, and whose last byte came so long ago."""
    now = datetime.now(UTC)
    return [
        one
        for one in found
        if not one["receiving"]
        and (now - datetime.fromisoformat(one["last_write_at"])).total_seconds() >= seconds
    ]


def _remove(control: RegistryApi, chosen: list[Upload]) -> None:
    freed, failed = 0, []
    for one in chosen:
        try:
            control.ask("DELETE", path("uploads", one["id"]))
        except Error as problem:
            # One that ends or goes on by itself keeps no other.
            failed.append(f"{one['id']}: {problem}")
        else:
            freed += one["bytes"]
            print(f"removed {one['id']}", file=sys.stderr)
    count = len(chosen) - len(failed)
    print(f"{counted(count, 'upload')} removed, {size_of(freed)} freed", file=sys.stderr)
    if failed:
        raise Error("not removed: " + "; ".join(failed))

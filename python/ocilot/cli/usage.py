"""`ocilot usage`: what repositories and images hold, what they share and what becomes free."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from ocilot.errors import ConfigError

from .gc import size_of
from .location import Location, located
from .options import path
from .output import Output, OutputOption, print_data, print_table

LONGEST_PAGE = 1000


@located
def usage(
    at: Location,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[REPO[:TAG]]", help="A repository, or an image; none: all repositories."),
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Print the bytes of all repositories, of one repository, or of an image and its layers.

    A blob counts once per repository, whatever shares it.
    """
    repository, _, tag = (name or "").partition(":")
    if "@" in repository:
        raise ConfigError(
            f'invalid image "{name}": expected REPOSITORY or REPOSITORY:TAG, such as team/app:v1'
        )
    with at.control() as control:
        if not repository:
            query = urlencode({"n": LONGEST_PAGE})
            rows = list(control.ask_all(f"{path('usage')}?{query}", "repositories"))
            rows.sort(key=lambda row: (-row["bytes"], row["repository"]))
            print_data(rows, output, lambda: _print_repositories(rows))
            return
        query = urlencode({"repository": repository, **({"tag": tag} if tag else {})})
        found = control.ask("GET", f"{path('usage')}?{query}")
    print_data(found, output, lambda: _print_image(found) if tag else _print_repositories([found]))


def _print_repositories(rows: list[dict[str, Any]]) -> None:
    columns = {
        "repository": "REPOSITORY",
        "size": "SIZE",
        "blobs": "BLOBS",
        "manifests": "MANIFESTS",
        "tags": "TAGS",
    }
    if rows and "exclusive_bytes" in rows[0]:
        columns |= {"exclusive": "EXCLUSIVE", "restorable": "RESTORABLE"}
    print_table([_readable(row) for row in rows], columns)


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    sizes = {"size": size_of(row["bytes"])}
    for column in ("exclusive", "restorable"):
        if f"{column}_bytes" in row:
            sizes[column] = size_of(row[f"{column}_bytes"])
    return {**row, **sizes}


def _print_image(found: dict[str, Any]) -> None:
    rows = [{**part, "size": size_of(part["size"])} for part in found["parts"]]
    columns = {
        "kind": "KIND",
        "digest": "DIGEST",
        "size": "SIZE",
        "repositories": "REPOSITORIES",
        "manifests": "MANIFESTS",
    }
    print_table(rows, columns)
    total, free = size_of(found["bytes"]), size_of(found["free_bytes"])
    typer.echo(f"{total} in all; without the tag {found['tag']}, {free} become free", err=True)

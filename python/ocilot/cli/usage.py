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


@located
def quota(at: Location, output: OutputOption = Output.TABLE) -> None:
    """Print the repositories that have a quota (`ocilot.quotas`), the fullest first."""
    query = urlencode({"n": LONGEST_PAGE})
    with at.control() as control:
        found = control.ask_all(f"{path('usage')}?{query}", "repositories")
        rows = [row for row in found if _limits(row)]
    rows.sort(key=lambda row: (-max(used / limit for used, limit in _limits(row)), row["repository"]))
    columns = {
        "repository": "REPOSITORY",
        "size": "SIZE",
        "most": "MAXIMUM",
        "tags": "TAGS",
        "quota_tags": "MAXIMUM TAGS",
    }
    print_data(rows, output, lambda: print_table([_readable(row) for row in rows], columns))


def _limits(row: dict[str, Any]) -> list[tuple[int, int]]:
    """Used and allowed, of what is limited; a limit of nothing counts as one."""
    pairs = ((row["bytes"], row["quota_bytes"]), (row["tags"], row["quota_tags"]))
    return [(used, max(limit, 1)) for used, limit in pairs if limit is not None]


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
    if row["quota_bytes"] is not None:
        sizes["most"] = size_of(row["quota_bytes"])
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

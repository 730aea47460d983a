"""`ocilot usage`: what repositories, callers and images hold, what they share and what becomes free."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from ocilot.errors import ConfigError

from .location import Location, located
from .options import path
from .output import Output, OutputOption, print_data, print_table, size_of
from .registry_api import RegistryApi

LONGEST_PAGE = 1000
NOT_COUNTED = "callers are counted only while a quota in ocilot.quotas has `callers`"


class By(StrEnum):
    """Whose usage it is."""

    REPOSITORY = "repository"
    CALLER = "caller"


ByOption = Annotated[By, typer.Option("--by", help="Holder: each repository, or each caller in all of them.")]


@located
def usage(
    at: Location,
    name: Annotated[
        str | None,
        typer.Argument(metavar="REPO[:TAG]", help="A repository, or an image; none: all repositories."),
    ] = None,
    by: ByOption = By.REPOSITORY,
    output: OutputOption = Output.TABLE,
) -> None:
    """Print the bytes of all repositories or callers, of one repository, or of an image and its layers.

    A blob counts once per repository, whatever shares it. It is charged to the caller who brought it there.
    """
    repository, _, tag = (name or "").partition(":")
    if "@" in repository:
        raise ConfigError(
            f'invalid image "{name}": expected REPOSITORY or REPOSITORY:TAG, such as team/app:v1'
        )
    if by is By.CALLER and name:
        raise ConfigError("--by caller covers all repositories: expected no repository")
    with at.control() as control:
        if not repository:
            rows = _all(control, by)
            rows.sort(key=lambda row: (-row["bytes"], row[by]))
            print_data(rows, output, lambda: _print_holders(rows, by))
            return
        query = urlencode({"repository": repository, **({"tag": tag} if tag else {})})
        found = control.ask("GET", f"{path('usage')}?{query}")
    print_data(found, output, lambda: _print_image(found) if tag else _print_holders([found], by))


@located
def quota(at: Location, by: ByOption = By.REPOSITORY, output: OutputOption = Output.TABLE) -> None:
    """Print the repositories or callers that have a quota (`ocilot.quotas`), the fullest first."""
    with at.control() as control:
        rows = [row for row in _all(control, by) if _limits(row)]
    rows.sort(key=lambda row: (-max(used / limit for used, limit in _limits(row)), row[by]))
    columns = {
        str(by): by.upper(),
        "size": "SIZE",
        "most": "MAXIMUM",
        "tags": "TAGS",
        "quota_tags": "MAXIMUM TAGS",
    }
    print_data(rows, output, lambda: print_table([_readable(row) for row in rows], columns))


def _all(control: RegistryApi, by: By) -> list[dict[str, Any]]:
    """What all repositories hold, or all callers are charged for."""
    if by is By.REPOSITORY:
        query = urlencode({"n": LONGEST_PAGE})
        return list(control.ask_all(f"{path('usage')}?{query}", "repositories"))
    query = urlencode({"by": "caller", "n": LONGEST_PAGE})
    rows = list(control.ask_all(f"{path('usage')}?{query}", "callers"))
    if not rows and not control.ask("GET", f"{path('usage')}?by=caller&n=0")["counted"]:
        typer.echo(NOT_COUNTED, err=True)
    return rows


def _limits(row: dict[str, Any]) -> list[tuple[int, int]]:
    """Used and allowed, of what is limited; a limit of nothing counts as one."""
    pairs = ((row["bytes"], row["quota_bytes"]), (row["tags"], row["quota_tags"]))
    return [(used, max(limit, 1)) for used, limit in pairs if limit is not None]


def _print_holders(rows: list[dict[str, Any]], by: By) -> None:
    columns = {
        str(by): by.upper(),
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

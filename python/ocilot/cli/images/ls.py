"""`ocilot ls` and `ocilot tags`: what a registry and a repository hold."""

from __future__ import annotations

from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import default_registry
from .connection import Connection
from .printing import Printing
from .shared import image_command

if TYPE_CHECKING:
    from ocilot.client.repository import Repository
    from ocilot.client.tags import Tag


class Sort(StrEnum):
    """Orders of tags."""

    NAME = "name"
    NAME_DOWN = "-name"
    PUSHED = "pushed"
    PUSHED_DOWN = "-pushed"
    PULLED = "pulled"
    PULLED_DOWN = "-pulled"
    SIZE = "size"
    SIZE_DOWN = "-size"
    SEMVER = "semver"
    SEMVER_DOWN = "-semver"


Limit = Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="Most lines to print.")]


@image_command
def ls(
    at: Connection,
    out: Printing,
    place: Annotated[
        str,
        typer.Argument(
            metavar="REGISTRY[/PREFIX]",
            help="Registry, such as localhost:5000, and the beginning of the names; default: the registry of "
            "`ocilot login --default`.",
            show_default=False,
        ),
    ] = "",
    limit: Limit = None,
) -> None:
    """List the repositories of a registry."""
    host, prefix = split_place(place)
    registry = at.registry(host)
    rows = (
        {"name": repository.name, "location": repository.location}
        for repository in islice(registry.repositories(prefix=prefix), limit)
    )
    out.rows(rows, {"location": "REPOSITORY"})


def split_place(place: str) -> tuple[str, str]:
    """Registry and rest of `REGISTRY[/REST]`; the scheme of a URL stays with the registry."""
    scheme, colon, rest = place.partition("://")
    if not colon:
        scheme, rest = "", place
    host, _, prefix = rest.partition("/")
    if not host:
        return default_registry.named(), prefix
    return scheme + colon + host, prefix


@image_command
def tags(
    at: Connection,
    out: Printing,
    repository: Annotated[
        str, typer.Argument(metavar="REPO", help="Repository, such as localhost:5000/team/app.")
    ],
    match: Annotated[
        str | None,
        typer.Option(
            "--match", metavar="PATTERN", help="Only tags that match, such as `v1.*` or `{v1,v2}.?`."
        ),
    ] = None,
    sort: Annotated[
        Sort | None,
        typer.Option(
            "--sort",
            help="Order, descending with `-`; all but `name` only for administrators of an ocilot registry.",
            show_default=False,
        ),
    ] = None,
    limit: Limit = None,
    long: Annotated[
        bool,
        typer.Option(
            "--long",
            "-l",
            help="Also the digest, with one request for each tag; size, time of the push and platforms "
            "only with `--sort -pushed` and the like.",
        ),
    ] = False,
) -> None:
    """List the tags of a repository."""
    repo, _ = at.opened(repository)
    found = islice(repo.tags(match=match, sort=None if sort is None else sort.value), limit)
    rows = (_detailed(repo, tag) if long else tag.to_json() for tag in found)
    columns = {"name": "TAG"}
    if long:
        columns |= {"digest": "DIGEST"}
        if sort not in (None, Sort.NAME, Sort.NAME_DOWN):
            columns |= {"size": "SIZE", "pushed": "PUSHED", "platforms": "PLATFORMS"}
        if sort in (Sort.PULLED, Sort.PULLED_DOWN):
            columns |= {"pulled": "PULLED"}
    out.rows(rows, columns)


def _detailed(repo: Repository, tag: Tag) -> dict[str, Any]:
    data = tag.to_json()
    if tag.digest is None:
        data["digest"] = str(repo.resolve(tag.name).digest)
    return data

"""`ocilot history` and `ocilot restore`: what tags were, and deleted content back in place."""

from __future__ import annotations

import itertools
import sys
import time
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from ocilot.errors import ConfigError

from .location import Location, located
from .options import moment_of, path
from .output import Output, OutputOption, print_data, print_table
from .registry_api import failure
from .stored_image import ImageName

LONGEST_PAGE = 1000


@located
def history(
    at: Location,
    image: Annotated[str, typer.Argument(metavar="REPO:TAG", help="Tag, such as team/app:v1.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Maximum number of entries.")] = 100,
    output: OutputOption = Output.TABLE,
) -> None:
    """Print the history of a tag, newest first: time, user, previous digest and new digest of each
    change."""
    name = ImageName.of(image)
    if name.tag is None:
        raise ConfigError(f'invalid tag "{image}": expected REPOSITORY:TAG, such as team/app:v1')
    # One entry more has the digest before the last one that is printed.
    query = urlencode({"n": min(count + 1, LONGEST_PAGE)})
    place = f"{path('repositories')}/{quote(name.repository)}/tags/{quote(name.tag)}/history"
    with at.control() as control:
        entries = control.ask_all(f"{place}?{query}", "entries")
        found = list(itertools.islice(entries, count + 1))
    if not found:
        raise failure("not_found", f"no history of {image}: it was never set, or its entries are expired")
    before = [entry["digest"] for entry in found[1:]] + [None]
    rows = [{**entry, "previous": digest} for entry, digest in zip(found, before, strict=True)][:count]
    columns = {"at": "AT", "by": "BY", "previous": "FROM", "digest": "TO"}
    print_data(rows, output, lambda: print_table(rows, columns))


@located
def restore(
    at: Location,
    image: Annotated[
        str,
        typer.Argument(
            metavar="IMAGE", help="REPO:TAG, such as team/app:v1, or REPO@DIGEST of a manifest or a blob."
        ),
    ],
    moment: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="TIME",
            help="Set the tag to what it was then: 2026-11-21, 2026-11-21T17:48:55Z, or 1h or 7d before now.",
        ),
    ] = None,
) -> None:
    """Restore a deleted or moved tag, or a deleted manifest or blob, while its grace period lasts.

    A tag gets the digest that it had before its last change. A manifest returns with everything that it
    names, its referrers, and the tags that were deleted with it.
    """
    name = ImageName.of(image)
    request: dict[str, Any] = {"repository": name.repository}
    request |= {"tag": name.tag} if name.tag is not None else {"digest": name.digest}
    if moment is not None:
        request["at"] = moment_of(moment, time.time())
    with at.control() as control:
        done = control.ask("POST", path("restore"), request)
    parts = [f"{name}: {done[name]}" for name in ("manifests", "blobs") if done[name]]
    if done["tags"]:
        parts.append(f"tags: {', '.join(done['tags'])}")
    print("; ".join([f"restored {done['repository']}@{done['digest']}", *parts]), file=sys.stderr)

"""`ocilot diff`: what is different in two images."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ocilot.cli.output import json_of, size_of

from .connection import Connection
from .printing import DIGITS, Printing
from .shared import PlatformOption, image_command
from .values import document

if TYPE_CHECKING:
    from ocilot.compare import ImageDiff, Side

COLUMNS: Final = {"part": "PART", "change": "CHANGE", "name": "NAME", "before": "A", "after": "B"}


@image_command
def diff(
    at: Connection,
    out: Printing,
    old: Annotated[str, typer.Argument(metavar="A", help="Image.")],
    new: Annotated[str, typer.Argument(metavar="B", help="Image to compare with it.")],
    platform: PlatformOption = None,
    files: Annotated[
        bool, typer.Option("--files/--no-files", help="Compare files, which reads the layers that differ.")
    ] = True,
    packages: Annotated[
        bool, typer.Option("--packages/--no-packages", help="Compare packages of dpkg, apk and rpm.")
    ] = True,
) -> None:
    """Compare two images: layers, files, packages and configuration."""
    from ocilot import compare

    before, after = (_side(at, text, platform) for text in (old, new))
    found = compare.diff(before, after, files=files, installed=packages)
    if out.as_text:
        rows = _rows(found)
        out.rows(map(_for_people, rows) if out.for_people else rows, COLUMNS)
    else:
        out.document(document("diff", **found.to_json()))
    for path in found.unknown:
        print(f"warning: {path} is not compared: unsupported format of packages", file=sys.stderr)


def _side(at: Connection, text: str, platform: str | None) -> Side:
    from ocilot.client.files import sources_of
    from ocilot.client.options import Limits
    from ocilot.compare import Side

    repo, name = at.opened(text)
    image = repo.get(name, platform=platform)
    return Side(text, sources_of(repo.store, image.manifest, Limits()), image.config)


def _rows(found: ImageDiff) -> Iterator[dict[str, Any]]:
    for layer in found.removed:
        yield _row("layer", layer.digest, layer.size, None)
    for layer in found.added:
        yield _row("layer", layer.digest, None, layer.size)
    for field in found.config:
        yield _row("config", field.field, _value(field.before), _value(field.after))
    for package in found.packages:
        yield _row(package.kind, package.name, package.before or None, package.after or None)
    for file in found.files:
        old = None if file.before is None else file.before.size
        new = None if file.after is None else file.after.size
        change = "" if old is None or new is None else ", ".join(file.fields)
        yield _row("file", f"/{file.path}", old, new, change)


def _for_people(row: dict[str, Any]) -> dict[str, Any]:
    """A row of a table: short digests, and sizes with their unit."""
    if row["part"] not in ("layer", "file"):
        return row
    sizes = {side: None if row[side] is None else size_of(row[side]) for side in ("before", "after")}
    return row | sizes | {"name": row["name"][:DIGITS] if row["part"] == "layer" else row["name"]}


def _row(part: str, name: str, before: Any, after: Any, change: str = "") -> dict[str, Any]:
    usual = "added" if before is None else "removed" if after is None else "changed"
    return {"part": part, "change": change or usual, "name": name, "before": before, "after": after}


def _value(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json_of(value)
